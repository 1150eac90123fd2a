// The contract of the store: where events are kept for queries. It is a consumer of the journal and
// can be rebuilt from it; the embedded engine and a ClickHouse cluster both fulfil it.
import type { LogType } from '../event/log-type.ts';
import type { JournalBlock, Position } from '../journal/journal.ts';

/** Blocks that are loaded together; the same `from` and `to` always hold the same events. */
export interface LoadRange {
  readonly from: Position;
  readonly to: Position;
  readonly blocks: readonly JournalBlock[];
}

/** SQL with its parameters bound by the engine: values are never written into the text. */
export interface BoundQuery {
  /** Uses `{name:Type}` placeholders. */
  readonly sql: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface QueryLimits {
  readonly timeoutMs: number;
  readonly memoryBytesMax?: number;
  readonly signal?: AbortSignal;
}

/** A cell as the engine gives it in JSON. */
export type Cell = string | number | boolean | null | readonly Cell[];
export type Row = readonly Cell[];

export interface QueryStatistics {
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly elapsedMs: number;
}

export interface QueryRows {
  /** Rows in batches, in the query's order; the iterator may be left early, which cancels. */
  readonly batches: AsyncIterable<readonly Row[]>;
  /** Known once the batches have ended. */
  readonly statistics: Promise<QueryStatistics>;
}

export interface GroupStats {
  readonly logType: LogType;
  readonly events: number;
  /** Compressed bytes on disk, shared out by rows where types share parts. */
  readonly storedBytes: number;
  readonly firstEventAtMs?: number;
  readonly lastEventAtMs?: number;
  readonly retentionDays?: number;
}

export interface StoreStats {
  readonly events: number;
  readonly storedBytes: number;
  readonly activeParts: number;
  /** The position after the last stored event; 0 when there is none. */
  readonly endPosition: Position;
  /**
   * Another one whenever events may have gone that were stored: the store was made anew, or the
   * engine found damaged parts. What the journal still has must then be loaded again.
   */
  readonly generation: string;
  readonly residentBytes?: number;
}

/**
 * Where events are kept. Errors are StoreErrors whose `code` tells whose fault it is.
 * All methods may be called concurrently, `load` only by one loader.
 */
export interface EventStore {
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Loads the range exactly once, however often it is called with the same range: the range's
   * positions are its deduplication token. Resolves when the rows are durable and can be queried.
   * Rejects with `bad-range` when the engine cannot read the lines; nothing else may be assumed then.
   */
  load(range: LoadRange): Promise<void>;
  query(query: BoundQuery, limits: QueryLimits): Promise<QueryRows>;
  groups(): Promise<readonly GroupStats[]>;
  /** Keeps the log type's events for so many days; undefined keeps them for ever. */
  retain(logType: LogType, days: number | undefined): Promise<void>;
  stats(): Promise<StoreStats>;
  /** Whether it answers, and if not why. */
  health(): { readonly ready: boolean; readonly reason?: string };
}

export type StoreErrorCode =
  /** the engine is starting, restarting or gone: try again */
  | 'unavailable'
  /** the query ran out of its time or memory, or was cancelled */
  | 'timeout'
  | 'memory'
  | 'cancelled'
  /** the engine refused the SQL: a fault of ours */
  | 'query'
  /** a range holds what the engine cannot read */
  | 'bad-range'
  | 'disk-full';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
