// Attempts whose event was told without their policy report, so that a report that comes after all
// amends the event and is not told again; over a restart as far as a checkpoint holds them.
import type { Attempt } from './attempt.ts';
import { KeyedQueue } from './keyed-queue.ts';

/** Most attempts remembered as told without their report; the oldest goes first. */
export const TOLD_LINES_MAX = 10_000;
/** How late a report may be that Dovecot still delivers, in ms: its timeout, five times over. */
const LATE_REPORT_MS = 10_000;
/** How much of a checkpoint they may take, in bytes of JSON: some 200 of them. */
const CARRIED_BYTES_MAX = 8 * 1024;

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

  /** Their keys, the newest last, as many as fit. */
  carry(): readonly string[] {
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
    if (!Array.isArray(carried)) return;
    for (const key of carried as unknown[]) {
      if (typeof key === 'string') {
        this.#lines.push(key, { key, toldMs: this.#now(), attempt: undefined });
      }
    }
  }
}
