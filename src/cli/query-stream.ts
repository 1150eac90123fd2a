// The answer to a query or a live tail: a line with the columns, lines with rows, and a last line
// with statistics or an error.
import { exitOfErrorCode } from './api-client.ts';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';
import { ndjsonValues } from './ndjson.ts';
import type { ResultRow } from './result-writer.ts';

export interface QueryStatistics {
  readonly recordsScanned?: number;
  readonly bytesScanned?: number;
  readonly elapsedMs?: number;
}

/** What a line says. */
export type StreamItem =
  | { readonly kind: 'columns'; readonly columns: readonly string[] }
  | { readonly kind: 'row'; readonly row: ResultRow }
  | { readonly kind: 'truncated'; readonly rowsMax: number }
  | { readonly kind: 'end'; readonly statistics: QueryStatistics; readonly resultCount: number };

interface Cell {
  readonly field: string;
  readonly value: string;
}

interface StreamObject {
  readonly columns?: readonly string[];
  readonly truncated?: { readonly rowsMax: number };
  readonly error?: { readonly code: string; readonly message: string };
  readonly statistics?: QueryStatistics;
  readonly resultCount?: number;
}

/**
 * The items of an answer; heartbeats are left out. Throws a CliError when the server says that it
 * failed midway or when the answer breaks off, so that a part is never taken for the whole.
 */
export async function* streamItems(response: Response): AsyncGenerator<StreamItem> {
  let ended = false;
  for await (const value of ndjsonValues(response.body)) {
    if (Array.isArray(value)) {
      const cells = value as readonly Cell[];
      yield { kind: 'row', row: new Map(cells.map((cell) => [cell.field, cell.value])) };
      continue;
    }
    const object = value as StreamObject;
    if (object.error !== undefined) {
      const { code, message } = object.error;
      throw new CliError(exitOfErrorCode(code), `the server stopped midway: ${message}`);
    }
    if (object.columns !== undefined) yield { kind: 'columns', columns: object.columns };
    if (object.truncated !== undefined) yield { kind: 'truncated', ...object.truncated };
    if (object.resultCount !== undefined) {
      ended = true;
      const { statistics = {}, resultCount } = object;
      yield { kind: 'end', statistics, resultCount };
    }
  }
  if (!ended) {
    const message = 'the answer ended before it was complete; the server may have been stopped';
    throw new CliError(EXIT.unavailable, message);
  }
}
