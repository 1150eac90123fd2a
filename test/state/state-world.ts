// What the state's tests share: a simulated disk, a journal of its events that survives crashes, and log
// groups to change.
import type { AuditEvent } from '../../src/event/audit-event.ts';
import type { Checkpoint } from '../../src/journal/journal.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { createLog } from '../../src/platform/log.ts';
import { SimulatedDisk } from '../../src/platform/simulated-disk.ts';
import type { LogGroupDocument } from '../../src/state/documents.ts';
import { openState, STATE_SOURCE } from '../../src/state/open.ts';
import type { State, StateChange } from '../../src/state/state.ts';

export const DIRECTORY = '/data/state';
export const FILE = `${DIRECTORY}/state.ndjson`;
export const ACTOR = {
  userId: 'MTAK1',
  sourceIp: '192.0.2.1',
  userAgent: 'aws-cli',
  requestId: 'r-1',
};

/** A journal of management events: keeps them with their checkpoint, or refuses. */
export class EventJournal {
  readonly events: AuditEvent[] = [];
  /** How many events came at once. */
  readonly batches: number[] = [];
  checkpoint: unknown;
  refusing: string | undefined;

  async accept(events: readonly AuditEvent[], checkpoint?: Checkpoint): Promise<void> {
    await Promise.resolve();
    if (this.refusing !== undefined) throw new Error(this.refusing);
    this.events.push(...events);
    this.batches.push(events.length);
    if (checkpoint !== undefined) this.checkpoint = checkpoint.value;
  }
}

export class Timers implements Clock {
  nowMs = 1000;
  callbacks: (() => void)[] = [];
  now(): number {
    return this.nowMs;
  }
  after(_delayMs: number, callback: () => void): { cancel(): void } {
    this.callbacks.push(callback);
    return { cancel: () => (this.callbacks = this.callbacks.filter((each) => each !== callback)) };
  }
}

export interface World {
  readonly disk: SimulatedDisk;
  readonly journal: EventJournal;
  readonly clock: Timers;
  readonly log: string[];
  readonly open: (compactBytesMin?: number) => Promise<State>;
  /** The process dies; with power the disk forgets what was not synced. */
  readonly crash: (power: boolean) => void;
}

export function world(seed = 1): World {
  const disk = new SimulatedDisk(seed);
  const journal = new EventJournal();
  const clock = new Timers();
  const log: string[] = [];
  let life = 0;
  return {
    crash: (power) => {
      life++;
      disk.crash(power);
    },
    disk,
    journal,
    clock,
    log,
    open: (compactBytesMin) => {
      const born = life;
      return openState({
        disk: disk.process(),
        directory: DIRECTORY,
        clock,
        log: createLog((line) => log.push(line), { level: 'debug', now: () => 0 }),
        // What a dead process still wanted to append never comes to anything.
        accept: (events, checkpoint) =>
          born === life ? journal.accept(events, checkpoint) : new Promise(() => {}),
        checkpoint: (source) => (source === STATE_SOURCE ? journal.checkpoint : undefined),
        ...(compactBytesMin !== undefined && { compactBytesMin }),
      });
    },
  };
}

export function group(groupId: string): LogGroupDocument {
  return { groupId, createdAtMs: 1, class: 'STANDARD', tags: {} };
}

export function putGroup(id: string, groupId = id, eventName = 'CreateLogGroup'): StateChange {
  return {
    eventName,
    eventSource: 'logs.amazonaws.com',
    resource: `arn:${id}`,
    changes: [{ kind: 'log-group', id, value: group(groupId) }],
  };
}

export function names(events: readonly AuditEvent[]): string[] {
  return events.map((event) => ('resource' in event ? (event.resource ?? '') : ''));
}

export async function overwrite(
  disk: SimulatedDisk,
  change: (text: string) => string,
): Promise<void> {
  const process = disk.process();
  const file = await process.open(FILE, 'update');
  const buffer = Buffer.alloc(await file.size());
  await file.read(buffer, 0);
  const changed = Buffer.from(change(buffer.toString()));
  await file.truncate(0);
  await file.write([changed], 0);
  await file.sync();
}
