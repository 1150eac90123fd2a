// How far each consumer is done, one small file per consumer, each replaced as a whole.
import { join } from 'node:path';
import type { Disk } from '../platform/disk.ts';
import { refusalFor } from './disk-error.ts';
import { readSmallFile, replaceFile } from './durable-file.ts';
import { JournalError, type Cursor, type Position } from './journal.ts';
import { CONSUMERS_MAX } from './limits.ts';

const CONSUMER = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const SUFFIX = '.json';

/** The cursors of all consumers. */
export class Cursors {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #cursors = new Map<string, Cursor>();
  /** The commit under way for a consumer: the next one waits for it. */
  readonly #writing = new Map<string, Promise<void>>();

  private constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  /** Reads what was committed; `end` is the journal's. Rejects with `corrupt` on a bad file. */
  static async load(disk: Disk, directory: string, end: Position): Promise<Cursors> {
    const cursors = new Cursors(disk, directory);
    for (const name of await disk.list(directory)) {
      if (!name.endsWith(SUFFIX) || name.startsWith('.')) continue;
      const path = join(directory, name);
      const cursor = parseCursor(path, (await readSmallFile(disk, path)) ?? '');
      if (cursor.position > end) {
        const what = `${path} is at position ${cursor.position}, but the journal ends at ${end}`;
        const advice =
          'events that were kept are missing: restore the journal directory as a whole, ' +
          'or remove this file to have the consumer read everything again';
        throw new JournalError('corrupt', `${what}; ${advice}`);
      }
      cursors.#cursors.set(name.slice(0, -SUFFIX.length), cursor);
    }
    return cursors;
  }

  /** Where the consumer stands. A new one stands at `begin` and holds segments back from then on. */
  get(consumer: string, begin: Position): Cursor {
    const known = this.#cursors.get(consumer);
    if (known !== undefined) return known;
    if (!CONSUMER.test(consumer)) {
      const expected = 'a-z, 0-9, ".", "_" and "-", at most 64 characters';
      throw new RangeError(`a consumer's name is ${expected}; not ${JSON.stringify(consumer)}`);
    }
    if (this.#cursors.size >= CONSUMERS_MAX) {
      throw new RangeError(`no more than ${CONSUMERS_MAX} consumers can read the journal`);
    }
    const cursor: Cursor = { position: begin };
    this.#cursors.set(consumer, cursor);
    return cursor;
  }

  /** Durable when it resolves. On an error the cursor that was there stays. */
  async commit(consumer: string, cursor: Cursor): Promise<void> {
    const writing = this.#replace(consumer, cursor, this.#writing.get(consumer));
    this.#writing.set(consumer, writing);
    try {
      await writing;
    } catch (error) {
      throw refusalFor(error, 'cannot write', join(this.#directory, `${consumer}${SUFFIX}`));
    } finally {
      if (this.#writing.get(consumer) === writing) this.#writing.delete(consumer);
    }
  }

  async #replace(consumer: string, cursor: Cursor, before?: Promise<void>): Promise<void> {
    await before?.catch(() => {});
    const { position, segment, offset } = cursor;
    const text = `${JSON.stringify({ position, segment, offset })}\n`;
    await replaceFile(this.#disk, this.#directory, `${consumer}${SUFFIX}`, text);
    this.#cursors.set(consumer, cursor);
  }

  /** Resolves when the consumer is durably gone. */
  async forget(consumer: string): Promise<void> {
    await this.#writing.get(consumer)?.catch(() => {});
    const path = join(this.#directory, `${consumer}${SUFFIX}`);
    try {
      await this.#disk.remove(path);
      await this.#disk.syncDirectory(this.#directory);
    } catch (error) {
      throw refusalFor(error, 'cannot remove', path);
    }
    this.#cursors.delete(consumer);
  }

  /** Resolves when no commit is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#writing.values());
  }

  /** What every consumer has passed; nothing while there is no consumer. */
  get lowest(): Position | undefined {
    let lowest: Position | undefined;
    for (const { position } of this.#cursors.values()) {
      if (lowest === undefined || position < lowest) lowest = position;
    }
    return lowest;
  }

  get positions(): Record<string, Position> {
    return Object.fromEntries([...this.#cursors].map(([name, { position }]) => [name, position]));
  }
}

function parseCursor(path: string, text: string): Cursor {
  try {
    const { position, segment, offset } = JSON.parse(text) as Record<string, unknown>;
    if (typeof position !== 'number' || !Number.isSafeInteger(position) || position < 0) {
      throw new Error('position is not a whole number');
    }
    const hinted = typeof segment === 'string' && typeof offset === 'number';
    return hinted ? { position, segment, offset } : { position };
  } catch (error) {
    const advice = 'restore it, or remove it to have the consumer read everything again';
    throw new JournalError('corrupt', `${path} is not a cursor: ${String(error)}; ${advice}`);
  }
}
