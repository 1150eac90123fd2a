// POST /v1/query: compiles a query, runs it in the store and streams its rows. Until the first rows
// are there a failure is an HTTP status; after that it is the last line. POST /v1/export is the same without
// a limit of rows, and is recorded.
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Actor, State } from '../state/state.ts';
import type { EventStore, QueryRows, Row } from '../store/event-store.ts';
import { ApiError, asApiError, retryAfter } from './api-error.ts';
import { knownGroups, type PutGroups, resolveGroups } from './groups.ts';
import {
  EXPORT_TIMEOUT_MS,
  EXPORTS_MAX,
  QUERIES_MAX,
  QUERY_TIMEOUT_MS,
  RETRY_SOON_SECONDS,
} from './limits.ts';
import { lineOf, Places, type LineSource } from './line-stream.ts';
import type { QueryLanguage, OutputColumn } from './query-language.ts';
import { readQueryRequest, type QueryRequest } from './query-request.ts';

export interface QueryOptions {
  readonly store: Pick<EventStore, 'query'>;
  readonly language: QueryLanguage;
  /** The alias in the names of the log groups. */
  readonly organization: string;
  /** Log groups that clients made. */
  readonly putGroups?: PutGroups;
  /** The account id in `@log`. */
  readonly account: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Where exports are recorded. */
  readonly state?: State;
  readonly queriesMax?: number;
  readonly exportsMax?: number;
  readonly timeoutMs?: number;
}

/** A mistake in the text, with the characters it is about. */
export function malformedQuery(message: string, start: number, end: number): ApiError {
  return new ApiError(400, 'MalformedQueryException', message, { members: { start, end } });
}

/** Rows as lines of GetQueryResults' cells. */
export function rowLines(
  language: QueryLanguage,
  columns: readonly OutputColumn[],
  rows: readonly Row[],
): string {
  let text = '';
  for (const row of rows) text += lineOf(language.formatRow(columns, row));
  return text;
}

/** What is different of queries and exports. */
interface Manner {
  readonly places: Places;
  /** What runs, in the plural. */
  readonly what: string;
  readonly limitDefault?: number;
  readonly timeoutMs: number;
  /** Done before the first row is asked for. */
  readonly first: (request: QueryRequest) => Promise<void>;
}

interface Running {
  readonly columns: readonly OutputColumn[];
  readonly rows: QueryRows;
  readonly batches: AsyncIterator<readonly Row[]>;
  readonly first: IteratorResult<readonly Row[]>;
}

/** The endpoint. */
export class QueryEndpoint {
  readonly #options: QueryOptions;
  readonly #places: Places;
  readonly #exportPlaces: Places;

  constructor(options: QueryOptions) {
    this.#options = options;
    this.#places = new Places(options.queriesMax ?? QUERIES_MAX);
    this.#exportPlaces = new Places(options.exportsMax ?? EXPORTS_MAX);
  }

  /** Queries and exports that run now. */
  get running(): number {
    return this.#places.taken + this.#exportPlaces.taken;
  }

  /**
   * Starts a query; resolves when its first rows are there. Throws an ApiError or StoreError.
   *
   * @param gone aborts when nobody waits for the rows any more
   */
  start(body: Buffer, gone: AbortSignal): Promise<LineSource> {
    return this.#start(body, gone, {
      places: this.#places,
      what: 'queries',
      timeoutMs: this.#options.timeoutMs ?? QUERY_TIMEOUT_MS,
      first: async () => {},
    });
  }

  /**
   * The same for all rows there are, unless the text has a limit. It is recorded as a management event
   * before the first row is given.
   */
  export(body: Buffer, gone: AbortSignal, actor: Actor): Promise<LineSource> {
    return this.#start(body, gone, {
      places: this.#exportPlaces,
      what: 'exports',
      limitDefault: Number.MAX_SAFE_INTEGER,
      timeoutMs: EXPORT_TIMEOUT_MS,
      first: (request) => this.#recordExport(request, actor),
    });
  }

  async #recordExport(request: QueryRequest, actor: Actor): Promise<void> {
    const { query, logGroups, startMs, endMs } = request;
    await this.#options.state?.record(actor, {
      eventName: 'Export',
      eventSource: 'mailtrail',
      resource: logGroups?.join(',').slice(0, 2000) ?? `/mailtrail/${this.#options.organization}/*`,
      after: { query, startTime: startMs, endTime: endMs },
    });
  }

  async #start(body: Buffer, gone: AbortSignal, manner: Manner): Promise<LineSource> {
    const { language, organization, putGroups, account, clock } = this.#options;
    const nowMs = clock.now();
    const request = readQueryRequest(body, nowMs);
    const compiled = language.compileQuery(request.query, {
      groups: resolveGroups(request.logGroups, organization, putGroups),
      known: knownGroups(organization, putGroups),
      account,
      startMs: request.startMs,
      endMs: request.endMs,
      nowMs,
      ...(request.limit !== undefined && { limitMax: request.limit }),
      ...(manner.limitDefault !== undefined && { limitDefault: manner.limitDefault }),
    });
    if (!compiled.ok) {
      const { message, start, end, missingGroup } = compiled.error;
      if (missingGroup !== undefined) resolveGroups([missingGroup], organization, putGroups);
      throw malformedQuery(message, start, end);
    }
    gone.throwIfAborted();
    const giveBack = manner.places.take();
    if (giveBack === undefined) {
      const message = `${manner.places.taken} ${manner.what} are running, which is the limit; try again when one has ended`;
      throw retryAfter(429, 'LimitExceededException', message, RETRY_SOON_SECONDS);
    }
    const cancel = new AbortController();
    const end = (): void => {
      giveBack();
      gone.removeEventListener('abort', end);
      cancel.abort();
    };
    gone.addEventListener('abort', end);
    try {
      await manner.first(request);
      const rows = await this.#options.store.query(compiled.query, {
        timeoutMs: manner.timeoutMs,
        signal: cancel.signal,
      });
      rows.statistics.catch(() => {}); // told by the batches
      const batches = rows.batches[Symbol.asyncIterator]();
      const first = await batches.next();
      const { columns } = compiled;
      return { pieces: this.#pieces({ columns, rows, batches, first }), end };
    } catch (error) {
      end();
      throw error;
    }
  }

  async *#pieces(running: Running): AsyncGenerator<string> {
    const { columns, rows, batches, first } = running;
    try {
      yield lineOf({ columns: columns.map((column) => column.name) });
      let resultCount = 0;
      for (let next = first; !next.done; next = await batches.next()) {
        resultCount += next.value.length;
        if (next.value.length > 0) yield rowLines(this.#options.language, columns, next.value);
      }
      const { rowsRead, bytesRead, elapsedMs } = await rows.statistics;
      const statistics = { recordsScanned: rowsRead, bytesScanned: bytesRead, elapsedMs };
      yield lineOf({ statistics, resultCount });
    } catch (error) {
      const refusal = asApiError(error);
      if (refusal.status === 500) {
        this.#options.log.error('a query failed midway', { error: String(refusal.cause) });
      }
      yield lineOf(refusal.body());
    } finally {
      await batches.return?.();
    }
  }
}
