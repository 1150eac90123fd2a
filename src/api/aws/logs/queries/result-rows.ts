// The rows of one query as GetQueryResults gives them: few are kept in memory, many in a file, and a page
// of them is cut out without reading it as JSON.
import type { Disk, DiskFile } from '../../../../platform/disk.ts';
import { RESULT_MEMORY_BYTES_MAX } from './limits.ts';

const NEWLINE = 0x0a;
const COMMA = 0x2c;

export interface ResultRowsOptions {
  readonly disk: Disk;
  /** The file that rows go to when they are too many; replaced when it exists. */
  readonly path: string;
  readonly memoryBytesMax?: number;
}

/** Rows are appended by one and read by many; see the head of this file. */
export class ResultRows {
  readonly #options: ResultRowsOptions;
  readonly #memoryBytesMax: number;
  #memory: Buffer[] = [];
  #file: DiskFile | undefined;
  #bytes = 0;
  /** Where each row begins, and where the last one ends. */
  readonly #starts: number[] = [0];
  #removed = false;

  constructor(options: ResultRowsOptions) {
    this.#options = options;
    this.#memoryBytesMax = options.memoryBytesMax ?? RESULT_MEMORY_BYTES_MAX;
  }

  get count(): number {
    return this.#starts.length - 1;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Appends rows, each as JSON. Rejects with the disk's error; the rows are not counted then. */
  async append(rows: readonly object[]): Promise<void> {
    if (rows.length === 0 || this.#removed) return;
    const ends: number[] = [];
    let end = this.#bytes;
    const lines = rows.map((row) => {
      const line = Buffer.from(`${JSON.stringify(row)}\n`);
      end += line.length;
      ends.push(end);
      return line;
    });
    await this.#write(Buffer.concat(lines));
    this.#starts.push(...ends);
    this.#bytes = end;
  }

  async #write(lines: Buffer): Promise<void> {
    if (this.#file === undefined && this.#bytes + lines.length <= this.#memoryBytesMax) {
      this.#memory.push(lines);
      return;
    }
    const { disk, path } = this.#options;
    if (this.#file === undefined) {
      const file = await disk.open(path, 'replace');
      await file.write(this.#memory, 0);
      this.#file = file;
      this.#memory = [];
    }
    await this.#file.write([lines], this.#bytes);
  }

  /** So many rows from the given one on, as a JSON array. */
  async page(
    from: number,
    rowsMax: number,
  ): Promise<{ readonly json: Buffer; readonly rows: number }> {
    const to = Math.min(from + rowsMax, this.count);
    if (from >= to) return { json: Buffer.from('[]'), rows: 0 };
    const start = this.#starts[from] ?? 0;
    const lines = await this.#read(start, this.#starts[to] ?? this.#bytes);
    // A line of JSON holds no newline of its own, so each one stands between two rows.
    for (let at = lines.indexOf(NEWLINE); at >= 0; at = lines.indexOf(NEWLINE, at + 1)) {
      lines[at] = COMMA;
    }
    const rows = lines.subarray(0, -1);
    return { json: Buffer.concat([Buffer.from('['), rows, Buffer.from(']')]), rows: to - from };
  }

  async #read(start: number, end: number): Promise<Buffer> {
    if (this.#file === undefined)
      return Buffer.from(Buffer.concat(this.#memory).subarray(start, end));
    const buffer = Buffer.alloc(end - start);
    const read = await this.#file.read(buffer, start);
    return buffer.subarray(0, read);
  }

  /** Lets the rows go; what is appended afterwards is dropped. */
  async remove(): Promise<void> {
    this.#removed = true;
    this.#memory = [];
    const file = this.#file;
    this.#file = undefined;
    this.#starts.length = 1;
    this.#bytes = 0;
    if (file === undefined) return;
    await file.close();
    await this.#options.disk.remove(this.#options.path);
  }
}
