// A disk for tests of the tail: in memory, with the operations of writers and rotators, and with
// what makes real disks hard: inode numbers are used again as soon as nobody holds the file.
import { dirname, join } from 'node:path';
import type { FileFacts, LogDisk, LogFile } from '../../src/collect/log-disk.ts';

/** A file, whatever names it has. */
interface Inode {
  readonly number: number;
  bytes: Buffer;
  modifiedNs: bigint;
  names: number;
  opened: number;
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}

/** Files by path. Time passes only by `tick`. */
export class MemoryLogDisk implements LogDisk {
  readonly #files = new Map<string, Inode>();
  readonly #links = new Map<string, string>();
  readonly #inUse = new Set<number>();
  /** Paths that may not be read. */
  readonly forbidden = new Set<string>();
  /** Called before every look at the disk; a test changes the disk there, or ends the process. */
  beforeLook: () => void = () => undefined;
  #nowNs = 1_800_000_000_000_000_000n;

  get nowMs(): number {
    return Number(this.#nowNs / 1_000_000n);
  }

  tick(ms: number): void {
    this.#nowNs += BigInt(ms) * 1_000_000n;
  }

  append(path: string, bytes: Buffer | string): void {
    const file = this.#files.get(path) ?? this.create(path);
    file.bytes = Buffer.concat([file.bytes, Buffer.from(bytes as string)]);
    file.modifiedNs = this.#nowNs;
  }

  /** Makes an empty file, in the place of what was there. */
  create(path: string): Inode {
    this.remove(path);
    let number = 1;
    while (this.#inUse.has(number)) number++;
    this.#inUse.add(number);
    const file = { number, bytes: Buffer.alloc(0), modifiedNs: this.#nowNs, names: 1, opened: 0 };
    this.#files.set(path, file);
    return file;
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  contents(path: string): Buffer {
    const file = this.#files.get(path);
    if (file === undefined) throw failure('ENOENT', path);
    return file.bytes;
  }

  rename(from: string, to: string): void {
    const file = this.#files.get(from);
    if (file === undefined) throw failure('ENOENT', from);
    this.remove(to);
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  /** Copies with the time, as rotators and compressors do; the bytes may be changed on the way. */
  copy(from: string, to: string, change: (bytes: Buffer) => Buffer = (bytes) => bytes): void {
    const source = this.#files.get(from);
    if (source === undefined) throw failure('ENOENT', from);
    const file = this.create(to);
    file.bytes = change(source.bytes);
    file.modifiedNs = source.modifiedNs;
  }

  truncate(path: string, size = 0): void {
    const file = this.#files.get(path);
    if (file === undefined) throw failure('ENOENT', path);
    const bytes = Buffer.alloc(size);
    file.bytes.copy(bytes);
    file.bytes = bytes;
    file.modifiedNs = this.#nowNs;
  }

  remove(path: string): void {
    const file = this.#files.get(path);
    this.#files.delete(path);
    if (file === undefined) return;
    file.names--;
    this.#release(file);
  }

  link(path: string, target: string): void {
    this.#links.set(path, target);
  }

  /** Another inode number at once, as after a copy that replaced the file. */
  replaceByCopy(path: string): void {
    this.copy(path, `${path}~`);
    this.rename(`${path}~`, path);
  }

  async open(path: string): Promise<LogFile> {
    const file = this.#look(path);
    if (file === undefined) throw failure('ENOENT', path);
    if (this.forbidden.has(path)) throw failure('EACCES', path);
    file.opened++;
    await Promise.resolve();
    let open = true;
    return {
      facts: async () => {
        this.beforeLook();
        await Promise.resolve();
        return factsOf(file);
      },
      read: async (buffer, offset) => {
        this.beforeLook();
        await Promise.resolve();
        return file.bytes.copy(buffer, 0, Math.min(offset, file.bytes.length));
      },
      close: async () => {
        await Promise.resolve();
        if (open) file.opened--;
        open = false;
        this.#release(file);
      },
    };
  }

  async facts(path: string): Promise<FileFacts | undefined> {
    const file = this.#look(path);
    await Promise.resolve();
    return file === undefined ? undefined : factsOf(file);
  }

  async list(directory: string): Promise<readonly string[]> {
    this.beforeLook();
    await Promise.resolve();
    const paths = [...this.#files.keys(), ...this.#links.keys()];
    return paths
      .filter((path) => dirname(path) === directory)
      .map((path) => path.slice(directory.length + 1));
  }

  async realPath(path: string): Promise<string> {
    await Promise.resolve();
    return this.#follow(path);
  }

  #follow(path: string): string {
    const target = this.#links.get(path);
    return target === undefined ? path : this.#follow(join(dirname(path), target));
  }

  #look(path: string): Inode | undefined {
    this.beforeLook();
    return this.#files.get(this.#follow(path));
  }

  #release(file: Inode): void {
    if (file.names === 0 && file.opened === 0) this.#inUse.delete(file.number);
  }
}

function factsOf({ number, bytes, modifiedNs }: Inode): FileFacts {
  return { id: `1:${number}`, inode: String(number), size: bytes.length, modifiedNs };
}
