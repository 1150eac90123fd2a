// The change log on disk: one file that begins with the documents of its last shortening and goes on with a
// line for each change since. A change is on disk before it counts.
import { join } from 'node:path';
import type { Disk, DiskFile } from '../platform/disk.ts';
import { chainedLine } from './chained-lines.ts';
import { CHANGE_BYTES_MAX, SNAPSHOT_BATCH } from './limits.ts';
import {
  type Damage,
  FORMAT,
  type Head,
  type LoggedChange,
  type LoggedDocument,
  type LogReader,
  readLines,
  shortened,
} from './log-lines.ts';
import { StateError } from './state.ts';

export const STATE_FILE = 'state.ndjson';
/** Its presence says that an administrator accepts a loss. */
export const ACCEPT_LOSS_FILE = 'accept-loss';
const TEMPORARY_FILE = '.state.ndjson.new';
/** It holds the secrets of API keys. */
const PERMISSIONS = 0o600;
const DIRECTORY_PERMISSIONS = 0o700;

/** A refusal after which an administrator must look at the file. */
function damaged(directory: string, { offset, expected }: Damage): StateError {
  const path = join(directory, STATE_FILE);
  const advice =
    'Restore the file from a backup; the management events in the journal say what it held. To go on with ' +
    `what is before that byte, make an empty file ${join(directory, ACCEPT_LOSS_FILE)} and start again`;
  const message = `${path} is damaged at byte ${offset}: expected ${expected}. ${advice}`;
  return new StateError('unavailable', message);
}

/** A failed write as what it means to who wants to change something. */
export function refusalFor(error: unknown, path: string): StateError {
  const { code, message } = error as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const advice = full
    ? 'free some space'
    : 'check the disk and that the user of mailtrail may write';
  return new StateError(
    full ? 'disk-full' : 'unavailable',
    `writing ${path}: ${message}; ${advice}`,
    {
      cause: error,
    },
  );
}

/** See the head of this file. One process has it open, and calls one method at a time. */
export class ChangeLog {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #path: string;
  #file: DiskFile;
  #bytes: number;
  #sum: string;
  #seq: number;
  /** What is missing of the log, when that was accepted. */
  lost: string | undefined;
  /** What is on disk is not known any more. */
  #broken: StateError | undefined;

  private constructor(disk: Disk, directory: string, place: OpenedFile) {
    this.#disk = disk;
    this.#directory = directory;
    this.#path = join(directory, STATE_FILE);
    this.#file = place.file;
    this.#bytes = place.bytes;
    this.#sum = place.sum;
    this.#seq = place.seq;
  }

  /**
   * Opens the log of a directory, or begins one, and tells what it holds. A last line that is torn is
   * cut off: nobody was told that its change was made. Rejects with a StateError, and leaves the file as
   * it is, when it is damaged elsewhere or ends before a change that it must hold; unless somebody has
   * accepted that: then `lost` says what, and the log must be made short before anything else.
   *
   * @param least the number of the last change that is known to be in it
   * @param cut is called with the bytes that were cut off
   */
  static async open(
    disk: Disk,
    directory: string,
    least: number,
    reader: LogReader,
    cut: (bytes: number) => void,
  ): Promise<ChangeLog> {
    await disk.makeDirectory(directory, DIRECTORY_PERMISSIONS);
    await disk.remove(join(directory, TEMPORARY_FILE));
    const names = await disk.list(directory);
    if (!names.includes(STATE_FILE) && least === 0) {
      return new ChangeLog(disk, directory, await writeNew(disk, directory, 0, []));
    }
    const mode = names.includes(STATE_FILE) ? 'update' : 'create';
    const accepted = names.includes(ACCEPT_LOSS_FILE);
    if (mode === 'create' && !accepted) throw damaged(directory, shortened(0, 0, least));
    const file = await disk.open(join(directory, STATE_FILE), mode, PERMISSIONS);
    const content = await readAll(file);
    const { end, sum, seq, damage } = readLines(content, reader);
    const lost = damage ?? (seq < least ? shortened(end, seq, least) : undefined);
    if (lost !== undefined) {
      if (!accepted) {
        await file.close();
        throw damaged(directory, lost);
      }
      const log = new ChangeLog(disk, directory, {
        file,
        bytes: end,
        sum,
        seq: Math.max(seq, least),
      });
      log.lost = damaged(directory, lost).message;
      return log;
    }
    if (end < content.length) {
      cut(content.length - end);
      await file.truncate(end);
    }
    if (accepted) await disk.remove(join(directory, ACCEPT_LOSS_FILE));
    // A process that died may have left what the disk does not have yet: now it counts, and must stay.
    await file.sync();
    await disk.syncDirectory(directory);
    return new ChangeLog(disk, directory, { file, bytes: end, sum, seq });
  }

  /** Forgets that a loss was accepted, when the log is whole again. */
  async closeLoss(): Promise<void> {
    await this.#disk.remove(join(this.#directory, ACCEPT_LOSS_FILE));
    await this.#disk.syncDirectory(this.#directory);
    this.lost = undefined;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The number of the last change. */
  get seq(): number {
    return this.#seq;
  }

  get path(): string {
    return this.#path;
  }

  /** Resolves when the change is on disk. When it rejects, the change was not made. */
  async append(change: LoggedChange): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    const { line, sum } = chainedLine(change, this.#sum);
    const bytes = Buffer.from(line);
    if (bytes.length > CHANGE_BYTES_MAX) {
      const message = `the change is ${bytes.length} bytes long; at most ${CHANGE_BYTES_MAX} are taken`;
      throw new StateError('limit', message);
    }
    try {
      await this.#file.write([bytes], this.#bytes);
      await this.#file.datasync();
    } catch (error) {
      await this.#takeBack(error);
      throw refusalFor(error, this.#path);
    }
    this.#bytes += bytes.length;
    this.#sum = sum;
    this.#seq = change.seq;
  }

  /** Cuts off what a failed write left. */
  async #takeBack(cause: unknown): Promise<void> {
    try {
      await this.#file.truncate(this.#bytes);
      await this.#file.sync();
    } catch {
      const { message } = refusalFor(cause, this.#path);
      this.#broken = new StateError('unavailable', `${message}, then restart`, { cause });
    }
  }

  /** Replaces the log by one that holds these documents and no changes; whole or not at all. */
  async shorten(seq: number, documents: readonly LoggedDocument[]): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    let made: OpenedFile;
    try {
      made = await writeNew(this.#disk, this.#directory, seq, documents);
    } catch (error) {
      // Which of the two files now has the name is not known for certain.
      this.#broken = refusalFor(error, this.#path);
      throw this.#broken;
    }
    await this.#file.close();
    this.#file = made.file;
    this.#bytes = made.bytes;
    this.#sum = made.sum;
    this.#seq = made.seq;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

interface OpenedFile {
  readonly file: DiskFile;
  readonly bytes: number;
  readonly sum: string;
  readonly seq: number;
}

async function writeNew(
  disk: Disk,
  directory: string,
  seq: number,
  documents: readonly LoggedDocument[],
): Promise<OpenedFile> {
  const temporary = join(directory, TEMPORARY_FILE);
  const file = await disk.open(temporary, 'replace', PERMISSIONS);
  const head: Head = { format: FORMAT, seq, documents: documents.length };
  let { line: text, sum } = chainedLine(head, '');
  let bytes = 0;
  for (let from = 0; from === 0 || from < documents.length; from += SNAPSHOT_BATCH) {
    for (const document of documents.slice(from, from + SNAPSHOT_BATCH)) {
      const next = chainedLine(document, sum);
      text += next.line;
      ({ sum } = next);
    }
    const buffer = Buffer.from(text);
    await file.write([buffer], bytes);
    bytes += buffer.length;
    text = '';
  }
  await file.sync();
  await disk.rename(temporary, join(directory, STATE_FILE));
  await disk.syncDirectory(directory);
  return { file, bytes, sum, seq };
}

async function readAll(file: DiskFile): Promise<Buffer> {
  const buffer = Buffer.alloc(await file.size());
  return buffer.subarray(0, await file.read(buffer, 0));
}
