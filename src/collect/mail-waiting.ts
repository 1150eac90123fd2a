// Whether mail was shown to us lately: each message waits for a few turns of the process, so that what
// can wait, the backlog of a log, is read in smaller pieces meanwhile.
import type { Clock } from '../platform/clock.ts';

/** For how long after mail was seen more of it is expected, in ms: as long as a session is busy. */
export const MAIL_LATELY_MS = 10_000;

export class MailWaiting {
  readonly #clock: Pick<Clock, 'now'>;
  #seenAtMs = -Infinity;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** A mail server shows a message, or a part of one. */
  seen(): void {
    this.#seenAtMs = this.#clock.now();
  }

  /** Whether messages are being shown; not when the clock was put back behind the last one. */
  get lately(): boolean {
    const agoMs = this.#clock.now() - this.#seenAtMs;
    return agoMs >= 0 && agoMs < MAIL_LATELY_MS;
  }
}
