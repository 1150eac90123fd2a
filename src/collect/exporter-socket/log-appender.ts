// Appends whole lines to a log that another program writes as well and that is rotated under us: what
// is added is added at the end in one piece, and the file that has the name is the one that is written.
import { open, stat, type FileHandle } from 'node:fs/promises';

/** An open file to whose end is written. Every method rejects with the operating system's error. */
export interface AppendFile {
  /** Device and inode number. */
  readonly id: string;
  /** Resolves to the bytes written, fewer only when the disk took no more. */
  append(bytes: Buffer): Promise<number>;
  close(): Promise<void>;
}

/** The file system as the appender needs it. */
export interface AppendDisk {
  open(path: string): Promise<AppendFile>;
  /** Which file is at the path; undefined when there is none. */
  idOf(path: string): Promise<string | undefined>;
}

/** A log holds what people do: nobody but its owner and group reads it. */
const LOG_MODE = 0o640;
const NEWLINE = 0x0a;

function idOfStat({ dev, ino }: { dev: bigint; ino: bigint }): string {
  return `${dev}:${ino}`;
}

class SystemAppendFile implements AppendFile {
  readonly id: string;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, id: string) {
    this.#handle = handle;
    this.id = id;
  }

  async append(bytes: Buffer): Promise<number> {
    return (await this.#handle.write(bytes)).bytesWritten;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** The operating system's. */
export const systemAppendDisk: AppendDisk = {
  async open(path) {
    const handle = await open(path, 'a', LOG_MODE);
    return new SystemAppendFile(handle, idOfStat(await handle.stat({ bigint: true })));
  },
  async idOf(path) {
    try {
      return idOfStat(await stat(path, { bigint: true }));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  },
};

/** Writes to the end of one log; one call at a time. */
export class LogAppender {
  readonly #path: string;
  readonly #disk: AppendDisk;
  #file: AppendFile | undefined;
  /** Whether the file ends in a piece of a line, because the disk took no more. */
  #torn = false;

  constructor(path: string, disk: AppendDisk) {
    this.#path = path;
    this.#disk = disk;
  }

  /**
   * Appends lines, each ended by a newline. Resolves to how many of the bytes are in the log as whole
   * lines: fewer when the disk took no more, and then the rest is to be given again. A piece of a line
   * that got in is ended before the next is written, and is read as a line of its own. Rejects with the
   * operating system's error when nothing was written.
   */
  async append(lines: Buffer): Promise<number> {
    const file = await this.#current();
    const written = await this.#writeAll(file, lines);
    if (written === lines.length) return written;
    const kept = written === 0 ? 0 : lines.lastIndexOf(NEWLINE, written - 1) + 1;
    this.#torn = kept < written;
    return kept;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** The file at the path; while a rotation has taken it away, the one that was there. */
  async #current(): Promise<AppendFile> {
    const id = await this.#disk.idOf(this.#path);
    if (this.#file !== undefined && (id === undefined || id === this.#file.id)) return this.#file;
    await this.close();
    this.#torn = false;
    this.#file = await this.#disk.open(this.#path);
    return this.#file;
  }

  async #writeAll(file: AppendFile, lines: Buffer): Promise<number> {
    if (this.#torn) {
      await file.append(Buffer.of(NEWLINE));
      this.#torn = false;
    }
    let written = 0;
    while (written < lines.length) {
      try {
        const count = await file.append(lines.subarray(written));
        if (count === 0) break;
        written += count;
      } catch (error) {
        if (written === 0) throw error;
        break;
      }
    }
    return written;
  }
}
