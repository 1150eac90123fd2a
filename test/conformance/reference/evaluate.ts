// Evaluates an expression over one row: an event with the names a query gave, or a group.
import type { Binary, Call, Expression, In, Period } from '../../../src/insights/ast.ts';
import { fieldOf, found, inside, type ReferenceEvent } from './fields.ts';
import { FUNCTIONS } from './functions.ts';
import { ceiled, floored, moved } from './periods.ts';
import {
  compared,
  finite,
  holds,
  Json,
  numberOf,
  shownText,
  textOf,
  timeOf,
  type Value,
} from './values.ts';

export interface Row {
  /** Undefined for groups. */
  readonly event: ReferenceEvent | undefined;
  /** What the query gave a name to; of a group, its columns. */
  readonly names: ReadonlyMap<string, Value>;
  /** Of a group, its columns by the shape of what they were made of. */
  readonly columns?: ReadonlyMap<string, string>;
}

/** When a query runs and over which times. */
export interface World {
  readonly nowMs: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** What two expressions have in common that say the same. */
export function shapeOf(expression: Expression): string {
  return JSON.stringify(expression, function (this: { kind?: unknown }, key, value: unknown) {
    if (key === 'start' || key === 'end') return undefined;
    return key === 'name' && this.kind === 'call' ? String(value).toLowerCase() : value;
  });
}

function parsed(value: Value): unknown {
  try {
    return JSON.parse(shownText(value) ?? '') as unknown;
  } catch {
    return undefined;
  }
}

/** The value of a name: what the query gave it, a path into that, a field of the event. */
export function resolved(row: Row, name: string): Value {
  if (row.names.has(name)) return row.names.get(name);
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const holder = name.slice(0, dot);
    if (!row.names.has(holder)) continue;
    const value = row.names.get(holder);
    if (typeof value !== 'string' && !(value instanceof Json)) return undefined;
    return found(inside(parsed(value), name.slice(dot + 1).split('.')));
  }
  return row.event && fieldOf(row.event, name);
}

/** The items of a list; whatever else it is, is the only one of its list. */
export function itemsOf(value: Value): readonly Value[] {
  const text = shownText(value);
  if (text === undefined || text === '') return [];
  const list = parsed(value);
  return Array.isArray(list) ? list.map(found) : [text];
}

/** A regular expression of the tests: what RE2 and JavaScript both mean by it. */
export function regexOf(source: string, flags = ''): RegExp {
  const anyCase = source.startsWith('(?i)');
  return new RegExp(anyCase ? source.slice(4) : source, `u${anyCase ? 'i' : ''}${flags}`);
}

/** Functions that are evaluated here, because they take periods or know of the query. */
const OF_TIME: ReadonlySet<string> = new Set([
  'bin',
  'datefloor',
  'dateceil',
  'now',
  'querystarttime',
  'queryendtime',
  'querytimerange',
]);

export class Evaluator {
  readonly #world: World;
  readonly #offset: Period | undefined;
  readonly #aggregate: ((call: Call) => Value) | undefined;

  /**
   * @param offset how far bins are shifted
   * @param aggregate the value of an aggregate function, where there may be one
   */
  constructor(world: World, offset?: Period, aggregate?: (call: Call) => Value) {
    this.#world = world;
    this.#offset = offset;
    this.#aggregate = aggregate;
  }

  value(expression: Expression, row: Row): Value {
    const column = row.columns?.get(shapeOf(expression));
    if (column !== undefined) return row.names.get(column);
    switch (expression.kind) {
      case 'number':
      case 'string':
      case 'boolean':
        return expression.value;
      case 'field':
        return resolved(row, expression.name);
      case 'member': {
        const object = this.value(expression.object, row);
        const holder = typeof object === 'string' || object instanceof Json ? object : undefined;
        return found(inside(parsed(holder), [expression.key]));
      }
      case 'call':
        return this.#call(expression, row);
      case 'unary': {
        const operand = this.value(expression.operand, row);
        if (expression.operator === 'not') return !holds(operand);
        const number = numberOf(operand);
        return number === undefined ? undefined : -number;
      }
      case 'binary':
        return this.#binary(expression, row);
      case 'logical': {
        const values = expression.operands.map((operand) => holds(this.value(operand, row)));
        return expression.operator === 'and' ? values.every(Boolean) : values.some(Boolean);
      }
      case 'like': {
        const text = shownText(this.value(expression.subject, row));
        const { pattern, negated } = expression;
        const matches =
          text !== undefined &&
          (pattern.kind === 'string'
            ? text.includes(pattern.value)
            : regexOf(pattern.source).test(text));
        return matches !== negated;
      }
      case 'in':
        return this.#in(expression, row);
    }
  }

  #binary({ operator, left, right }: Binary, row: Row): Value {
    const [a, b] = [this.value(left, row), this.value(right, row)];
    const order = compared(a, b, operator === '=' || operator === '!=');
    switch (operator) {
      case '=':
        return order === 0;
      case '!=':
        return order !== 0;
      case '<':
        return order !== undefined && order < 0;
      case '<=':
        return order !== undefined && order <= 0;
      case '>':
        return order !== undefined && order > 0;
      case '>=':
        return order !== undefined && order >= 0;
      default:
    }
    const [x, y] = [numberOf(a), numberOf(b)];
    if (x === undefined || y === undefined) return undefined;
    switch (operator) {
      case '+':
        return finite(x + y);
      case '-':
        return finite(x - y);
      case '*':
        return finite(x * y);
      case '/':
        return finite(x / y);
      case '%':
        return finite(x % y);
      default:
        return finite(x ** y);
    }
  }

  #in({ subject, list, negated }: In, row: Row): Value {
    const value = this.value(subject, row);
    if ('kind' in list) {
      if (list.kind === 'query') throw new Error('the reference executor has no subqueries');
      const text = textOf(value);
      const items = itemsOf(this.value(list, row));
      return (text !== undefined && items.includes(text)) !== negated;
    }
    const items = list.map((item) => this.value(item, row));
    if (value instanceof Json) {
      const own = itemsOf(value);
      return items.some((item) => item !== undefined && own.includes(textOf(item))) !== negated;
    }
    return items.some((item) => compared(value, item, true) === 0) !== negated;
  }

  #call(call: Call, row: Row): Value {
    const name = call.name.toLowerCase();
    const period = call.args.find((argument) => argument.kind === 'period');
    const args = call.args.map((argument) => {
      if (argument.kind === 'star' || argument.kind === 'period') return undefined;
      return this.#aggregates(call) ? undefined : this.value(argument, row);
    });
    switch (name) {
      case 'bin': {
        const time = timeOf(resolved(row, '@timestamp'));
        if (time === undefined || period === undefined) return undefined;
        const by = this.#offset;
        if (by === undefined) return floored(time, period);
        return moved(floored(moved(time, by, -1, false), period), by, 1, false);
      }
      case 'datefloor':
      case 'dateceil': {
        const time = timeOf(args[0]);
        if (time === undefined || period === undefined) return undefined;
        return name === 'datefloor' ? floored(time, period) : ceiled(time, period);
      }
      case 'now':
        return Math.floor(this.#world.nowMs / 1000);
      case 'querystarttime':
        return this.#world.startMs;
      case 'queryendtime':
        return this.#world.endMs;
      case 'querytimerange':
        return this.#world.endMs - this.#world.startMs;
      default:
    }
    const implementation = FUNCTIONS.get(name);
    if (implementation !== undefined) return implementation(...args);
    if (this.#aggregate !== undefined) return this.#aggregate(call);
    throw new Error(`the reference executor has no function ${call.name}`);
  }

  /** Whether the arguments are about the rows of a group, and not about the group. */
  #aggregates({ name }: Call): boolean {
    const lower = name.toLowerCase();
    return this.#aggregate !== undefined && !FUNCTIONS.has(lower) && !OF_TIME.has(lower);
  }
}
