// Follows the log file of another program and makes events of its lines by a mapping file. Each line is
// whole in itself, so nothing waits and nothing is carried: events and place become durable together.
import type { AuditEvent } from '../../event/audit-event.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Collector, Intake } from '../collector.ts';
import { Holdings } from '../holdings.ts';
import { type Assembler, LogCollector, type LineOutcome } from '../log-collector.ts';
import { recordOfSyslogLine } from './file-line.ts';
import type { ForeignRecord } from './foreign-record.ts';
import type { MappingSet } from './mapping-set.ts';

class MappedAssembler implements Assembler {
  readonly holdings = new Holdings();
  rejection: string | undefined;
  readonly #set: MappingSet;
  readonly #source: 'file' | 'syslog';
  readonly #now: () => number;
  #previousMs = -Infinity;

  constructor(set: MappingSet, source: 'file' | 'syslog', now: () => number) {
    this.#set = set;
    this.#source = source;
    this.#now = now;
  }

  take(
    bytes: Buffer,
    start: number,
    end: number,
    _at: number,
    _live: boolean,
    out: AuditEvent[],
  ): LineOutcome {
    const { taken, events, refusals } = this.#set.take(
      this.#record(bytes.toString('utf8', start, end)),
    );
    out.push(...events);
    if (refusals.length === 0) return taken ? 'used' : 'passed';
    this.rejection = refusals.map(({ mapping, reason }) => `${mapping}: ${reason}`).join('; ');
    return 'rejected';
  }

  #record(text: string): ForeignRecord {
    const receivedMs = this.#now();
    const source = this.#source;
    if (source === 'file' && this.#set.file.lines === 'plain') {
      return { source, receivedMs, content: text };
    }
    const record = recordOfSyslogLine(text, receivedMs, this.#previousMs);
    this.#previousMs = record.timeMs ?? this.#previousMs;
    return { ...record, source };
  }

  openFrom(): undefined {
    return undefined;
  }

  carry(): undefined {
    return undefined;
  }

  restore(): void {}
}

export interface MappedCollectorOptions {
  /** The log file. */
  readonly path: string;
  readonly set: MappingSet;
  /** What fills the file: one program, or the syslog listeners with the lines of many. */
  readonly source?: 'file' | 'syslog';
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
}

/** Makes the collector of one file; its lines are framed as the mapping file says. */
export function createMappedCollector(options: MappedCollectorOptions): Collector {
  const { path, set, intake, clock, log, source = 'file' } = options;
  return new LogCollector({
    // Of several mapping files for one log each has a place of its own.
    kind: source === 'file' ? 'mapped' : `mapped:${set.file.name}`,
    path,
    assembler: new MappedAssembler(set, source, () => clock.now()),
    intake,
    clock,
    log: log.for('mapped'),
    unframed: source === 'syslog' || set.file.lines === 'plain',
  });
}
