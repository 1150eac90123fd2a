// The contract of the store for log events that clients put: what there is of them, and how they go. They are
// loaded and queried as all events are.
import type { Forgotten } from './log-event-table.ts';

export type { Forgotten } from './log-event-table.ts';

/** A group of log events; times are ms since the Unix epoch. */
export interface LogGroupStats {
  readonly groupId: string;
  readonly events: number;
  /** Compressed bytes on disk, shared out by rows. */
  readonly storedBytes: number;
}

/** A stream that has events. */
export interface LogStreamStats {
  readonly stream: string;
  readonly firstEventAtMs: number;
  readonly lastEventAtMs: number;
  readonly lastIngestionAtMs: number;
}

/** Errors are StoreErrors, as those of the event store. */
export interface LogEventStore {
  logGroups(): Promise<readonly LogGroupStats[]>;
  logStreams(groupId: string): Promise<readonly LogStreamStats[]>;
  /** Resolves when the deletion is durably begun; it may be asked for again. Nothing to delete is no error. */
  forget(what: Forgotten): Promise<void>;
}
