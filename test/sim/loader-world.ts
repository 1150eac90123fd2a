// A world for the loader that a test owns: a journal and a disk in memory, a store that counts every
// row it was given, a clock that never waits, and a crash that can come at any step.
import type { LoadedJournal } from '../../src/store/loader.ts';
import type {
  Cursor,
  JournalBlock,
  JournalRange,
  JournalStatus,
} from '../../src/journal/journal.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { Disk, DiskFile, DiskOpenMode } from '../../src/platform/disk.ts';
import {
  type EventStore,
  type LoadRange,
  StoreError,
  type StoreErrorCode,
} from '../../src/store/event-store.ts';

/** The process is gone: whatever it was doing never comes back. */
export class Crash extends Error {}

/** Counts steps; from a chosen one on, nothing happens any more. */
export class Fate {
  #stepsLeft: number;
  crashed = false;
  onCrash: () => void = () => {};

  constructor(steps: number) {
    this.#stepsLeft = steps;
  }

  step(): void {
    if (this.crashed) throw new Crash('crashed');
    if (this.#stepsLeft-- > 0) return;
    this.crashed = true;
    this.onCrash();
    throw new Crash('crashed');
  }
}

/** Calls back at once: the loader's delays are for company and courtesy only. */
export const hastyClock: Clock = {
  now: () => 0,
  after(_delayMs, callback) {
    const handle = setImmediate(callback);
    return { cancel: () => clearImmediate(handle) };
  },
};

/** Files in memory that outlive a crash. A write that is torn by it leaves half. */
export class MemoryDisk implements Disk {
  readonly files = new Map<string, Uint8Array>();
  fate = new Fate(Number.POSITIVE_INFINITY);

  open(path: string, mode: DiskOpenMode): Promise<DiskFile> {
    this.fate.step();
    if (mode === 'replace') this.files.set(path, new Uint8Array(0));
    else if (!this.files.has(path)) throw new Error(`ENOENT: ${path}`);
    return Promise.resolve(this.#file(path));
  }

  #file(path: string): DiskFile {
    const { files } = this;
    const contents = (): Uint8Array => files.get(path) ?? new Uint8Array(0);
    const put = (bytes: Uint8Array, offset: number): void => {
      const grown = new Uint8Array(Math.max(contents().length, offset + bytes.length));
      grown.set(contents());
      grown.set(bytes, offset);
      files.set(path, grown);
    };
    return {
      read: async (buffer, offset) => {
        const part = contents().subarray(offset, offset + buffer.length);
        buffer.set(part);
        return part.length;
      },
      write: async (buffers, offset) => {
        const bytes = Buffer.concat(buffers);
        try {
          this.fate.step();
        } catch (error) {
          put(bytes.subarray(0, bytes.length >> 1), offset);
          throw error;
        }
        put(bytes, offset);
      },
      datasync: async () => this.fate.step(),
      sync: async () => this.fate.step(),
      truncate: async (size) => void files.set(path, contents().slice(0, size)),
      size: async () => contents().length,
      close: async () => {},
    };
  }

  makeDirectory(): Promise<void> {
    return Promise.resolve();
  }

  list(path: string): Promise<string[]> {
    const names = [...this.files.keys()].filter((name) => name.startsWith(`${path}/`));
    return Promise.resolve(names.map((name) => name.slice(path.length + 1)));
  }

  async rename(from: string, to: string): Promise<void> {
    this.fate.step();
    this.files.set(to, this.files.get(from) ?? new Uint8Array(0));
    this.files.delete(from);
  }

  async remove(path: string): Promise<void> {
    this.files.delete(path);
  }

  async syncDirectory(): Promise<void> {
    this.fate.step();
  }

  freeBytes(): Promise<number> {
    return Promise.resolve(Number.MAX_SAFE_INTEGER);
  }
}

/** Sealed blocks and one cursor. */
export class MemoryJournal implements LoadedJournal {
  readonly blocks: JournalBlock[] = [];
  committed: Cursor = { position: 0 };
  fate = new Fate(Number.POSITIVE_INFINITY);
  #waiting: (() => void)[] = [];

  get end(): number {
    const last = this.blocks.at(-1);
    return last ? last.position + last.count : 0;
  }

  /** Seals a block of events; event n is the line `{"n":n}`. */
  seal(count: number): void {
    const position = this.end;
    const lines = Array.from({ length: count }, (_, i) => `{"n":${position + i}}\n`).join('');
    this.blocks.push({ position, count, sealedAtMs: position, lines: Buffer.from(lines) });
    for (const wake of this.#waiting.splice(0)) wake();
  }

  append(): Promise<never> {
    return Promise.reject(new Error('blocks are made with seal()'));
  }

  async read(
    cursor: Cursor,
    limits: { eventsMax: number; bytesMax: number },
  ): Promise<JournalRange> {
    this.fate.step();
    const blocks: JournalBlock[] = [];
    let events = 0;
    for (const block of this.blocks) {
      if (block.position < cursor.position) continue;
      if (blocks.length > 0 && events + block.count > limits.eventsMax) break;
      blocks.push(block);
      events += block.count;
    }
    return { from: cursor, to: { position: cursor.position + events }, blocks };
  }

  async waitBeyond(position: number, signal: AbortSignal): Promise<void> {
    while (this.end <= position && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  forget(): Promise<void> {
    throw new Error('the loader is never forgotten');
  }

  cursor(): Cursor {
    return this.committed;
  }

  async commit(_consumer: string, cursor: Cursor): Promise<void> {
    this.fate.step();
    this.committed = cursor;
    this.fate.step();
  }

  checkpoint(): unknown {
    return undefined;
  }

  status(): JournalStatus {
    return { begin: 0, end: this.end, bytes: 0, segments: 1, consumers: {} };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * A store as strict as a cluster: it knows a load again only by its token, and a load has several
 * parts, each of which is in or not when the process is killed. A range cut differently the second
 * time would store events twice.
 */
export class TokenStore implements EventStore {
  /** How often each position was stored. */
  readonly rows = new Map<number, number>();
  readonly #tokens = new Set<string>();
  readonly loads: string[] = [];
  readonly unreadable = new Set<number>();
  /** Errors that the next loads answer with. */
  readonly refusals: StoreErrorCode[] = [];
  generation = 'first';
  fate = new Fate(Number.POSITIVE_INFINITY);

  async load(range: LoadRange): Promise<void> {
    this.loads.push(`${range.from}-${range.to}`);
    this.fate.step();
    const refusal = this.refusals.shift();
    if (refusal) throw new StoreError(refusal, `refused: ${refusal}`);
    const positions = range.blocks.flatMap((block) => {
      const lines = Buffer.from(block.lines).toString().trimEnd().split('\n');
      return lines.map((line, i) => {
        const { n } = JSON.parse(line) as { n: number };
        if (n !== block.position + i) throw new Error(`event ${n} at ${block.position + i}`);
        return n;
      });
    });
    if (positions.some((n) => this.unreadable.has(n))) {
      throw new StoreError('bad-range', 'Cannot parse input');
    }
    const middle = positions.length >> 1;
    for (const [part, rows] of [positions.slice(0, middle), positions.slice(middle)].entries()) {
      const token = `${range.from}-${range.to}/${part}`;
      if (!this.#tokens.has(token)) {
        for (const n of rows) this.rows.set(n, (this.rows.get(n) ?? 0) + 1);
        this.#tokens.add(token);
      }
      this.fate.step();
    }
  }

  /** As if the directory had been removed. */
  forget(): void {
    this.rows.clear();
    this.#tokens.clear();
    this.generation = `${this.generation}+`;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  query(): Promise<never> {
    return Promise.reject(new Error('it only loads'));
  }

  groups(): Promise<[]> {
    return Promise.resolve([]);
  }

  retain(): Promise<void> {
    return Promise.resolve();
  }

  async stats() {
    return {
      events: this.rows.size,
      storedBytes: 0,
      activeParts: 1,
      endPosition: Math.max(-1, ...this.rows.keys()) + 1,
      generation: this.generation,
    };
  }

  health(): { ready: boolean } {
    return { ready: true };
  }
}
