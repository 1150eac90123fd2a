// The bounds of the state, with their units and reasons.
import type { DocumentKind } from './documents.ts';

const MIB = 1024 * 1024;

/** Documents of each kind: what an organization can need, and what a host of 2 GB holds beside the rest. */
export const DOCUMENTS_MAX: Readonly<Record<DocumentKind, number>> = {
  'log-group': 10_000,
  'log-stream': 100_000,
  'query-definition': 1_000,
  'api-key': 1_000,
  organization: 1,
  'access-rule': 5_000,
  'mobile-device-rule': 5_000,
  // One for each device of a fleet that is let in by hand.
  'mobile-device-override': 100_000,
  'impersonation-role': 1_000,
  // As many as can be assumed within their 15 minutes by a program that does so for each request.
  'impersonation-token': 10_000,
  // CloudWatch Logs' quotas are 1,000 of each in an account.
  'delivery-source': 1_000,
  'delivery-destination': 1_000,
  delivery: 1_000,
};

/** Bytes of one change as a line: a saved query of 10,000 characters with all its groups. */
export const CHANGE_BYTES_MAX = 16 * MIB;
/** The log is made shorter when it is larger than this … */
export const COMPACT_BYTES_MIN = 1 * MIB;
/** … and so many times as large as when it was last made shorter: the work stays in proportion. */
export const COMPACT_GROWTH = 4;
/** Changes whose management events wait for the journal; beyond it nothing is changed. */
export const OWED_EVENTS_MAX = 1_000;
/** Owed events in one append: with 200 KB of saved query before and after they fit the journal's 16 MiB. */
export const OWED_EVENTS_PER_APPEND_MAX = 50;
/** How soon an owed event is tried again, in ms; doubled each time up to the maximum. */
export const OWED_RETRY_MIN_MS = 1_000;
export const OWED_RETRY_MAX_MS = 30_000;
/** Documents that are written at once when the log is made shorter. */
export const SNAPSHOT_BATCH = 1_000;
