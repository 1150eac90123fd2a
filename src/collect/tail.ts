// Follows a log file: through rotation by rename or by copy and truncation, from the place where
// the last run stopped, over lines that are too long and last lines that are not yet whole. Pulled
// by the collector, so what is not asked for is not read, and memory stays bounded.
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { COMPRESSED } from './compressed-log.ts';
import {
  compressedForm,
  fileFacts,
  findFile,
  HEAD_BYTES,
  hashHead,
  openLogFile,
} from './log-files.ts';
import {
  FILES_REMEMBERED_MAX,
  type OpenFile,
  type QueuedFile,
  type TailedFile,
  type TailPlace,
} from './tail-place.ts';
import { whyUnreadable } from './unreadable-log.ts';
import { Wakeup } from './wakeup.ts';

/** Longest line, in bytes. A longer one is skipped to its newline and counted as rejected. */
export const LINE_BYTES_MAX = 1024 * 1024;
/**
 * How much is read at once, in bytes: some 400 lines. Mail waits for no backlog: what else the process
 * has to answer gets its turn after each such piece, some 3 ms.
 */
export const READ_BYTES = 256 * 1024;

/** Whole lines, each ended by a newline. */
export interface TailBatch {
  readonly bytes: Buffer;
  /** The place of the first byte. */
  readonly at: number;
  readonly place: TailPlace;
  /** Lines that were too long and are not among them. */
  readonly overlong: number;
}

export interface TailOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Where to go on; from the beginning of the file when undefined. */
  readonly from?: TailPlace;
  /** A place before it from where lines are wanted once more, as far as their files still exist. */
  readonly again?: number;
}

const NEWLINE = 0x0a;
const NOTHING: Buffer = Buffer.alloc(0);
/** Least that is read at once, in bytes: a log that is followed live grows by a few lines. */
const READ_BYTES_MIN = 4096;

/** Follows one log file; see the head of this file. */
export class Tail {
  readonly #options: TailOptions;
  readonly #log: Log;
  #file: OpenFile | undefined;
  #queue: QueuedFile[] = [];
  #located = false;
  #remembered: TailedFile[];
  /** The place after the last byte that was handed out or skipped. */
  #readTo: number;
  /** Bytes read but not handed out: the beginning of a line. */
  #rest: Buffer = NOTHING;
  /** Where the line begins that is being skipped because it is too long. */
  #skippingFrom: number | undefined;
  #stopped = false;
  #waitingFor: string | undefined;
  #behindBytes = 0;
  #atLiveEnd = false;
  readonly #wakeup: Wakeup;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#wakeup = new Wakeup(options.path, options.clock);
    this.#remembered = [...(options.from?.files ?? [])];
    this.#readTo = options.from?.at ?? 0;
  }

  /** Why there is nothing to read, in words an administrator can act on; undefined when there is. */
  get waitingFor(): string | undefined {
    return this.#waitingFor;
  }

  /** Bytes of the log that were not read when it was last looked at. */
  get behindBytes(): number {
    return this.#behindBytes;
  }

  /** Whether the last look found the log read to its end. */
  get atEnd(): boolean {
    return this.#atLiveEnd;
  }

  /** The next whole lines; waits for them. Undefined once stopped. */
  async next(): Promise<TailBatch | undefined> {
    while (!this.#stopped) {
      let wait: boolean;
      try {
        if (!this.#located) await this.#locate();
        const batch = await this.#read();
        if (batch !== undefined) {
          this.#wakeup.found();
          return batch;
        }
        wait = this.#queue.length === 0 && this.#behindBytes === 0;
      } catch (error) {
        wait = true;
        await this.#failed(error as NodeJS.ErrnoException);
      }
      if (wait && !this.#stopped) await this.#wakeup.wait();
    }
    await this.#close();
    return undefined;
  }

  /** Ends the waiting; `next` then answers undefined. */
  stop(): void {
    this.#stopped = true;
    this.#wakeup.close();
  }

  /** Finds the files that the last run was reading, so that what was rotated since is not lost. */
  async #locate(): Promise<void> {
    const { path, from, again } = this.#options;
    const last = from?.files.at(-1);
    this.#located = true;
    if (from === undefined || last === undefined) {
      this.#queue = [{ path, offset: 0, base: undefined, done: false }];
      return;
    }
    const unreadable: string[] = [];
    const found = await findFile(path, last, from.at - last.base, (why) => unreadable.push(why));
    if (found === undefined) {
      this.#log.warn('the file that was being read is gone, its last lines may be missing', {
        file: path,
        ...(unreadable.length > 0 && { unreadable: unreadable.join('; ') }),
        remedy: 'let logrotate keep at least one rotated file (rotate 1 or more)',
      });
      this.#queue = [{ path, offset: 0, base: undefined, done: false }];
      return;
    }
    this.#queue = await this.#earlier(from, again ?? from.at);
    const start = Math.max(last.base, Math.min(again ?? from.at, from.at));
    this.#queue.push({
      path: found.path,
      offset: start - last.base,
      base: last.base,
      done: found.path !== path,
    });
    for (const later of found.later)
      this.#queue.push({ path: later, offset: 0, base: undefined, done: true });
    if (found.path !== path) this.#queue.push({ path, offset: 0, base: undefined, done: false });
    this.#readTo = start;
  }

  /** The files before the last one that hold lines wanted once more and can still be found. */
  async #earlier(from: TailPlace, again: number): Promise<QueuedFile[]> {
    const queue: QueuedFile[] = [];
    for (const [index, file] of from.files.entries()) {
      const end = from.files[index + 1]?.base;
      if (end === undefined || end <= again) continue;
      const found = await findFile(this.#options.path, file, end - file.base);
      if (found === undefined) continue;
      const offset = Math.max(0, again - file.base);
      queue.push({ path: found.path, offset, base: file.base, done: true });
    }
    return queue;
  }

  /** What cannot be read now is tried again; a rotated file that was deleted meanwhile is not. */
  async #failed(error: NodeJS.ErrnoException): Promise<void> {
    const next = this.#queue[0];
    const path = this.#file?.path ?? next?.path ?? '';
    // It will not get better, and what came after it must not wait for it.
    if (COMPRESSED.test(path) && error.code !== 'ENOENT') {
      await this.#giveUp(path, error.message);
    } else if (this.#file !== undefined) {
      await this.#putBack(this.#file);
      this.#waitingFor = whyUnreadable(this.#options.path, error);
      return;
    } else if (next?.done === true && error.code === 'ENOENT') {
      this.#queue.shift();
      const compressed = await compressedForm(path);
      if (compressed !== undefined) this.#queue.unshift({ ...next, path: compressed });
      else this.#log.warn('a rotated log was deleted before it was read', { file: path });
    } else {
      this.#waitingFor = whyUnreadable(this.#options.path, error);
      return;
    }
    this.#waitingFor = undefined;
  }

  /** Leaves a file that cannot be read, with what was read of it. */
  async #giveUp(path: string, reason: string): Promise<void> {
    const file = this.#file;
    if (file === undefined) this.#queue.shift();
    else this.#readTo = file.base + file.offset;
    this.#rest = NOTHING;
    this.#skippingFrom = undefined;
    await this.#close();
    this.#log.error('a compressed log cannot be read; its other lines are missing', {
      file: path,
      reason,
      offset: file?.offset ?? 0,
    });
  }

  /** Closes the file; it is opened again, perhaps by another name, where its last line begins. */
  async #putBack(file: OpenFile, path = file.path, done = file.done): Promise<void> {
    const offset = file.offset - this.#rest.length;
    this.#rest = NOTHING;
    await this.#close();
    this.#queue.unshift({ path, offset, base: file.base, done });
  }

  async #openNext(): Promise<OpenFile | undefined> {
    const next = this.#queue[0];
    if (next === undefined) return undefined;
    const handle = await openLogFile(next.path);
    const inode = (await handle.facts())?.inode ?? '';
    const base = next.base ?? this.#readTo;
    const known = this.#remembered.find((file) => file.base === base);
    const mark = known ?? { inode, headBytes: 0, head: '' };
    this.#queue.shift();
    this.#readTo = base + next.offset;
    this.#waitingFor = undefined;
    if (known === undefined) this.#remember({ ...mark, base });
    this.#file = {
      handle,
      path: next.path,
      inode,
      base,
      mark,
      offset: next.offset,
      modifiedNs: 0n,
      done: next.done,
    };
    return this.#file;
  }

  #remember(file: TailedFile): void {
    this.#remembered = this.#remembered.filter((each) => each.base !== file.base);
    this.#remembered.push(file);
    this.#remembered = this.#remembered.slice(-FILES_REMEMBERED_MAX);
  }

  async #read(): Promise<TailBatch | undefined> {
    const file = this.#file ?? (await this.#openNext());
    if (file === undefined) return undefined;
    if (await this.#wasTruncated(file)) return undefined;
    this.#atLiveEnd = this.#behindBytes === 0 && !file.done;
    if (this.#behindBytes === 0) return this.#atEnd(file);
    const size = Math.min(READ_BYTES, Math.max(READ_BYTES_MIN, this.#behindBytes));
    const buffer = Buffer.allocUnsafe(size);
    const bytesRead = await file.handle.read(buffer, size, file.offset);
    if (bytesRead === 0) return this.#atEnd(file);
    file.offset += bytesRead;
    this.#behindBytes = Math.max(0, this.#behindBytes - bytesRead);
    await this.#learnHead(file);
    return this.#cut(file, buffer.subarray(0, bytesRead));
  }

  /** Once a file has enough bytes, or more than before, its first ones recognize it. */
  async #learnHead(file: OpenFile): Promise<void> {
    if (file.mark.headBytes >= HEAD_BYTES || file.offset <= file.mark.headBytes) return;
    const headBytes = Math.min(HEAD_BYTES, file.offset);
    file.mark = { inode: file.inode, headBytes, head: await hashHead(file.handle, headBytes) };
    this.#remember({ ...file.mark, base: file.base });
  }

  /** Cuts what was read at its last newline; the rest waits for its own. */
  #cut(file: OpenFile, chunk: Buffer): TailBatch | undefined {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = this.#readTo;
    let from = 0;
    const end = bytes.indexOf(NEWLINE) + 1;
    let overlong = 0;
    if (this.#skippingFrom !== undefined) {
      this.#readTo += end === 0 ? bytes.length : 0;
      if (end === 0) return undefined;
      this.#skippingFrom = undefined;
      from = end;
    } else if (end > LINE_BYTES_MAX + 1) {
      overlong++;
      from = end;
    }
    at += from;
    const whole = bytes.subarray(from, bytes.lastIndexOf(NEWLINE) + 1);
    this.#rest = bytes.subarray(from + whole.length);
    this.#readTo = at + whole.length;
    if (this.#rest.length > LINE_BYTES_MAX) {
      overlong++;
      this.#skippingFrom = this.#readTo;
      this.#readTo += this.#rest.length;
      this.#rest = NOTHING;
    }
    if (overlong === 0 && whole.length === 0) return undefined;
    return this.#batch(file, whole, at, overlong);
  }

  #batch(file: OpenFile, bytes: Buffer, at: number, overlong: number): TailBatch {
    if (overlong > 0) {
      this.#log.warn('a line was skipped because it is too long', {
        file: file.path,
        beforeOffset: this.#readTo - file.base,
        bytesMax: LINE_BYTES_MAX,
      });
    }
    return { bytes, at, place: this.#place(), overlong };
  }

  #place(): TailPlace {
    return { at: this.#skippingFrom ?? this.#readTo, files: this.#remembered };
  }

  async #atEnd(file: OpenFile): Promise<TailBatch | undefined> {
    this.#behindBytes = 0;
    if (file.done) return this.#finish(file);
    const now = await fileFacts(this.#options.path);
    if (now === undefined || now.inode === file.inode) return undefined;
    // Renamed. Its writer goes on with the old file until it opens the new one, so as long as the
    // new one is empty, lines may still come here.
    if (now.size === 0) return undefined;
    file.done = true;
    const found = await findFile(this.#options.path, file.mark, file.offset);
    for (const later of found?.later ?? []) {
      this.#queue.push({ path: later, offset: 0, base: undefined, done: true });
    }
    this.#queue.push({ path: this.#options.path, offset: 0, base: undefined, done: false });
    return undefined;
  }

  /** Leaves a file that nobody writes any more; a last line without newline is whole then. */
  async #finish(file: OpenFile): Promise<TailBatch | undefined> {
    const rest = this.#rest;
    const at = this.#readTo;
    this.#rest = NOTHING;
    this.#skippingFrom = undefined;
    await this.#close();
    this.#readTo = file.base + file.offset;
    if (rest.length === 0) return undefined;
    return this.#batch(file, Buffer.concat([rest, Buffer.from('\n')]), at, 0);
  }

  /** The file has fewer bytes than were read, or others: it was truncated and is written anew. */
  async #wasTruncated(file: OpenFile): Promise<boolean> {
    if (COMPRESSED.test(file.path)) {
      // Nobody writes it any more, and how much there is will be seen at its end.
      this.#behindBytes = READ_BYTES;
      return false;
    }
    const facts = await file.handle.facts();
    if (facts === undefined) return false;
    this.#behindBytes = Math.max(0, facts.size - file.offset);
    const untouched = facts.size === file.offset && facts.modifiedNs === file.modifiedNs;
    file.modifiedNs = facts.modifiedNs;
    const same =
      untouched ||
      (facts.size >= file.offset &&
        (file.mark.headBytes === 0 ||
          (await hashHead(file.handle, file.mark.headBytes)) === file.mark.head));
    if (same) return false;
    const copy = await findFile(this.#options.path, file.mark, file.offset);
    if (copy !== undefined && copy.path !== this.#options.path) {
      await this.#putBack(file, copy.path, true);
    } else {
      this.#rest = NOTHING;
      this.#skippingFrom = undefined;
      this.#readTo = file.base + file.offset;
      await this.#close();
      this.#log.info('the log was truncated and its copy is not there; reading it anew', {
        file: file.path,
      });
    }
    this.#queue.push({ path: this.#options.path, offset: 0, base: undefined, done: false });
    return true;
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.handle.close();
  }
}
