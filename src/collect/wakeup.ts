// Tells when a file may have changed: the system's notification where it works, and a poll where it
// does not (network file systems, used-up inotify watches), so that every line is found.
import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock } from '../platform/clock.ts';

/** How long a change may go unnoticed where the system does not notify, in ms. */
export const POLL_MS = 250;

/** Waits for changes of one path; its directory is watched, since rotation replaces the file. */
export class Wakeup {
  readonly #path: string;
  readonly #clock: Clock;
  #watcher: FSWatcher | undefined;
  #wake: (() => void) | undefined;
  #closed = false;
  /** Something changed while nobody waited. */
  #changed = false;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** Asks the system to notify from now on; the directory must exist to be watched. */
  watch(): void {
    if (this.#watcher !== undefined || this.#closed) return;
    try {
      this.#watcher = watch(dirname(this.#path), { persistent: false }, (_event, name) => {
        if (name === null || name === basename(this.#path)) this.#notify();
      });
      this.#watcher.on('error', () => this.#unwatch());
    } catch {
      this.#watcher = undefined; // The poll finds every line all the same.
    }
  }

  /** Resolves at the next notification, at the next poll, or when closed. */
  async wait(): Promise<void> {
    if (this.#closed) return;
    if (this.#changed) {
      this.#changed = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(POLL_MS, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** Ends the watching and the waiting. */
  close(): void {
    this.#closed = true;
    this.#unwatch();
    this.#wake?.();
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
