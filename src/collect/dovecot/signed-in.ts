// The sign-ins that succeeded, by session, for what the log tells of them afterwards: the login line
// with the token, and IMAP ID. They stay when their session has ended, because its lines may overtake
// each other.
import type { Attempt } from './attempt.ts';

/** Most sign-ins that are remembered for what comes after them; the oldest goes first. */
export const SIGNED_IN_MAX = 10_000;
/** How far back a sign-in is remembered over a restart, in bytes of log: ID follows soon. */
const SIGNED_IN_BYTES = 1024 * 1024;

/** The successful sign-ins of one log. */
export class SignedIn {
  readonly #attempts = new Map<string, Attempt>();

  find(session: string): Attempt | undefined {
    return this.#attempts.get(session);
  }

  add(attempt: Attempt): void {
    const { session } = attempt.info;
    if (session === undefined) return;
    this.#attempts.set(session, attempt);
    if (this.#attempts.size <= SIGNED_IN_MAX) return;
    for (const oldest of this.#attempts.keys()) {
      this.#attempts.delete(oldest);
      break;
    }
  }

  /** The place of the oldest line that is needed to know them. */
  openFrom(at: number): number | undefined {
    for (const { from } of this.#attempts.values()) {
      if (from >= at - SIGNED_IN_BYTES) return from;
    }
    return undefined;
  }
}
