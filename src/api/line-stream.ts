// Answers of many lines (application/x-ndjson): pulled as fast as the client reads, ended when it
// leaves.

/** What is streamed. */
export interface LineSource {
  /** Pieces of whole lines. Must not throw: what goes wrong midway is a line too. */
  readonly pieces: AsyncGenerator<string>;
  /** Called once when the stream is over, however that came. */
  end(): void;
}

/** One value as a line. */
export function lineOf(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** The answer. Nothing is asked of the source before the client takes what there is. */
export function lineResponse(source: LineSource): Response {
  let over = false;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await source.pieces.next();
        if (over) return;
        if (next.done) {
          source.end();
          controller.close();
        } else controller.enqueue(Buffer.from(next.value));
      },
      async cancel() {
        over = true;
        source.end();
        await source.pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' },
  });
}

/** A number of places; each is given back once. */
export class Places {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Takes a place; the result gives it back. Undefined when there is none. */
  take(): (() => void) | undefined {
    if (this.#taken >= this.#max) return undefined;
    this.#taken++;
    let held = true;
    return () => {
      if (held) this.#taken--;
      held = false;
    };
  }
}
