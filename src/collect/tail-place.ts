// Where the reading of a log stands: a place that goes on counting over rotations, as it is kept in
// checkpoints, and the files that hold the last of it.
import type { FileMark } from './file-mark.ts';

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
  /** Of the system's journal, the entries from which it can be read on, the last one read at the end. */
  readonly entries?: readonly PlacedEntry[];
}

/** An entry of the system's journal. */
export interface PlacedEntry {
  /** The place of its line, or of the next one when it makes none. */
  readonly base: number;
  /** Where it is in the journal, opaque. */
  readonly cursor: string;
}

/** The file to read next. */
export type Wanted =
  /** The log, from its beginning. */
  | { readonly kind: 'log' }
  /** A file that was read before, from the offset. */
  | { readonly kind: 'marked'; readonly file: TailedFile; readonly offset: number }
  /** What was written after the file. */
  | { readonly kind: 'after'; readonly file: TailedFile };

/** Where reading begins: the place where the last run stopped, or an earlier one from where lines are wanted again. */
export function firstWanted(from: TailPlace | undefined, again: number | undefined): Wanted {
  const last = from?.files.at(-1);
  if (from === undefined || last === undefined) return { kind: 'log' };
  const start = Math.min(again ?? from.at, from.at);
  const index = from.files.findIndex((_, n) => (from.files[n + 1]?.base ?? Infinity) > start);
  const file = from.files[index] ?? last;
  return { kind: 'marked', file, offset: Math.max(0, start - file.base) };
}
