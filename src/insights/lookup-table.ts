// Lookup tables: CSV that an administrator keeps, beside which `lookup` puts events. Pure; who has the
// files hands in their text.

export interface LookupTable {
  readonly columns: readonly string[];
  /** Each has a text for each column. */
  readonly rows: readonly (readonly string[])[];
}

export interface LookupTables {
  /** The table of a name, why it cannot be had, or undefined when there is none. */
  readonly get: (name: string) => LookupTable | { readonly problem: string } | undefined;
}

/** Whether a lookup table can have this name. @see CloudWatch Logs API, CreateLookupTable */
export function isLookupTableName(name: string): boolean {
  return /^[A-Za-z0-9_]{1,256}$/.test(name);
}

interface CellText {
  readonly text: string;
  /** Where what follows it begins. */
  readonly end: number;
}

/** Where the quote stands that ends a cell; one that is doubled is part of it. Negative when none. */
function closingQuote(csv: string, start: number): number {
  let at = csv.indexOf('"', start);
  while (at >= 0 && csv[at + 1] === '"') at = csv.indexOf('"', at + 2);
  return at;
}

/** A cell without quotes goes on to one of these. */
const PLAIN_END = /[",\n]/g;

/** The cell at a place; undefined when its quotes do not end. */
function cellAt(csv: string, start: number): CellText | undefined {
  if (csv[start] === '"') {
    const close = closingQuote(csv, start + 1);
    if (close < 0) return undefined;
    return { text: csv.slice(start + 1, close).replaceAll('""', '"'), end: close + 1 };
  }
  PLAIN_END.lastIndex = start;
  const end = PLAIN_END.exec(csv)?.index ?? csv.length;
  // A carriage return belongs to the line's end.
  const last = csv[end] !== '"' && csv[end] !== ',' && csv[end - 1] === '\r' ? end - 1 : end;
  return { text: csv.slice(start, Math.max(last, start)), end: Math.max(last, start) };
}

/** The cells of each line that has any, with the number of the line it begins on. */
function* linesOf(csv: string): Generator<{ cells: string[]; line: number }, string | undefined> {
  let line = 1;
  let begun = 1;
  let cells: string[] = [];
  for (let at = 0; at < csv.length || cells.length > 0;) {
    const cell = cellAt(csv, at);
    if (cell === undefined) return `line ${line}: a quote that nothing ends`;
    const { text, end } = cell;
    cells.push(text);
    const lineBreak = csv.startsWith('\r\n', end) ? 2 : 1;
    const next = csv[end + lineBreak - 1];
    if (next !== undefined && next !== ',' && next !== '\n') {
      return `line ${line}: expected a comma or the line's end after a cell`;
    }
    for (let inside = text.indexOf('\n'); inside >= 0; inside = text.indexOf('\n', inside + 1))
      line++;
    at = end + lineBreak;
    if (next === ',') continue;
    line++;
    if (cells.length > 1 || cells[0] !== '') yield { cells, line: begun };
    cells = [];
    begun = line;
  }
  return undefined;
}

/**
 * Reads CSV whose first line names the columns; lines without any text are passed over. A table that
 * is not right is none: half of one would give wrong answers.
 *
 * @see RFC 4180, section 2
 */
export function readLookupTable(csv: string): LookupTable | { readonly problem: string } {
  const lines = linesOf(csv.startsWith('\uFEFF') ? csv.slice(1) : csv);
  const header = lines.next();
  if (header.done === true) {
    return { problem: header.value ?? 'it is empty: expected a line with the names of columns' };
  }
  const columns = header.value.cells.map((name) => name.trim());
  for (const [index, name] of columns.entries()) {
    if (name === '') return { problem: `line 1: column ${index + 1} has no name` };
    if (columns.indexOf(name) < index) {
      return { problem: `line 1: ${JSON.stringify(name)} is the name of two columns` };
    }
  }
  const rows: (readonly string[])[] = [];
  for (let next = lines.next(); ; next = lines.next()) {
    if (next.done === true)
      return next.value === undefined ? { columns, rows } : { problem: next.value };
    const { cells, line } = next.value;
    if (cells.length !== columns.length) {
      const counts = `${cells.length} cells: expected ${columns.length}, as in line 1`;
      return { problem: `line ${line} has ${counts}` };
    }
    rows.push(cells);
  }
}
