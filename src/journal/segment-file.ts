// One segment file that is being written: blocks go in behind each other, padding reaches ahead of
// them so that fdatasync of a block finds its size and its disk blocks already there.
import type { Disk, DiskFile } from '../platform/disk.ts';

/** Padding is written in pieces this big: a block's fdatasync waits for at most one of them. */
const PIECE_BYTES = 1024 * 1024;
const PIECE = Buffer.alloc(PIECE_BYTES, '\n');

/** A segment open for writing. The handle stays open while a reader has borrowed it. */
export class SegmentFile {
  path: string;
  /** Up to here the file has its final size on the disk, as padding or as blocks. */
  allocated: number;
  readonly #disk: Disk;
  readonly #file: DiskFile;
  #growth: Promise<void> | undefined;
  #users = 1;

  private constructor(disk: Disk, path: string, file: DiskFile, allocated: number) {
    this.#disk = disk;
    this.path = path;
    this.#file = file;
    this.allocated = allocated;
  }

  /** A new empty file; one of that name from before a crash is overwritten. */
  static async create(disk: Disk, path: string): Promise<SegmentFile> {
    return new SegmentFile(disk, path, await disk.open(path, 'replace'), 0);
  }

  /** An existing file that ends with its last block. */
  static async reopen(disk: Disk, path: string, bytes: number): Promise<SegmentFile> {
    return new SegmentFile(disk, path, await disk.open(path, 'update'), bytes);
  }

  /** Puts bytes at the offset; padding under way there is waited for, never mixed with. */
  async write(buffers: readonly Uint8Array[], offset: number, bytes: number): Promise<void> {
    const end = offset + bytes;
    while (end > this.allocated && this.#growth !== undefined) await this.#growth.catch(() => {});
    this.allocated = Math.max(this.allocated, end);
    await this.#file.write(buffers, offset);
  }

  /** fdatasync of the blocks. An error here must never be answered by trying again. */
  datasync(): Promise<void> {
    return this.#file.datasync();
  }

  read(buffer: Uint8Array, offset: number): Promise<number> {
    return this.#file.read(buffer, offset);
  }

  get growing(): boolean {
    return this.#growth !== undefined;
  }

  /** Adds padding at the end and makes it durable. One at a time: the second call joins the first. */
  grow(bytes: number): Promise<void> {
    this.#growth ??= this.#grow(bytes).finally(() => {
      this.#growth = undefined;
    });
    return this.#growth;
  }

  async #grow(bytes: number): Promise<void> {
    // Its own handle: the kernel tells a write-back error once to each handle, and one that this
    // fdatasync took away would be missing at the fdatasync of a block.
    const file = await this.#disk.open(this.path, 'update');
    try {
      let left = bytes;
      while (left > 0) {
        const piece = PIECE.subarray(0, left);
        await file.write([piece], this.allocated);
        await file.datasync();
        this.allocated += piece.length;
        left -= piece.length;
      }
    } finally {
      await file.close();
    }
  }

  /** Cuts everything from the offset on, durably. */
  async cut(offset: number): Promise<void> {
    await this.#growth?.catch(() => {});
    await this.#file.truncate(offset);
    this.allocated = offset;
    await this.#file.sync();
  }

  /** Keeps the handle open until `release`. */
  borrow(): void {
    this.#users++;
  }

  /** Gives the handle back; the last one closes it. */
  async release(): Promise<void> {
    this.#users--;
    if (this.#users > 0) return;
    await this.#growth?.catch(() => {});
    await this.#file.close();
  }
}
