// Every bound of the loader, with its unit and the reason for its value.

/** Events of one load: what the engine turns into rows in some 250 ms. */
export const LOAD_EVENTS_MAX = 50_000;
/** Bytes of one load: bounds the engine's memory for it. */
export const LOAD_BYTES_MAX = 32 * 1024 * 1024;
/** With so many waiting, waiting for more would not make the load cheaper per event. */
export const LOAD_AT_ONCE_EVENTS = 20_000;
/** Events wait so long for company: small against the 2 s within which they must be found. */
export const LOAD_DELAY_MIN_MS = 300;
/**
 * A load costs some 50 ms of processor however few events it has, and a merge later: the pause before
 * the next one is in proportion to it, so that a trickle of events keeps a small part of a processor
 * busy on any machine.
 */
export const LOAD_PAUSE_FACTOR = 8;
export const LOAD_DELAY_MAX_MS = 1000;
/** Between attempts when the store cannot take events, doubled each time. */
export const RETRY_DELAY_MIN_MS = 100;
export const RETRY_DELAY_MAX_MS = 10_000;
/** Quarantined events that are remembered, so that none is noted twice. */
export const QUARANTINE_POSITIONS_MAX = 100_000;
