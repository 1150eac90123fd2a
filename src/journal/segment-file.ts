// One segment file that is being written: blocks go in behind each other, into padding that was
// written before, so that fdatasync finds the file's size and its disk blocks already there.
import type { Disk, DiskFile } from '../platform/disk.ts';
import { PADDED_BLOCK_BYTES_MAX } from './limits.ts';

const PIECE = Buffer.alloc(1024 * 1024, '\n');

/** So many newlines, without a buffer of that size. */
function padding(bytes: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let left = bytes; left > 0; left -= PIECE.length) pieces.push(PIECE.subarray(0, left));
  return pieces;
}

/** A segment open for writing. The handle stays open while a reader has borrowed it. */
export class SegmentFile {
  path: string;
  /** Up to here the file is written, as blocks or as padding. */
  #allocated: number;
  readonly #file: DiskFile;
  #users = 1;

  private constructor(path: string, file: DiskFile, allocated: number) {
    this.path = path;
    this.#file = file;
    this.#allocated = allocated;
  }

  /** A new empty file; one of that name from before a crash is overwritten. */
  static async create(disk: Disk, path: string): Promise<SegmentFile> {
    return new SegmentFile(path, await disk.open(path, 'replace'), 0);
  }

  /** An existing file that ends with its last block. */
  static async reopen(disk: Disk, path: string, bytes: number): Promise<SegmentFile> {
    return new SegmentFile(path, await disk.open(path, 'update'), bytes);
  }

  /**
   * Puts a block at the offset. A small one that needs the file to grow brings padding for those
   * that follow; for large ones it would cost more than it saves (measured: twice the writing).
   */
  async write(
    buffers: readonly Uint8Array[],
    place: { offset: number; bytes: number; preallocateBytes: number },
  ): Promise<void> {
    const end = place.offset + place.bytes;
    const grows = end > this.#allocated;
    if (!grows || place.bytes > PADDED_BLOCK_BYTES_MAX) {
      await this.#file.write(buffers, place.offset);
      this.#allocated = Math.max(this.#allocated, end);
      return;
    }
    await this.#file.write([...buffers, ...padding(place.preallocateBytes)], place.offset);
    this.#allocated = end + place.preallocateBytes;
  }

  /** fdatasync of the blocks. An error here must never be answered by trying again. */
  datasync(): Promise<void> {
    return this.#file.datasync();
  }

  read(buffer: Uint8Array, offset: number): Promise<number> {
    return this.#file.read(buffer, offset);
  }

  /** Makes durable padding up to the offset, where there is none. No block may be under way. */
  async preallocate(offset: number): Promise<void> {
    const missing = offset - this.#allocated;
    if (missing <= 0) return;
    await this.#file.write(padding(missing), this.#allocated);
    await this.#file.datasync();
    this.#allocated = offset;
  }

  /** Cuts everything from the offset on, durably. */
  async cut(offset: number): Promise<void> {
    await this.#file.truncate(offset);
    this.#allocated = offset;
    await this.#file.sync();
  }

  /** Keeps the handle open until `release`. */
  borrow(): void {
    this.#users++;
  }

  /** Gives the handle back; the last one closes it. */
  async release(): Promise<void> {
    this.#users--;
    if (this.#users === 0) await this.#file.close();
  }
}
