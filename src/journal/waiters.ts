// Consumers that have read everything wait here for the next block.
import type { Position } from './journal.ts';

interface Waiter {
  readonly position: Position;
  readonly done: (error?: Error) => void;
}

/** Wakes those whose position the journal has passed. */
export class Waiters {
  readonly #end: () => Position;
  readonly #waiting = new Set<Waiter>();
  #closed: Error | undefined;

  constructor(end: () => Position) {
    this.#end = end;
  }

  /** Resolves when the end is beyond the position or the signal aborts; rejects when it closes. */
  waitBeyond(position: Position, signal: AbortSignal): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    if (signal.aborted || this.#end() > position) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const abort = (): void => waiter.done();
      const waiter: Waiter = {
        position,
        done: (error) => {
          this.#waiting.delete(waiter);
          signal.removeEventListener('abort', abort);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.add(waiter);
    });
  }

  /** To be called when the end has moved. */
  wake(): void {
    if (this.#waiting.size === 0) return;
    const end = this.#end();
    for (const waiter of this.#waiting) if (end > waiter.position) waiter.done();
  }

  rejectAll(error: Error): void {
    this.#closed = error;
    for (const waiter of this.#waiting) waiter.done(error);
  }
}
