// The commands of the reference executor that look at all of the rows: sums, sessions, outliers, missing bins.
import type { Command, Expression, Query } from '../../../src/insights/ast.ts';
import { resolved, type Row } from './evaluate.ts';
import { moved } from './periods.ts';
import { numberOf, shownText, Time, timeOf, type Value } from './values.ts';

/** What a command makes of the rows, and the names that it shows behind the others. */
export interface MadeRows {
  readonly rows: readonly Row[];
  readonly shown: readonly string[];
}

type Addtotals = Extract<Command, { kind: 'addtotals' }>;
type Sessionize = Extract<Command, { kind: 'sessionize' }>;
type Outlier = Extract<Command, { kind: 'outlier' }>;
type Fillmissing = Extract<Command, { kind: 'fillmissing' }>;

/** The row with a further name, or another value for one that it has. */
export function withName(row: Row, name: string, value: Value): Row {
  return { ...row, names: new Map([...row.names, [name, value]]) };
}

/** The number of what can be added up: a time is none. */
function quantity(value: Value): number | undefined {
  return value instanceof Time ? undefined : numberOf(value);
}

function totals(command: Addtotals, rows: readonly Row[], all: readonly string[]): MadeRows {
  const { fields, total, row: ofRows, col } = command;
  const given = fields.map(({ name }) => name);
  const names = given.length > 0 ? given : all.filter((name) => !name.startsWith('@'));
  let made = rows;
  if (ofRows) {
    made = rows.map((row) => {
      const sum = names.reduce((before, name) => before + (numberOf(resolved(row, name)) ?? 0), 0);
      return withName(row, total.name, sum);
    });
  }
  const [last] = made;
  if (col && last !== undefined) {
    const columns = ofRows ? [...names, total.name] : names;
    const sums = columns.map((name): readonly [string, Value] => {
      const numbers = made.flatMap((row) => quantity(resolved(row, name)) ?? []);
      return [name, numbers.length === 0 ? undefined : numbers.reduce((a, b) => a + b, 0)];
    });
    made = [...made, { ...last, event: undefined, names: new Map(sums) }];
  }
  return { rows: made, shown: ofRows ? [total.name] : [] };
}

function sessions({ fields, maxspan, alias }: Sessionize, rows: readonly Row[]): MadeRows {
  const name = alias?.name ?? 'session_id';
  const gapMs = maxspan === undefined ? 30 * 60_000 : moved(new Time(0), maxspan, 1, false).ms;
  const ids = new Map<Row, string>();
  const last = new Map<string, { atMs: number; id: string }>();
  const timed = rows.flatMap((row) => {
    const time = timeOf(resolved(row, '@timestamp'));
    const keys = fields.map((field) => shownText(resolved(row, field.name)));
    if (time === undefined || keys.includes(undefined)) return [];
    return [{ row, atMs: time.ms, identity: JSON.stringify(keys) }];
  });
  for (const { row, atMs, identity } of timed.sort((a, b) => a.atMs - b.atMs)) {
    const before = last.get(identity);
    const goesOn = before !== undefined && atMs - before.atMs <= gapMs;
    const id = goesOn ? before.id : `${identity} from ${atMs}`;
    last.set(identity, { atMs, id });
    ids.set(row, id);
  }
  return { rows: rows.map((row) => withName(row, name, ids.get(row))), shown: [name] };
}

/** Between the two values nearest to the place, in proportion. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
  return low + (high - low) * (place - Math.floor(place));
}

function outliers(command: Outlier, rows: readonly Row[]): MadeRows {
  const beyond = new Set<number>();
  let made = rows;
  for (const { name } of command.fields) {
    const numbers = rows.map((row) => quantity(resolved(row, name)));
    const sorted = numbers.filter((number) => number !== undefined).sort((a, b) => a - b);
    const [first, third] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
    const high = third + command.factor * (third - first);
    const low = command.lower ? first - command.factor * (third - first) : -Infinity;
    made = made.map((row, at) => {
      const number = numbers[at];
      if (number === undefined || (number <= high && number >= low)) return row;
      beyond.add(at);
      return withName(row, name, Math.max(Math.min(number, high), low));
    });
  }
  if (command.removes) made = rows;
  if (command.mark) made = made.map((row, at) => withName(row, 'is_outlier', beyond.has(at)));
  const kept = command.removes ? made.filter((_, at) => !beyond.has(at)) : made;
  return { rows: kept, shown: command.mark ? ['is_outlier'] : [] };
}

function filled(
  command: Fillmissing,
  rows: readonly Row[],
  query: Query,
  constant: (value: Expression) => Value,
): MadeRows {
  const before = query.commands.slice(0, query.commands.indexOf(command));
  const stats = before.findLast(({ kind }) => kind === 'stats');
  const keys = stats?.kind === 'stats' ? stats.by : [];
  const key = keys.find(({ expression: by }) => by.kind === 'call' && by.name === 'bin');
  const period = key?.expression.kind === 'call' ? key.expression.args[0] : undefined;
  const bin = key?.alias?.name ?? '';
  if (period?.kind !== 'period') throw new Error('fillmissing of the tests needs bin(PERIOD) as b');
  const made: Row[] = [];
  let next: Time | undefined;
  for (const row of rows) {
    const at = timeOf(resolved(row, bin));
    while (next !== undefined && next.ms < (at?.ms ?? 0)) {
      const values = command.fills.map(({ name, value }) => [name.name, constant(value)] as const);
      made.push({ ...row, names: new Map<string, Value>([[bin, next], ...values]) });
      next = moved(next, period);
    }
    made.push(row);
    next = at && moved(at, period);
  }
  return { rows: made, shown: [] };
}

/**
 * What one of these commands makes of the rows; undefined for all others.
 *
 * @param all the names that are shown when it stands there
 */
export function acrossRows(
  command: Command,
  rows: readonly Row[],
  all: readonly string[],
  query: Query,
  constant: (value: Expression) => Value,
): MadeRows | undefined {
  switch (command.kind) {
    case 'addtotals':
      return totals(command, rows, all);
    case 'sessionize':
      return sessions(command, rows);
    case 'outlier':
      return outliers(command, rows);
    case 'fillmissing':
      return filled(command, rows, query, constant);
    default:
      return undefined;
  }
}
