// A signature that changes something counts once: who has seen a signed request cannot send it again.
// The same request, honestly made twice within a second, has the same signature; its client is asked to
// sign anew, which every AWS client does by itself, and not before that second is over.
import type { Clock } from '../platform/clock.ts';
import { retryAfter } from './api-error.ts';
import { HELD_REPEATS_MAX, RETRY_SOON_SECONDS } from './limits.ts';
import { CLOCK_SKEW_MAX_MS } from './sigv4.ts';

/** A signature holds until five minutes after its own time, which may lie five minutes ahead. */
const SIGNATURE_LIFE_MS = 2 * CLOCK_SKEW_MAX_MS + 1000;
/** A signature tells the second: in one second from now its client has another one to sign with. */
const NEXT_SECOND_MS = 1000;
/** 128 bits of it tell signatures apart, in half of the memory. */
const KEPT_HEX_DIGITS = 32;

/** Signatures that were seen. */
export class SeenSignatures {
  readonly #clock: Clock;
  readonly #max: number;
  /** Until when each is kept, in the order in which they came. */
  readonly #seen = new Map<string, number>();
  #held = 0;
  /** Let go before their time, as there were too many. */
  forgotten = 0;

  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
  }

  get size(): number {
    return this.#seen.size;
  }

  /**
   * Notes the signature. Rejects with an ApiError of status 429 when it was seen before, a second later:
   * AWS's clients try again then, two times or more and partly at once, with a new signature. At the limit
   * the oldest is forgotten.
   *
   * @param signature as hex digits
   */
  async take(signature: string): Promise<void> {
    const nowMs = this.#clock.now();
    const key = signature.slice(0, KEPT_HEX_DIGITS);
    if ((this.#seen.get(key) ?? 0) > nowMs) {
      await this.#hold();
      const message =
        'a request with this signature was here already; sign it again, with the time of a later second';
      throw retryAfter(429, 'ThrottlingException', message, RETRY_SOON_SECONDS);
    }
    this.#letGo(nowMs);
    this.#seen.set(key, nowMs + SIGNATURE_LIFE_MS);
  }

  async #hold(): Promise<void> {
    if (this.#held >= HELD_REPEATS_MAX) return;
    this.#held++;
    await new Promise<void>((resolve) => this.#clock.after(NEXT_SECOND_MS, resolve));
    this.#held--;
  }

  #letGo(nowMs: number): void {
    for (const [key, untilMs] of this.#seen) {
      const full = this.#seen.size >= this.#max;
      if (untilMs > nowMs && !full) return;
      if (untilMs > nowMs) this.forgotten++;
      this.#seen.delete(key);
    }
  }
}
