// Which files beside a log are its rotated predecessors, and in which order they were written.
// Rotation names them by number (`.1` is the newest), or by date; compression adds a suffix.
import { basename, dirname, join } from 'node:path';
import type { LogDisk } from './log-disk.ts';

/** Most rotated files that are looked at: two years of daily rotation. More are not this log's. */
export const ROTATED_FILES_MAX = 1_000;

/** How a file is compressed, by its suffix. */
export type Compression = 'gz' | 'xz' | 'bz2' | 'zst' | 'lz4';

/** A rotated file. */
export interface RotatedFile {
  readonly path: string;
  readonly compression: Compression | undefined;
  readonly modifiedNs: bigint;
  readonly size: number;
  readonly id: string;
}

interface Ranked extends RotatedFile {
  /** The number or date in its name. */
  readonly stamp: string;
}

const COMPRESSED = /\.(gz|xz|bz2|zst|lz4)$/;
/** `.1`, `-20261123`, `.2026-11-23`, `-20261123-1763865600`, `.20261123-101010`. */
const STAMP = /^[.-](\d[\d.T_-]*)$/;
/** A number counts rotations; anything longer is a date. */
const NUMBER = /^\d{1,4}$/;

/** The number or date that rotation has put behind the log's name or, before its extension, into it. */
function stampOf(name: string, log: string): string | undefined {
  const dot = log.lastIndexOf('.');
  const stem = dot > 0 ? log.slice(0, dot) : log;
  const extension = dot > 0 ? log.slice(dot) : '';
  if (name.startsWith(log)) return STAMP.exec(name.slice(log.length))?.[1];
  if (extension === '' || !name.startsWith(stem) || !name.endsWith(extension)) return undefined;
  return STAMP.exec(name.slice(stem.length, name.length - extension.length))?.[1];
}

function compare<T extends bigint | string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const byTime = (a: Ranked, b: Ranked): number =>
  compare(a.modifiedNs, b.modifiedNs) || -compareNumbers(a, b);
const compareNumbers = (a: Ranked, b: Ranked): number => compare(Number(a.stamp), Number(b.stamp));

/**
 * Whether numbers grow with time, as some rotators have it. The times of files that are compressed
 * and of those that are not cannot be compared: a compressor may set its own.
 */
function numbersGrow(files: readonly Ranked[]): boolean {
  let growing = 0;
  let falling = 0;
  for (const compressed of [true, false]) {
    // An empty file was made when the one before it was still being written.
    const alike = files.filter(
      ({ compression, size }) => (compression !== undefined) === compressed && size > 0,
    );
    alike.sort(compareNumbers);
    for (const [index, file] of alike.entries()) {
      const next = alike[index + 1];
      if (next === undefined || next.modifiedNs === file.modifiedNs) continue;
      if (next.modifiedNs > file.modifiedNs) growing++;
      else falling++;
    }
  }
  return growing > falling;
}

/** Names tell the order more surely than times do, where all of them are of one kind. */
function inOrder(files: readonly Ranked[]): RotatedFile[] {
  const numbers = files.filter(({ stamp }) => NUMBER.test(stamp)).length;
  if (numbers === files.length) {
    const sign = numbersGrow(files) ? 1 : -1;
    return files.toSorted((a, b) => sign * compareNumbers(a, b));
  }
  if (numbers === 0) return files.toSorted((a, b) => compare(a.stamp, b.stamp) || byTime(a, b));
  return files.toSorted(byTime);
}

async function inDirectoryOf(path: string, disk: LogDisk): Promise<Ranked[]> {
  const log = basename(path);
  const found = new Map<string, Ranked>();
  for (const name of await disk.list(dirname(path))) {
    const compression = COMPRESSED.exec(name)?.[1] as Compression | undefined;
    const plain = compression === undefined ? name : name.slice(0, -compression.length - 1);
    const stamp = plain === log ? undefined : stampOf(plain, log);
    // While a file is being compressed there are both; only the uncompressed one is whole.
    if (stamp === undefined || (compression !== undefined && found.has(plain))) continue;
    if (found.size >= ROTATED_FILES_MAX && !found.has(plain)) continue;
    const at = join(dirname(path), name);
    const facts = await disk.facts(at);
    if (facts !== undefined) found.set(plain, { path: at, compression, stamp, ...facts });
  }
  return [...found.values()];
}

/**
 * The rotated files of a log, oldest first: those beside its path, or beside the file that the path
 * leads to by a symbolic link.
 *
 * @see logrotate(8): dateext, extension, compress, delaycompress; Postfix setting
 *   maillog_file_rotate_suffix
 */
export async function rotatedFiles(path: string, disk: LogDisk): Promise<RotatedFile[]> {
  const beside = await inDirectoryOf(path, disk);
  const real = await disk.realPath(path);
  return inOrder(real === path || beside.length > 0 ? beside : await inDirectoryOf(real, disk));
}
