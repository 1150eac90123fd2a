// One session of the engine, in the engine's process. A session does one thing at a time; sessions
// beside it are not held up, however long that takes.
import { Session } from 'chdb';

type Settings = Readonly<Record<string, string | number>>;

/** Result text of one query, cut into slices of whole lines. */
export interface ResultStream {
  /** The next slice, undefined at the end; rejects with the engine's error. */
  next(): Promise<Uint8Array | undefined>;
  /** Gives up what is left. */
  close(): Promise<void>;
}

const NEWLINE = 0x0a;

/** Cuts after a newline, at or beyond the wanted size. */
function cut(bytes: Uint8Array, from: number, size: number): number {
  if (from + size >= bytes.length) return bytes.length;
  const newline = bytes.indexOf(NEWLINE, from + size - 1);
  return newline < 0 ? bytes.length : newline + 1;
}

/** The settings as statements; names and values are our own. */
function setStatements(settings: Settings): string[] {
  return Object.entries(settings).map(([name, value]) => {
    return `SET ${name} = ${typeof value === 'number' ? value : `'${value}'`}`;
  });
}

export class Lane {
  readonly #session: Session;

  /** Opens a session on the path; only the first one of a process may carry engine arguments. */
  constructor(path: string, settings: Settings, engineArguments: readonly string[]) {
    this.#session = new Session(
      path,
      engineArguments.length > 0 ? { connectionArgs: engineArguments } : {},
    );
    this.set(settings);
  }

  set(settings: Settings): void {
    for (const statement of setStatements(settings)) this.#session.query(statement);
  }

  /** Runs a statement off the event loop and gives all of its text. */
  async run(sql: string): Promise<string> {
    const result = await this.#session.queryAsync(sql, { format: 'JSONCompactEachRow' });
    return result.text();
  }

  /** Starts a query. `onFetched` is called after each piece while the engine still knows the query. */
  stream(
    sql: string,
    parameters: Readonly<Record<string, unknown>>,
    chunkBytes: number,
    onFetched: () => Promise<void>,
  ): ResultStream {
    const stream = this.#session.queryStreamBind(sql, parameters, {
      format: 'JSONCompactEachRow',
    });
    const pieces = stream[Symbol.asyncIterator]();
    let piece: Uint8Array = new Uint8Array(0);
    let at = 0;
    return {
      async next() {
        while (at >= piece.length) {
          const next = await pieces.next();
          if (next.done === true) return undefined;
          piece = next.value.raw();
          at = 0;
          await onFetched();
        }
        const from = at;
        at = cut(piece, from, chunkBytes);
        return piece.subarray(from, at);
      },
      async close() {
        await pieces.return?.(undefined);
      },
    };
  }

  close(): void {
    this.#session.close();
  }
}
