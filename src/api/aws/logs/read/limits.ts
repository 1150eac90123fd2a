// The bounds of reading events as they are.

const MIB = 1024 * 1024;

/** Bytes of messages in one answer of GetLogEvents and FilterLogEvents, as in CloudWatch Logs. */
export const PAGE_BYTES_MAX = MIB;
/** Events of one answer. */
export const PAGE_EVENTS_MAX = 10_000;
/** How long one read may take: within a client's own patience. */
export const READ_TIMEOUT_MS = 60_000;
/** Fields of one event. @see CloudWatch Logs user guide, "Supported logs and discovered fields" */
export const FIELDS_MAX = 200;
/** How deep a field may lie: deeper ones nobody asks for, and a stack has an end. */
export const FIELD_DEPTH_MAX = 64;
/** Events that GetLogGroupFields looks at: enough for its percentages to be whole numbers. */
export const SAMPLED_EVENTS_MAX = 1_000;
/** What GetLogGroupFields looks at on either side of a time. */
export const SAMPLED_SPAN_MS = 8 * 60_000;
/** What it looks at when no time is given. */
export const SAMPLED_LAST_MS = 15 * 60_000;
/** Live Tail sessions at one time. */
export const LIVE_TAILS_MAX = 16;
/** How long one may last, as in CloudWatch Logs. */
export const LIVE_TAIL_MS = 3 * 60 * 60 * 1000;
/** How often a session gets what is new. */
export const LIVE_TAIL_INTERVAL_MS = 1_000;
/** Events of one update; beyond it the rest is left out and the update says so. */
export const LIVE_TAIL_EVENTS_MAX = 500;
