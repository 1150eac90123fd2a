// Queries that are started now and asked for later: they wait for their turn, run, and their results are
// kept for a while. They are of this process: a restart forgets them, as their rows can be had again.
import { join } from 'node:path';
import type { Clock } from '../../../../platform/clock.ts';
import type { Disk } from '../../../../platform/disk.ts';
import type { Log } from '../../../../platform/log.ts';
import {
  type BoundQuery,
  type EventStore,
  type QueryStatistics,
  type Row,
  StoreError,
} from '../../../../store/event-store.ts';
import { ApiError } from '../../../api-error.ts';
import {
  KEPT_QUERIES_MAX,
  KEPT_RESULTS_BYTES_MAX,
  PENDING_QUERIES_MAX,
  RESULTS_KEPT_MS,
  RUNNING_QUERIES_MAX,
  STARTED_QUERY_TIMEOUT_MS,
} from './limits.ts';
import { ResultRows } from './result-rows.ts';

/** @see CloudWatch Logs API reference, QueryInfo, status */
export type QueryStatus = 'Scheduled' | 'Running' | 'Complete' | 'Failed' | 'Cancelled' | 'Timeout';

/** A query as it is started. */
export interface StartedQuery {
  readonly queryString: string;
  readonly query: BoundQuery;
  /** Rows of the engine as cells. */
  readonly format: (row: Row) => object;
  /** The names of the groups it is over, in the order of the request. */
  readonly logGroupNames: readonly string[];
  /** The access key that asked. */
  readonly userIdentity: string;
}

/** A query and how far it is. */
export interface QueryRun {
  readonly queryId: string;
  readonly started: StartedQuery;
  readonly createdAtMs: number;
  readonly rows: ResultRows;
  readonly status: QueryStatus;
  readonly endedAtMs: number | undefined;
  readonly statistics: QueryStatistics | undefined;
  /** Why it failed, for people. */
  readonly reason: string | undefined;
}

interface Run extends QueryRun {
  status: QueryStatus;
  endedAtMs: number | undefined;
  statistics: QueryStatistics | undefined;
  reason: string | undefined;
  readonly cancel: AbortController;
}

export interface QueryRunsOptions {
  readonly store: Pick<EventStore, 'query'>;
  readonly disk: Disk;
  /** Where results go that are too many for memory; nothing else may be in it. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly randomId: () => string;
  readonly limits?: Partial<QueryRunLimits>;
}

export interface QueryRunLimits {
  readonly pendingMax: number;
  readonly runningMax: number;
  readonly timeoutMs: number;
  readonly keptMs: number;
  readonly keptMax: number;
  readonly keptBytesMax: number;
}

const LIMITS: QueryRunLimits = {
  pendingMax: PENDING_QUERIES_MAX,
  runningMax: RUNNING_QUERIES_MAX,
  timeoutMs: STARTED_QUERY_TIMEOUT_MS,
  keptMs: RESULTS_KEPT_MS,
  keptMax: KEPT_QUERIES_MAX,
  keptBytesMax: KEPT_RESULTS_BYTES_MAX,
};

function isPending({ status }: QueryRun): boolean {
  return status === 'Scheduled' || status === 'Running';
}

/** See the head of this file. */
export class QueryRuns {
  readonly #options: QueryRunsOptions;
  readonly #limits: QueryRunLimits;
  /** In the order in which they were started. */
  readonly #runs = new Map<string, Run>();
  readonly #waiting: Run[] = [];
  #running = 0;
  #pending = 0;
  #emptied: Promise<void> | undefined;

  constructor(options: QueryRunsOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  /** Queries that are scheduled or run. */
  get pending(): number {
    return this.#pending;
  }

  /** Starts a query; throws LimitExceededException when too many are under way. */
  start(started: StartedQuery): QueryRun {
    if (this.#pending >= this.#limits.pendingMax) {
      const message = `${this.#pending} queries are scheduled or running, which is the limit.`;
      throw new ApiError(400, 'LimitExceededException', message);
    }
    const { disk, directory, clock, randomId } = this.#options;
    const queryId = randomId();
    const run: Run = {
      queryId,
      started,
      createdAtMs: clock.now(),
      rows: new ResultRows({ disk, path: join(directory, `${queryId}.ndjson`) }),
      status: 'Scheduled',
      endedAtMs: undefined,
      statistics: undefined,
      reason: undefined,
      cancel: new AbortController(),
    };
    this.#runs.set(queryId, run);
    this.#pending++;
    this.#waiting.push(run);
    this.#forgetOld();
    this.#runNext();
    return run;
  }

  get(queryId: string): QueryRun | undefined {
    this.#forgetOld();
    return this.#runs.get(queryId);
  }

  /** The newest first. */
  list(): readonly QueryRun[] {
    this.#forgetOld();
    return [...this.#runs.values()].toReversed();
  }

  /** Whether the query was under way and is not any more. */
  stop(queryId: string): boolean {
    const run = this.#runs.get(queryId);
    if (run === undefined || !isPending(run)) return false;
    this.#end(run, 'Cancelled');
    run.cancel.abort();
    return true;
  }

  /** Ends all queries and lets their results go. */
  async close(): Promise<void> {
    for (const run of this.#runs.values()) {
      this.stop(run.queryId);
      this.#runs.delete(run.queryId);
      await run.rows.remove();
    }
  }

  #runNext(): void {
    while (this.#running < this.#limits.runningMax) {
      const run = this.#waiting.shift();
      if (run === undefined) return;
      if (run.status !== 'Scheduled') continue;
      this.#running++;
      void this.#run(run).finally(() => {
        this.#running--;
        this.#runNext();
      });
    }
  }

  async #run(run: Run): Promise<void> {
    run.status = 'Running';
    try {
      this.#emptied ??= this.#emptyDirectory();
      await this.#emptied;
      await this.#fetch(run);
      this.#end(run, 'Complete');
    } catch (error) {
      this.#fail(run, error);
    }
  }

  async #fetch(run: Run): Promise<void> {
    const { query, format } = run.started;
    const { batches, statistics } = await this.#options.store.query(query, {
      timeoutMs: this.#limits.timeoutMs,
      signal: run.cancel.signal,
    });
    statistics.catch(() => {}); // told by the batches
    for await (const batch of batches) {
      if (!isPending(run)) return;
      await run.rows.append(batch.map(format));
    }
    run.statistics = await statistics;
  }

  /** What an earlier process left there belongs to nobody. */
  async #emptyDirectory(): Promise<void> {
    const { disk, directory } = this.#options;
    await disk.makeDirectory(directory);
    for (const name of await disk.list(directory)) {
      if (name.endsWith('.ndjson')) await disk.remove(join(directory, name));
    }
  }

  #fail(run: Run, error: unknown): void {
    if (!isPending(run)) return;
    const reason = error instanceof Error ? error.message : String(error);
    const timedOut = error instanceof StoreError && error.code === 'timeout';
    run.reason = reason;
    this.#end(run, timedOut ? 'Timeout' : 'Failed');
    if (!timedOut) this.#options.log.warn('a query failed', { queryId: run.queryId, reason });
  }

  #end(run: Run, status: QueryStatus): void {
    if (!isPending(run)) return;
    run.status = status;
    run.endedAtMs = this.#options.clock.now();
    this.#pending--;
    this.#forgetOld();
  }

  /** Forgets results that are too old, and the oldest where they are too many. */
  #forgetOld(): void {
    const { keptMs, keptMax, keptBytesMax } = this.#limits;
    const oldestMs = this.#options.clock.now() - keptMs;
    let bytes = 0;
    for (const { rows } of this.#runs.values()) bytes += rows.bytes;
    for (const run of this.#runs.values()) {
      const tooMany = this.#runs.size > keptMax || bytes > keptBytesMax;
      if (isPending(run)) continue;
      if (!tooMany && (run.endedAtMs ?? 0) >= oldestMs) return;
      bytes -= run.rows.bytes;
      this.#runs.delete(run.queryId);
      run.rows.remove().catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.log.warn('old results were not removed', { queryId: run.queryId, reason });
      });
    }
  }
}
