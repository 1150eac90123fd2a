// A running query as its caller sees it: batches of rows, and what it read once they have ended.
import { storeErrorFrom } from '../engine-error.ts';
import { parseRows } from '../event-rows.ts';
import { type QueryRows, type QueryStatistics, type Row, StoreError } from '../event-store.ts';
import type { ChildStream, StreamEnd } from './engine-child.ts';
import { cancelled } from './query-slots.ts';

type Piece = Uint8Array | StreamEnd;

/** Follows one stream to its end, whichever way it ends. */
class StreamedQuery implements QueryRows {
  readonly #stream: ChildStream;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => this.#stream.cancel();
  readonly #decoder = new TextDecoder();
  readonly statistics: Promise<QueryStatistics>;
  #settle: (statistics: QueryStatistics) => void = () => {};
  #refuse: (error: Error) => void = () => {};
  #first: Piece | undefined;

  constructor(stream: ChildStream, signal: AbortSignal | undefined) {
    this.#stream = stream;
    this.#signal = signal;
    this.statistics = new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#refuse = reject;
    });
    // Whoever leaves the batches early need not look at the statistics.
    this.statistics.catch(() => {});
    if (signal?.aborted) this.#abort();
    else signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** Waits for the first rows, so that what is wrong with the query is known before any are used. */
  async begin(): Promise<void> {
    this.#first = await this.#next();
  }

  async #next(): Promise<Piece> {
    try {
      const piece = await this.#stream.next();
      if (this.#signal?.aborted) throw cancelled();
      return piece;
    } catch (error) {
      const failure =
        error instanceof StoreError ? error : storeErrorFrom('query', (error as Error).message);
      this.#leave(failure);
      throw failure;
    }
  }

  #leave(failure: StoreError): void {
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#stream.cancel();
    this.#refuse(failure);
  }

  get batches(): AsyncIterable<readonly Row[]> {
    return this.#batches();
  }

  async *#batches(): AsyncGenerator<readonly Row[], void, undefined> {
    let ended = false;
    try {
      for (;;) {
        const piece = this.#first ?? (await this.#next());
        this.#first = undefined;
        if (!(piece instanceof Uint8Array)) {
          ended = true;
          this.#signal?.removeEventListener('abort', this.#abort);
          const { rowsRead, bytesRead, elapsedMs } = piece;
          return this.#settle({ rowsRead, bytesRead, elapsedMs });
        }
        yield parseRows(this.#decoder.decode(piece));
      }
    } finally {
      if (!ended) this.#leave(cancelled());
    }
  }
}

/**
 * Takes over a stream that was just started; an abort of the signal ends it in the engine. Resolves
 * when the first rows are there, rejects with a StoreError.
 */
export async function followQuery(
  stream: ChildStream,
  signal: AbortSignal | undefined,
): Promise<QueryRows> {
  const query = new StreamedQuery(stream, signal);
  await query.begin();
  return query;
}
