// The disk comes in through this port, so that tests can tear writes, fill it up and pull the plug.
// It has what a durable log needs and nothing else.
import { open, mkdir, readdir, rename, rm, statfs, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** `read`: must exist. `update`: must exist, to write in. `create`: must not exist. `replace`: empty. */
export type DiskOpenMode = 'read' | 'update' | 'create' | 'replace';

/** An open file. Every method rejects with the operating system's error (`code` is its name). */
export interface DiskFile {
  /** Fills the buffer from the offset; resolves to the bytes read, fewer only at the file's end. */
  read(buffer: Uint8Array, offset: number): Promise<number>;
  /** Writes the buffers one after the other. When it rejects, any part may have been written. */
  write(buffers: readonly Uint8Array[], offset: number): Promise<void>;
  /** fdatasync(2): what was written is on the disk, and the size if it grew. */
  datasync(): Promise<void>;
  /** fsync(2): needed after `truncate`. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** A file system. Paths are absolute. Creating, renaming and removing need `syncDirectory`. */
export interface Disk {
  /** @param permissions of a file that is made; the owner writes and the group reads when absent */
  open(path: string, mode: DiskOpenMode, permissions?: number): Promise<DiskFile>;
  /**
   * With its parents, durably; not an error when it exists.
   *
   * @param permissions of directories that are made; the owner writes and the group reads when absent
   */
  makeDirectory(path: string, permissions?: number): Promise<void>;
  /** The names in a directory, in no promised order. */
  list(path: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  /** Not an error when there is no such file. */
  remove(path: string): Promise<void>;
  /** Makes created, renamed and removed names durable. */
  syncDirectory(path: string): Promise<void>;
  /** Bytes that this process may still write. */
  freeBytes(path: string): Promise<number>;
}

const FLAGS: Readonly<Record<DiskOpenMode, string>> = {
  read: 'r',
  update: 'r+',
  create: 'wx+',
  replace: 'w+',
};

/** New files hold events about people: nobody but the owner and the group reads them. */
const FILE_MODE = 0o640;
const DIRECTORY_MODE = 0o750;

function bytesOf(buffers: readonly Uint8Array[]): number {
  let total = 0;
  for (const buffer of buffers) total += buffer.length;
  return total;
}

/** What is left of the buffers after their first bytes. */
function after(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  const rest: Uint8Array[] = [];
  for (const buffer of buffers) {
    if (skip >= buffer.length) skip -= buffer.length;
    else {
      rest.push(skip === 0 ? buffer : buffer.subarray(skip));
      skip = 0;
    }
  }
  return rest;
}

class SystemFile implements DiskFile {
  readonly #handle: FileHandle;
  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async read(buffer: Uint8Array, offset: number): Promise<number> {
    let filled = 0;
    while (filled < buffer.length) {
      const left = buffer.length - filled;
      const { bytesRead } = await this.#handle.read(buffer, filled, left, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  async write(buffers: readonly Uint8Array[], offset: number): Promise<void> {
    let rest = buffers;
    let left = bytesOf(buffers);
    let at = offset;
    // A disk that fills up takes a part first and says ENOSPC at the next call.
    while (left > 0) {
      const { bytesWritten } = await this.#handle.writev(rest as Uint8Array[], at);
      if (bytesWritten === 0) throw new Error(`the disk took 0 of ${left} bytes without an error`);
      left -= bytesWritten;
      at += bytesWritten;
      if (left > 0) rest = after(rest, bytesWritten);
    }
  }

  datasync(): Promise<void> {
    return this.#handle.datasync();
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  truncate(bytes: number): Promise<void> {
    return this.#handle.truncate(bytes);
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** The machine's own file system; nothing in it blocks the event loop. */
export const systemDisk: Disk = {
  async open(path, mode, permissions = FILE_MODE) {
    return new SystemFile(await open(path, FLAGS[mode], permissions));
  },
  async makeDirectory(path, permissions = DIRECTORY_MODE) {
    const first = await mkdir(path, { recursive: true, mode: permissions });
    if (first === undefined) return;
    // From the new directory up to the old one that holds the first new name.
    for (let at = path; at !== dirname(first); at = dirname(at)) await syncDirectory(dirname(at));
  },
  list: (path) => readdir(path),
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  syncDirectory,
  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
};
