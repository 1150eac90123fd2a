// Attempts whose event was told without their policy report, so that a report that comes after all
// amends the event and is not told again; and those whose report was told first, so that what comes
// later amends that event. Over a restart as far as a checkpoint holds them.
import type { Attempt, ToldAs } from './attempt.ts';
import { KeyedQueue } from './keyed-queue.ts';

/** Most attempts remembered as told without their report; the oldest goes first. */
export const TOLD_LINES_MAX = 10_000;
/** How late a report may be that Dovecot still delivers, in ms: its timeout, five times over. */
const LATE_REPORT_MS = 10_000;
/** How much of a checkpoint they may take, in bytes of JSON: some 200 of them. */
const CARRIED_BYTES_MAX = 8 * 1024;

/** Most attempts remembered as told by their report first: they are few, and amended at once. */
export const TOLD_AS_MAX = 40;

/** An attempt that was told without its report; the attempt itself only where this run told it. */
export interface ToldLine {
  readonly key: string;
  readonly toldMs: number;
  readonly attempt: Attempt | undefined;
}

/** The attempts of one log that were told without their report. */
export class ToldLines {
  readonly #now: () => number;
  readonly #lines = new KeyedQueue<ToldLine>(TOLD_LINES_MAX);
  /** By the place of the attempt's first line. */
  readonly #toldAs = new Map<number, ToldAs>();

  constructor(now: () => number) {
    this.#now = now;
  }

  add(key: string, attempt: Attempt): void {
    this.#lines.push(key, { key, toldMs: this.#now(), attempt });
  }

  /** The oldest one of the key, which is then forgotten. */
  take(key: string): ToldLine | undefined {
    return this.#lines.take(key);
  }

  /** The attempt whose first line is at the place amends the event of its report. */
  toldAs(at: number, as: ToldAs): void {
    this.#toldAs.set(at, as);
    if (this.#toldAs.size <= TOLD_AS_MAX) return;
    for (const oldest of this.#toldAs.keys()) {
      this.#toldAs.delete(oldest);
      break;
    }
  }

  /** As what the attempt whose first line is at the place was told, where its report was first. */
  asWhat(at: number): ToldAs | undefined {
    return this.#toldAs.get(at);
  }

  /** What a checkpoint holds of both; of the keys the newest, as many as fit. */
  carry(): unknown {
    return { keys: this.#keys(), as: [...this.#toldAs] };
  }

  #keys(): readonly string[] {
    const keys: string[] = [];
    const beforeMs = this.#now() - LATE_REPORT_MS;
    let bytes = 0;
    for (const { key, toldMs } of this.#lines.newestFirst()) {
      bytes += Buffer.byteLength(JSON.stringify(key)) + 1;
      if (bytes > CARRIED_BYTES_MAX || toldMs < beforeMs) break;
      keys.unshift(key);
    }
    return keys;
  }

  /** Takes back what `carry` gave; anything else is ignored. */
  restore(carried: unknown): void {
    const { keys, as } = (carried ?? {}) as { keys?: unknown; as?: unknown };
    for (const key of Array.isArray(keys) ? (keys as unknown[]) : []) {
      if (typeof key !== 'string') continue;
      this.#lines.push(key, { key, toldMs: this.#now(), attempt: undefined });
    }
    for (const each of Array.isArray(as) ? (as as [unknown, Partial<ToldAs>?][]) : []) {
      const [at, told] = each;
      if (typeof at !== 'number' || typeof told?.key !== 'string') continue;
      const { key, timeMs, requestId } = told;
      if (typeof timeMs === 'number') this.#toldAs.set(at, { key, timeMs, requestId });
    }
  }
}
