// What the syslog listeners received, in files that the collectors follow like any other log: that gives
// it order, a place to go on from after a restart, and time when nothing can be stored.
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { LogAppender, systemAppendDisk } from '../exporter-socket/log-appender.ts';
import { SPOOL_FILE_BYTES_MAX, SPOOL_FILES_MAX, SYSLOG_WAITING_BYTES_MAX } from './limits.ts';

/** The file in the data directory that the collectors follow. */
export function spoolPath(data: string): string {
  return join(data, 'syslog', 'received.log');
}

/** Between two attempts to write what the disk does not take, in ms. */
const RETRY_MS = 1_000;
const DIRECTORY_MODE = 0o750;

export interface SpoolOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  /** For tests of the limits. */
  readonly limits?: { readonly fileBytesMax?: number; readonly waitingBytesMax?: number };
}

/** The files of one data directory; shared by all listeners. */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #appender: LogAppender;
  readonly #fileMax: number;
  readonly #waitingMax: number;
  readonly #drained = new Set<() => void>();
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #fileBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #stopping = false;
  #endPause: (() => void) | undefined;
  #reason: string | undefined;

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#appender = new LogAppender(options.path, systemAppendDisk);
    this.#fileMax = options.limits?.fileBytesMax ?? SPOOL_FILE_BYTES_MAX;
    this.#waitingMax = options.limits?.waitingBytesMax ?? SYSLOG_WAITING_BYTES_MAX;
  }

  /** Why nothing is written at the moment; undefined when it is. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Whether no more should be given until `whenDrained`. */
  get isFull(): boolean {
    return this.#waitingBytes >= this.#waitingMax;
  }

  /** Makes the directory; to be awaited before the first line is given. */
  async open(): Promise<void> {
    const { path } = this.#options;
    await mkdir(join(path, '..'), { recursive: true, mode: DIRECTORY_MODE });
    this.#fileBytes = await sizeOf(path);
    // The file is there before its first line, so that what reads it need not wait for it.
    await this.#appender.append(Buffer.alloc(0));
    this.#stopping = false;
  }

  /** Takes lines, each ended by a newline; they are written as soon as the disk takes them. */
  add(lines: string): void {
    const bytes = Buffer.from(lines);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#writing = this.#writeAll();
  }

  /** Calls once when more may be given. */
  whenDrained(callback: () => void): void {
    this.#drained.add(callback);
  }

  /** Resolves when what was taken is written, or cannot be. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.#endPause?.();
    await this.#writing;
    await this.#appender.close();
  }

  async #writeAll(): Promise<void> {
    while (this.#waitingBytes > 0) {
      const lines = Buffer.concat(this.#waiting);
      this.#waiting = [];
      const written = await this.#write(lines);
      const left = lines.subarray(written);
      if (left.length > 0) this.#waiting.unshift(left);
      this.#waitingBytes -= written;
      if (!this.isFull) this.#tellDrained();
      if (left.length > 0) {
        if (this.#stopping) break;
        await this.#pause();
      }
    }
    this.#isWriting = false;
  }

  async #write(lines: Buffer): Promise<number> {
    try {
      if (this.#fileBytes >= this.#fileMax) await this.#rotate();
      const written = await this.#appender.append(lines);
      this.#fileBytes += written;
      this.#reason = undefined;
      return written;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const { path, log } = this.#options;
      if (this.#reason === undefined) log.warn(`${path} cannot be written: ${reason}`);
      this.#reason = `${path} cannot be written: ${reason}`;
      return 0;
    }
  }

  /** `received.log` becomes `received.log.1`, that one `.2`, …; beyond the limit the oldest goes. */
  async #rotate(): Promise<void> {
    const { path } = this.#options;
    await this.#appender.close();
    await rm(`${path}.${SPOOL_FILES_MAX - 1}`, { force: true });
    for (let n = SPOOL_FILES_MAX - 2; n >= 0; n--) {
      const from = n === 0 ? path : `${path}.${n}`;
      await rename(from, `${path}.${n + 1}`).catch(ignoreMissing);
    }
    this.#fileBytes = 0;
  }

  #tellDrained(): void {
    const callbacks = [...this.#drained];
    this.#drained.clear();
    for (const callback of callbacks) callback();
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(RETRY_MS, resolve);
      this.#endPause = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#endPause = undefined;
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    ignoreMissing(error as NodeJS.ErrnoException);
    return 0;
  }
}
