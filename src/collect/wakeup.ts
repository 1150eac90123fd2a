// Tells when a file may have changed: the system's notification where it works, and a poll where it
// does not (network file systems, used-up inotify watches), so that every line is found.
import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock } from '../platform/clock.ts';

/** How long a change may go unnoticed where the system does not notify, in ms. */
export const POLL_MS = 250;
/**
 * While lines keep coming they are fetched so often, in ms, and no notification is asked for: one for
 * each line, and a small batch each, cost three times what the lines themselves do.
 */
export const BUSY_POLL_MS = 40;

/** Waits for changes of one path; its directory is watched, since rotation replaces the file. */
export class Wakeup {
  readonly #path: string;
  readonly #clock: Clock;
  #watcher: FSWatcher | undefined;
  #wake: (() => void) | undefined;
  #closed = false;
  /** Something changed while nobody waited. */
  #changed = false;
  /** There was something to read since the last wait. */
  #busy = false;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** The file had changed. More is likely to come: the next wait is a short one. */
  found(): void {
    this.#busy = true;
  }

  /**
   * Resolves at the next notification, at the next poll, or when closed. Whoever finds nothing after a
   * wait is waiting for a rare change; the system is asked to notify from then on.
   */
  async wait(): Promise<void> {
    if (this.#closed) return;
    if (this.#busy) {
      this.#busy = false;
      this.#unwatch();
      return this.#sleep(BUSY_POLL_MS);
    }
    // What changed before the system began to notify is found by one more look.
    if (this.#watcher === undefined && this.#watch()) return;
    if (!this.#changed) await this.#sleep(POLL_MS);
    this.#changed = false;
  }

  /** Ends the watching and the waiting. */
  close(): void {
    this.#closed = true;
    this.#unwatch();
    this.#wake?.();
  }

  async #sleep(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(delayMs, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** Asks the system to notify from now on; false where it does not, or the directory is missing. */
  #watch(): boolean {
    try {
      this.#watcher = watch(dirname(this.#path), { persistent: false }, (_event, name) => {
        if (name === null || name === basename(this.#path)) this.#notify();
      });
      this.#watcher.on('error', () => this.#unwatch());
      return true;
    } catch {
      return false; // The poll finds every line all the same.
    }
  }

  #notify(): void {
    if (this.#wake === undefined) this.#changed = true;
    else this.#wake();
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
