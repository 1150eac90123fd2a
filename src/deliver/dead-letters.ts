// Records that their destination will never take, with the reason: nothing is skipped silently, and
// nothing behind them waits.
import { join } from 'node:path';
import type { Disk } from '../platform/disk.ts';
import type { DeliveryRecord } from './destination.ts';
import { DEAD_LETTERS_BYTES_MAX } from './limits.ts';

const NAME = 'dead-letters.ndjson';
const NEWLINE = 0x0a;

export class DeadLetters {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #bytesMax: number;
  readonly #positions = new Set<number>();
  #bytes = 0;

  constructor(disk: Disk, directory: string, bytesMax = DEAD_LETTERS_BYTES_MAX) {
    this.#disk = disk;
    this.#directory = directory;
    this.#bytesMax = bytesMax;
  }

  get path(): string {
    return join(this.#directory, NAME);
  }

  /** How many records there are. */
  get count(): number {
    return this.#positions.size;
  }

  /** Reads which there are; a torn last line is cut off. */
  async open(): Promise<void> {
    this.#positions.clear();
    this.#bytes = 0;
    if (!(await this.#disk.list(this.#directory)).includes(NAME)) return;
    const file = await this.#disk.open(this.path, 'update');
    try {
      const bytes = new Uint8Array(await file.size());
      await file.read(bytes, 0);
      this.#bytes = bytes.lastIndexOf(NEWLINE) + 1;
      if (this.#bytes < bytes.length) await file.truncate(this.#bytes);
      const lines = new TextDecoder().decode(bytes.subarray(0, this.#bytes)).split('\n');
      for (const line of lines) {
        const position = /^\{"position":(\d+)/.exec(line)?.[1];
        if (position !== undefined) this.#positions.add(Number(position));
      }
    } finally {
      await file.close();
    }
  }

  /**
   * Adds records with their reasons; resolves when they are durable. One that is there already is not
   * added again. Rejects, with nothing added, when the file would be larger than it may.
   */
  async add(
    letters: readonly { readonly record: DeliveryRecord; readonly reason: string }[],
    atMs: number,
  ): Promise<void> {
    const fresh = letters.filter(({ record }) => !this.#positions.has(record.position));
    if (fresh.length === 0) return;
    const text = fresh
      .map(({ record: { position, fields }, reason }) =>
        JSON.stringify({ position, at: new Date(atMs).toISOString(), reason, record: fields }),
      )
      .join('\n');
    const bytes = new TextEncoder().encode(`${text}\n`);
    if (this.#bytes + bytes.length > this.#bytesMax) {
      throw new Error(
        `${this.path} has ${this.#bytes} bytes, and at most ${this.#bytesMax} are kept: ` +
          'look at the reasons in it, then move the file away',
      );
    }
    const file = await this.#disk.open(this.path, this.#bytes === 0 ? 'replace' : 'update');
    try {
      await file.write([bytes], this.#bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
    if (this.#bytes === 0) await this.#disk.syncDirectory(this.#directory);
    this.#bytes += bytes.length;
    for (const { record } of fresh) this.#positions.add(record.position);
  }
}
