// The journal as the rest of the program sees it: takes batches while it may, refuses them with the
// reason while it may not, and lets consumers read what is durable.
import type { Clock } from '../platform/clock.ts';
import type { Disk } from '../platform/disk.ts';
import type { Log } from '../platform/log.ts';
import { bytesBeyond, cursorBefore, cursorWithin } from './backlog.ts';
import type { Block } from './block.ts';
import { CheckpointRules } from './checkpoint.ts';
import type { Cursors } from './cursors.ts';
import { messageOf, refusalFor } from './disk-error.ts';
import { GroupCommit } from './group-commit.ts';
import {
  JournalError,
  type AppendBatch,
  type Cursor,
  type Journal,
  type JournalRange,
  type JournalStatus,
  type Position,
} from './journal.ts';
import { FREE_CHECK_INTERVAL_MS, type JournalLimits } from './limits.ts';
import type { DataLock } from './lock.ts';
import { Reader, type ReadLimits } from './reader.ts';
import { deleteSegments } from './segment-deletion.ts';
import { SegmentWriter } from './segment-writer.ts';
import type { Segments } from './segments.ts';
import { Waiters } from './waiters.ts';

const NEWLINE = 0x0a;
const BRACE = 0x7b;

/** What an open journal is made of. */
export interface DurableJournalParts {
  readonly directory: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: JournalLimits;
  readonly segments: Segments;
  readonly checkpoints: Map<string, string>;
  readonly cursors: Cursors;
  readonly lock: DataLock;
}

/** The implementation of the contract on a disk. */
export class DurableJournal implements Journal {
  readonly #parts: DurableJournalParts;
  readonly #writer: SegmentWriter;
  readonly #reader: Reader;
  readonly #queue: GroupCommit;
  readonly #waiters: Waiters;
  readonly #checkpoints: CheckpointRules;
  #refusing: JournalError | undefined;
  #spaceTimer: { cancel(): void } | undefined;
  #spaceCheck: Promise<void> | undefined;
  #deleting: Promise<void> | undefined;
  #closed: JournalError | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: DurableJournalParts) {
    this.#parts = parts;
    const { disk, directory, segments, limits, checkpoints } = parts;
    this.#writer = new SegmentWriter({
      ...parts,
      onTrouble: (error, path) => this.#refuse(refusalFor(error, 'cannot make', path)),
    });
    this.#reader = new Reader(disk, directory, segments, this.#writer.recent);
    this.#queue = new GroupCommit(limits, (block) => this.#commitBlock(block));
    this.#waiters = new Waiters(() => segments.end);
    this.#checkpoints = new CheckpointRules(checkpoints);
  }

  /** Makes the first padding if there is space for it; call it once, before anything else. */
  async start(): Promise<void> {
    try {
      await this.#writer.makeRoom();
    } catch (error) {
      this.#refuse(refusalFor(error, 'cannot extend the journal in', this.#parts.directory));
    }
    await this.#checkSpace();
  }

  append(batch: AppendBatch): Promise<Position> {
    const refusal = this.#closed ?? this.#refusing;
    if (refusal !== undefined) return Promise.reject(refusal);
    try {
      this.#checkBatch(batch);
      if (batch.count === 0 && batch.checkpoint === undefined) {
        return Promise.resolve(this.#parts.segments.end);
      }
      const json = batch.checkpoint && this.#checkpoints.admit(batch.checkpoint);
      return this.#queue.add(batch, json);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async read(cursor: Cursor, limits: ReadLimits): Promise<JournalRange> {
    this.#mustBeOpen();
    return this.#reader.read(cursor, limits);
  }

  waitBeyond(position: Position, signal: AbortSignal): Promise<void> {
    return this.#waiters.waitBeyond(position, signal);
  }

  cursor(consumer: string): Cursor {
    return this.#parts.cursors.get(consumer, this.#parts.segments.begin);
  }

  async commit(consumer: string, cursor: Cursor): Promise<void> {
    this.#mustBeOpen();
    const { cursors, segments } = this.#parts;
    if (cursor.position > segments.end) {
      const where = `the journal ends at ${segments.end}`;
      throw new RangeError(`${consumer} cannot be done up to ${cursor.position}: ${where}`);
    }
    cursors.get(consumer, segments.begin);
    await cursors.commit(consumer, cursor);
    this.#deleteOld();
  }

  async forget(consumer: string): Promise<void> {
    this.#mustBeOpen();
    await this.#parts.cursors.forget(consumer);
    this.#deleteOld();
  }

  checkpoint(source: string): unknown {
    const json = this.#parts.checkpoints.get(source);
    return json === undefined ? undefined : (JSON.parse(json) as unknown);
  }

  bytesBeyond(cursor: Cursor): number {
    return bytesBeyond(this.#parts.segments, cursor);
  }

  cursorWithin(bytesMax: number): Cursor {
    return cursorWithin(this.#parts.segments, bytesMax);
  }

  cursorBefore(atMs: number): Cursor {
    return cursorBefore(this.#parts.segments, atMs);
  }

  status(): JournalStatus {
    const { segments, cursors } = this.#parts;
    const refusing = this.#closed ?? this.#refusing;
    return {
      begin: segments.begin,
      end: segments.end,
      bytes: segments.bytes,
      segments: segments.list.length,
      ...(refusing && { refusing: { code: refusing.code, reason: refusing.message } }),
      consumers: cursors.positions,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { directory, cursors, lock, log } = this.#parts;
    const closed = new JournalError('closed', `the journal in ${directory} is closed`);
    this.#closed = closed;
    this.#spaceTimer?.cancel();
    await this.#queue.drain();
    await this.#spaceCheck;
    await cursors.settled();
    await this.#deleting;
    this.#waiters.rejectAll(closed);
    try {
      // What is on the disk after a failure is not known: the next start finds out.
      await this.#writer.close(!this.#failed);
    } catch (error) {
      const fields = { error: messageOf(error) };
      log.warn('could not close the journal cleanly; the next start does it', fields);
    }
    await lock.release();
  }

  get #failed(): boolean {
    return this.#refusing !== undefined && this.#refusing.code !== 'disk-full';
  }

  #mustBeOpen(): void {
    if (this.#closed !== undefined) throw this.#closed;
  }

  #checkBatch({ lines, count }: AppendBatch): void {
    const { batchBytesMax } = this.#parts.limits;
    if (lines.length > batchBytesMax) {
      const limit = `the limit is ${batchBytesMax}; append it in parts`;
      throw new RangeError(`a batch of ${lines.length} bytes is too large: ${limit}`);
    }
    const empty = lines.length === 0 && count === 0;
    const whole = count > 0 && lines[0] === BRACE && lines.at(-1) === NEWLINE;
    if (!empty && !whole) {
      throw new RangeError('a batch is `count` lines of JSON objects, each ended by a newline');
    }
  }

  async #commitBlock(block: Block): Promise<Position> {
    if (this.#failed && this.#refusing !== undefined) throw this.#refusing;
    const { directory } = this.#parts;
    try {
      const position = await this.#writer.write(block);
      this.#waiters.wake();
      return position;
    } catch (error) {
      let refusal = refusalFor(error, 'cannot write to the journal in', directory);
      if (refusal.code === 'disk-full') {
        try {
          await this.#writer.cutTail();
        } catch (cutError) {
          refusal = new JournalError('failed', messageOf(cutError), { cause: cutError });
        }
      }
      this.#refuse(refusal);
      throw refusal;
    }
  }

  /** Stops taking events: until there is room again, or, after any other error, for good. */
  #refuse(error: JournalError): void {
    if (this.#failed) return;
    const news = this.#refusing?.code !== error.code;
    this.#refusing = error;
    if (news)
      this.#parts.log.error('taking no events', { code: error.code, reason: error.message });
  }

  #checkSpaceLater(): void {
    if (this.#closed !== undefined || this.#failed) return;
    this.#spaceTimer = this.#parts.clock.after(FREE_CHECK_INTERVAL_MS, () => {
      this.#spaceCheck = this.#checkSpace();
    });
  }

  async #checkSpace(): Promise<void> {
    const { disk, directory, limits, log } = this.#parts;
    try {
      const free = await disk.freeBytes(directory);
      if (free < limits.minFreeBytes) {
        const what = `${directory} has ${free} bytes left on its disk`;
        const advice = `events are taken again at ${limits.minFreeBytes}`;
        this.#refuse(new JournalError('disk-full', `${what}; ${advice}`));
      } else if (this.#refusing?.code === 'disk-full') {
        await this.#queue.drain();
        await this.#writer.makeRoom();
        this.#refusing = undefined;
        log.info('taking events again', { freeBytes: free });
      }
    } catch (error) {
      this.#refuse(refusalFor(error, 'cannot make room in', directory));
    }
    this.#checkSpaceLater();
  }

  /** Deletes in the background what no consumer needs any more; one deletion at a time. */
  #deleteOld(): void {
    if (this.#deleting !== undefined || this.#closed !== undefined) return;
    const { cursors, log, limits } = this.#parts;
    const passed = cursors.lowest;
    if (passed === undefined) return;
    const { keepBytes } = limits;
    this.#deleting = deleteSegments({ ...this.#parts, passed, keepBytes })
      .catch((error: unknown) => {
        log.warn('could not delete old segments; it is tried again', { error: messageOf(error) });
      })
      .finally(() => {
        this.#deleting = undefined;
      });
  }
}
