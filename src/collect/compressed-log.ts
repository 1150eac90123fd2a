// A compressed rotated log, read as if it were not compressed. gzip is built in; for the other
// formats the system's own programs are used where they are installed.
import { spawn } from 'node:child_process';
import { pipeline, Readable, type Writable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { ByteSource } from './file-mark.ts';
import type { LogFile } from './log-disk.ts';
import type { Compression } from './rotated-files.ts';

/** How much of a compressed file is read at once, in bytes. */
const COMPRESSED_READ_BYTES = 64 * 1024;
/** How long a compressed file that ends too early is taken for one that is still being made, in ms. */
export const COMPRESSING_MS_MAX = 60_000;
/** Most of what a decompressor complains about that is quoted, in characters. */
const COMPLAINT_LENGTH_MAX = 200;

/** The program for a format that is not built in, and its arguments: from standard input to standard output. */
const PROGRAMS: Readonly<Record<Exclude<Compression, 'gz'>, readonly string[]>> = {
  xz: ['xz', '-dc'],
  bz2: ['bzip2', '-dc'],
  zst: ['zstd', '-dcq'],
  lz4: ['lz4', '-dcq'],
};

/** What could not be decompressed, in words for an administrator. */
export class DecompressionError extends Error {
  override readonly name = 'DecompressionError';
}

/** A compressed file. Reading goes forward; going back starts it again from its beginning. */
export class CompressedLog implements ByteSource {
  readonly #file: LogFile;
  readonly #compression: Compression;
  #chunks: AsyncGenerator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);
  /** The place of the chunk in what was decompressed. */
  #at = 0;

  /** Takes the open file, and closes it. */
  constructor(file: LogFile, compression: Compression) {
    this.#file = file;
    this.#compression = compression;
    this.#chunks = decompressed(file, compression);
  }

  /**
   * Fills the buffer from the offset; resolves to the bytes read, fewer only at the end. Rejects with
   * a DecompressionError where the file is damaged or there is no program for it.
   */
  async read(buffer: Uint8Array, offset: number): Promise<number> {
    let filled = 0;
    if (offset < this.#at) await this.#restart();
    while (filled < buffer.length) {
      const skip = offset + filled - this.#at;
      if (skip >= this.#chunk.length) {
        if (!(await this.#next())) break;
        continue;
      }
      const count = Math.min(this.#chunk.length - skip, buffer.length - filled);
      buffer.set(this.#chunk.subarray(skip, skip + count), filled);
      filled += count;
    }
    return filled;
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined);
    await this.#file.close();
  }

  async #restart(): Promise<void> {
    await this.#chunks.return(undefined);
    this.#chunks = decompressed(this.#file, this.#compression);
    this.#chunk = Buffer.alloc(0);
    this.#at = 0;
  }

  async #next(): Promise<boolean> {
    let result: IteratorResult<Buffer>;
    try {
      result = await this.#chunks.next();
    } catch (error) {
      throw new DecompressionError((error as Error).message);
    }
    if (result.done === true) return false;
    this.#at += this.#chunk.length;
    this.#chunk = result.value;
    return true;
  }
}

async function* contents(file: LogFile): AsyncGenerator<Buffer> {
  for (let offset = 0; ;) {
    const buffer = Buffer.allocUnsafe(COMPRESSED_READ_BYTES);
    const count = await file.read(buffer, offset);
    if (count === 0) return;
    offset += count;
    yield buffer.subarray(0, count);
  }
}

/** Feeds the file to a decompressor; what goes wrong with either is an error of its output. */
function feed(file: LogFile, into: Writable): void {
  pipeline(Readable.from(contents(file)), into, () => undefined);
}

function decompressed(file: LogFile, compression: Compression): AsyncGenerator<Buffer> {
  return compression === 'gz' ? gunzip(file) : byProgram(file, PROGRAMS[compression]);
}

async function* gunzip(file: LogFile): AsyncGenerator<Buffer> {
  const stream = createGunzip();
  feed(file, stream);
  for await (const chunk of stream) yield chunk as Buffer;
}

async function* byProgram(
  file: LogFile,
  [name = '', ...options]: readonly string[],
): AsyncGenerator<Buffer> {
  const child = spawn(name, options);
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => {
    complaint = (complaint + text.toString('latin1')).slice(0, COMPLAINT_LENGTH_MAX);
  });
  const failure = new Promise<string | undefined>((resolve) => {
    child.on('error', () => resolve(`it needs the program ${name}: install it`));
    child.on('close', (code) => resolve(code === 0 ? undefined : `${name}: ${complaint.trim()}`));
  });
  feed(file, child.stdin);
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const reason = await failure;
    if (reason !== undefined) throw new Error(reason);
  } finally {
    child.kill();
  }
}
