// The file system as the tail sees it. It comes in through this port, so that tests can rotate,
// truncate and take files away between any two steps, and use an inode number again at once.
import { constants } from 'node:fs';
import { open, readdir, realpath, stat, type FileHandle } from 'node:fs/promises';

/** What a file is at the moment. */
export interface FileFacts {
  /** Device and inode number: the same file, as long as it is held open. */
  readonly id: string;
  readonly inode: string;
  readonly size: number;
  readonly modifiedNs: bigint;
}

/** An open file. Every method rejects with the operating system's error (`code` is its name). */
export interface LogFile {
  facts(): Promise<FileFacts>;
  /** Fills the buffer from the offset; resolves to the bytes read, fewer only at the file's end. */
  read(buffer: Uint8Array, offset: number): Promise<number>;
  close(): Promise<void>;
}

/** A file system that is only read. Paths are absolute. */
export interface LogDisk {
  open(path: string): Promise<LogFile>;
  /** Of the file at the path, through symbolic links; undefined when there is none. */
  facts(path: string): Promise<FileFacts | undefined>;
  /** The names in a directory, in no promised order; none when there is no such directory. */
  list(directory: string): Promise<readonly string[]>;
  /** The path without symbolic links; the path itself when there is nothing at it. */
  realPath(path: string): Promise<string>;
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

interface Stat {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

function factsOf({ dev, ino, size, mtimeNs }: Stat): FileFacts {
  return { id: `${dev}:${ino}`, inode: String(ino), size: Number(size), modifiedNs: mtimeNs };
}

class SystemLogFile implements LogFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async facts(): Promise<FileFacts> {
    return factsOf(await this.#handle.stat({ bigint: true }));
  }

  async read(buffer: Uint8Array, offset: number): Promise<number> {
    const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, offset);
    return bytesRead;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** The operating system's files. */
export const systemLogDisk: LogDisk = {
  open: async (path) => {
    // Without O_NONBLOCK, opening a pipe would wait for its writer, for ever perhaps.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await handle.stat();
    if (!found.isFile()) {
      await handle.close();
      throw new Error('it is not a regular file');
    }
    return new SystemLogFile(handle);
  },
  facts: async (path) => {
    try {
      return factsOf(await stat(path, { bigint: true }));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  list: async (directory) => {
    try {
      return await readdir(directory);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  },
  realPath: async (path) => {
    try {
      return await realpath(path);
    } catch (error) {
      if (isMissing(error)) return path;
      throw error;
    }
  },
};
