// Whether a log has Dovecot's events beside its text lines. Where it has, the events are what is
// told, and a text line only completes one, which may come seconds after it.

/**
 * After this long without an event, in ms by the log's own times, its text lines are taken for all
 * there is.
 */
export const EVENTS_EXPECTED_MS = 600_000;

/** What one log's reading knows of the exporter. */
export class ExporterEvents {
  /** Since which place the exporter tells, and when it last did, by its own time. */
  #known = { since: Infinity, lastMs: -Infinity };

  /** An event was read. Lines before the place where events begin anew were told without them. */
  heard(timeMs: number, at: number): void {
    const { since, lastMs } = this.#known;
    const anew = timeMs - lastMs > EVENTS_EXPECTED_MS;
    this.#known = { since: anew ? at : Math.min(since, at), lastMs: Math.max(lastMs, timeMs) };
  }

  /** Whether the exporter is at work at the line: it tells of every attempt. */
  expected(timeMs: number, at: number): boolean {
    const { since, lastMs } = this.#known;
    return at >= since && timeMs - lastMs <= EVENTS_EXPECTED_MS;
  }

  /** What a restart must know; undefined when no event was ever read. */
  carry(): unknown {
    return this.#known.since === Infinity ? undefined : this.#known;
  }

  /** Takes back what `carry` gave. */
  restore(carried: unknown): void {
    const { since, lastMs } = (carried ?? {}) as { since?: unknown; lastMs?: unknown };
    if (typeof since === 'number' && typeof lastMs === 'number') this.#known = { since, lastMs };
  }
}
