// What the loader notes before it loads: which range it is about to load into which store. After a
// crash the same range is loaded again, and a store that lost events is noticed.
import { join } from 'node:path';
import type { Position } from '../journal/journal.ts';
import type { Disk } from '../platform/disk.ts';

export interface LoadNote {
  /** The store's generation (see StoreStats). */
  readonly generation: string;
  readonly from: Position;
  readonly to: Position;
}

const NAME = 'loading.json';

function isNote(value: unknown): value is LoadNote {
  const note = value as Partial<LoadNote> | null;
  return (
    typeof note?.generation === 'string' &&
    Number.isSafeInteger(note.from) &&
    Number.isSafeInteger(note.to)
  );
}

/** The note's file, written whole or not at all. */
export class LoadNoteFile {
  readonly #disk: Disk;
  readonly #directory: string;

  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  /** The last durable note; undefined when there is none that can be read. */
  async read(): Promise<LoadNote | undefined> {
    if (!(await this.#disk.list(this.#directory)).includes(NAME)) return undefined;
    const file = await this.#disk.open(join(this.#directory, NAME), 'read');
    try {
      const bytes = new Uint8Array(await file.size());
      await file.read(bytes, 0);
      const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
      return isNote(value) ? value : undefined;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    } finally {
      await file.close();
    }
  }

  /** Resolves when the note is durable. */
  async write(note: LoadNote): Promise<void> {
    const path = join(this.#directory, NAME);
    const file = await this.#disk.open(`${path}.new`, 'replace');
    try {
      await file.write([new TextEncoder().encode(`${JSON.stringify(note)}\n`)], 0);
      await file.datasync();
    } finally {
      await file.close();
    }
    await this.#disk.rename(`${path}.new`, path);
    await this.#disk.syncDirectory(this.#directory);
  }
}
