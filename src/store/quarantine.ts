// Events that the engine could not read are put here instead of into the store, for a person to
// look at: nothing is skipped silently, and nothing behind them waits.
import { join } from 'node:path';
import type { Position } from '../journal/journal.ts';
import type { Disk } from '../platform/disk.ts';
import { QUARANTINE_POSITIONS_MAX } from './load-limits.ts';

const NAME = 'quarantine.ndjson';
const NEWLINE = 0x0a;

export class Quarantine {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #positionsMax: number;
  readonly #positions = new Set<Position>();
  #bytes = 0;

  constructor(disk: Disk, directory: string, positionsMax = QUARANTINE_POSITIONS_MAX) {
    this.#disk = disk;
    this.#directory = directory;
    this.#positionsMax = positionsMax;
  }

  get path(): string {
    return join(this.#directory, NAME);
  }

  /** How many events are in the file. */
  get count(): number {
    return this.#positions.size;
  }

  /** Reads which events are there already; a torn last line is cut off. */
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
   * Adds the event with the reason; resolves when it is durable. Adding it again does nothing.
   * Rejects when the file holds as many as it may: then something else is wrong than an event.
   */
  async add(position: Position, reason: string, line: Uint8Array): Promise<void> {
    if (this.#positions.has(position)) return;
    if (this.#positions.size >= this.#positionsMax) {
      throw new Error(
        `${this.path} holds ${this.#positions.size} events, which is the limit: ` +
          'look at the reasons in it, then move the file away',
      );
    }
    const event = new TextDecoder().decode(line).trimEnd();
    const entry = new TextEncoder().encode(`${JSON.stringify({ position, reason, event })}\n`);
    const file = await this.#disk.open(this.path, this.#bytes === 0 ? 'replace' : 'update');
    try {
      await file.write([entry], this.#bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
    if (this.#bytes === 0) await this.#disk.syncDirectory(this.#directory);
    this.#bytes += entry.length;
    this.#positions.add(position);
  }
}
