// Who may use which query session, and who waits for one.
import { StoreError } from '../event-store.ts';

interface Waiting {
  readonly take: (slot: number) => void;
  readonly refuse: (error: Error) => void;
}

/** A fixed number of slots handed out in the order of asking. */
export class QuerySlots {
  readonly #free: number[];
  readonly #waitingMax: number;
  readonly #waiting = new Set<Waiting>();

  constructor(slots: readonly number[], waitingMax: number) {
    this.#free = [...slots];
    this.#waitingMax = waitingMax;
  }

  /**
   * Resolves to a slot that must be given back. Rejects with `unavailable` at once when too many
   * wait already, with `cancelled` when the signal aborts first.
   */
  take(signal?: AbortSignal): Promise<number> {
    if (signal?.aborted) return Promise.reject(cancelled());
    const free = this.#free.shift();
    if (free !== undefined) return Promise.resolve(free);
    if (this.#waiting.size >= this.#waitingMax) {
      return Promise.reject(
        new StoreError(
          'unavailable',
          `${this.#waiting.size} queries are waiting already, which is the limit: try again later`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(waiting);
        signal?.removeEventListener('abort', abort);
      };
      const waiting: Waiting = {
        take: (slot) => {
          leave();
          resolve(slot);
        },
        refuse: (error) => {
          leave();
          reject(error);
        },
      };
      const abort = (): void => waiting.refuse(cancelled());
      this.#waiting.add(waiting);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Gives a slot back to whoever waits longest. */
  give(slot: number): void {
    const [next] = this.#waiting;
    if (next) next.take(slot);
    else this.#free.push(slot);
  }

  /** Refuses all who wait. */
  refuse(error: Error): void {
    for (const waiting of this.#waiting) waiting.refuse(error);
  }
}

/** A query that was given up by whoever asked. */
export function cancelled(): StoreError {
  return new StoreError('cancelled', 'The query was cancelled');
}
