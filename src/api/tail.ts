// GET /v1/tail: what arrives, as it arrives. It asks the store again when the loader has moved on,
// and only for what entered the journal since.
import type { Position } from '../journal/journal.ts';
import type { Clock } from '../platform/clock.ts';
import { StoreError, type Row } from '../store/event-store.ts';
import { asApiError, retryAfter } from './api-error.ts';
import { resolveGroups } from './groups.ts';
import {
  RETRY_SOON_SECONDS,
  TAIL_EVENT_AGE_MAX_MS,
  TAIL_EVENT_AHEAD_MS,
  TAIL_HEARTBEAT_MS,
  TAIL_POLL_MS,
  TAIL_QUERY_TIMEOUT_MS,
  TAIL_ROWS_MAX,
  TAILS_MAX,
} from './limits.ts';
import { lineOf, Places, type LineSource } from './line-stream.ts';
import { malformedQuery, type QueryOptions } from './query.ts';
import type { Compiled, QueriedGroup, ResultField } from './query-language.ts';
import { checkGroupNames, checkQueryLength } from './query-request.ts';

export interface TailOptions extends Omit<QueryOptions, 'queriesMax' | 'timeoutMs'> {
  /** How far the store has loaded the journal. */
  readonly loadedTo: () => Position;
  readonly tailsMax?: number;
  readonly pollMs?: number;
  readonly heartbeatMs?: number;
  readonly rowsMax?: number;
}

interface Tail {
  readonly filter: string;
  readonly groups: readonly QueriedGroup[];
  /** What entered the journal from here on was not shown yet, but for `shown`. */
  position: Position;
  /** Pointers of the rows of the last look: what was loaded during it is found again. */
  shown: ReadonlySet<string>;
}

const FIELDS = 'fields @timestamp, @log, @message';
const FILTER = `${FIELDS} | filter `;

function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

function pointerOf(row: readonly ResultField[]): string | undefined {
  return row.find((cell) => cell.field === '@ptr')?.value;
}

/** The endpoint. */
export class TailEndpoint {
  readonly #options: TailOptions;
  readonly #places: Places;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#places = new Places(options.tailsMax ?? TAILS_MAX);
  }

  /** Tails that are followed now. */
  get running(): number {
    return this.#places.taken;
  }

  /** Starts a tail at the newest event. Throws an ApiError when the filter cannot be compiled. */
  start(parameters: URLSearchParams, over: AbortSignal): LineSource {
    const names = checkGroupNames('logGroup', parameters.getAll('logGroup'));
    const filter = parameters.get('filter')?.trim() ?? '';
    checkQueryLength('filter', filter);
    const groups = resolveGroups(names, this.#options.organization, this.#options.putGroups);
    const position = this.#options.loadedTo();
    const tail: Tail = { filter, groups, position, shown: new Set() };
    const compiled = this.#compile(tail);
    if (!compiled.ok) {
      const { message, start, end } = compiled.error;
      const within = (at: number): number =>
        Math.min(Math.max(at - FILTER.length, 0), filter.length);
      throw malformedQuery(message, within(start), within(end));
    }
    const giveBack = this.#places.take();
    if (giveBack === undefined) {
      const message = `${this.#places.taken} live tails are followed, which is the limit`;
      throw retryAfter(429, 'LimitExceededException', message, RETRY_SOON_SECONDS);
    }
    const cancel = new AbortController();
    const end = (): void => {
      giveBack();
      over.removeEventListener('abort', end);
      cancel.abort();
    };
    over.addEventListener('abort', end);
    if (over.aborted) end();
    const columns = compiled.columns.map((column) => column.name);
    return { pieces: this.#pieces(tail, columns, cancel.signal), end };
  }

  #compile(tail: Tail): Compiled {
    const { language, account, clock } = this.#options;
    const nowMs = clock.now();
    const text = tail.filter === '' ? FIELDS : `${FILTER}${tail.filter}`;
    const rowsMax = this.#options.rowsMax ?? TAIL_ROWS_MAX;
    // On a line of its own, as the filter may end with a comment.
    return language.compileQuery(`${text}\n| sort @timestamp asc | limit ${rowsMax}`, {
      groups: tail.groups,
      account,
      startMs: nowMs - TAIL_EVENT_AGE_MAX_MS,
      endMs: nowMs + TAIL_EVENT_AHEAD_MS,
      nowMs,
      afterPosition: tail.position,
    });
  }

  async *#pieces(
    tail: Tail,
    columns: readonly string[],
    over: AbortSignal,
  ): AsyncGenerator<string> {
    const { clock, loadedTo } = this.#options;
    const heartbeatMs = this.#options.heartbeatMs ?? TAIL_HEARTBEAT_MS;
    let spokeAtMs = clock.now();
    yield lineOf({ columns });
    while (!over.aborted) {
      await sleep(clock, this.#options.pollMs ?? TAIL_POLL_MS, over);
      if (over.aborted) return;
      let text = '';
      if (loadedTo() > tail.position) {
        try {
          text = await this.#look(tail, over);
        } catch (error) {
          if (over.aborted) return;
          // The engine comes back, and what came meanwhile is found then.
          if (!(error instanceof StoreError) || error.code !== 'unavailable') {
            yield this.#failure(error);
            return;
          }
        }
      }
      const nowMs = clock.now();
      if (text === '' && nowMs - spokeAtMs >= heartbeatMs) text = lineOf({ heartbeat: nowMs });
      if (text === '') continue;
      spokeAtMs = nowMs;
      yield text;
    }
  }

  #failure(error: unknown): string {
    const refusal = asApiError(error);
    if (refusal.status === 500) {
      this.#options.log.error('a live tail failed', { error: String(refusal.cause) });
    }
    return lineOf(refusal.body());
  }

  async #look(tail: Tail, signal: AbortSignal): Promise<string> {
    const { store, language, loadedTo } = this.#options;
    const rowsMax = this.#options.rowsMax ?? TAIL_ROWS_MAX;
    const loaded = loadedTo();
    const compiled = this.#compile(tail);
    if (!compiled.ok) throw new Error(`the filter compiled before: ${compiled.error.message}`);
    const result = await store.query(compiled.query, { timeoutMs: TAIL_QUERY_TIMEOUT_MS, signal });
    result.statistics.catch(() => {}); // told by the batches
    const rows: Row[] = [];
    for await (const batch of result.batches) rows.push(...batch);
    const shown = new Set<string>();
    let text = '';
    for (const row of rows) {
      const cells = language.formatRow(compiled.columns, row);
      const pointer = pointerOf(cells);
      if (pointer !== undefined) shown.add(pointer);
      if (pointer === undefined || !tail.shown.has(pointer)) text += lineOf(cells);
    }
    if (rows.length >= rowsMax) text += lineOf({ truncated: { rowsMax } });
    tail.position = loaded;
    tail.shown = shown;
    return text;
  }
}
