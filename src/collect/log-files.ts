// Which file on disk a place in a log is in. Rotation renames, copies and deletes files under us;
// a file is recognized by its first bytes, because an inode number is soon used again.
import { createHash } from 'node:crypto';
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

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

/** The hash of the file's first bytes. */
export async function hashHead(handle: FileHandle, bytes: number): Promise<string> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(buffer, 0, bytes, 0);
  return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex').slice(0, 16);
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
async function fits(path: string, mark: FileMark, offset: number): Promise<boolean> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const facts = await fileFacts(handle);
    if (facts === undefined || facts.size < offset || facts.size < mark.headBytes) return false;
    if (mark.headBytes === 0) return facts.inode === mark.inode;
    return (await hashHead(handle, mark.headBytes)) === mark.head;
  } catch {
    return false;
  } finally {
    await handle?.close();
  }
}

/** Suffixes that rotation gives: `.1`, `-20261123`, `.2026-11-23`; not compressed ones. */
const ROTATED = /^[.-]\d[\d.T_-]*$/;
const COMPRESSED = /\.(gz|xz|bz2|zst|lz4)$/;

/** The uncompressed rotated files beside the log, oldest first. */
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
    if (!name.startsWith(base) || name === base || COMPRESSED.test(name)) continue;
    if (!ROTATED.test(name.slice(base.length))) continue;
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
 * copy-truncate left). Undefined when none fits: it was deleted or compressed.
 */
export async function findFile(
  path: string,
  mark: FileMark,
  offset: number,
): Promise<FoundFile | undefined> {
  if (await fits(path, mark, offset)) return { path, later: [] };
  const rotated = await rotatedFiles(path);
  for (const [index, candidate] of rotated.entries()) {
    if (await fits(candidate, mark, offset)) {
      return { path: candidate, later: rotated.slice(index + 1) };
    }
  }
  return undefined;
}
