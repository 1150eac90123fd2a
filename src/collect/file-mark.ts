// How a log file is recognized after it was renamed, copied or compressed under us: by its first
// bytes and by the last ones that were read of it. An inode number alone proves nothing, because
// it is soon used again, and some network file systems give a file a new one at every look.
import { createHash } from 'node:crypto';
import type { FileFacts } from './log-disk.ts';

/** How many of a file's first bytes recognize it: a time stamp and a session id fit in. */
export const HEAD_BYTES = 256;
/** How many of the bytes before the place of reading recognize it besides. */
export const LAST_BYTES = 64;

/** How a file is recognized, as it is kept in a checkpoint. */
export interface FileMark {
  readonly inode: string;
  /** How many first bytes were hashed, at most HEAD_BYTES; 0 for a file that was empty. */
  readonly headBytes: number;
  readonly head: string;
  /** The last bytes that were read: where they end, how many they are, and their hash. */
  readonly last?: { readonly end: number; readonly bytes: number; readonly hash: string };
  /** When the file was last written, as far as it was looked at; ms since the epoch. */
  readonly modifiedMs?: number;
  /** It is compressed and has no first bytes, or damaged ones: only its inode number tells it. */
  readonly compressed?: true;
  /** Where it was, when a symbolic link led there. */
  readonly path?: string;
}

/** What marks keep of bytes; 64 bits. */
export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/** Anything that gives bytes at an offset: a file, or one that is decompressed. */
export interface ByteSource {
  /** Fills the buffer from the offset; resolves to the bytes read, fewer only at the end. */
  read(buffer: Uint8Array, offset: number): Promise<number>;
}

/** The bytes at the offset, fewer at the end. */
export async function bytesAt(source: ByteSource, offset: number, count: number): Promise<Buffer> {
  const buffer = Buffer.alloc(count);
  return buffer.subarray(0, count === 0 ? 0 : await source.read(buffer, offset));
}

/**
 * What a file is to a mark: `same` has all that was read; `shorter` has its beginning but lost its
 * end; `rewritten` begins like it and then is another; `other` is another file.
 */
export type Likeness = 'same' | 'shorter' | 'rewritten' | 'other';

/** Compares a file with a mark. */
export async function likeness(
  file: ByteSource,
  facts: FileFacts,
  mark: FileMark,
): Promise<Likeness> {
  const { headBytes, last } = mark;
  if (headBytes === 0) return facts.inode === mark.inode ? 'same' : 'other';
  if (facts.size < headBytes) return 'other';
  if (hashOf(await bytesAt(file, 0, headBytes)) !== mark.head) return 'other';
  if (last === undefined) return 'same';
  if (facts.size < last.end) return 'shorter';
  const end = await bytesAt(file, last.end - last.bytes, last.bytes);
  return hashOf(end) === last.hash ? 'same' : 'rewritten';
}
