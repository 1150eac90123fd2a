// The journal's consumer that fills the store: takes sealed blocks in ranges, loads each range once
// whatever crashes in between, and never loses an event silently.
//
// For each range: note it durably, load it, commit the cursor. After a crash the noted range is
// loaded again, which the store does exactly once.
import type { Cursor, Journal, JournalRange } from '../journal/journal.ts';
import type { Clock } from '../platform/clock.ts';
import { type Disk, systemDisk } from '../platform/disk.ts';
import type { Log } from '../platform/log.ts';
import { type EventStore, type LoadRange, StoreError } from './event-store.ts';
import {
  LOAD_AT_ONCE_EVENTS,
  LOAD_BYTES_MAX,
  LOAD_DELAY_MAX_MS,
  LOAD_DELAY_MIN_MS,
  LOAD_EVENTS_MAX,
  LOAD_PAUSE_FACTOR,
  RETRY_DELAY_MAX_MS,
  RETRY_DELAY_MIN_MS,
} from './load-limits.ts';
import { type LoadNote, LoadNoteFile } from './load-note.ts';
import { halves } from './load-range.ts';
import { Quarantine } from './quarantine.ts';

export const LOADER_CONSUMER = 'store';

/** What the loader needs of the journal. */
export type LoadedJournal = Pick<Journal, 'read' | 'waitBeyond' | 'cursor' | 'commit' | 'status'>;

export interface LoaderOptions {
  readonly journal: LoadedJournal;
  readonly store: EventStore;
  readonly clock: Clock;
  readonly log: Log;
  /** The store's directory; the loader's files lie beside the engine's. */
  readonly directory: string;
  readonly disk?: Disk;
}

export interface LoaderStatus {
  /** Everything before it is in the store or in quarantine. */
  readonly loadedTo: number;
  readonly behindEvents: number;
  readonly quarantined: number;
  /** Why it is not loading at the moment; absent when it is. */
  readonly lastError?: string;
}

/** Makes a loader; the store must be started before it. */
export function createLoader(options: LoaderOptions): Loader {
  return new Loader(options);
}

export class Loader {
  readonly #journal: LoadedJournal;
  readonly #store: EventStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #noteFile: LoadNoteFile;
  readonly #quarantine: Quarantine;
  readonly #stop = new AbortController();
  #cursor: Cursor;
  #note: LoadNote | undefined;
  #lastError: string | undefined;
  /** How long events wait for company before the next load. */
  #delayMs = LOAD_DELAY_MIN_MS;
  #running: Promise<void> | undefined;

  constructor(options: LoaderOptions) {
    this.#journal = options.journal;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#log = options.log.for('loader');
    this.#disk = options.disk ?? systemDisk;
    this.#directory = options.directory;
    this.#noteFile = new LoadNoteFile(this.#disk, options.directory);
    this.#quarantine = new Quarantine(this.#disk, options.directory);
    this.#cursor = options.journal.cursor(LOADER_CONSUMER);
  }

  /** Begins to load. Rejects when the store does not belong to this journal. */
  async start(): Promise<void> {
    try {
      await this.#disk.makeDirectory(this.#directory);
      await this.#quarantine.open();
      this.#note = await this.#noteFile.read();
      await this.#compareWithStore();
    } catch (error) {
      this.#lastError = error instanceof Error ? error.message : String(error);
      throw error;
    }
    this.#running = this.#run();
  }

  /** Finishes the load that is under way, if any, and stops. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  status(): LoaderStatus {
    const loadedTo = this.#cursor.position;
    return {
      loadedTo,
      behindEvents: Math.max(0, this.#journal.status().end - loadedTo),
      quarantined: this.#quarantine.count,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    };
  }

  /** A store can be older, newer or another one than the cursor thinks. */
  async #compareWithStore(): Promise<void> {
    const { endPosition, generation } = await this.#store.stats();
    const { begin, end } = this.#journal.status();
    if (endPosition > end) {
      throw new StoreError(
        'bad-range',
        `the store in ${this.#directory} holds events up to position ${endPosition}, but the journal ends at ${end}: ` +
          'it belongs to another journal. Put that journal back, or move the store directory away',
      );
    }
    if (this.#note?.generation === generation) return;
    if (this.#cursor.position > begin) {
      this.#log.warn('the store was made anew or lost events: loading all that the journal has', {
        from: begin,
        to: this.#cursor.position,
      });
      // The cursor first: a crash in between must find the store's new generation unnoted.
      this.#cursor = { position: begin };
      await this.#journal.commit(LOADER_CONSUMER, this.#cursor);
    }
    await this.#writeNote({ generation, from: this.#cursor.position, to: this.#cursor.position });
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let delayMs = RETRY_DELAY_MIN_MS;
    while (!signal.aborted) {
      try {
        await this.#waitForEvents();
        if (signal.aborted) return;
        const startedAtMs = this.#clock.now();
        await this.#loadNext();
        const pauseMs = LOAD_PAUSE_FACTOR * (this.#clock.now() - startedAtMs);
        this.#delayMs = Math.min(Math.max(pauseMs, LOAD_DELAY_MIN_MS), LOAD_DELAY_MAX_MS);
        this.#lastError = undefined;
        delayMs = RETRY_DELAY_MIN_MS;
      } catch (error) {
        if (signal.aborted) return;
        const reason = error instanceof Error ? error.message : String(error);
        // Once is told, not each attempt.
        if (this.#lastError === undefined) {
          this.#log.warn('the store takes no events; they wait in the journal', { reason });
        }
        this.#lastError = reason;
        await this.#sleep(delayMs);
        delayMs = Math.min(delayMs * 2, RETRY_DELAY_MAX_MS);
      }
    }
  }

  #sleep(delayMs: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.#clock.after(delayMs, end);
      signal.addEventListener('abort', end, { once: true });
    });
  }

  /** Until there is something to load, and then a moment for company. */
  async #waitForEvents(): Promise<void> {
    const { signal } = this.#stop;
    const { position } = this.#cursor;
    await this.#journal.waitBeyond(position, signal);
    if (signal.aborted) return;
    const enough = new AbortController();
    const timer = this.#clock.after(this.#delayMs, () => enough.abort());
    const stop = (): void => enough.abort();
    signal.addEventListener('abort', stop, { once: true });
    await this.#journal.waitBeyond(position + LOAD_AT_ONCE_EVENTS - 1, enough.signal);
    timer.cancel();
    signal.removeEventListener('abort', stop);
  }

  async #loadNext(): Promise<void> {
    const read = await this.#readRange();
    const range: LoadRange = {
      from: read.from.position,
      to: read.to.position,
      blocks: read.blocks,
    };
    if (range.to > range.from) {
      const { from, to } = range;
      await this.#writeNote({ generation: this.#note?.generation ?? '', from, to });
      await this.#loadWhole(range);
    }
    await this.#journal.commit(LOADER_CONSUMER, read.to);
    this.#cursor = read.to;
  }

  /** The noted range again if it was not committed, the next one otherwise. */
  #readRange(): Promise<JournalRange> {
    const note = this.#note;
    const { position } = this.#cursor;
    const again = note !== undefined && note.from === position && note.to > position;
    return this.#journal.read(this.#cursor, {
      eventsMax: again ? note.to - note.from : LOAD_EVENTS_MAX,
      bytesMax: again ? Number.MAX_SAFE_INTEGER : LOAD_BYTES_MAX,
    });
  }

  async #writeNote(note: LoadNote): Promise<void> {
    const { generation, from, to } = note;
    const known = this.#note;
    if (known?.generation === generation && known.from === from && known.to === to) return;
    await this.#noteFile.write(note);
    this.#note = note;
  }

  /** Loads the range; what cannot be loaded is found by halving and put into quarantine. */
  async #loadWhole(range: LoadRange): Promise<void> {
    try {
      await this.#store.load(range);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const single = range.to - range.from === 1;
      const unreadable = error.code === 'bad-range';
      // What needs too much memory as a whole may need less in halves.
      if (!unreadable && !(error.code === 'memory' && !single)) throw error;
      if (single) return this.#setAside(range, error.message);
      for (const half of halves(range)) await this.#loadWhole(half);
    }
  }

  async #setAside(range: LoadRange, reason: string): Promise<void> {
    const [block] = range.blocks;
    await this.#quarantine.add(range.from, reason, block?.lines ?? new Uint8Array(0));
    this.#log.error('an event cannot be loaded and was put into quarantine', {
      position: range.from,
      file: this.#quarantine.path,
      reason,
    });
  }
}
