// The failed attempts of connections that are still signing in, put together from text lines and
// events. An event is one attempt. Text lines are one for each password database that was asked, so
// that a database which was heard already begins the next attempt.
import type { Attempt } from './attempt.ts';
import type { SignInAttempt } from './sign-in.ts';

/** Most connections whose failed attempts are remembered; the oldest goes first. */
export const FAILING_MAX = 10_000;
/** Most attempts of one connection that are remembered; Dovecot closes one after three minutes. */
const ATTEMPTS_OF_CONNECTION_MAX = 100;
/** Most lines that are remembered which may be about an attempt; the oldest goes first. */
export const HINTS_MAX = 1_000;
/** The databases are asked one after the other: lines further apart are of two attempts, ms. */
export const ONE_ATTEMPT_MS = 1_000;
/** How far back a connection that failed is of interest over a restart, in bytes of log. */
const FAILING_BYTES = 1024 * 1024;

/** Whether the event names whom the line names. */
function sameName(line: SignInAttempt, event: SignInAttempt): boolean {
  if (line.userId === undefined && event.userId === undefined) return true;
  const name = (line.impersonatorId ?? line.userId ?? line.userTyped).toLowerCase();
  const names = [event.impersonatorId, event.userId, event.userTyped];
  return names.some((each) => each?.toLowerCase() === name);
}

/** The failed attempts of one log, by connection: the session, or who from where without one. */
export class FailedAttempts {
  readonly #attempts = new Map<string, readonly Attempt[]>();
  readonly #hints = new Map<string, SignInAttempt>();

  /**
   * The attempt that a line of the database, at the time, is about; undefined for a new one. A line
   * may come long after the event of its attempt, which another process writes; text lines without
   * an event are only of one attempt when they are close together.
   *
   * @param early whether it refuses before any database is asked: the policy server, a bad name
   */
  ofLine(who: string, database: string, line: SignInAttempt, early: boolean): Attempt | undefined {
    const attempts = this.#attempts.get(who) ?? [];
    const told = attempts.find(
      ({ byEvent, refusedBy, info }) =>
        byEvent &&
        !refusedBy.has(database) &&
        (early ? refusedBy.size === 0 : !info.policyReject) &&
        sameName(line, info),
    );
    const last = attempts.at(-1);
    if (told !== undefined || last === undefined || last.byEvent || last.refusedBy.has(database)) {
      return told;
    }
    const apartMs = Math.abs(line.timeMs - Math.max(last.textMs, last.info.timeMs));
    return apartMs <= ONE_ATTEMPT_MS && sameName(line, last.info) ? last : undefined;
  }

  /**
   * The oldest attempt whose event was not read yet and which is of somebody the event names; a name
   * with impossible characters is not written the same by both.
   */
  withoutEvent(who: string, event: SignInAttempt): Attempt | undefined {
    return this.of(who).find(({ byEvent, info }) => !byEvent && sameName(info, event));
  }

  add(who: string, attempt: Attempt): void {
    const attempts = [...this.of(who), attempt].slice(-ATTEMPTS_OF_CONNECTION_MAX);
    this.#attempts.set(who, attempts);
    if (this.#attempts.size <= FAILING_MAX) return;
    for (const oldest of this.#attempts.keys()) {
      this.#attempts.delete(oldest);
      break;
    }
  }

  /** A line told why an attempt may have failed, if there was an attempt. */
  hint(who: string, info: SignInAttempt): void {
    this.#hints.delete(who);
    this.#hints.set(who, info);
    if (this.#hints.size <= HINTS_MAX) return;
    for (const oldest of this.#hints.keys()) {
      this.#hints.delete(oldest);
      break;
    }
  }

  /** What a line told of the attempt that ended at the time. */
  takeHint(who: string, timeMs: number): SignInAttempt | undefined {
    const hint = this.#hints.get(who);
    this.#hints.delete(who);
    if (hint === undefined || Math.abs(timeMs - hint.timeMs) > ONE_ATTEMPT_MS) return undefined;
    return hint;
  }

  /** The connection's attempts. They stay: its lines may overtake each other. */
  of(who: string): readonly Attempt[] {
    return this.#attempts.get(who) ?? [];
  }

  /** What only lines told of is now known by its event. */
  replace(who: string, hint: Attempt, attempt: Attempt): void {
    for (const database of hint.refusedBy) attempt.refusedBy.add(database);
    attempt.textMs = hint.textMs;
    this.#attempts.set(
      who,
      this.of(who).map((each) => (each === hint ? attempt : each)),
    );
  }

  /** The line was not about an attempt of its own. */
  remove(who: string, attempt: Attempt): void {
    const left = this.of(who).filter((each) => each !== attempt);
    if (left.length === 0) this.#attempts.delete(who);
    else this.#attempts.set(who, left);
  }

  /** Forgets the attempts of a connection without session that are too old to be meant. */
  forgetBefore(who: string, timeMs: number): void {
    const attempts = this.#attempts.get(who);
    const young = attempts?.filter(
      ({ info, textMs }) => Math.max(info.timeMs, textMs) >= timeMs - 2 * ONE_ATTEMPT_MS,
    );
    if (young === undefined) return;
    if (young.length === 0) this.#attempts.delete(who);
    else this.#attempts.set(who, young);
  }

  /** The place of the oldest line that is needed to know them. */
  openFrom(at: number): number | undefined {
    for (const [attempt] of this.#attempts.values()) {
      if (attempt !== undefined && attempt.from >= at - FAILING_BYTES) return attempt.from;
    }
    return undefined;
  }
}
