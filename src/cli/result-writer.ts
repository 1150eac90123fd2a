// Query results on their way to standard output: one writer for each format, row by row.
import type { Call } from './command.ts';
import { escapeForTerminal, safeJson } from './escape.ts';
import { paintFor } from './style.ts';
import { TableWriter } from './table.ts';
import type { Sink } from './world.ts';

/** A row: the value of each field, in the server's order. */
export type ResultRow = ReadonlyMap<string, string>;

/** Gets the columns once, then the rows, then the end. */
export interface ResultWriter {
  begin(columns: readonly string[]): Promise<void>;
  row(row: ResultRow): Promise<void>;
  end(): Promise<void>;
}

/** One array of `{field: value}` objects. */
class JsonWriter implements ResultWriter {
  readonly #sink: Sink;
  #rows = 0;
  constructor(sink: Sink) {
    this.#sink = sink;
  }

  async begin(): Promise<void> {
    await this.#sink.write('[');
  }

  async row(row: ResultRow): Promise<void> {
    const separator = this.#rows++ === 0 ? '\n' : ',\n';
    await this.#sink.write(`${separator}  ${safeJson(Object.fromEntries(row))}`);
  }

  async end(): Promise<void> {
    await this.#sink.write(this.#rows === 0 ? ']\n' : '\n]\n');
  }
}

/** One `{field: value}` object a line. */
class NdjsonWriter implements ResultWriter {
  readonly #sink: Sink;
  constructor(sink: Sink) {
    this.#sink = sink;
  }

  async begin(): Promise<void> {}

  async row(row: ResultRow): Promise<void> {
    await this.#sink.write(`${safeJson(Object.fromEntries(row))}\n`);
  }

  async end(): Promise<void> {}
}

/** A field of RFC 4180: quoted where it has a comma, a quote or a line end. */
export function csvField(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/**
 * Comma separated values with a header. A file gets the exact values; a terminal gets them
 * escaped.
 *
 * @see RFC 4180 (records end with CRLF)
 */
class CsvWriter implements ResultWriter {
  readonly #sink: Sink;
  #columns: readonly string[] = [];
  constructor(sink: Sink) {
    this.#sink = sink;
  }

  async begin(columns: readonly string[]): Promise<void> {
    this.#columns = columns;
    await this.#record(columns);
  }

  async row(row: ResultRow): Promise<void> {
    await this.#record(this.#columns.map((column) => row.get(column) ?? ''));
  }

  async end(): Promise<void> {}

  async #record(values: readonly string[]): Promise<void> {
    const shown = this.#sink.isTerminal ? values.map(escapeForTerminal) : values;
    await this.#sink.write(`${shown.map(csvField).join(',')}\r\n`);
  }
}

/** The writer for the format of `--output`, to standard output and as a table unless said otherwise. */
export function resultWriter(
  call: Call,
  sink: Sink = call.world.stdout,
  fallback: 'table' | 'ndjson' = 'table',
): ResultWriter {
  switch (call.options.text('output') ?? fallback) {
    case 'json':
      return new JsonWriter(sink);
    case 'ndjson':
      return new NdjsonWriter(sink);
    case 'csv':
      return new CsvWriter(sink);
    default:
      return new TableWriter(sink, paintFor(call, sink));
  }
}
