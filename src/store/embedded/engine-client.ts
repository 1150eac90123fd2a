// Keeps an engine process running and gives it work: starts it, waits out an old owner of the
// directory, restarts it after a crash, and shares its query sessions out.
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { storeErrorFrom, type EngineTask } from '../engine-error.ts';
import { parseRows } from '../event-rows.ts';
import {
  type BoundQuery,
  type QueryLimits,
  type QueryRows,
  type Row,
  StoreError,
} from '../event-store.ts';
import type { SqlEngine } from '../sql-engine.ts';
import { EngineChild } from './engine-child.ts';
import { engineArguments, LOAD_SETTINGS, OWN_SETTINGS, querySettings } from './engine-settings.ts';
import {
  CHUNK_BYTES,
  type EngineLimits,
  OPEN_RETRY_DELAY_MS,
  RESTART_DELAY_MAX_MS,
  RESTART_DELAY_MIN_MS,
  RESTART_RESET_MS,
  STOP_TIMEOUT_MS,
} from './limits.ts';
import { LOAD_LANE, type OpenRequest } from './protocol.ts';
import { QuerySlots } from './query-slots.ts';
import { followQuery } from './streamed-query.ts';

export interface EngineClientOptions {
  readonly path: string;
  readonly childEntry: string;
  readonly limits: EngineLimits;
  readonly log: Log;
  readonly clock: Clock;
  /** Makes a newly opened engine fit for use, before anybody else may use it. */
  readonly prepare: (engine: SqlEngine) => Promise<void>;
}

export class EngineClient implements SqlEngine {
  readonly #options: EngineClientOptions;
  readonly #slots: QuerySlots;
  #child: EngineChild | undefined;
  #ready = false;
  #reason = 'it was not started';
  #stopping = false;
  #running: Promise<void> | undefined;
  #wake: () => void = () => {};
  /** The last statement on each lane that is not a query: the next one waits for it. */
  readonly #tails = new Map<number, Promise<unknown>>();
  readonly #ownLane: number;

  constructor(options: EngineClientOptions) {
    this.#options = options;
    const lanes = Array.from({ length: options.limits.querySessions }, (_, i) => i + 1);
    this.#slots = new QuerySlots(lanes, options.limits.queriesWaitingMax);
    this.#ownLane = lanes.length + 1;
  }

  /** Resolves when the engine can be used; rejects when it could not be opened or prepared. */
  async start(): Promise<void> {
    this.#stopping = false;
    await this.#open();
    this.#running = this.#keepRunning();
  }

  /** Closes the engine's directory and ends its process. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#ready = false;
    this.#reason = 'it was stopped';
    this.#slots.refuse(this.#unavailable());
    this.#wake();
    await this.#child?.close(STOP_TIMEOUT_MS);
    await this.#running;
  }

  health(): { readonly ready: boolean; readonly reason?: string } {
    return this.#ready ? { ready: true } : { ready: false, reason: this.#reason };
  }

  /** The process id of the engine, for benchmarks and tests that kill it. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  #unavailable(): StoreError {
    return new StoreError('unavailable', `The store cannot be used now: ${this.#reason}`);
  }

  #openRequest(): OpenRequest {
    const { limits, path } = this.#options;
    const queryLanes = Array.from({ length: limits.querySessions }, () => querySettings(limits));
    return {
      type: 'open',
      path,
      engineArguments: engineArguments(limits),
      lanes: [LOAD_SETTINGS, ...queryLanes, OWN_SETTINGS],
      chunkBytes: CHUNK_BYTES,
    };
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(delayMs, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** Opens the directory; waits for its former owner, which ends itself when its parent is gone. */
  async #open(): Promise<void> {
    const { childEntry, clock, limits, log, prepare } = this.#options;
    const deadlineMs = clock.now() + limits.openRetryMs;
    for (;;) {
      const child = new EngineChild({
        entry: childEntry,
        open: this.#openRequest(),
        log,
        clock,
      });
      this.#child = child;
      try {
        await child.opened;
        break;
      } catch (error) {
        child.kill();
        await child.exited;
        const reason = error instanceof Error ? error.message : String(error);
        this.#reason = reason;
        if (this.#stopping || clock.now() >= deadlineMs) {
          throw new StoreError(
            'unavailable',
            `The event store in ${this.#options.path} cannot be opened: ${reason}. ` +
              'Is another Mailtrail using this directory, or may it not be written?',
            { cause: error },
          );
        }
        await this.#sleep(OPEN_RETRY_DELAY_MS);
        if (this.#stopping) throw this.#unavailable();
      }
    }
    try {
      await prepare(this.#bare());
    } catch (error) {
      this.#reason = error instanceof Error ? error.message : String(error);
      await this.#child.close(STOP_TIMEOUT_MS);
      throw error;
    }
    this.#ready = true;
    log.info('the engine is ready', { pid: this.#child.pid });
  }

  /** The engine without the check for readiness, for whoever makes it ready. */
  #bare(): SqlEngine {
    return {
      execute: async (sql) => void (await this.#onLane(this.#ownLane, 'schema', sql)),
      rows: async (sql) => parseRows(await this.#onLane(this.#ownLane, 'schema', sql)),
      query: (query, limits) => this.#stream(query, limits),
    };
  }

  async #keepRunning(): Promise<void> {
    const { clock, log } = this.#options;
    let delayMs = RESTART_DELAY_MIN_MS;
    while (!this.#stopping) {
      const openedAtMs = clock.now();
      const reason = (await this.#child?.exited) ?? '';
      this.#ready = false;
      if (this.#stopping) return;
      this.#reason = reason;
      if (clock.now() - openedAtMs > RESTART_RESET_MS) delayMs = RESTART_DELAY_MIN_MS;
      log.error('the engine has gone and is started again', { reason, delayMs });
      await this.#sleep(delayMs);
      delayMs = Math.min(delayMs * 2, RESTART_DELAY_MAX_MS);
      if (this.#stopping) return;
      try {
        await this.#open();
      } catch (error) {
        this.#reason = error instanceof Error ? error.message : String(error);
        log.error('the engine could not be started', { reason: this.#reason });
      }
    }
  }

  async #onLane(
    lane: number,
    task: EngineTask,
    sql: string,
    settings?: Readonly<Record<string, string | number>>,
  ): Promise<string> {
    const child = this.#child;
    if (!child) throw this.#unavailable();
    const before = this.#tails.get(lane) ?? Promise.resolve();
    const turn = before.then(() => child.run(lane, sql, settings));
    this.#tails.set(
      lane,
      turn.catch(() => {}),
    );
    try {
      return await turn;
    } catch (error) {
      throw error instanceof StoreError ? error : storeErrorFrom(task, (error as Error).message);
    }
  }

  /** Runs a statement of a load; its errors tell whether the lines are at fault. */
  async load(
    sql: string,
    settings: Readonly<Record<string, string | number>>,
  ): Promise<readonly Row[]> {
    if (!this.#ready) throw this.#unavailable();
    return parseRows(await this.#onLane(LOAD_LANE, 'load', sql, settings));
  }

  async execute(sql: string): Promise<void> {
    if (!this.#ready) throw this.#unavailable();
    await this.#onLane(this.#ownLane, 'schema', sql);
  }

  async rows(sql: string): Promise<readonly Row[]> {
    if (!this.#ready) throw this.#unavailable();
    return parseRows(await this.#onLane(this.#ownLane, 'schema', sql));
  }

  async query(query: BoundQuery, limits: QueryLimits): Promise<QueryRows> {
    if (!this.#ready) throw this.#unavailable();
    return this.#stream(query, limits);
  }

  async #stream(query: BoundQuery, limits: QueryLimits): Promise<QueryRows> {
    const { clock } = this.#options;
    const askedAtMs = clock.now();
    const slot = await this.#slots.take(limits.signal);
    const child = this.#child;
    const leftMs = limits.timeoutMs - (clock.now() - askedAtMs);
    if (!child || !this.#ready || leftMs <= 0) {
      this.#slots.give(slot);
      if (leftMs > 0) throw this.#unavailable();
      throw new StoreError('timeout', 'The query ran out of time while it waited for others');
    }
    const stream = child.stream(slot, query.sql, query.parameters, {
      max_execution_time: (leftMs / 1000).toFixed(3),
      max_memory_usage: limits.memoryBytesMax ?? this.#options.limits.queryMemoryBytesMax,
    });
    void stream.ended.then(() => this.#slots.give(slot));
    return followQuery(stream, limits.signal);
  }

  /** Resident memory of the engine, undefined while it is not running. */
  async residentBytes(): Promise<number | undefined> {
    if (!this.#ready) return undefined;
    return this.#child?.residentBytes();
  }
}
