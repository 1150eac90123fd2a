// The reference executor: a query over events as the language's documents tell it, command by
// command over arrays of rows. It knows nothing of SQL, of plans or of how the store keeps events.
import {
  type Command,
  type Expression,
  type Item,
  operandsOf,
  type ParseCommand,
  type Query,
  type StatsCommand,
} from '../../../src/insights/ast.ts';
import { acrossRows, withName } from './across-rows.ts';
import { aggregated, type Sample } from './aggregates.ts';
import { Evaluator, itemsOf, resolved, type Row, shapeOf, type World } from './evaluate.ts';
import { extracted, namesOf } from './extract.ts';
import type { ReferenceEvent } from './fields.ts';
import { joinedRows } from './joined-rows.ts';
import {
  byCharacters,
  holds,
  naturally,
  numberOf,
  shownText,
  textOf,
  timeOf,
  type Value,
} from './values.ts';

/** A cell of a result, those with a value only. */
export type ReferenceCell = readonly [name: string, value: Exclude<Value, undefined>];

/** Rows of a query that says no limit. */
const LIMIT_DEFAULT = 10_000;

/** What countFrequent counted. */
function countOf(row: Row): number {
  return numberOf(row.names.get('_approxcount')) ?? 0;
}

/** The order of the keys of groups: missing ones first. */
function byKeys(a: readonly Value[], b: readonly Value[]): number {
  for (const [index, x] of a.entries()) {
    const y = b[index];
    if (x === undefined || y === undefined) {
      if (x !== y) return x === undefined ? -1 : 1;
      continue;
    }
    const text = typeof x === 'string' || typeof y === 'string';
    const order = text
      ? byCharacters(shownText(x) ?? '', shownText(y) ?? '')
      : (numberOf(x) ?? 0) - (numberOf(y) ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

class Execution {
  readonly #query: Query;
  readonly #text: string;
  readonly #world: World;
  readonly #evaluator: Evaluator;
  readonly #events: readonly ReferenceEvent[];
  #rows: readonly Row[];
  /** Columns of `fields` and the like, in their order. */
  #shown = new Map<string, Expression>();
  #extracted = new Set<string>();
  #display: readonly (readonly [string, Expression])[] | undefined;
  #columns: readonly string[] | undefined;

  constructor(query: Query, text: string, events: readonly ReferenceEvent[], world: World) {
    this.#query = query;
    this.#text = text;
    this.#world = world;
    this.#evaluator = new Evaluator(world);
    this.#events = events.filter(({ timeMs }) => timeMs >= world.startMs && timeMs <= world.endMs);
    this.#rows = [...this.#events]
      .sort((a, b) => b.timeMs - a.timeMs || b.position - a.position)
      .map((event) => ({ event, names: new Map() }));
  }

  run(): readonly (readonly ReferenceCell[])[] {
    for (const [index, command] of this.#query.commands.entries()) this.#command(command, index);
    return this.#rows.slice(0, LIMIT_DEFAULT).map((row) => this.#cells(row));
  }

  #cells(row: Row): readonly ReferenceCell[] {
    const at = { start: 0, end: 0 };
    const field = (name: string): readonly [string, Expression] => {
      return [name, { kind: 'field', name, ...at }];
    };
    const unsaid = (this.#columns ?? ['@timestamp', '@message']).map(field);
    const shown = this.#shown.size > 0 ? [...this.#shown] : unsaid;
    const further = [...this.#extracted].filter((name) => !this.#shown.has(name)).map(field);
    const output = this.#display ?? [...shown, ...further];
    return output.flatMap(([name, expression]): readonly ReferenceCell[] => {
      const value = this.#evaluator.value(expression, row);
      return value === undefined ? [] : [[name, value]];
    });
  }

  #nameOf({ alias, expression, start, end }: Item): string {
    if (alias !== undefined) return alias.name;
    if (expression.kind === 'field') return expression.name;
    return this.#text.slice(start, end).replace(/\s+/g, ' ').trim();
  }

  #define(name: string, value: (row: Row) => Value): void {
    this.#rows = this.#rows.map((row) => withName(row, name, value(row)));
  }

  /** The column of an item; with an alias it is a name for all that follows. */
  #item(item: Item): readonly [string, Expression] {
    const { alias, expression } = item;
    const name = this.#nameOf(item);
    if (alias === undefined) return [name, expression];
    if (expression.kind !== 'field' || expression.name !== name) {
      this.#define(name, (row) => this.#evaluator.value(expression, row));
    }
    return [name, { kind: 'field', name, start: 0, end: 0 }];
  }

  #command(command: Command, index: number): void {
    switch (command.kind) {
      case 'fields':
      case 'unmask':
        for (const item of command.items) this.#shown.set(...this.#item(item));
        return;
      case 'display':
        this.#display = command.items.map((item) => this.#item(item));
        return;
      case 'filter':
      case 'filterIndex':
        for (const part of conjunctsOf(command.condition)) {
          if (!this.#isOfEvents(part)) this.#filter(part);
        }
        return;
      case 'stats':
        return this.#stats(command, index);
      case 'countFrequent': {
        const { keys, start, end } = command;
        const at = { start, end };
        const by = keys.map((expression) => ({
          expression,
          start: expression.start,
          end: expression.end,
        }));
        const alias = { name: '_approxcount', ...at };
        const count = { kind: 'call', name: 'count', args: [], ...at } as const;
        this.#stats(
          { kind: 'stats', items: [{ expression: count, alias, ...at }], by, ...at },
          index,
        );
        this.#rows = [...this.#rows].sort((a, b) => countOf(b) - countOf(a));
        return;
      }
      case 'sort':
        this.#rows = [...this.#rows].sort((a, b) => {
          for (const { expression, direction } of command.keys) {
            const [x, y] = [a, b].map((row) => this.#evaluator.value(expression, row));
            const order = naturally(x, y);
            if (order !== 0) return direction === 'desc' ? -order : order;
          }
          return 0;
        });
        return;
      case 'limit':
        this.#rows = this.#rows.slice(0, command.count);
        return;
      case 'dedup':
        return this.#dedup(command.keys);
      case 'parse':
        return this.#parse(command);
      case 'unnest':
        this.#multiply(command.list, command.alias.name, false);
        this.#extracted.add(command.alias.name);
        return;
      case 'expand': {
        const { list, alias } = command;
        const name = alias?.name ?? list.name;
        this.#multiply({ kind: 'field', ...list }, name, true);
        if (alias !== undefined || this.#columns === undefined) this.#extracted.add(name);
        return;
      }
      case 'accum': {
        const { field, alias } = command;
        let sum: number | undefined;
        return this.#overRows(field.name, (alias ?? field).name, (values, at) => {
          const number = numberOf(values[at]);
          sum = number === undefined ? sum : (sum ?? 0) + number;
          return sum;
        });
      }
      case 'autoregress': {
        const { field, alias, from, to } = command;
        for (let rows = from; rows <= to; rows++) {
          const name = `${(alias ?? field).name}_p${rows}`;
          const own = alias !== undefined && from === to ? alias.name : name;
          this.#overRows(field.name, own, (values, at) => values[at - rows]);
        }
        return;
      }
      case 'filldown':
        for (const { name, any } of command.fields) {
          if (any) throw new Error('the reference executor has no filldown of several names');
          this.#overRows(name, name, (values, at) =>
            values.slice(0, at + 1).findLast((value) => value !== undefined),
          );
        }
        return;
      case 'join':
        this.#rows = joinedRows(command, this.#rows, this.#events, this.#query);
        return;
      default:
        return this.#across(command);
    }
  }

  #across(command: Command): void {
    const all = this.#shown.size > 0 ? [...this.#shown.keys()] : (this.#columns ?? []);
    const constant = (value: Expression): Value =>
      this.#evaluator.value(value, { event: undefined, names: new Map() });
    const made = acrossRows(command, this.#rows, all, this.#query, constant);
    if (made === undefined) throw new Error(`the reference executor has no ${command.kind}`);
    this.#rows = made.rows;
    for (const name of made.shown) this.#extracted.add(name);
  }

  #filter(condition: Expression): void {
    this.#rows = this.#rows.filter((row) => holds(this.#evaluator.value(condition, row)));
  }

  /** Whether a condition after the only `stats` is about events, of which groups know nothing. */
  #isOfEvents(condition: Expression): boolean {
    if (this.#columns === undefined) return false;
    const [first] = this.#rows;
    const known = new Set([...this.#columns, ...(first?.names.keys() ?? [])]);
    const shapes = first?.columns;
    const names = fieldsIn(condition, (part) => shapes?.has(shapeOf(part)) === true);
    return names.length > 0 && names.every((name) => !known.has(name));
  }

  #stats({ items, by, offset }: StatsCommand, index: number): void {
    const later = this.#query.commands.slice(index + 1);
    const columns = [...by, ...items].map((item) => this.#nameOf(item));
    const alone = this.#query.commands.filter(({ kind }) => kind === 'stats').length === 1;
    for (const command of alone ? later : []) {
      if (command.kind !== 'filter') continue;
      for (const part of conjunctsOf(command.condition)) {
        const shapes = new Set([...by, ...items].map(({ expression }) => shapeOf(expression)));
        const names = fieldsIn(part, (each) => shapes.has(shapeOf(each)));
        const defined = new Set([...columns, ...aliasesIn(later)]);
        if (names.length > 0 && names.every((name) => !defined.has(name))) this.#filter(part);
      }
    }
    const keyed = new Evaluator(this.#world, offset);
    const groups = new Map<string, { keys: readonly Value[]; rows: Row[] }>();
    for (const row of this.#rows) {
      const keys = by.map(({ expression }) => keyed.value(expression, row));
      const id = JSON.stringify(keys.map((key) => shownText(key) ?? null));
      const group = groups.get(id) ?? { keys, rows: [] };
      groups.set(id, group);
      group.rows.push(row);
    }
    if (by.length === 0 && groups.size === 0) groups.set('', { keys: [], rows: [] });
    this.#rows = [...groups.values()]
      .sort((a, b) => byKeys(a.keys, b.keys))
      .map(({ keys, rows }) => this.#group(items, by, keys, rows));
    this.#columns = [...new Set(columns)];
    this.#shown = new Map();
    this.#extracted = new Set();
    this.#display = undefined;
  }

  #group(
    items: readonly Item[],
    by: readonly Item[],
    keys: readonly Value[],
    rows: readonly Row[],
  ): Row {
    const names = new Map<string, Value>();
    const columns = new Map<string, string>();
    const add = (item: Item, value: Value): void => {
      const name = this.#nameOf(item);
      names.set(name, value);
      if (item.expression.kind !== 'field') columns.set(shapeOf(item.expression), name);
    };
    for (const [at, item] of by.entries()) add(item, keys[at]);
    const evaluator = new Evaluator(this.#world, undefined, ({ name, args }) => {
      const argument = args.find(({ kind }) => kind !== 'star' && kind !== 'period');
      const percent = args[1]?.kind === 'number' ? args[1].value : 50;
      const samples = rows.map((row): Sample => {
        const value =
          argument === undefined ? 1 : this.#evaluator.value(argument as Expression, row);
        return { value, event: row.event, time: timeOf(resolved(row, '@timestamp')) };
      });
      return aggregated(name, samples, percent);
    });
    const row = { event: undefined, names, columns };
    for (const item of items) add(item, evaluator.value(item.expression, row));
    return row;
  }

  /** A value by those of the rows so far; shown behind the others where it has a name of its own. */
  #overRows(
    field: string,
    name: string,
    value: (values: readonly Value[], at: number) => Value,
  ): void {
    const values = this.#rows.map((row) => resolved(row, field));
    this.#rows = this.#rows.map((row, at) => withName(row, name, value(values, at)));
    if (name === field) return;
    if (this.#columns === undefined) this.#extracted.add(name);
    else this.#columns = [...this.#columns, name];
  }

  #dedup(keys: readonly Expression[]): void {
    const seen = new Set<string>();
    this.#rows = this.#rows.filter((row) => {
      const values = keys.map((key) => shownText(this.#evaluator.value(key, row)));
      if (values.includes(undefined)) return true;
      const id = JSON.stringify(values);
      if (seen.has(id)) return false;
      seen.add(id);
      return true;
    });
  }

  #parse(command: ParseCommand): void {
    const source = command.source ?? { kind: 'field', name: '@message', start: 0, end: 0 };
    this.#rows = this.#rows.flatMap((row) => {
      const text = textOf(this.#evaluator.value(source, row));
      return extracted(command, text).map((match) => {
        let made = row;
        for (const [name, value] of match) {
          this.#extracted.add(name);
          made = withName(made, name, value ?? shownText(row.names.get(name)));
        }
        return made;
      });
    });
  }

  #multiply(list: Expression, name: string, keeps: boolean): void {
    this.#rows = this.#rows.flatMap((row) => {
      const items = itemsOf(this.#evaluator.value(list, row));
      const kept = items.length === 0 && keeps ? [undefined] : items;
      return kept.map((item) => withName(row, name, item));
    });
  }
}

/** The parts of a condition that must all hold. */
function conjunctsOf(condition: Expression): readonly Expression[] {
  if (condition.kind !== 'logical' || condition.operator !== 'and') return [condition];
  return condition.operands.flatMap(conjunctsOf);
}

/** The names of the fields in an expression, without those in parts that are known. */
function fieldsIn(expression: Expression, known: (part: Expression) => boolean): string[] {
  if (expression.kind === 'field') return [expression.name];
  if (known(expression)) return [];
  return operandsOf(expression).flatMap((operand) => fieldsIn(operand, known));
}

/** The names that commands give. */
function aliasesIn(commands: readonly Command[]): string[] {
  return commands.flatMap((command): readonly string[] => {
    switch (command.kind) {
      case 'fields':
      case 'display':
        return command.items.flatMap(({ alias }) => (alias === undefined ? [] : [alias.name]));
      case 'parse':
        return namesOf(command);
      case 'unnest':
        return [command.alias.name];
      case 'accum':
        return [(command.alias ?? command.field).name];
      case 'autoregress':
        return command.alias === undefined ? [] : [command.alias.name];
      case 'expand':
        return [(command.alias ?? command.list).name];
      case 'addtotals':
        return [command.total.name];
      case 'sessionize':
        return [command.alias?.name ?? ''];
      default:
        return [];
    }
  });
}

/** What a query answers over these events. The query is one that compiles. */
export function execute(
  query: Query,
  text: string,
  events: readonly ReferenceEvent[],
  world: World,
): readonly (readonly ReferenceCell[])[] {
  return new Execution(query, text, events, world).run();
}
