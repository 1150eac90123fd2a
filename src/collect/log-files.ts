// Which file on disk holds a place in a log, and which file follows another. Rotation renames,
// copies, compresses and deletes files under us, at any moment, also between two of these looks.
import { CompressedLog, DecompressionError } from './compressed-log.ts';
import {
  bytesAt,
  hashOf,
  likeness,
  type ByteSource,
  type FileMark,
  type Likeness,
} from './file-mark.ts';
import type { FileFacts, LogDisk, LogFile } from './log-disk.ts';
import { rotatedFiles, type RotatedFile } from './rotated-files.ts';

/** A file that was opened to be read. */
export interface OpenedFile {
  readonly path: string;
  readonly source: ByteSource & { close(): Promise<void> };
  /** The file itself; undefined where it is compressed, and its size says nothing. */
  readonly plain: LogFile | undefined;
  readonly facts: FileFacts;
}

/** What became of a marked file. */
export type FoundFile =
  | { readonly kind: 'found'; readonly file: OpenedFile }
  /** It has lost its end, or is a copy made before the end was written: nothing of it is unread. */
  | { readonly kind: 'shorter'; readonly file: OpenedFile }
  /** It was deleted, or overwritten. */
  | { readonly kind: 'gone'; readonly reason: string };

/** Opens the file at a path. Rejects with the operating system's error. */
export async function openLog(
  disk: LogDisk,
  path: string,
  compression?: RotatedFile['compression'],
): Promise<OpenedFile> {
  const plain = await disk.open(path);
  try {
    const facts = await plain.facts();
    if (compression === undefined) return { path, source: plain, plain, facts };
    return { path, source: new CompressedLog(plain, compression), plain: undefined, facts };
  } catch (error) {
    await plain.close();
    throw error;
  }
}

interface Candidate {
  readonly path: string;
  readonly compression?: RotatedFile['compression'];
  readonly modifiedNs?: bigint;
}

/** What kept candidates from being recognized. */
interface Obstacles {
  damaged: string | undefined;
}

async function compareTo(file: OpenedFile, mark: FileMark): Promise<Likeness> {
  if (file.plain !== undefined) return likeness(file.plain, file.facts, mark);
  // A file of which nothing was read has no beginning that compression would have kept.
  if (mark.headBytes === 0) {
    return mark.compressed === true && mark.inode === file.facts.inode ? 'same' : 'other';
  }
  const head = await bytesAt(file.source, 0, mark.headBytes);
  return hashOf(head) === mark.head ? 'same' : 'other';
}

/** Opens the file if it is the marked one, whole or shorter. */
async function ifMarked(
  disk: LogDisk,
  candidate: Candidate,
  mark: FileMark,
  obstacles: Obstacles,
): Promise<{ like: 'same' | 'shorter'; file: OpenedFile } | undefined> {
  let file: OpenedFile | undefined;
  try {
    file = await openLog(disk, candidate.path, candidate.compression);
    const like = await compareTo(file, mark);
    if (like === 'same' || like === 'shorter') return { like, file };
    await file.source.close();
    return undefined;
  } catch (error) {
    await file?.source.close();
    if (error instanceof DecompressionError) {
      obstacles.damaged = `${candidate.path}: ${error.message}`;
      return undefined;
    }
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    // It may not be read; but it was not written since the marked file was, so it is not that.
    const { modifiedNs } = candidate;
    if (modifiedNs !== undefined && isBefore(modifiedNs, mark)) return undefined;
    throw error;
  }
}

function isBefore(modifiedNs: bigint, { modifiedMs }: FileMark): boolean {
  return modifiedMs !== undefined && modifiedNs / 1_000_000n < BigInt(modifiedMs);
}

/** Whether the file is as it was when it was opened and found to be the marked one. */
export async function stillLike(file: OpenedFile, mark: FileMark): Promise<boolean> {
  if (file.plain === undefined) return true;
  const facts = await file.plain.facts();
  const like = await compareTo({ ...file, facts }, mark);
  return like === 'same' || (like === 'shorter' && facts.size === file.facts.size);
}

/** The log and its rotated files, oldest first. */
interface Files {
  readonly log: FileFacts | undefined;
  readonly rotated: readonly RotatedFile[];
  /** Tells whether anything was renamed, made or deleted. */
  readonly names: string;
}

async function filesOf(disk: LogDisk, path: string): Promise<Files> {
  const log = await disk.facts(path);
  const rotated = await rotatedFiles(path, disk);
  const names = [log?.id, ...rotated.map((file) => `${file.path} ${file.id}`)].join('\n');
  return { log, rotated, names };
}

/** Most looks at files that are being renamed meanwhile, before what is there is taken as it is. */
const LOOKS_MAX = 20;

/** What is found while files are renamed may be wrong: it is looked for until none was. */
async function undisturbed<T>(
  disk: LogDisk,
  path: string,
  look: (files: Files) => Promise<T>,
  discard: (found: T) => Promise<void>,
): Promise<T> {
  let before = await filesOf(disk, path);
  for (let looks = 1; ; looks++) {
    const found = await look(before);
    const after = await filesOf(disk, path);
    if (after.names === before.names || looks === LOOKS_MAX) return found;
    await discard(found);
    before = after;
  }
}

/**
 * Finds the marked file of the log at the path: there, or among its rotated files, renamed, copied or
 * compressed. Rejects with the operating system's error while it cannot be told what became of it:
 * a file may not be read, or nothing is there at all.
 */
export function findMarked(disk: LogDisk, path: string, mark: FileMark): Promise<FoundFile> {
  return undisturbed(
    disk,
    path,
    (files) => findAmong(disk, path, files, mark),
    async (found) => {
      if (found.kind !== 'gone') await found.file.source.close();
    },
  );
}

async function findAmong(
  disk: LogDisk,
  path: string,
  { log, rotated }: Files,
  mark: FileMark,
): Promise<FoundFile> {
  const obstacles: Obstacles = { damaged: undefined };
  const candidates: Candidate[] = [{ path }, ...rotated.toReversed()];
  if (mark.path !== undefined) candidates.push({ path: mark.path });
  let shorter: OpenedFile | undefined;
  for (const candidate of candidates) {
    const found = await ifMarked(disk, candidate, mark, obstacles);
    if (found === undefined) continue;
    await shorter?.source.close();
    if (found.like === 'same') return { kind: 'found', file: found.file };
    shorter = found.file;
  }
  if (shorter !== undefined) return { kind: 'shorter', file: shorter };
  const newer = rotated.some(({ modifiedNs }) => !isBefore(modifiedNs, mark));
  if (!newer && log === undefined) {
    throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT', path });
  }
  return { kind: 'gone', reason: obstacles.damaged ?? 'it was deleted or overwritten' };
}

/** The file that was written after another. */
export type NextFile = Candidate & { readonly id: string };

/** A file whose successor is looked for. */
export interface PreviousFile {
  readonly mark: FileMark;
  /** Of the file that is held open and has a name; undefined otherwise. */
  readonly heldId: string | undefined;
}

async function indexOf(
  disk: LogDisk,
  files: readonly RotatedFile[],
  { mark, heldId }: PreviousFile,
): Promise<number> {
  if (heldId !== undefined) return files.findIndex(({ id }) => id === heldId);
  for (const [index, candidate] of files.entries()) {
    const found = await ifMarked(disk, candidate, mark, { damaged: undefined });
    if (found === undefined) continue;
    await found.file.source.close();
    return index;
  }
  return -1;
}

/** Whether an open file still has a name: as the log, or as one that was rotated. */
export async function hasName(disk: LogDisk, path: string, id: string): Promise<boolean> {
  if ((await disk.facts(path))?.id === id) return true;
  return (await rotatedFiles(path, disk)).some((file) => file.id === id);
}

/**
 * The file that follows: a rotated one, else the log itself; the first one that is not empty. As long
 * as there is none, the writer may still write into the previous one, and the answer is undefined.
 */
export async function nextFile(
  disk: LogDisk,
  path: string,
  previous: PreviousFile,
): Promise<NextFile | undefined> {
  const { heldId } = previous;
  if (heldId !== undefined && (await disk.facts(path))?.id === heldId) return undefined;
  const find = (files: Files): Promise<NextFile | undefined> =>
    nextAmong(disk, path, files, previous);
  return undisturbed(disk, path, find, () => Promise.resolve());
}

async function nextAmong(
  disk: LogDisk,
  path: string,
  { log, rotated }: Files,
  previous: PreviousFile,
): Promise<NextFile | undefined> {
  if (log !== undefined && log.id === previous.heldId) return undefined;
  const files = rotated.filter(({ id }) => id !== log?.id);
  const index = await indexOf(disk, files, previous);
  // It was renamed or deleted just now: another look knows.
  if (index < 0 && previous.heldId !== undefined) return undefined;
  const later =
    index >= 0
      ? files.slice(index + 1)
      : files.filter(({ modifiedNs }) => isAfter(modifiedNs, previous.mark));
  const next = later.find(({ size }) => size > 0);
  if (next !== undefined) return next;
  if (log === undefined || log.size === 0) return undefined;
  if (previous.heldId === undefined) {
    const same = await ifMarked(disk, { path }, previous.mark, { damaged: undefined });
    await same?.file.source.close();
    if (same?.like === 'same') return undefined;
  }
  return { path, id: log.id };
}

function isAfter(modifiedNs: bigint, { modifiedMs }: FileMark): boolean {
  return modifiedMs !== undefined && modifiedNs / 1_000_000n > BigInt(modifiedMs);
}
