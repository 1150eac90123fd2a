// A small file that other programs read and that follows something here: always whole, written anew when
// what it says has changed, and tried again where that did not succeed.
import { rename, rm, writeFile } from 'node:fs/promises';
import type { Log } from './log.ts';

/** Everybody may read it: the programs that do run as their own users. */
const FILE_MODE = 0o644;

/** See the head of this file. */
export class WrittenFile {
  readonly path: string;
  readonly #log: Log;
  #written: string | undefined;
  #failure: string | undefined;
  #writing: Promise<void> | undefined;

  constructor(path: string, log: Log) {
    this.path = path;
    this.#log = log;
  }

  /**
   * Writes the text unless the file has it already or is being written. Called again and again, it brings
   * the newest text into the file; a failure is logged once and tried again with the next call.
   */
  write(text: string): void {
    if (this.#writing !== undefined || text === this.#written) return;
    this.#writing = this.#replace(text).finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when nothing is being written. */
  async stop(): Promise<void> {
    await this.#writing;
  }

  async #replace(text: string): Promise<void> {
    const beside = `${this.path}.new`;
    try {
      await writeFile(beside, text, { mode: FILE_MODE });
      await rename(beside, this.path);
      this.#written = text;
      this.#failure = undefined;
    } catch (error) {
      await rm(beside, { force: true }).catch(() => undefined);
      const reason = (error as Error).message;
      if (reason !== this.#failure) {
        this.#log.error(`${this.path} cannot be written; it stays as it was`, { reason });
      }
      this.#failure = reason;
    }
  }
}
