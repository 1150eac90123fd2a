// A rotated log that was compressed, read as if it were not: from its beginning, in a stream. Node
// reads gzip; for the others the system's own program is asked, if it is there.
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** By the ending of the file's name: what reads it. logrotate's `compressext` names them. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  '.xz': ['xz', '-dc'],
  '.zst': ['zstd', '-dcq'],
  '.bz2': ['bzip2', '-dc'],
  '.lz4': ['lz4', '-dcq'],
};

/** Bytes from the beginning that are kept, so that looking at them again costs nothing. */
const BEGINNING_BYTES = 4096;

/** The endings of compressed files' names. */
export const COMPRESSED = /\.(?:gz|xz|zst|bz2|lz4)$/;

/** The stream of a compressed file's content. It fails with what the administrator can do about it. */
function contentOf(path: string): Readable {
  const [ending = ''] = COMPRESSED.exec(path) ?? [];
  const program = PROGRAMS[ending];
  if (program === undefined) {
    const file = createReadStream(path);
    const content = createGunzip();
    file.on('error', (error) => content.destroy(error));
    content.on('close', () => file.destroy());
    return file.pipe(content);
  }
  const [command = '', ...args] = program;
  const child = spawn(command, [...args, '--', path], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr.setEncoding('utf8');
  let complaint = '';
  child.stderr.on('data', (text: string) => (complaint = (complaint + text).slice(0, 200)));
  child.on('error', () => {
    child.stdout.destroy(new Error(`${path} needs the program ${command}: install it`));
  });
  child.on('exit', (code) => {
    if (code !== 0 && code !== null) {
      child.stdout.destroy(new Error(`${command} cannot read ${path}: ${complaint.trim()}`));
    }
  });
  child.stdout.on('close', () => child.kill());
  return child.stdout;
}

/** One compressed file. Reading forward is cheap, reading back begins anew. */
export class CompressedLog {
  readonly #path: string;
  #content: Readable | undefined;
  #chunks: AsyncIterator<Buffer> | undefined;
  #rest: Buffer = Buffer.alloc(0);
  /** Of the content, in bytes: where `rest` begins. */
  #at = 0;
  #beginning: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Fills the buffer with the content from the place on, and answers with how many bytes it got: fewer
   * only at the end. Rejects when the file cannot be read or is damaged.
   */
  async read(buffer: Buffer, bytes: number, at: number): Promise<number> {
    if (at + bytes <= this.#beginning.length)
      return this.#beginning.copy(buffer, 0, at, at + bytes);
    if (at < this.#at) await this.close();
    let filled = 0;
    while (filled < bytes) {
      if (this.#rest.length === 0 && !(await this.#more())) break;
      const skip = Math.min(at + filled - this.#at, this.#rest.length);
      const taken = this.#rest.subarray(skip, skip + bytes - filled);
      taken.copy(buffer, filled);
      filled += taken.length;
      this.#at += skip + taken.length;
      this.#rest = this.#rest.subarray(skip + taken.length);
    }
    return filled;
  }

  /** Ends the reading; a later read begins anew. */
  async close(): Promise<void> {
    const content = this.#content;
    this.#content = undefined;
    this.#chunks = undefined;
    this.#rest = Buffer.alloc(0);
    this.#at = 0;
    this.#ended = false;
    content?.destroy();
    await Promise.resolve();
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    this.#content ??= contentOf(this.#path);
    this.#chunks ??= this.#content[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    const next = await this.#chunks.next();
    if (next.done === true) {
      this.#ended = true;
      return false;
    }
    this.#rest = next.value;
    const missing = BEGINNING_BYTES - this.#beginning.length;
    if (missing > 0 && this.#at === this.#beginning.length) {
      this.#beginning = Buffer.concat([this.#beginning, this.#rest.subarray(0, missing)]);
    }
    return true;
  }
}
