// What the milter read, noted in a file before the mail server is answered, so that it outlives a
// crash: Postfix's log is read again then, but its milter does not speak of a message twice. The notes
// are written without being forced to disk. They are as durable as the lines they belong to, which
// nobody forces either, and cost a message some 0.1 ms.
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import type { Disk, DiskFile } from '../../platform/disk.ts';
import type { Log } from '../../platform/log.ts';
import { MESSAGE_CONTENTS_AGE_MS, type Abort, type MessageContents } from '../message-contents.ts';
import { NOTE_WAIT_MS, NOTES_BYTES_MAX, NOTES_PENDING_BYTES_MAX } from './limits.ts';

const CURRENT = 'contents.ndjson';
const PREVIOUS = 'contents.previous.ndjson';

/** One line of the file. */
export type Note =
  | { readonly contents: MessageContents }
  /** This abort was told; it must not be told again. */
  | { readonly settled: Abort };

export interface ContentsNotesOptions {
  /** Made when it is not there. */
  readonly directory: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
}

/** Notes that are written together. */
interface Batch {
  readonly lines: Buffer[];
  bytes: number;
  /** Called when the batch was written, or could not be. */
  readonly waiting: (() => void)[];
}

/** The file of notes. No failure of the disk reaches the mail server; `reason` tells of it. */
export class ContentsNotes {
  readonly #options: ContentsNotesOptions;
  #file: DiskFile | undefined;
  #bytes = 0;
  /** What is written next, while something else is being written. */
  #next: Batch | undefined;
  #pendingBytes = 0;
  #writing: Promise<void> | undefined;
  #reason: string | undefined;

  constructor(options: ContentsNotesOptions) {
    this.#options = options;
  }

  /** Why notes are not written at the moment; undefined when they are. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** What an earlier run noted and is still of use, oldest first; opens the file. Never rejects. */
  async open(): Promise<Note[]> {
    const { disk, directory } = this.#options;
    const notes: Note[] = [];
    try {
      await disk.makeDirectory(directory);
      notes.push(...(await this.#read(PREVIOUS)), ...(await this.#read(CURRENT)));
      await this.#openCurrent();
    } catch (error) {
      this.#failed(error);
    }
    return notes;
  }

  /** Resolves when the note is written, could not be, or took too long; never rejects. */
  async write(note: Note): Promise<void> {
    const line = Buffer.from(`${JSON.stringify(note)}\n`);
    if (this.#pendingBytes + line.length > NOTES_PENDING_BYTES_MAX) {
      this.#failed(
        new Error(`${NOTES_PENDING_BYTES_MAX} bytes of notes wait for the disk already`),
      );
      return;
    }
    this.#pendingBytes += line.length;
    const batch = (this.#next ??= { lines: [], bytes: 0, waiting: [] });
    batch.lines.push(line);
    batch.bytes += line.length;
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(NOTE_WAIT_MS, resolve);
      batch.waiting.push(() => {
        timer.cancel();
        resolve();
      });
      this.#writing ??= this.#writeAll();
    });
  }

  /** Writes what is waiting and closes the file. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close().catch(() => {});
    this.#file = undefined;
  }

  /** One write at a time; those who come meanwhile go together in the next. */
  async #writeAll(): Promise<void> {
    for (let batch = this.#next; batch !== undefined; batch = this.#next) {
      this.#next = undefined;
      try {
        if (this.#bytes > NOTES_BYTES_MAX) await this.#putAside();
        this.#file ??= await this.#openCurrent();
        await this.#file.write(batch.lines, this.#bytes);
        this.#bytes += batch.bytes;
        this.#reason = undefined;
      } catch (error) {
        this.#failed(error);
      }
      this.#pendingBytes -= batch.bytes;
      for (const written of batch.waiting) written();
    }
    this.#writing = undefined;
  }

  async #putAside(): Promise<void> {
    const { disk, directory } = this.#options;
    await this.#file?.close();
    this.#file = undefined;
    await disk.rename(join(directory, CURRENT), join(directory, PREVIOUS));
    this.#bytes = 0;
  }

  async #openCurrent(): Promise<DiskFile> {
    const { disk, directory } = this.#options;
    const path = join(directory, CURRENT);
    this.#file = await disk.open(path, 'update').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return disk.open(path, 'create');
    });
    this.#bytes = await this.#file.size();
    // A line that a crash cut in half must not swallow the next one.
    if (this.#bytes > 0) {
      await this.#file.write([Buffer.from('\n')], this.#bytes);
      this.#bytes++;
    }
    return this.#file;
  }

  async #read(name: string): Promise<Note[]> {
    const { disk, directory, clock } = this.#options;
    const file = await disk.open(join(directory, name), 'read').catch(() => undefined);
    if (file === undefined) return [];
    try {
      const bytes = Buffer.alloc(Math.min(await file.size(), NOTES_BYTES_MAX * 2));
      await file.read(bytes, 0);
      const oldestMs = clock.now() - MESSAGE_CONTENTS_AGE_MS;
      return bytes
        .toString('utf8')
        .split('\n')
        .flatMap((line) => readNote(line))
        .filter((note) => ('contents' in note ? note.contents : note.settled).timeMs >= oldestMs);
    } finally {
      await file.close();
    }
  }

  #failed(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const what = `what the milter reads is not noted in ${this.#options.directory}`;
    const reason = `${what}: ${why}; a crash would lose the attachment names of that moment`;
    if (this.#reason === undefined) this.#options.log.warn(reason);
    this.#reason = reason;
  }
}

/** A line that is not whole is left out: its message was not answered yet, or the disk is broken. */
function readNote(line: string): Note[] {
  if (line === '') return [];
  try {
    const note = JSON.parse(line) as Partial<{ contents: MessageContents; settled: Abort }>;
    const { contents, settled } = note;
    if (contents !== undefined && Array.isArray(contents.recipients)) return [{ contents }];
    return settled === undefined || typeof settled.saslUser !== 'string' ? [] : [{ settled }];
  } catch {
    return [];
  }
}
