// What the journal's tests share: a clock in their own hands, a simulated disk, numbered events.
import type { AppendBatch, Cursor, Journal } from '../../src/journal/journal.ts';
import type { JournalLimits } from '../../src/journal/limits.ts';
import { openJournal } from '../../src/journal/open.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { silentLog, type Log } from '../../src/platform/log.ts';
import type { SimulatedDisk } from '../../src/platform/simulated-disk.ts';

export const DIRECTORY = '/data/journal';

/** Time that passes only by `advance`. */
export class ManualClock implements Clock {
  #nowMs = 1_750_000_000_000;
  #timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): { cancel(): void } {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const timer of this.#timers) {
      if (timer.atMs > this.#nowMs) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}

/** Limits so small that a few dozen events fill several segments. */
export const SMALL: Partial<JournalLimits> = {
  segmentBytesMax: 4096,
  preallocateBytes: 512,
  minFreeBytes: 0,
};

/** Opens a journal on a simulated disk. */
export function openSimulated(
  disk: SimulatedDisk,
  options: { clock?: Clock; log?: Log; limits?: Partial<JournalLimits> } = {},
): Promise<Journal> {
  return openJournal({
    directory: DIRECTORY,
    disk: disk.process(),
    clock: options.clock ?? new ManualClock(),
    log: options.log ?? silentLog,
    limits: { ...SMALL, ...options.limits },
    lock: async () => ({ release: async () => {} }),
  });
}

/** Events with these numbers. */
export function events(...ids: number[]): AppendBatch {
  const lines = ids.map((id) => `{"log_type":"TEST","id":${id}}\n`).join('');
  return { lines: Buffer.from(lines), count: ids.length };
}

/** The numbers of all events from the cursor on, read in small pieces. */
export async function readIds(
  journal: Journal,
  from: Cursor = { position: 0 },
  limits = { eventsMax: 10, bytesMax: 400 },
): Promise<number[]> {
  const ids: number[] = [];
  let cursor = from;
  for (;;) {
    const range = await journal.read(cursor, limits);
    if (range.blocks.length === 0) return ids;
    for (const { lines, position, count } of range.blocks) {
      const read = Buffer.from(lines).toString().trimEnd().split('\n');
      if (read.length !== count) throw new Error(`block ${position}: ${read.length} of ${count}`);
      ids.push(...read.map((line) => (JSON.parse(line) as { id: number }).id));
    }
    cursor = range.to;
  }
}

/** The numbers below n. */
export const upTo = (n: number): number[] => Array.from({ length: n }, (_, id) => id);

/** Lets everything that is under way go on until the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    if (turns > 100_000) throw new Error('waited in vain');
    await new Promise(setImmediate);
  }
}
