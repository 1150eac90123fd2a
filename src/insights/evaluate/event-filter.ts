// The condition of a `filter` asked of one event in memory, for deliveries, which must not depend on
// the engine. It says the same of an event as a query with that filter does.
import { RE2JS } from 're2js';
import { EVENT_COLUMNS } from '../../store/event-table.ts';
import type { Binary, Call, Expression, In, Like } from '../ast.ts';
import { checkQuery } from '../check.ts';
import { MalformedQuery, type QueryError } from '../error.ts';
import { findFunction } from '../functions/registry.ts';
import { parsePipeline } from '../parse/commands.ts';
import { readRegex } from '../regex.ts';
import { EVALUATED_FUNCTIONS } from './functions.ts';
import {
  equal,
  foundText,
  holds,
  inside,
  isStructure,
  numberOf,
  ordered,
  shownText,
  textOf,
  type Value,
} from './values.ts';

/** An event as it leaves Mailtrail: see event/canonical-json.ts. */
export type EventRecord = Readonly<Record<string, unknown>>;

export type CompiledFilter =
  | { readonly ok: true; readonly matches: (event: EventRecord) => boolean }
  | { readonly ok: false; readonly error: QueryError };

type Evaluate = (event: EventRecord) => Value;

const KEYWORD = /^\s*(?:filter|where)\b/i;

/**
 * Compiles the expression of a `filter`, with or without the word. Refused with its place: what is no
 * condition of one event, and functions that need the engine.
 */
export function compileEventFilter(text: string): CompiledFilter {
  const prefix = KEYWORD.test(text) ? '' : 'filter ';
  try {
    const ast = parsePipeline(prefix + text);
    checkQuery(ast);
    const [command, further] = ast.commands;
    if (command?.kind !== 'filter' || further !== undefined || ast.sources !== undefined) {
      const place = further ?? { start: 0, end: prefix.length + text.length };
      throw new MalformedQuery('expected the condition of a single filter command', place);
    }
    const condition = compiled(command.condition);
    return { ok: true, matches: (event) => holds(condition(event)) };
  } catch (error) {
    if (!(error instanceof MalformedQuery)) throw error;
    const moved = (offset: number): number => Math.max(0, offset - prefix.length);
    const { message, start, end } = error;
    return { ok: false, error: { message, start: moved(start), end: moved(end) || text.length } };
  }
}

function compiled(expression: Expression): Evaluate {
  switch (expression.kind) {
    case 'number':
    case 'string':
    case 'boolean':
      return () => expression.value;
    case 'field':
      return fieldNamed(expression.name, expression);
    case 'member': {
      const object = compiled(expression.object);
      return (event) => foundText(inside(structureOf(object(event)), [expression.key]));
    }
    case 'call':
      return called(expression);
    case 'unary': {
      const operand = compiled(expression.operand);
      if (expression.operator === 'not') return (event) => !holds(operand(event));
      return (event) => {
        const number = numberOf(operand(event));
        return number === undefined ? undefined : -number;
      };
    }
    case 'binary':
      return binary(expression);
    case 'logical': {
      const operands = expression.operands.map(compiled);
      const isTrue = (event: EventRecord) => (operand: Evaluate) => holds(operand(event));
      return expression.operator === 'and'
        ? (event) => operands.every(isTrue(event))
        : (event) => operands.some(isTrue(event));
    }
    case 'like':
      return like(expression);
    case 'in':
      return within(expression);
  }
}

function fieldNamed(name: string, place: Expression): Evaluate {
  switch (name) {
    case '@timestamp':
      return (event) => ({ ms: Number(event['event_timestamp']) });
    case '@message':
      return (event) => JSON.stringify(event);
    case '@ingestionTime':
    case '@log':
    case '@logStream':
    case '@aws.account':
    case '@ptr':
      throw new MalformedQuery(`${name} is not known where no query is asked`, place);
    default:
  }
  const steps = name.split('.');
  const kind = name === 'event_timestamp' ? 'timestamp' : EVENT_COLUMNS.get(name)?.kind;
  return (event) => {
    const value = inside(event, steps);
    if (value === undefined || value === null) return undefined;
    switch (kind) {
      case 'boolean':
      case 'integer':
      case 'timestamp':
        return value as boolean | number;
      case 'texts':
      case 'json':
        return { items: value };
      default:
        return foundText(value);
    }
  };
}

function structureOf(value: Value): unknown {
  if (isStructure(value)) return value.items;
  if (typeof value !== 'string') return undefined;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
}

function called(call: Call): Evaluate {
  const name = findFunction(call.name)?.name ?? call.name;
  const make = EVALUATED_FUNCTIONS.get(name.toLowerCase());
  const args = call.args.map((argument) => {
    if (argument.kind !== 'star' && argument.kind !== 'period') return compiled(argument);
    throw new MalformedQuery(`${call.name} cannot be asked of one event`, call);
  });
  if (make === undefined) {
    throw new MalformedQuery(`${call.name} needs the engine and cannot be used here`, call);
  }
  const apply = make();
  return (event) => apply(args.map((argument) => argument(event)));
}

function binary({ operator, left, right }: Binary): Evaluate {
  const [a, b] = [compiled(left), compiled(right)];
  const order = (event: EventRecord): number => ordered(a(event), b(event)) ?? NaN;
  const arithmetic =
    (apply: (x: number, y: number) => number): Evaluate =>
    (event) => {
      const [x, y] = [numberOf(a(event)), numberOf(b(event))];
      if (x === undefined || y === undefined) return undefined;
      const outcome = apply(x, y);
      return Number.isFinite(outcome) ? outcome : undefined;
    };
  switch (operator) {
    case '=':
      return (event) => equal(a(event), b(event));
    case '!=':
      return (event) => !equal(a(event), b(event));
    case '<':
      return (event) => order(event) < 0;
    case '<=':
      return (event) => order(event) <= 0;
    case '>':
      return (event) => order(event) > 0;
    case '>=':
      return (event) => order(event) >= 0;
    case '+':
      return arithmetic((x, y) => x + y);
    case '-':
      return arithmetic((x, y) => x - y);
    case '*':
      return arithmetic((x, y) => x * y);
    case '/':
      return arithmetic((x, y) => x / y);
    case '%':
      return arithmetic((x, y) => x % y);
    case '^':
      return arithmetic((x, y) => x ** y);
  }
}

function like({ subject, pattern, negated }: Like): Evaluate {
  const text = compiled(subject);
  const regex = pattern.kind === 'regex' ? RE2JS.compile(readRegex(pattern).pattern) : undefined;
  const found = (shown: string): boolean => {
    if (pattern.kind === 'string') return shown.includes(pattern.value);
    return regex?.matcher(shown).find() === true;
  };
  return (event) => {
    const shown = shownText(text(event));
    return (shown !== undefined && found(shown)) !== negated;
  };
}

/** The items of a list; whatever else it is, is the only one of its list. */
function itemsOf(value: Value): readonly (string | undefined)[] {
  const list = structureOf(value);
  if (Array.isArray(list)) return list.map(foundText);
  const text = shownText(value);
  return text === undefined || text === '' ? [] : [text];
}

function within({ subject, list, negated }: In): Evaluate {
  const value = compiled(subject);
  if ('kind' in list) {
    if (list.kind === 'query') {
      throw new MalformedQuery('a query inside of a filter needs the engine', list);
    }
    const items = compiled(list);
    return (event) => {
      const text = textOf(value(event));
      return (text !== undefined && itemsOf(items(event)).includes(text)) !== negated;
    };
  }
  const items = list.map(compiled);
  return (event) => {
    const own = value(event);
    const found = isStructure(own)
      ? items.some((item) => isOneOf(itemsOf(own), textOf(item(event))))
      : items.some((item) => equal(own, item(event)));
    return found !== negated;
  };
}

function isOneOf(items: readonly (string | undefined)[], text: string | undefined): boolean {
  return text !== undefined && items.includes(text);
}
