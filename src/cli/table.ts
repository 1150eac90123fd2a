// Results as a table. The first rows are kept until the widths are known, the rest streams. On a
// terminal the table is as wide as the terminal, or becomes a list of records where its columns
// cannot fit; in a pipe nothing is cut or wrapped.
import { escapeForTerminal } from './escape.ts';
import type { ResultRow, ResultWriter } from './result-writer.ts';
import type { Paint } from './style.ts';
import { pad, splitAtWidth, textWidth, truncate } from './text-width.ts';
import type { Sink } from './world.ts';

/** Rows that decide about the widths, kept in memory: what somebody reads, not what he exports. */
export const SAMPLE_ROWS_MAX = 1000;
/** A narrower column tells nothing. */
const COLUMN_WIDTH_MIN = 8;
/** In a narrower column a text is cut: wrapped it would be a tower of syllables. */
const WRAP_WIDTH_MIN = 20;
const GAP = '  ';
/** Without a known width, that of the VT100. */
const COLUMNS_FALLBACK = 80;

const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

interface Column {
  readonly name: string;
  readonly width: number;
  readonly numeric: boolean;
}

type Cells = readonly string[];

/** The natural width of each column, and whether it holds only numbers. */
function measure(names: readonly string[], rows: readonly Cells[]): Column[] {
  return names.map((name, index) => {
    let width = textWidth(name);
    let numbers = 0;
    let others = 0;
    for (const row of rows) {
      const value = row[index] ?? '';
      width = Math.max(width, textWidth(value));
      if (NUMBER.test(value)) numbers++;
      else if (value !== '') others++;
    }
    return { name, width, numeric: numbers > 0 && others === 0 };
  });
}

/**
 * Narrows the widest columns until the table fits; undefined when it cannot.
 */
function fit(columns: readonly Column[], available: number): Column[] | undefined {
  const room = available - GAP.length * (columns.length - 1);
  const widths = columns.map(({ width }) => width);
  const least = widths.map((width) => Math.min(width, COLUMN_WIDTH_MIN));
  let excess = widths.reduce((sum, width) => sum + width, 0) - room;
  if (least.reduce((sum, width) => sum + width, 0) > room) return undefined;
  while (excess > 0) {
    const widest = Math.max(...widths);
    const next = Math.max(...widths.filter((width) => width < widest), COLUMN_WIDTH_MIN);
    const index = widths.indexOf(widest);
    // All columns of the greatest width shrink in turn, one column at a time when they are equal.
    const step = Math.min(excess, Math.max(1, widest - next));
    const equals = widths.filter((width) => width === widest).length;
    widths[index] = widest - (equals > 1 ? 1 : step);
    excess -= widest - (widths[index] ?? 0);
  }
  return columns.map((column, index) => ({ ...column, width: widths[index] ?? column.width }));
}

/** The text in pieces of at most so many columns. */
function wrap(text: string, columns: number): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (textWidth(rest) > columns) {
    const [begin, after] = splitAtWidth(rest, columns);
    if (begin === '') break;
    pieces.push(begin);
    rest = after;
  }
  return [...pieces, rest];
}

export class TableWriter implements ResultWriter {
  readonly #sink: Sink;
  readonly #paint: Paint;
  #names: readonly string[] = [];
  #sample: Cells[] | undefined = [];
  #columns: readonly Column[] = [];
  #layout: 'table' | 'records' = 'table';
  #rows = 0;

  constructor(sink: Sink, paint: Paint) {
    this.#sink = sink;
    this.#paint = paint;
  }

  async begin(columns: readonly string[]): Promise<void> {
    this.#names = columns;
  }

  async row(row: ResultRow): Promise<void> {
    const cells = this.#names.map((name) => escapeForTerminal(row.get(name) ?? ''));
    if (this.#sample === undefined) {
      await this.#print(cells);
      return;
    }
    this.#sample.push(cells);
    if (this.#sample.length >= SAMPLE_ROWS_MAX) await this.#begun(this.#sample);
  }

  async end(): Promise<void> {
    if (this.#sample !== undefined && this.#sample.length > 0) await this.#begun(this.#sample);
  }

  get #available(): number {
    return this.#sink.columns ?? COLUMNS_FALLBACK;
  }

  async #begun(sample: readonly Cells[]): Promise<void> {
    this.#sample = undefined;
    const names = this.#names.map(escapeForTerminal);
    this.#columns = measure(names, sample);
    if (this.#sink.isTerminal) {
      const fitted = fit(this.#columns, this.#available);
      if (fitted === undefined) this.#layout = 'records';
      else this.#columns = fitted;
    }
    if (this.#layout === 'table') {
      await this.#sink.write(this.#line(names, (text) => this.#paint(text, 'bold')));
      const rules = this.#columns.map(({ width }) => '─'.repeat(width));
      await this.#sink.write(this.#line(rules, (text) => this.#paint(text, 'dim')));
    }
    for (const cells of sample) await this.#print(cells);
  }

  async #print(cells: Cells): Promise<void> {
    this.#rows++;
    await this.#sink.write(this.#layout === 'table' ? this.#tableRow(cells) : this.#record(cells));
  }

  /** The last column is a text to read (`@message`): it is wrapped instead of cut. */
  #tableRow(cells: Cells): string {
    const last = this.#columns.at(-1);
    const wide = last !== undefined && !last.numeric && last.width >= WRAP_WIDTH_MIN;
    if (!wide || !this.#sink.isTerminal) return this.#line(cells, (text) => text);
    const [first = '', ...more] = wrap(cells[this.#columns.length - 1] ?? '', last.width);
    const before = this.#columns.slice(0, -1);
    const indent = before.reduce((sum, { width }) => sum + width + GAP.length, 0);
    const row = this.#line([...cells.slice(0, -1), first], (text) => text);
    return row + more.map((piece) => `${' '.repeat(indent)}${piece}\n`).join('');
  }

  #line(cells: Cells, painted: (text: string) => string): string {
    const parts = this.#columns.map(({ width, numeric }, index) => {
      const cell = cells[index] ?? '';
      const text = this.#sink.isTerminal ? truncate(cell, width) : cell;
      const last = index === this.#columns.length - 1;
      // Nothing is filled up at the end of the line.
      const filled = last && !numeric ? text : pad(text, width, numeric ? 'right' : 'left');
      return painted(filled);
    });
    return `${parts.join(GAP).trimEnd()}\n`;
  }

  /** One field a line, for more columns than fit beside each other. */
  #record(cells: Cells): string {
    const nameWidth = Math.max(...this.#columns.map(({ name }) => textWidth(name)));
    const room = Math.max(COLUMN_WIDTH_MIN, this.#available - nameWidth - GAP.length);
    const title = this.#paint(`─ ${this.#rows} ${'─'.repeat(nameWidth)}`, 'dim');
    const lines = this.#columns.flatMap(({ name }, index) => {
      const value = cells[index] ?? '';
      if (value === '') return [];
      const [first = '', ...more] = wrap(value, room);
      const indent = ' '.repeat(nameWidth) + GAP;
      const label = this.#paint(pad(name, nameWidth, 'left'), 'bold');
      return [`${label}${GAP}${first}`, ...more.map((piece) => indent + piece)];
    });
    return `${[title, ...lines].join('\n')}\n`;
  }
}
