// Follows a log file: through rotation by rename, by copy and truncation and by compression, from
// the place where the last run stopped, over lines that are too long and last lines that are not
// yet whole. Pulled by the collector, so what is not asked for is not read, and memory is bounded.
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { COMPRESSING_MS_MAX, DecompressionError } from './compressed-log.ts';
import type { FileMark } from './file-mark.ts';
import type { LineBatch, LineSource } from './line-source.ts';
import { cutterOf } from './cutter-of.ts';
import { LINE_BYTES_MAX, type Cutter, type CutLines } from './line-cutter.ts';
import { systemLogDisk, type FileFacts, type LogDisk } from './log-disk.ts';
import { findMarked, hasName, nextFile, openLog, stillLike, type OpenedFile } from './log-files.ts';
import type { MailWaiting } from './mail-waiting.ts';
import { READ_BYTES, readBytes } from './read-size.ts';
import { whyUnreadable } from './unreadable-log.ts';
import {
  FILES_REMEMBERED_MAX,
  firstWanted,
  type TailedFile,
  type TailPlace,
  type Wanted,
} from './tail-place.ts';
import { TailedBytes, withoutNulsAtEnd } from './tailed-bytes.ts';
import { Wakeup } from './wakeup.ts';

export interface TailOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Where to go on; from the beginning of the file when undefined. */
  readonly from?: TailPlace;
  /** A place before it from where lines are wanted once more, as far as their files still exist. */
  readonly again?: number;
  /** The operating system's when undefined. */
  readonly disk?: LogDisk;
  /** The system's notifications and a poll when undefined. */
  readonly wakeup?: Pick<Wakeup, 'found' | 'wait' | 'close'>;
  /** Never any when undefined. */
  readonly mail?: Pick<MailWaiting, 'lately'>;
}

interface Current {
  readonly opened: OpenedFile;
  /** Where it really is, through symbolic links. */
  readonly realPath: string;
  readonly base: number;
  readonly bytes: TailedBytes;
  cutter: Cutter;
  /** As it was last looked at. */
  facts: FileFacts;
  /** Another file follows: when nothing more is in this one, it is left. */
  leaving: boolean;
}

/** Follows one log file; see the head of this file. */
export class Tail implements LineSource {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #disk: LogDisk;
  readonly #wakeup: Pick<Wakeup, 'found' | 'wait' | 'close'>;
  readonly #mail: Pick<MailWaiting, 'lately'> | undefined;
  #current: Current | undefined;
  #wanted: Wanted;
  #remembered: TailedFile[];
  /** The place after the last byte of the files that were left. */
  #readTo: number;
  /** Where an earlier run stopped. */
  readonly #resumedAt: number;
  #stopped = false;
  #waitingFor: string | undefined;
  #lost: string | undefined;
  #behindBytes = 0;
  #atLiveEnd = false;
  /** The last read left nothing to read. */
  #emptied = false;

  constructor(options: TailOptions) {
    this.#path = options.path;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#disk = options.disk ?? systemLogDisk;
    this.#wakeup = options.wakeup ?? new Wakeup(options.path, options.clock);
    this.#mail = options.mail;
    this.#remembered = [...(options.from?.files ?? [])];
    this.#resumedAt = options.from?.at ?? 0;
    this.#readTo = this.#resumedAt;
    this.#wanted = firstWanted(options.from, options.again);
  }

  /** Why there is nothing to read, in words an administrator can act on; undefined when there is. */
  get waitingFor(): string | undefined {
    return this.#waitingFor;
  }

  /** What of the log could not be read and never will be, the last such thing; undefined when nothing. */
  get lost(): string | undefined {
    return this.#lost;
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
  async next(): Promise<LineBatch | undefined> {
    // What is written meanwhile is read together: small batches cost more than their lines.
    if (this.#emptied && !this.#stopped) await this.#wakeup.wait();
    while (!this.#stopped) {
      let found: LineBatch | 'again' | 'wait';
      try {
        found = await this.#step();
      } catch (error) {
        found = 'wait';
        await this.#failed(error as NodeJS.ErrnoException);
      }
      if (typeof found !== 'string') {
        this.#wakeup.found();
        return found;
      }
      if (found === 'wait' && !this.#stopped) await this.#wakeup.wait();
    }
    await this.#close();
    return undefined;
  }

  /** Ends the waiting; `next` then answers undefined. */
  stop(): void {
    this.#stopped = true;
    this.#wakeup.close();
  }

  async #step(): Promise<LineBatch | 'again' | 'wait'> {
    const current = this.#current;
    if (current === undefined) return (await this.#open()) ? 'again' : 'wait';
    const { opened, bytes } = current;
    const size = opened.plain === undefined ? Infinity : (await this.#look(current)).size;
    const unread = Math.max(0, size - bytes.offset);
    const buffer = Buffer.allocUnsafe(readBytes(unread, this.#mail?.lately === true));
    const count = unread === 0 ? 0 : await this.#readInto(current, buffer);
    // Looked at after reading, so that what was read is of this file and not of one written over it.
    if (opened.path === this.#path && !(await bytes.unchanged(opened.source, size))) {
      await this.#putBack(current);
      return 'again';
    }
    const left = Math.max(0, unread - count);
    const chunk =
      left > 0 ? buffer.subarray(0, count) : withoutNulsAtEnd(buffer.subarray(0, count));
    this.#behindBytes = Number.isFinite(left) ? left : READ_BYTES;
    this.#emptied = left === 0;
    if (chunk.length === 0) return this.#atEnd(current);
    this.#waitingFor = undefined;
    this.#atLiveEnd = false;
    const first = bytes.offset === 0;
    bytes.read(chunk);
    if (first) current.cutter = cutterOf(bytes, current.cutter.place);
    const cut = current.cutter.take(chunk);
    return cut === undefined ? 'again' : this.#batch(current, cut);
  }

  async #look(current: Current): Promise<FileFacts> {
    current.facts = (await current.opened.plain?.facts()) ?? current.facts;
    return current.facts;
  }

  async #readInto({ opened, bytes }: Current, buffer: Buffer): Promise<number> {
    try {
      return await opened.source.read(buffer, bytes.offset);
    } catch (error) {
      this.#lostIfDamaged(opened, error);
      return 0;
    }
  }

  /** A compressed file ends where it is damaged. Throws what may be no lasting damage. */
  #lostIfDamaged({ path, facts }: OpenedFile, error: unknown): void {
    const ageMs = this.#clock.now() - Number(facts.modifiedNs / 1_000_000n);
    if (!(error instanceof DecompressionError) || ageMs < COMPRESSING_MS_MAX) throw error;
    this.#lose(path, error.message);
  }

  /** Opens what is to be read next; false while there is nothing. */
  async #open(): Promise<boolean> {
    const wanted = this.#wanted;
    switch (wanted.kind) {
      case 'log': {
        await this.#begin(await openLog(this.#disk, this.#path), this.#readTo, 0);
        return true;
      }
      case 'marked':
        return this.#openMarked(wanted.file, wanted.offset);
      case 'after':
        return this.#openNext(wanted.file);
    }
  }

  async #openNext(file: TailedFile): Promise<boolean> {
    const previous = { mark: file, heldId: undefined };
    const next = await nextFile(this.#disk, this.#path, previous);
    if (next === undefined) {
      this.#behindBytes = 0;
      this.#atLiveEnd = true;
      return false;
    }
    const opened = await openLog(this.#disk, next.path, next.compression);
    if (opened.facts.id !== next.id) {
      // Renamed since it was looked at: another look finds it again.
      await opened.source.close();
      return true;
    }
    try {
      await this.#begin(opened, this.#readTo, 0);
      // Truncated before its first bytes were seen, it is not the next any more: its copy is.
      const still = await nextFile(this.#disk, this.#path, previous);
      if (still?.id !== next.id) await this.#close();
    } catch (error) {
      this.#lostIfDamaged(opened, error);
      const { inode, modifiedNs } = opened.facts;
      const modifiedMs = Number(modifiedNs / 1_000_000n);
      const damaged = { inode, headBytes: 0, head: '', modifiedMs, compressed: true } as const;
      this.#wanted = { kind: 'after', file: { ...damaged, base: this.#readTo } };
    }
    return true;
  }

  async #openMarked(file: TailedFile, offset: number): Promise<boolean> {
    const found = await findMarked(this.#disk, this.#path, file);
    if (found.kind === 'found') {
      await this.#begin(found.file, file.base, offset, file);
      return true;
    }
    const later = this.#remembered.find(({ base }) => base > file.base);
    if (later !== undefined) {
      // It was only wanted once more.
      if (found.kind === 'shorter') await found.file.source.close();
      this.#wanted = { kind: 'marked', file: later, offset: 0 };
      return true;
    }
    this.#readTo = Math.max(this.#resumedAt, file.base + offset);
    if (found.kind === 'shorter') {
      await this.#beginShorter(found.file, this.#readTo, file);
      return true;
    }
    this.#lose(this.#path, found.reason);
    this.#wanted = { kind: 'after', file };
    return true;
  }

  /** Goes on at the end of a file that has lost bytes which had been read. */
  async #beginShorter(opened: OpenedFile, readTo: number, mark: FileMark): Promise<void> {
    const { size } = opened.facts;
    if (await this.#begin(opened, readTo - size, size, mark)) {
      this.#remembered = this.#remembered.slice(-1);
    }
  }

  /** Begins to read; false when the file is not as it was marked any more, and is to be found anew. */
  async #begin(
    opened: OpenedFile,
    base: number,
    offset: number,
    mark?: FileMark,
  ): Promise<boolean> {
    let bytes: TailedBytes;
    let realPath: string;
    try {
      bytes = await TailedBytes.at(opened.source, offset);
      realPath = await this.#disk.realPath(opened.path);
      // It may have been written over since it was compared with the mark.
      if (mark !== undefined && !(await stillLike(opened, mark))) {
        await opened.source.close();
        return false;
      }
    } catch (error) {
      await opened.source.close();
      throw error;
    }
    this.#waitingFor = undefined;
    const { facts } = opened;
    const cutter = cutterOf(bytes, base + offset);
    this.#current = { opened, realPath, base, bytes, cutter, facts, leaving: false };
    this.#remember(this.#current);
    return true;
  }

  #batch(current: Current, cut: CutLines): LineBatch {
    for (const line of cut.overlong) {
      this.#log.warn('a line was skipped because it is too long', {
        file: current.opened.path,
        beforeOffset: current.cutter.place - current.base,
        bytesMax: LINE_BYTES_MAX,
        line: line.toString('utf8'),
      });
    }
    this.#remember(current);
    return { ...cut, place: { at: current.cutter.place, files: this.#remembered } };
  }

  /** The log is read to its end, unless it was replaced or another file follows. */
  async #atEnd(current: Current): Promise<LineBatch | 'again' | 'wait'> {
    this.#behindBytes = 0;
    if (current.leaving) return (await this.#leave(current)) ?? 'again';
    const { opened, facts } = current;
    const named = opened.plain !== undefined && (await hasName(this.#disk, this.#path, facts.id));
    if (opened.plain !== undefined && !named && (await this.#replaced(current))) return 'wait';
    const heldId = named ? facts.id : undefined;
    const mark = marked(current);
    current.leaving = (await nextFile(this.#disk, this.#path, { mark, heldId })) !== undefined;
    this.#atLiveEnd = !current.leaving;
    // Its writer may have written more before it went on to the next: one more look.
    return current.leaving ? 'again' : 'wait';
  }

  /**
   * Whether the file that is held was deleted, and another with its contents is there, from which
   * reading goes on: an editor has written it anew, it was copied or compressed, or the file system
   * gives no lasting inode numbers.
   */
  async #replaced(current: Current): Promise<boolean> {
    if (current.bytes.offset === 0) return false;
    try {
      const found = await findMarked(this.#disk, this.#path, marked(current));
      if (found.kind !== 'gone') await found.file.source.close();
      if (found.kind !== 'found') return false;
    } catch (error) {
      // Nothing is there, or it may not be read: what is held open is not given up for that.
      this.#waitingFor = whyUnreadable(this.#path, error as NodeJS.ErrnoException);
      return true;
    }
    await this.#putBack(current);
    return true;
  }

  /** Leaves a file that nobody writes any more; a last line without newline is whole then. */
  async #leave(current: Current): Promise<LineBatch | undefined> {
    const cut = current.cutter.finish();
    this.#remember(current);
    await this.#close();
    this.#readTo = current.cutter.place;
    const file = marked(current);
    const later = this.#remembered.find(({ base }) => base > current.base);
    this.#wanted =
      later === undefined ? { kind: 'after', file } : { kind: 'marked', file: later, offset: 0 };
    return cut === undefined ? undefined : this.#batch(current, cut);
  }

  /** Closes the file; it, or its copy, is found again by what was read of it. */
  async #putBack(current: Current): Promise<void> {
    const offset = current.cutter.place - current.base;
    this.#wanted = { kind: 'marked', file: marked(current), offset };
    await this.#close();
  }

  #lose(path: string, reason: string): void {
    this.#lost = `${path}: ${reason}`;
    this.#log.warn('a part of the log could not be read, lines may be missing', {
      file: path,
      reason,
      remedy: 'let logrotate keep rotated files beside the log until Mailtrail has read them',
    });
  }

  /** What cannot be read now is tried again, from where the last whole line ended. */
  async #failed(error: NodeJS.ErrnoException): Promise<void> {
    const current = this.#current;
    if (current !== undefined) await this.#putBack(current);
    this.#behindBytes = 0;
    this.#waitingFor = whyUnreadable(this.#path, error);
  }

  #remember(current: Current): void {
    const others = this.#remembered.filter(({ base }) => base !== current.base);
    const files = [...others, marked(current)].sort((a, b) => a.base - b.base);
    this.#remembered = files.slice(-FILES_REMEMBERED_MAX);
  }

  async #close(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    await current?.opened.source.close();
  }
}

/** The file as a checkpoint remembers it. */
function marked({ opened, realPath, base, bytes, facts }: Current): TailedFile {
  return {
    inode: facts.inode,
    ...bytes.mark(),
    modifiedMs: Number(facts.modifiedNs / 1_000_000n),
    ...(realPath !== opened.path && { path: realPath }),
    ...(opened.plain === undefined && { compressed: true }),
    base,
  };
}
