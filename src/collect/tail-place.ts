// Where the reading of a log stands: a place that goes on counting over rotations, as it is kept in
// checkpoints, the files that hold the last of it, and those to read next.
import type { FileMark, LogFile } from './log-files.ts';

/** Most files of one log that a checkpoint remembers; older ones cannot be read again after a restart. */
export const FILES_REMEMBERED_MAX = 8;

/** A file of the log. Places in the log count bytes from where the first file was first seen. */
export interface TailedFile extends FileMark {
  /** The place of its first byte. */
  readonly base: number;
}

/** Where reading stands; kept in checkpoints as it is. */
export interface TailPlace {
  /** The next byte to read. */
  readonly at: number;
  /** The files that were read last; the last one holds `at`. */
  readonly files: readonly TailedFile[];
}

/** A file that is being read. */
export interface OpenFile {
  readonly handle: LogFile;
  readonly path: string;
  readonly inode: string;
  readonly base: number;
  mark: FileMark;
  /** The next byte to read from the disk. */
  offset: number;
  /** When it was last written, as far as it was looked at. */
  modifiedNs: bigint;
  /** Its writer is known to have moved on: when it is read to its end, the next file follows. */
  done: boolean;
}

/** A file to read next: from the offset, to its end. */
export interface QueuedFile {
  readonly path: string;
  readonly offset: number;
  readonly base: number | undefined;
  /** False for the log itself, which goes on growing. */
  readonly done: boolean;
}
