// Which file on disk a place in a log is in. Rotation renames, copies and deletes files under us;
// a file is recognized by its first bytes, because an inode number is soon used again.
import { createHash } from 'node:crypto';
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { COMPRESSED, CompressedLog } from './compressed-log.ts';

/** How many of a file's first bytes recognize it: a time stamp and a session id fit in. */
export const HEAD_BYTES = 256;

/** How a file is recognized, as it is kept in a checkpoint. */
export interface FileMark {
  readonly inode: string;
  /** How many first bytes were hashed, at most HEAD_BYTES; 0 for a file that was empty. */
  readonly headBytes: number;
  readonly head: string;
}

/** What a file is at the moment. */
export interface FileFacts {
  readonly inode: string;
  readonly size: number;
  readonly modifiedNs: bigint;
}

/** An open file of a log, compressed or not. */
export interface LogFile {
  /** Resolves to the bytes read from the place on; fewer than asked only at the end. */
  read(buffer: Buffer, bytes: number, at: number): Promise<number>;
  facts(): Promise<FileFacts | undefined>;
  close(): Promise<void>;
}

class PlainFile implements LogFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async read(buffer: Buffer, bytes: number, at: number): Promise<number> {
    const { bytesRead } = await this.#handle.read(buffer, 0, bytes, at);
    return bytesRead;
  }

  facts(): Promise<FileFacts | undefined> {
    return fileFacts(this.#handle);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Its facts are those of the file on disk: how much it holds is only known at its end. */
class CompressedFile extends CompressedLog implements LogFile {
  readonly #facts: FileFacts;

  constructor(path: string, facts: FileFacts) {
    super(path);
    this.#facts = facts;
  }

  facts(): Promise<FileFacts> {
    return Promise.resolve(this.#facts);
  }
}

/** Opens a file of a log; rejects with the system's error. */
export async function openLogFile(path: string): Promise<LogFile> {
  if (!COMPRESSED.test(path)) return new PlainFile(await open(path, 'r'));
  const facts = await fileFacts(path);
  if (facts === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
  return new CompressedFile(path, facts);
}

/** The hash of the file's first bytes. */
export async function hashHead(file: LogFile, bytes: number): Promise<string> {
  const buffer = Buffer.alloc(bytes);
  const read = await file.read(buffer, bytes, 0);
  return createHash('sha256').update(buffer.subarray(0, read)).digest('hex').slice(0, 16);
}

/** The facts of the file at a path or behind a handle; undefined when there is none. */
export async function fileFacts(target: string | FileHandle): Promise<FileFacts | undefined> {
  try {
    const found =
      typeof target === 'string'
        ? await stat(target, { bigint: true })
        : await target.stat({ bigint: true });
    return {
      inode: String(found.ino),
      size: Number(found.size),
      modifiedNs: found.mtimeNs,
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether the file is the marked one and still has the bytes up to the offset. */
async function fits(
  path: string,
  mark: FileMark,
  offset: number,
  unreadable: (reason: string) => void,
): Promise<boolean> {
  let file: LogFile | undefined;
  try {
    file = await openLogFile(path);
    const facts = await file.facts();
    if (facts === undefined) return false;
    // How much a compressed file holds is only known at its end.
    const compressed = COMPRESSED.test(path);
    if (!compressed && (facts.size < offset || facts.size < mark.headBytes)) return false;
    if (mark.headBytes === 0) return facts.inode === mark.inode;
    return (await hashHead(file, mark.headBytes)) === mark.head;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') unreadable(message);
    return false;
  } finally {
    await file?.close();
  }
}

/** Suffixes that rotation gives: `.1`, `-20261123`, `.2026-11-23`, each perhaps compressed. */
const ROTATED = /^[.-]\d[\d.T_-]*$/;

/** What the file at the path became when it was compressed; undefined when it was not. */
export async function compressedForm(path: string): Promise<string | undefined> {
  const base = basename(path);
  const names = await readdir(dirname(path)).catch(() => []);
  const name = names.find((each) => each.replace(COMPRESSED, '') === base && each !== base);
  return name === undefined ? undefined : join(dirname(path), name);
}

/**
 * The rotated files beside the log, oldest first. Of a file that is being compressed at this moment
 * it is the one that is whole.
 */
async function rotatedFiles(path: string): Promise<string[]> {
  const base = basename(path);
  let names: string[];
  try {
    names = await readdir(dirname(path));
  } catch {
    return [];
  }
  const found: { path: string; modifiedNs: bigint }[] = [];
  for (const name of names) {
    if (!name.startsWith(base) || name === base) continue;
    const plain = name.replace(COMPRESSED, '');
    if (!ROTATED.test(plain.slice(base.length))) continue;
    if (plain !== name && names.includes(plain)) continue;
    const sibling = join(dirname(path), name);
    const facts = await fileFacts(sibling);
    if (facts !== undefined) found.push({ path: sibling, modifiedNs: facts.modifiedNs });
  }
  found.sort((a, b) =>
    a.modifiedNs === b.modifiedNs
      ? a.path < b.path
        ? 1
        : -1
      : a.modifiedNs < b.modifiedNs
        ? -1
        : 1,
  );
  return found.map((each) => each.path);
}

/** Where a marked file was found, and the rotated files that were written after it. */
export interface FoundFile {
  readonly path: string;
  /** Rotated files between it and the log as it is now, oldest first. */
  readonly later: readonly string[];
}

/**
 * Finds the marked file: the log itself, or a rotated file beside it (renamed, or the copy that
 * copy-truncate left), compressed or not. Undefined when none fits: it was deleted, or it is one of
 * those that `unreadable` is told of.
 */
export async function findFile(
  path: string,
  mark: FileMark,
  offset: number,
  unreadable: (reason: string) => void = () => undefined,
): Promise<FoundFile | undefined> {
  if (await fits(path, mark, offset, unreadable)) return { path, later: [] };
  const rotated = await rotatedFiles(path);
  for (const [index, candidate] of rotated.entries()) {
    if (await fits(candidate, mark, offset, unreadable)) {
      return { path: candidate, later: rotated.slice(index + 1) };
    }
  }
  return undefined;
}
