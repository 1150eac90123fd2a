// The bounds of queries that are started and asked for later.

const KIB = 1024;
const MIB = 1024 * KIB;

/** Queries that are scheduled or run. @see CloudWatch Logs quotas, concurrent queries: 100 */
export const PENDING_QUERIES_MAX = 100;
/** Of them those that the engine works on: as many as it has processors for, and not all its waiting room. */
export const RUNNING_QUERIES_MAX = 6;
/** How long a query may run, as in CloudWatch Logs. */
export const STARTED_QUERY_TIMEOUT_MS = 60 * 60 * 1000;
/** How long results are kept, as in CloudWatch Logs. */
export const RESULTS_KEPT_MS = 7 * 24 * 60 * 60 * 1000;
/** Queries whose results are kept; beyond it the oldest are forgotten. */
export const KEPT_QUERIES_MAX = 1000;
/** Bytes of all results; beyond it the oldest are forgotten. */
export const KEPT_RESULTS_BYTES_MAX = 1024 * MIB;
/** Results up to this size stay in memory: 16 MiB for all queries that are kept. */
export const RESULT_MEMORY_BYTES_MAX = 16 * KIB;
/** Rows of one answer of GetQueryResults. */
export const RESULT_PAGE_ROWS_MAX = 10_000;
/** How long a page of results may be asked for. */
export const RESULT_TOKEN_LIFE_MS = 60 * 60 * 1000;
