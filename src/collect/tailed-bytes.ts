// How far a file has been read, and by which of its bytes it is recognized: kept in memory while it is
// read, so that a file that was written over is noticed, and as hashes in its mark.
import {
  bytesAt,
  HEAD_BYTES,
  hashOf,
  LAST_BYTES,
  type ByteSource,
  type FileMark,
} from './file-mark.ts';

/**
 * Drops the NULs at the end of what was read, all of it perhaps: on a network file system the size is
 * known before the bytes are there.
 */
export function withoutNulsAtEnd(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}

/** The reading of one file. */
export class TailedBytes {
  /** The next byte to read. */
  #offset: number;
  #head: Buffer;
  #last: Buffer;
  #headHash: string;

  private constructor(offset: number, head: Buffer, last: Buffer) {
    this.#offset = offset;
    this.#head = head;
    this.#last = last;
    this.#headHash = hashOf(head);
  }

  /** Reading begins at the offset. */
  static async at(source: ByteSource, offset: number): Promise<TailedBytes> {
    const head = withoutNulsAtEnd(await bytesAt(source, 0, HEAD_BYTES));
    const from = Math.max(0, offset - LAST_BYTES);
    return new TailedBytes(offset, head, await bytesAt(source, from, offset - from));
  }

  get offset(): number {
    return this.#offset;
  }

  /** Whether the file begins so, as far as it was read. */
  startsWith(begin: Buffer): boolean {
    return this.#head.subarray(0, begin.length).equals(begin);
  }

  /** The bytes at the offset were read. */
  read(bytes: Buffer): void {
    if (this.#head.length < HEAD_BYTES && this.#offset <= this.#head.length) {
      const head = Buffer.concat([this.#head.subarray(0, this.#offset), bytes]);
      if (head.length > this.#head.length) {
        this.#head = head.subarray(0, HEAD_BYTES);
        this.#headHash = hashOf(this.#head);
      }
    }
    const last = bytes.length < LAST_BYTES ? Buffer.concat([this.#last, bytes]) : bytes;
    // A copy: the few bytes must not keep all that was read in memory.
    this.#last = Buffer.from(last.subarray(-LAST_BYTES));
    this.#offset += bytes.length;
  }

  /** Whether the file still begins as it did. */
  async beginsTheSame(source: ByteSource): Promise<boolean> {
    return (await bytesAt(source, 0, this.#head.length)).equals(this.#head);
  }

  /** Whether the file, of this size, still has what was read of it. */
  async unchanged(source: ByteSource, size: number): Promise<boolean> {
    if (size < this.#offset || !(await this.beginsTheSame(source))) return false;
    const last = await bytesAt(source, this.#offset - this.#last.length, this.#last.length);
    return last.equals(this.#last);
  }

  /** What a mark has of it. */
  mark(): Pick<FileMark, 'headBytes' | 'head' | 'last'> {
    const { length: bytes } = this.#last;
    return {
      headBytes: this.#head.length,
      head: this.#headHash,
      ...(bytes > 0 && { last: { end: this.#offset, bytes, hash: hashOf(this.#last) } }),
    };
  }
}
