// The bounds of the query language, with their units and reasons.

/** Characters of a query's text. @see CloudWatch Logs API, StartQuery, queryString */
export const QUERY_CHARS_MAX = 10_000;

/** Rows of a query that says no limit. @see CloudWatch Logs user guide, "limit" */
export const LIMIT_DEFAULT = 10_000;

/** Rows a query may ask for. @see CloudWatch Logs API, StartQuery, limit */
export const LIMIT_MAX = 100_000;

/** `SOURCE` commands in one query: as many groups as StartQuery takes names of. */
export const SOURCES_MAX = 50;

/** What each kind of `SOURCE` may list. @see CloudWatch Logs user guide, "SOURCE" */
export const SOURCE_PREFIXES_MAX = 5;
export const SOURCE_ACCOUNTS_MAX = 20;
export const SOURCE_DATA_SOURCES_MAX = 10;
export const SOURCE_TAG_FILTERS_MAX = 5;
export const SOURCE_TAG_VALUES_MAX = 5;

/** `stats` commands in one query. @see CloudWatch Logs user guide, "stats" */
export const STATS_COMMANDS_MAX = 10;

/**
 * How deep parentheses, calls and chains of one operator may nest: each level becomes up to seven
 * of the engine's, which stops at 1,000.
 */
export const NESTING_MAX = 100;

/** Nested SELECTs; the engine stops at 100. */
export const SUBQUERIES_MAX = 40;

/** Characters of the compiled SQL; the engine's parser stops at 262,144 bytes. */
export const SQL_CHARS_MAX = 240_000;

/**
 * Characters of one SELECT with every alias in it written out, as the engine does. Aliases that use
 * aliases grow exponentially; the engine stops at 500,000 words.
 */
export const EXPANDED_CHARS_MAX = 1_000_000;

/** Repetitions of a regular expression, nested ones multiplied. @see RE2 syntax, "{n,m}" */
export const REGEX_REPEAT_MAX = 1_000;

/**
 * Steps that a regular expression is made into, each repetition written out. The engine allows 8 MiB
 * for them, which is some 350,000.
 */
export const REGEX_STEPS_MAX = 250_000;

/**
 * Rows that `parse … multi` or `unnest` make of one: as many as fit into one event of 1 MiB in any
 * sensible form, and few enough that a block of rows stays in memory. Further matches or items are
 * left out.
 */
export const ROWS_PER_ROW_MAX = 10_000;

/** Values that `values` collects and `topk` counts. @see CloudWatch Logs user guide, "topk" */
export const COLLECTED_VALUES_MAX = 10_000;

/** Buckets of `histogram` among the values of `stats`: as many as can be shown. */
export const HISTOGRAM_BUCKETS_MAX = 1_000;

/** Values that `json` takes out of a text: each is a column. */
export const JSON_VALUES_MAX = 100;

/** Fields that `relevantfields` may name: each is read and grouped by its values. */
export const RELEVANT_FIELDS_MAX = 50;

/** Rows that a subquery is read of: what the engine keeps of them in memory stays below some 50 MB. */
export const SUBQUERY_ROWS_MAX = 1_000_000;

/** How far bins may be shifted, in ms; as far as the longest bin reaches. */
export const OFFSET_MAX_MS = 10 * 366 * 86_400_000;

/** Branches of `case`. @see CloudWatch Logs user guide, "case" */
export const CASE_BRANCHES_MAX = 10;

/** How many rows back `autoregress` looks, and how many values it gives. */
export const LAG_ROWS_MAX = 10_000;
export const LAGS_MAX = 20;

/** Fields that make one identity of `sessionize`, and that `outlier` looks at: each is a column more to sort or keep. */
export const SESSION_KEYS_MAX = 20;
export const OUTLIER_FIELDS_MAX = 20;

/** How many interquartile ranges `outlier` may begin at; further off there is nothing. */
export const OUTLIER_FACTOR_MAX = 1_000_000;

/** Bytes of a lookup table's CSV. @see CloudWatch Logs user guide, "lookup" */
export const LOOKUP_TABLE_BYTES_MAX = 10 * 1024 * 1024;

/** Lookup tables there may be. @see CloudWatch Logs user guide, "lookup" */
export const LOOKUP_TABLES_MAX = 100;

/**
 * Characters of lookup tables that one query hands to the engine, which has them several times in
 * memory: two tables of full size with what JSON adds.
 */
export const LOOKUP_CHARS_MAX = 32 * 1024 * 1024;

/** Rows of the query inside of `appendcols`. @see CloudWatch Logs user guide, "appendcols" */
export const APPENDED_ROWS_DEFAULT = 10_000;
export const APPENDED_ROWS_MAX = 100_000;

/** `join` commands in one query. @see CloudWatch Logs user guide, "join" */
export const JOIN_COMMANDS_MAX = 1;
