// A disk in memory for tests: it forgets what was not synced when the plug is pulled, tears writes
// at any byte, fills up, turns read-only and fails on demand. Its choices come from a seed.
import { dirname } from 'node:path';
import type { Disk, DiskFile, DiskOpenMode } from './disk.ts';

type Write = { readonly at: number; readonly bytes: Uint8Array } | { readonly truncate: number };

/** What a program can ask of the disk, for failures on demand. */
export type DiskOperation = 'open' | 'read' | 'write' | 'datasync' | 'sync' | 'truncate' | 'rename';

interface Inode {
  /** What the program sees. */
  content: Uint8Array;
  /** What survives for certain. */
  durable: Uint8Array;
  /** What was done since, in order; any part of it may survive. */
  pending: Write[];
}

/** What becomes of names, all or nothing. */
interface NameChange {
  readonly directory: string;
  readonly names: readonly (readonly [path: string, inode: Inode | undefined])[];
}

/** An error as the operating system gives it. */
export function diskError(code: string, operation: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${operation} '${path}'`), { code });
}

function applied(content: Uint8Array, write: Write): Uint8Array {
  if ('truncate' in write) {
    const cut = new Uint8Array(write.truncate);
    cut.set(content.subarray(0, write.truncate));
    return cut;
  }
  const end = write.at + write.bytes.length;
  const grown = end > content.length ? new Uint8Array(end) : content.slice();
  if (end > content.length) grown.set(content);
  grown.set(write.bytes, write.at);
  return grown;
}

function setOrDelete<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The disk; paths are strings, directories exist once made. */
export class SimulatedDisk implements Disk {
  /** Bytes all files together may take. */
  capacityBytes = Infinity;
  readOnly = false;
  /** Called before each operation; an error it returns is what the program gets. */
  fault: (operation: DiskOperation, path: string) => Error | undefined = () => undefined;
  readonly #random: () => number;
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #pendingNames: NameChange[] = [];
  readonly #directories = new Set<string>();
  /** Counts pulled plugs: what was started before never ends. */
  #life = 0;

  constructor(seed = 1) {
    this.#random = seededRandom(seed);
  }

  open(path: string, mode: DiskOpenMode): Promise<DiskFile> {
    return this.#turn('open', path, () => {
      let inode = this.#names.get(path);
      if (mode === 'read' || mode === 'update') {
        if (inode === undefined) throw diskError('ENOENT', 'open', path);
        if (mode === 'update') this.#mustBeWritable('open', path);
        return this.#file(path, inode);
      }
      this.#mustBeWritable('open', path);
      if (mode === 'create' && inode !== undefined) throw diskError('EEXIST', 'open', path);
      if (inode === undefined) {
        inode = { content: new Uint8Array(), durable: new Uint8Array(), pending: [] };
        this.#setNames(path, [[path, inode]]);
      } else this.#write(inode, { truncate: 0 });
      return this.#file(path, inode);
    });
  }

  makeDirectory(path: string): Promise<void> {
    return this.#turn('open', path, () => {
      if (!this.#directories.has(path)) this.#mustBeWritable('mkdir', path);
      for (let at = path; at !== dirname(at); at = dirname(at)) this.#directories.add(at);
    });
  }

  list(path: string): Promise<string[]> {
    return this.#turn('open', path, () => {
      if (!this.#directories.has(path)) throw diskError('ENOENT', 'scandir', path);
      const inside = [...this.#names.keys()].filter((name) => dirname(name) === path);
      return inside.map((name) => name.slice(path.length + 1));
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#turn('rename', from, () => {
      this.#mustBeWritable('rename', from);
      const inode = this.#names.get(from);
      if (inode === undefined) throw diskError('ENOENT', 'rename', from);
      this.#setNames(from, [
        [from, undefined],
        [to, inode],
      ]);
    });
  }

  remove(path: string): Promise<void> {
    return this.#turn('open', path, () => {
      if (!this.#names.has(path)) return;
      this.#mustBeWritable('unlink', path);
      this.#setNames(path, [[path, undefined]]);
    });
  }

  syncDirectory(path: string): Promise<void> {
    const covered = this.#pendingNames.filter((change) => change.directory === path);
    return this.#turn('sync', path, () => {
      for (const change of covered) {
        const index = this.#pendingNames.indexOf(change);
        // Another sync may have been faster.
        if (index === -1) continue;
        this.#applyNames(change);
        this.#pendingNames.splice(index, 1);
      }
    });
  }

  freeBytes(path: string): Promise<number> {
    return this.#turn('open', path, () => this.capacityBytes - this.usedBytes);
  }

  get usedBytes(): number {
    let used = 0;
    for (const inode of new Set(this.#names.values())) used += inode.content.length;
    return used;
  }

  /**
   * The disk as one process sees it. After `crash` nothing that this process does has an effect or
   * ever comes back, also what it only begins then.
   */
  process(): Disk {
    const life = this.#life;
    const alive = <T>(work: () => Promise<T>): Promise<T> =>
      life === this.#life ? work() : new Promise(() => {});
    return {
      open: (path, mode) =>
        alive(async () => {
          const file = await this.open(path, mode);
          return {
            read: (buffer, offset) => alive(() => file.read(buffer, offset)),
            write: (buffers, offset) => alive(() => file.write(buffers, offset)),
            datasync: () => alive(() => file.datasync()),
            sync: () => alive(() => file.sync()),
            truncate: (bytes) => alive(() => file.truncate(bytes)),
            size: () => alive(() => file.size()),
            close: () => alive(() => file.close()),
          };
        }),
      makeDirectory: (path) => alive(() => this.makeDirectory(path)),
      list: (path) => alive(() => this.list(path)),
      rename: (from, to) => alive(() => this.rename(from, to)),
      remove: (path) => alive(() => this.remove(path)),
      syncDirectory: (path) => alive(() => this.syncDirectory(path)),
      freeBytes: (path) => alive(() => this.freeBytes(path)),
    };
  }

  /** What the file holds now; an empty array when there is none. */
  contentOf(path: string): Uint8Array {
    return this.#names.get(path)?.content ?? new Uint8Array();
  }

  /** Replaces or removes a file as an intruder or a bad sector would: at once and durably. */
  tamper(path: string, content: Uint8Array | undefined): void {
    if (content === undefined) {
      this.#names.delete(path);
      this.#durableNames.delete(path);
      return;
    }
    const inode = { content, durable: content, pending: [] };
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  /** A disk that is in the same state as this one is now, with nothing pending. */
  copy(): SimulatedDisk {
    const copy = new SimulatedDisk();
    for (const [path, { content }] of this.#names) copy.tamper(path, content.slice());
    for (const path of this.#directories) copy.#directories.add(path);
    return copy;
  }

  /**
   * The process dies. With `power` the memory is lost too: of what was not synced, each name change
   * survives up to some point, each write wholly, in part or not at all.
   */
  crash(power: boolean): void {
    this.#life++;
    if (!power) return;
    const kept = Math.floor(this.#random() * (this.#pendingNames.length + 1));
    for (const change of this.#pendingNames.slice(0, kept)) this.#applyNames(change);
    this.#pendingNames = [];
    for (const inode of this.#durableNames.values()) {
      for (const write of inode.pending) inode.durable = this.#torn(inode.durable, write);
      inode.pending = [];
      inode.content = inode.durable;
    }
    this.#names = new Map(this.#durableNames);
  }

  /** Pages reach the disk in any order, so any piece of a write may be there without the others. */
  #torn(content: Uint8Array, write: Write): Uint8Array {
    if ('truncate' in write) return this.#random() < 0.5 ? content : applied(content, write);
    const chance = this.#random();
    if (chance < 0.3) return content;
    if (chance < 0.6) return applied(content, write);
    const begin = this.#random() < 0.5 ? 0 : Math.floor(this.#random() * write.bytes.length);
    const end = begin + Math.floor(this.#random() * (write.bytes.length - begin + 1));
    return applied(content, { at: write.at + begin, bytes: write.bytes.subarray(begin, end) });
  }

  #file(path: string, inode: Inode): DiskFile {
    const sync = (operation: 'datasync' | 'sync'): Promise<void> => {
      const covered = new Set(inode.pending);
      return this.#turn(operation, path, () => {
        // Another sync may have been faster; what is left of the covered ones still leads the list.
        while (inode.pending[0] !== undefined && covered.has(inode.pending[0])) {
          inode.durable = applied(inode.durable, inode.pending[0]);
          inode.pending.shift();
        }
      });
    };
    const write = (bytes: Uint8Array, at: number): void => {
      this.#mustBeWritable('write', path);
      const growth = Math.max(0, at + bytes.length - inode.content.length);
      const short = Math.max(0, growth - (this.capacityBytes - this.usedBytes));
      const taken = bytes.slice(0, Math.max(0, bytes.length - short));
      if (taken.length > 0) this.#write(inode, { at, bytes: taken });
      if (taken.length < bytes.length) throw diskError('ENOSPC', 'write', path);
    };
    return {
      read: (buffer, offset) =>
        this.#turn('read', path, () => {
          const part = inode.content.subarray(offset, offset + buffer.length);
          buffer.set(part);
          return part.length;
        }),
      write: async (buffers, offset) => {
        let at = offset;
        for (const bytes of buffers) {
          const place = at;
          await this.#turn('write', path, () => write(bytes, place));
          at += bytes.length;
        }
      },
      datasync: () => sync('datasync'),
      sync: () => sync('sync'),
      truncate: (bytes) =>
        this.#turn('truncate', path, () => {
          this.#mustBeWritable('truncate', path);
          this.#write(inode, { truncate: bytes });
        }),
      size: async () => inode.content.length,
      close: async () => {},
    };
  }

  #write(inode: Inode, write: Write): void {
    inode.content = applied(inode.content, write);
    inode.pending.push(write);
  }

  #setNames(path: string, names: NameChange['names']): void {
    for (const [name, inode] of names) setOrDelete(this.#names, name, inode);
    this.#pendingNames.push({ directory: dirname(path), names });
  }

  #applyNames({ names }: NameChange): void {
    for (const [name, inode] of names) setOrDelete(this.#durableNames, name, inode);
  }

  #mustBeWritable(operation: string, path: string): void {
    if (this.readOnly) throw diskError('EROFS', operation, path);
  }

  /** Other things happen first; an operation of a process that died meanwhile never happens. */
  async #turn<T>(operation: DiskOperation, path: string, effect: () => T): Promise<T> {
    const life = this.#life;
    for (let turns = Math.floor(this.#random() * 4); turns > 0; turns--) {
      await (this.#random() < 0.1 ? new Promise(setImmediate) : Promise.resolve());
    }
    if (life !== this.#life) return new Promise(() => {});
    const error = this.fault(operation, path);
    if (error !== undefined) throw error;
    return effect();
  }
}
