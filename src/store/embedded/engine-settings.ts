// The engine's configuration: what it is started with, what each session is set to, and what its
// tables have. Names are ClickHouse's (26.7, "Server settings", "Settings", "MergeTree settings").
import {
  DEDUPLICATION_WINDOW,
  type EngineLimits,
  INDEX_CACHE_BYTES,
  LOAD_MEMORY_BYTES_MAX,
  MERGED_PART_BYTES_MAX,
  MERGE_BLOCK_BYTES,
  MERGE_BLOCK_ROWS,
  OWN_QUERY_TIMEOUT_MS,
  PARTS_MERGED_MIN,
  QUERY_CACHE_BYTES,
  QUIET_MONTH_SECONDS,
  RESULT_BLOCK_ROWS,
  SPILL_BYTES,
} from './limits.ts';

export type Settings = Readonly<Record<string, string | number>>;

/** Arguments that the engine's first session is opened with. */
export function engineArguments(limits: EngineLimits): readonly string[] {
  const server: Settings = {
    max_server_memory_usage: limits.memoryBytesMax,
    mark_cache_size: INDEX_CACHE_BYTES,
    primary_index_cache_size: INDEX_CACHE_BYTES,
    index_mark_cache_size: INDEX_CACHE_BYTES,
    index_uncompressed_cache_size: 0,
    uncompressed_cache_size: 0,
    query_condition_cache_size: QUERY_CACHE_BYTES,
    compiled_expression_cache_size: QUERY_CACHE_BYTES,
    background_pool_size: 1,
    background_merges_mutations_concurrency_ratio: 2,
    background_schedule_pool_size: 2,
  };
  return Object.entries(server).map(([name, value]) => `--${name}=${value}`);
}

/** The session that loads: one thread, so that rows keep the order of the lines. */
export const LOAD_SETTINGS: Settings = {
  max_threads: 1,
  max_insert_threads: 1,
  max_memory_usage: LOAD_MEMORY_BYTES_MAX,
  // Lines that are parsed by several threads would come in another order.
  input_format_parallel_parsing: 0,
  max_block_size: 4096,
  // One block, and so one part for each month: a range is cut into parts in one way only.
  min_insert_block_size_rows: 1_000_000,
  min_insert_block_size_bytes: 256 * 1024 * 1024,
  // Imported events may spread over years.
  max_partitions_per_insert_block: 0,
  // No column has a default expression: absent keys need no second look.
  input_format_defaults_for_omitted_fields: 0,
  input_format_skip_unknown_fields: 1,
  // Each load has other constants: compiling its expressions would never pay.
  compile_expressions: 0,
};

/** The session for our own small questions and for changes of the table; waits for no query. */
export const OWN_SETTINGS: Settings = {
  max_threads: 2,
  max_memory_usage: LOAD_MEMORY_BYTES_MAX,
  max_execution_time: OWN_QUERY_TIMEOUT_MS / 1000,
  // A change is in force when it is written down; rewriting what is stored goes on behind it.
  alter_sync: 0,
  mutations_sync: 0,
};

/** Sessions for queries; time and memory are set for each query. */
export function querySettings(limits: EngineLimits): Settings {
  return {
    max_threads: limits.queryThreadsMax,
    max_block_size: RESULT_BLOCK_ROWS,
    max_bytes_before_external_group_by: SPILL_BYTES,
    max_bytes_before_external_sort: SPILL_BYTES,
    timeout_overflow_mode: 'throw',
    // Queries only ever read the event table: not even a mistake of ours may change it or read files.
    readonly: 2,
  };
}

/** What the embedded engine's table has beside the common settings. */
export const EMBEDDED_TABLE_SETTINGS: Settings = {
  // A load is acknowledged when it is on the disk, not when it is in the page cache.
  fsync_after_insert: 1,
  fsync_part_directory: 1,
  non_replicated_deduplication_window: DEDUPLICATION_WINDOW,
  max_bytes_to_merge_at_max_space_in_pool: MERGED_PART_BYTES_MAX,
  enable_max_bytes_limit_for_min_age_to_force_merge: 1,
  min_parts_to_merge_at_once: PARTS_MERGED_MIN,
  min_age_to_force_merge_seconds: QUIET_MONTH_SECONDS,
  min_age_to_force_merge_on_partition_only: 1,
  merge_max_block_size: MERGE_BLOCK_ROWS,
  merge_max_block_size_bytes: MERGE_BLOCK_BYTES,
  // With a pool of two the usual 8 would keep every merge at its smallest size.
  number_of_free_entries_in_pool_to_lower_max_size_of_merge: 1,
  number_of_free_entries_in_pool_to_execute_mutation: 1,
  number_of_free_entries_in_pool_to_execute_optimize_entire_partition: 1,
};
