// Every bound of deliveries, with its unit and reason.

/** The first wait after a failure, in ms, doubled each time up to the most; a part of it is by chance. */
export const RETRY_MIN_MS = 200;
export const RETRY_MAX_MS = 60_000;
/** After so many failures in a row the destination counts as down: it is told once, and only tried. */
export const FAILURES_UNTIL_DOWN = 5;
/**
 * How often a delivery notes durably that it passed events which it does not send, in ms: after a crash
 * it looks at so much again.
 */
export const PASSING_NOTED_EVERY_MS = 5_000;
/** Bytes of the dead letters of one delivery: at the limit it waits until somebody has looked at them. */
export const DEAD_LETTERS_BYTES_MAX = 64 * 1024 * 1024;
/** How often the deliveries are compared with the state, in ms: a change is in force within a second. */
export const FOLLOW_MS = 250;
/** What is read of the journal at a time while a batch is gathered: all of it is in memory, and one turn long. */
export const READ_EVENTS_MAX = 5_000;
export const READ_BYTES_MAX = 4 * 1024 * 1024;
/** How much of the journal is kept for a delivery that does not get on, where it does not say itself, in bytes. */
export const BACKLOG_BYTES_DEFAULT = 10 * 1024 ** 3;
/** How often a backlog is measured while nothing arrives, in ms. */
export const BACKLOG_CHECK_MS = 1_000;
/** Part of a full backlog that stays when its oldest is dropped: not every block drops one more. */
export const BACKLOG_KEPT_PART = 0.9;
/** How often a batch that waits for company is added to, in ms. */
export const GATHER_EVERY_MS = 250;
/** Bytes of the ledger of one delivery; the older half is let go beyond. */
export const LEDGER_BYTES_MAX = 16 * 1024 * 1024;
