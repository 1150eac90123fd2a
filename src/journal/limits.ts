// Every bound of the journal, with its unit and the reason for its value.

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/**
 * A segment rolls before it grows past this: big enough to be rare, small enough to scan in 0.1 s.
 * One in which only checkpoints moved goes on until an event comes, because its name is taken.
 */
export const SEGMENT_BYTES_MAX = 64 * MIB;
/** A segment rolls at the first block after this age, so that closed files can be kept by day. */
export const SEGMENT_AGE_MAX_MS = 24 * 60 * 60 * 1000;
/** Blocks grow by group commit up to this: what one write and fdatasync takes in some 10 ms. */
export const BLOCK_BYTES_MAX = 4 * MIB;
/** The same bound for very short lines: it limits how many callers wait for one write. */
export const BLOCK_EVENTS_MAX = 16_384;
/** One batch is never split over blocks, so this also bounds the memory needed to read a block. */
export const BATCH_BYTES_MAX = 16 * MIB;
/** Lines waiting for the disk; beyond it `append` answers `overloaded`. It bounds memory. */
export const QUEUE_BYTES_MAX = 64 * MIB;
/** What a batch costs in the queue besides its lines: its promise and its place. */
export const BATCH_OVERHEAD_BYTES = 256;
/** Name and value of one checkpoint as JSON; a file, an inode and an offset need 200 bytes. */
export const CHECKPOINT_BYTES_MAX = 64 * KIB;
/** Sources with a checkpoint: each new segment repeats them all in its first seal. */
export const CHECKPOINT_SOURCES_MAX = 256;
/** The longest seal line: all checkpoints at their limit, and the fixed fields. */
export const SEAL_BYTES_MAX = CHECKPOINT_SOURCES_MAX * CHECKPOINT_BYTES_MAX + KIB;
/** Padding written at a time: some thousand small blocks without a change of the file's size. */
export const PREALLOCATE_BYTES = MIB;
/** Blocks larger than this bring no padding: extending the file is a small part of their cost. */
export const PADDED_BLOCK_BYTES_MAX = 128 * KIB;
/** Segments that every consumer has passed are deleted when the journal is bigger than this. */
export const KEEP_BYTES = GIB;
/** Below this much free space no events are taken: cursors, state and merges need room too. */
export const FREE_BYTES_MIN = 64 * MIB;
/** How often free space is looked at; also how soon a journal that was full takes events again. */
export const FREE_CHECK_INTERVAL_MS = 2000;
/** Consumers with a cursor; each is a file and a name in `status`. */
export const CONSUMERS_MAX = 1024;
/** Blocks whose place is kept in memory, so that consumers near the end need not search for seals. */
export const BLOCKS_REMEMBERED_MAX = 8192;

/** The bounds an installation or a test may set. */
export interface JournalLimits {
  readonly segmentBytesMax: number;
  readonly segmentAgeMaxMs: number;
  readonly blockBytesMax: number;
  readonly blockEventsMax: number;
  readonly batchBytesMax: number;
  readonly queueBytesMax: number;
  readonly preallocateBytes: number;
  readonly keepBytes: number;
  readonly minFreeBytes: number;
}

/** What holds when nothing is said. */
export const JOURNAL_LIMITS: JournalLimits = {
  segmentBytesMax: SEGMENT_BYTES_MAX,
  segmentAgeMaxMs: SEGMENT_AGE_MAX_MS,
  blockBytesMax: BLOCK_BYTES_MAX,
  blockEventsMax: BLOCK_EVENTS_MAX,
  batchBytesMax: BATCH_BYTES_MAX,
  queueBytesMax: QUEUE_BYTES_MAX,
  preallocateBytes: PREALLOCATE_BYTES,
  keepBytes: KEEP_BYTES,
  minFreeBytes: FREE_BYTES_MIN,
};
