// The contract of the durable log. Everything enters Mailtrail through `append` and leaves through
// a cursor; an event that was acknowledged is on disk, once, in order.

/**
 * The number of events that precede a point in the journal: the first event has position 0. It
 * never falls, is never reused, and identifies an event for ever.
 */
export type Position = number;

/**
 * How far a source was read, kept in the seal of the block that holds its events, so that events
 * and offset are durable together or not at all. The value is the collector's own business; at
 * most `CHECKPOINT_BYTES_MAX` bytes as JSON. The value `null` forgets the source.
 */
export interface Checkpoint {
  /** e.g. `dovecot:/var/log/dovecot-audit.log` */
  readonly source: string;
  readonly value: unknown;
}

/** Events handed to the journal together; they are acknowledged together. */
export interface AppendBatch {
  /**
   * Complete lines, each one JSON object made by `event/` and ended by `\n`. The journal does not
   * look into them. May be empty when only a checkpoint moves. Not to be changed until the append
   * has settled: large batches are written from this memory.
   */
  readonly lines: Uint8Array;
  /** How many lines there are. */
  readonly count: number;
  readonly checkpoint?: Checkpoint;
}

/** A place in the journal from which reading goes on. */
export interface Cursor {
  readonly position: Position;
  /** The name of the segment file and the byte in it: a hint, found again when it does not fit. */
  readonly segment?: string;
  readonly offset?: number;
}

/** One sealed block as it is read back. */
export interface JournalBlock {
  /** The position of its first event. */
  readonly position: Position;
  readonly count: number;
  /** When it was sealed, ms since the Unix epoch: the ingestion time of its events. */
  readonly sealedAtMs: number;
  /** The event lines without the seal, each ended by `\n`. */
  readonly lines: Uint8Array;
}

/** What one read gave: whole blocks in order, and where to go on. */
export interface JournalRange {
  readonly from: Cursor;
  readonly to: Cursor;
  readonly blocks: readonly JournalBlock[];
}

/**
 * The journal. One process owns a journal directory at a time.
 *
 * `append` rejects with a JournalError whose `code` tells what to do:
 * `disk-full` (nothing was kept; try again when there is room), `read-only`, `overloaded` (the
 * queue is at its limit), `closed`, `failed` (the disk answered an error; the journal stops taking
 * events until it is reopened, because what is on disk is no longer known). A batch over a limit
 * or not made of lines is a RangeError.
 */
export interface Journal {
  /** Resolves to the position after the batch once it has been written and fdatasync has returned. */
  append(batch: AppendBatch): Promise<Position>;
  /**
   * Whole sealed blocks from the cursor on: at least one if there is any, further ones while they
   * stay within the limits. An empty range means the end was reached. Only durable blocks are seen.
   */
  read(cursor: Cursor, limits: { eventsMax: number; bytesMax: number }): Promise<JournalRange>;
  /**
   * Resolves when the journal's end is beyond the position, or when the signal aborts; rejects with
   * `closed` when the journal closes first.
   */
  waitBeyond(position: Position, signal: AbortSignal): Promise<void>;
  /**
   * Where the consumer stands; the journal's beginning for a new one, for which segments are held
   * back from then on.
   */
  cursor(consumer: string): Cursor;
  /** Durably notes that the consumer is done with everything before the cursor. */
  commit(consumer: string, cursor: Cursor): Promise<void>;
  /** Durably forgets the consumer, which holds nothing back any more. */
  forget(consumer: string): Promise<void>;
  /** The last durable checkpoint value of the source. */
  checkpoint(source: string): unknown;
  /** Bytes that lie behind the cursor, to within a segment where it says no offset. */
  bytesBeyond(cursor: Cursor): number;
  /** The oldest place from which there are no more bytes than so many, to within a segment. */
  cursorWithin(bytesMax: number): Cursor;
  /** A place, at most a segment before, behind which everything is that was taken at the time or later. */
  cursorBefore(atMs: number): Cursor;
  status(): JournalStatus;
  /** Writes what is queued, seals, cuts the padding and lets the directory go. */
  close(): Promise<void>;
}

export interface JournalStatus {
  readonly begin: Position;
  readonly end: Position;
  readonly bytes: number;
  readonly segments: number;
  /** Why no events are taken at the moment; absent when they are. */
  readonly refusing?: { readonly code: JournalErrorCode; readonly reason: string };
  readonly consumers: Readonly<Record<string, Position>>;
}

export type JournalErrorCode =
  | 'disk-full'
  | 'read-only'
  | 'overloaded'
  | 'closed'
  | 'failed'
  | 'in-use'
  | 'corrupt';

/** A refusal by the journal; the message names the file and what to do. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code: JournalErrorCode;
  constructor(code: JournalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
