// What lies behind the last whole block of a segment: padding, a torn block, or damage. Used by
// recovery, which cuts the first two and refuses the third, and by verification.
import type { DiskFile } from '../platform/disk.ts';
import { findSeal, isPadding } from './block-walk.ts';
import { blockHash, parseSeal } from './seal.ts';

/**
 * `clean`: nothing but padding. `torn`: a block that was being written, never acknowledged.
 * `damage`: a whole block follows, so what is unreadable had been acknowledged.
 */
export type SegmentTail =
  | { readonly kind: 'clean'; readonly paddingBytes: number }
  | { readonly kind: 'torn'; readonly bytes: number }
  | { readonly kind: 'damage'; readonly nextBlockOffset: number };

const CHUNK_BYTES = 1024 * 1024;
/** Most segments end without padding: the first look is a short one. */
const FIRST_CHUNK_BYTES = 4096;
const NEWLINES = Buffer.alloc(CHUNK_BYTES, '\n');
const ZEROS = Buffer.alloc(CHUNK_BYTES);

/** The offset after the last byte that is not padding; `from` when there is none after it. */
async function contentEnd(
  file: Pick<DiskFile, 'read'>,
  from: number,
  size: number,
): Promise<number> {
  let chunkBytes = FIRST_CHUNK_BYTES;
  for (let end = size; end > from; chunkBytes = CHUNK_BYTES) {
    const begin = Math.max(from, end - chunkBytes);
    const buffer = Buffer.allocUnsafe(chunkBytes);
    const length = await file.read(buffer.subarray(0, end - begin), begin);
    const chunk = buffer.subarray(0, length);
    if (!chunk.equals(NEWLINES.subarray(0, length)) && !chunk.equals(ZEROS.subarray(0, length))) {
      for (let at = length; at > 0; at--) if (!isPadding(chunk[at - 1])) return begin + at;
    }
    end = begin;
  }
  return from;
}

/** The offset of the first block behind `from` that is whole in itself, whatever precedes it. */
function findWholeBlock(bytes: Buffer): number | undefined {
  for (let seal = findSeal(bytes, 0, 0); seal !== -1; seal = findSeal(bytes, seal + 1, -1)) {
    const lineEnd = bytes.indexOf('\n', seal);
    if (lineEnd === -1) return undefined;
    const parsed = parseSeal(bytes.toString('utf8', seal, lineEnd));
    if (parsed === undefined || parsed.bytes > seal) continue;
    const begin = seal - parsed.bytes;
    if (blockHash(bytes.subarray(begin, lineEnd + 1)) === parsed.sha256) return begin;
  }
  return undefined;
}

/**
 * Looks at everything from `offset`, where no whole block begins, to the file's end. Only one block
 * is ever in flight, so a whole block behind an unreadable one cannot come from a torn write.
 */
export async function inspectTail(
  file: Pick<DiskFile, 'read'>,
  offset: number,
  size: number,
): Promise<SegmentTail> {
  const end = await contentEnd(file, offset, size);
  if (end === offset) return { kind: 'clean', paddingBytes: size - offset };
  // One byte of padding belongs to it: it may be the newline of the last seal.
  const bytes = Buffer.allocUnsafeSlow(Math.min(size, end + 1) - offset);
  const length = await file.read(bytes, offset);
  const block = findWholeBlock(bytes.subarray(0, length));
  if (block !== undefined) return { kind: 'damage', nextBlockOffset: offset + block };
  return { kind: 'torn', bytes: end - offset };
}

/**
 * The last seal line of a closed segment, read from its end, and where it ends (padding behind it
 * is left from an interrupted roll). Nothing when the segment does not end with one.
 */
export async function readLastSeal(
  file: Pick<DiskFile, 'read'>,
  size: number,
): Promise<{ line: string; endOffset: number } | undefined> {
  const end = await contentEnd(file, 0, size);
  // The newline of the last seal looks like padding.
  if (end === 0 || end === size) return undefined;
  for (let length = Math.min(end, 64 * 1024); ; length = Math.min(end, length * 8)) {
    const buffer = Buffer.allocUnsafe(length + 1);
    await file.read(buffer, end - length);
    if (buffer[length] !== 0x0a) return undefined;
    const newline = buffer.lastIndexOf('\n', length - 1);
    if (newline !== -1 || length === end) {
      return { line: buffer.toString('utf8', newline + 1, length), endOffset: end + 1 };
    }
  }
}
