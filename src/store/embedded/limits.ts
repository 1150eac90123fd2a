// Every bound of the embedded engine, with its unit and the reason for its value.
import { availableParallelism } from 'node:os';

const KIB = 1024;
const MIB = 1024 * KIB;

/** What the engine may use in all: with the server beside it, it must live on a host of 2 GB. */
export const ENGINE_MEMORY_BYTES_MAX = 700 * MIB;
/** One query's share, so that two large ones and a load fit together. */
export const QUERY_MEMORY_BYTES_MAX = 300 * MIB;
/** Sorting and grouping beyond this goes to temporary files instead of memory. */
export const SPILL_BYTES = 120 * MIB;
/** A load of 32 MiB of lines needs some 200 MiB. */
export const LOAD_MEMORY_BYTES_MAX = 500 * MIB;
/** Queries that run at the same time, each on a session of its own. */
export const QUERY_SESSIONS = 3;
/** Queries that wait for a session; one more is refused with `unavailable`. */
export const QUERIES_WAITING_MAX = 64;
/** Our own questions, such as what groups there are, read one small column of every event at most. */
export const OWN_QUERY_TIMEOUT_MS = 30_000;
/** Threads of one query, if the machine has as many; each holds a block of all columns it reads. */
export const QUERY_THREADS_MAX = 4;
/** Marks and indexes of the parts in use; there are some 10 bytes of them a thousand events. */
export const INDEX_CACHE_BYTES = 16 * MIB;
/** What is remembered between queries: which granules held nothing, compiled expressions. */
export const QUERY_CACHE_BYTES = 8 * MIB;
/** Merges write parts up to this: some 20 million events. It bounds their time and disk use. */
export const MERGED_PART_BYTES_MAX = 1024 * MIB;
/** Fewer parts of a size are left as they are: merging two by two would write each event ten times. */
export const PARTS_MERGED_MIN = 8;
/** A month that got nothing new for so long is merged into as few parts as there can be. */
export const QUIET_MONTH_SECONDS = 24 * 60 * 60;
/** What a merge holds of each part at a time. */
export const MERGE_BLOCK_ROWS = 4096;
export const MERGE_BLOCK_BYTES = 2 * MIB;
/** Text of a result that is handed over and parsed in one go: 1 to 2 ms. */
export const CHUNK_BYTES = 128 * KIB;
/** Rows the engine gives at a time when a result is streamed. */
export const RESULT_BLOCK_ROWS = 8192;
/** Tokens of past loads that the engine remembers; a repeated load repeats the last one. */
export const DEDUPLICATION_WINDOW = 10_000;

/** How long a new engine waits for an old one to let go of the directory. */
export const OPEN_RETRY_MS = 15_000;
export const OPEN_RETRY_DELAY_MS = 200;
/**
 * Restarts wait longer each time, and begin anew after a time of good health. An open takes a third
 * of a second, so trying every two seconds costs little and a query waits no longer than that.
 */
export const RESTART_DELAY_MIN_MS = 100;
export const RESTART_DELAY_MAX_MS = 2_000;
export const RESTART_RESET_MS = 10_000;
/** How long an engine that was told to stop may take to write what it has. */
export const STOP_TIMEOUT_MS = 10_000;
/** How often the engine looks whether its parent still lives. */
export const PARENT_CHECK_INTERVAL_MS = 250;
/** Lines of the engine's standard error that are kept for an error's text. */
export const ERROR_LINES_MAX = 5;

/** The bounds an installation or a test may set. */
export interface EngineLimits {
  readonly memoryBytesMax: number;
  readonly queryMemoryBytesMax: number;
  readonly querySessions: number;
  readonly queriesWaitingMax: number;
  readonly queryThreadsMax: number;
  readonly openRetryMs: number;
}

/** What holds when nothing is said. */
export const ENGINE_LIMITS: EngineLimits = {
  memoryBytesMax: ENGINE_MEMORY_BYTES_MAX,
  queryMemoryBytesMax: QUERY_MEMORY_BYTES_MAX,
  querySessions: QUERY_SESSIONS,
  queriesWaitingMax: QUERIES_WAITING_MAX,
  queryThreadsMax: Math.min(QUERY_THREADS_MAX, availableParallelism()),
  openRetryMs: OPEN_RETRY_MS,
};
