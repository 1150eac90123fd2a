// The event store on the embedded engine: one directory, one engine process, no server to run.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOG_EVENT_LINE_START } from '../../event/log-event.ts';
import type { LogType } from '../../event/log-type.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Disk, systemDisk } from '../../platform/disk.ts';
import type { Log } from '../../platform/log.ts';
import { readGroups, readTableSize, setRetention } from '../catalog.ts';
import {
  type BoundQuery,
  type EventStore,
  type GroupStats,
  type LoadRange,
  type QueryLimits,
  type QueryRows,
  StoreError,
  type StoreStats,
} from '../event-store.ts';
import { countSql, type LoadSource, loadSql } from '../load-sql.ts';
import { forgetLogEvents, readLogGroups, readLogStreams } from '../log-event-catalog.ts';
import type {
  Forgotten,
  LogEventStore,
  LogGroupStats,
  LogStreamStats,
} from '../log-event-store.ts';
import { countLogEventsSql, loadLogEventsSql } from '../log-event-table.ts';
import { RETENTION_DAYS_MAX, type TableEngine } from '../schema.ts';
import { endPositionSql, prepareTable } from '../table.ts';
import { EngineClient } from './engine-client.ts';
import { EMBEDDED_TABLE_SETTINGS } from './engine-settings.ts';
import { ENGINE_LIMITS, type EngineLimits } from './limits.ts';

export interface EmbeddedStoreOptions {
  /** The store's own directory; made when it does not exist. Nothing else may write in it. */
  readonly directory: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly limits?: Partial<EngineLimits>;
  /** Where load files are written; the machine's when it is not said. */
  readonly disk?: Disk;
  /** The compiled engine-process.js; only tests that run from sources need to say it. */
  readonly childEntry?: string;
}

const TABLE_ENGINE: TableEngine = { engine: 'MergeTree', settings: EMBEDDED_TABLE_SETTINGS };

/** Makes a store that is not started yet. */
export function createEmbeddedStore(options: EmbeddedStoreOptions): EmbeddedStore {
  return new EmbeddedStore(options);
}

/** Whether some line may be a log event: the text may also stand inside of another line. */
function holdsLogEvents(lines: Uint8Array): boolean {
  const { buffer, byteOffset, byteLength } = lines;
  return Buffer.from(buffer, byteOffset, byteLength).includes(LOG_EVENT_LINE_START);
}

export class EmbeddedStore implements EventStore, LogEventStore {
  readonly #directory: string;
  /** Where the lines of the load under way lie. */
  readonly #scratch: string;
  readonly #log: Log;
  readonly #disk: Disk;
  readonly #engine: EngineClient;
  /** Events below this may be stored already: a load that was interrupted, or an earlier life. */
  #doubtfulBelow = 0;
  #generation = '';

  constructor(options: EmbeddedStoreOptions) {
    this.#directory = options.directory;
    this.#scratch = join(options.directory, 'load.ndjson');
    this.#log = options.log.for('store');
    this.#disk = options.disk ?? systemDisk;
    this.#engine = new EngineClient({
      path: join(options.directory, 'engine'),
      childEntry:
        options.childEntry ?? fileURLToPath(new URL('./engine-process.js', import.meta.url)),
      limits: { ...ENGINE_LIMITS, ...options.limits },
      log: this.#log,
      clock: options.clock,
      prepare: async (engine) => {
        const table = await prepareTable(engine, TABLE_ENGINE, randomUUID);
        this.#doubtfulBelow = Math.max(this.#doubtfulBelow, table.endPosition);
        this.#generation = table.generation;
        for (const change of table.changes)
          this.#log.info('the event table was changed', { change });
        for (const part of table.damagedParts) {
          this.#log.error('the engine found a damaged part and set it aside', { part });
        }
      },
    });
  }

  async start(): Promise<void> {
    await this.#disk.makeDirectory(this.#directory);
    await this.#engine.start();
  }

  stop(): Promise<void> {
    return this.#engine.stop();
  }

  health(): { readonly ready: boolean; readonly reason?: string } {
    return this.#engine.health();
  }

  /** The process id of the engine, for benchmarks and for tests that end it. */
  get enginePid(): number | undefined {
    return this.#engine.pid;
  }

  /** Only one load runs at a time. */
  async load(range: LoadRange): Promise<void> {
    const { from, to } = range;
    if (to === from) return;
    try {
      await this.#loadFile(await this.#writeScratch(range));
    } catch (error) {
      this.#doubtfulBelow = Math.max(this.#doubtfulBelow, to);
      throw error;
    } finally {
      // Events must not outlive their retention in a file of ours.
      await this.#disk.remove(this.#scratch);
    }
  }

  async #loadFile(source: LoadSource): Promise<void> {
    const { from, to } = source;
    const expected = to - from;
    let stored = from < this.#doubtfulBelow ? await this.#count(source) : 0;
    if (stored === 0) {
      await this.#insert(source, `${from}-${to}`, false);
      stored = await this.#count(source);
    }
    // The engine notes a token before it has the part, and a load may be several parts: after
    // a kill in between, the token says that everything is there while rows are missing.
    if (stored < expected) {
      this.#log.warn('a load that was interrupted is completed', { from, to, stored });
      await this.#insert(source, `${from}-${to}-${randomUUID()}`, true);
      stored = await this.#count(source);
    }
    if (stored < expected) {
      throw new StoreError(
        'unavailable',
        `the store has ${stored} events of the range ${from}-${to} after it was loaded, not ${expected}`,
      );
    }
    if (stored > expected) {
      this.#log.error('the store has positions more than once', { from, to, stored, expected });
    }
  }

  async #count(source: LoadSource): Promise<number> {
    const [row] = await this.#engine.load(countSql(source), {});
    const events = Number(row?.[0] ?? 0);
    if (source.hasLogEvents !== true) return events;
    const [logRow] = await this.#engine.load(countLogEventsSql(source), {});
    return events + Number(logRow?.[0] ?? 0);
  }

  async #insert(source: LoadSource, token: string, onlyMissing: boolean): Promise<void> {
    const settings = { insert_deduplication_token: token };
    await this.#engine.load(loadSql(source, onlyMissing), settings);
    if (source.hasLogEvents === true) {
      await this.#engine.load(loadLogEventsSql(source, onlyMissing), settings);
    }
  }

  /** The lines where the engine can read them; the journal has them, so they need no fsync. */
  async #writeScratch(range: LoadRange): Promise<LoadSource> {
    const starts: number[] = [];
    let line = 0;
    for (const block of range.blocks) {
      starts.push(line);
      line += block.count;
    }
    if (line !== range.to - range.from) {
      throw new StoreError(
        'bad-range',
        `the blocks of the range ${range.from}-${range.to} hold ${line} events`,
      );
    }
    try {
      const file = await this.#disk.open(this.#scratch, 'replace');
      try {
        await file.write(
          range.blocks.map((block) => block.lines),
          0,
        );
      } finally {
        await file.close();
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const full = code === 'ENOSPC' || code === 'EDQUOT';
      throw new StoreError(full ? 'disk-full' : 'unavailable', message, { cause: error });
    }
    const sealedAtMs = range.blocks.map((block) => block.sealedAtMs);
    const { from, to, blocks } = range;
    const hasLogEvents = blocks.some(({ lines }) => holdsLogEvents(lines));
    return { path: this.#scratch, from, to, blockStarts: starts, sealedAtMs, hasLogEvents };
  }

  query(query: BoundQuery, limits: QueryLimits): Promise<QueryRows> {
    return this.#engine.query(query, limits);
  }

  groups(): Promise<readonly GroupStats[]> {
    return readGroups(this.#engine);
  }

  logGroups(): Promise<readonly LogGroupStats[]> {
    return readLogGroups(this.#engine);
  }

  logStreams(groupId: string): Promise<readonly LogStreamStats[]> {
    return readLogStreams(this.#engine, groupId);
  }

  forget(what: Forgotten): Promise<void> {
    return forgetLogEvents(this.#engine, TABLE_ENGINE, what);
  }

  async retain(logType: LogType, days: number | undefined): Promise<void> {
    if (
      days !== undefined &&
      !(Number.isInteger(days) && days >= 1 && days <= RETENTION_DAYS_MAX)
    ) {
      throw new StoreError(
        'query',
        `${days} days cannot be kept: 1 to ${RETENTION_DAYS_MAX} whole days can`,
      );
    }
    await setRetention(this.#engine, TABLE_ENGINE, logType, days);
  }

  async stats(): Promise<StoreStats> {
    const [size, [end], residentBytes] = await Promise.all([
      readTableSize(this.#engine),
      this.#engine.rows(endPositionSql()),
      this.#engine.residentBytes(),
    ]);
    return {
      ...size,
      endPosition: Number(end?.[0] ?? 0),
      generation: this.#generation,
      ...(residentBytes === undefined ? {} : { residentBytes }),
    };
  }
}
