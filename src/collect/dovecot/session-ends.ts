// Notices when Dovecot lost the last events of a session. A process of Dovecot 2.3.19 that exits while
// the stats process is behind takes along what it has not handed on yet; then the log has the
// process's last line, `Disconnected`, but not the event of the session's end, which is always the last.

/** How long the event may be behind the line, ms. */
export const END_BEHIND_MS = 10_000;
/** Most sessions of which one of the two has come; beyond it the oldest is not watched any more. */
export const WATCHED_ENDS_MAX = 10_000;

function remember(ends: Map<string, number>, session: string, nowMs: number): void {
  ends.set(session, nowMs);
  if (ends.size <= WATCHED_ENDS_MAX) return;
  for (const oldest of ends.keys()) {
    ends.delete(oldest);
    return;
  }
}

/**
 * Watches the ends of the sessions of one log.
 *
 * @see Dovecot 2.3.20 release notes: "If process exported a lot of events and then exited, some of the
 *   last events may have been lost"
 */
export class SessionEnds {
  readonly #now: () => number;
  readonly #startedMs: number;
  /** By line, and by event: which of the two has come, when, in ms. */
  readonly #byLine = new Map<string, number>();
  readonly #byEvent = new Map<string, number>();
  #isExported = false;
  #lost = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#startedMs = now();
  }

  /** How many sessions ended without their last events, as far as can be told. */
  get lost(): number {
    this.#check();
    return this.#lost;
  }

  /** The process wrote its last line. */
  line(session: string): void {
    const nowMs = this.#now();
    // The event may be one that was read before a restart.
    if (this.#byEvent.delete(session) || nowMs - this.#startedMs < END_BEHIND_MS) return;
    this.#check();
    remember(this.#byLine, session, nowMs);
  }

  /** The event of the session's end came. */
  event(session: string): void {
    this.#isExported = true;
    this.#check();
    if (!this.#byLine.delete(session)) remember(this.#byEvent, session, this.#now());
  }

  #check(): void {
    const before = this.#now() - END_BEHIND_MS;
    for (const [session, atMs] of this.#byEvent) {
      if (atMs > before) break;
      this.#byEvent.delete(session);
    }
    for (const [session, atMs] of this.#byLine) {
      if (atMs > before) return;
      this.#byLine.delete(session);
      // Where the exporter leaves the event out, its absence tells nothing.
      if (this.#isExported) this.#lost++;
    }
  }
}
