// An intake for tests: keeps what is durable in memory, can refuse, and can die as a killed process
// does: what was not accepted by then never will be.
import type { Intake } from '../../src/collect/collector.ts';
import type { AuditEvent } from '../../src/event/audit-event.ts';
import { JournalError, type Checkpoint, type JournalErrorCode } from '../../src/journal/journal.ts';
import type { Clock } from '../../src/platform/clock.ts';

/** Largest checkpoint value as JSON, in bytes, that a collector may hand in. */
const CHECKPOINT_BYTES_MAX = 64 * 1024;

/** What survives a crash. */
export class MemoryJournal {
  readonly events: AuditEvent[] = [];
  readonly checkpoints = new Map<string, string>();
  /** How many events each acceptance brought. */
  readonly batches: number[] = [];
}

/** One process's view of the journal. */
export class MemoryIntake implements Intake {
  readonly journal: MemoryJournal;
  /** Refuses with this code while set. */
  refuse: JournalErrorCode | undefined;
  /** How many more acceptances there will be before the process is killed. */
  livesFor = Infinity;
  refusals = 0;

  constructor(journal = new MemoryJournal()) {
    this.journal = journal;
  }

  async accept(events: readonly AuditEvent[], checkpoint?: Checkpoint): Promise<number> {
    await Promise.resolve();
    if (this.refuse !== undefined || this.livesFor <= 0) {
      this.refusals++;
      throw new JournalError(this.refuse ?? 'closed', 'refused by the test');
    }
    this.livesFor--;
    if (checkpoint !== undefined) {
      const json = JSON.stringify(checkpoint.value);
      if (json.length > CHECKPOINT_BYTES_MAX) throw new Error(`checkpoint of ${json.length} bytes`);
      this.journal.checkpoints.set(checkpoint.source, json);
    }
    this.journal.events.push(...events);
    this.journal.batches.push(events.length);
    return this.journal.events.length;
  }

  checkpoint(source: string): unknown {
    const json = this.journal.checkpoints.get(source);
    return json === undefined ? undefined : (JSON.parse(json) as unknown);
  }

  /** From now on nothing more becomes durable. */
  kill(): void {
    this.livesFor = 0;
  }
}

/** A clock on which time passes so many times faster; waiting for it is real, but short. */
export function fastClock(factor: number): Clock {
  const startMs = Date.now();
  return {
    now: () => startMs + (Date.now() - startMs) * factor,
    after: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs / factor);
      return { cancel: () => clearTimeout(timer) };
    },
  };
}

/** Waits until the condition holds; fails with the explanation at the deadline. */
export async function until(
  condition: () => boolean,
  explain: () => string,
  deadlineMs = 10_000,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(explain());
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
