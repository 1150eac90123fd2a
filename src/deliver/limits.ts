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
/** Events of a block of the journal, which is read whole. */
export const BLOCK_EVENTS_MAX = 16_384;
/** Bytes of the dead letters of one delivery: at the limit it waits until somebody has looked at them. */
export const DEAD_LETTERS_BYTES_MAX = 64 * 1024 * 1024;
/** How often the deliveries are compared with the state, in ms: a change is in force within a second. */
export const FOLLOW_MS = 250;
