// What a field of an event is made from: values of the record and steps that change them. Expressions
// are data made of these parts alone; none can loop, call or reach anything but the record.
import { PARTS_MAX } from './limits.ts';
import type { Pattern } from './pattern.ts';
import type { ReadTime } from './time-format.ts';

/** What an expression may look at. */
export interface Scope {
  /** The value at a path; undefined where there is none. */
  valueAt(path: string): unknown;
  /** Our clock, in ms since the Unix epoch. */
  readonly nowMs: number;
}

/** A value that a step cannot take; the record is refused with it. */
export class ValueRefusal extends Error {
  override readonly name = 'ValueRefusal';
}

/** Gives the value, undefined where there is none. Throws a ValueRefusal. */
export type Expression = (scope: Scope) => unknown;

/** Changes one value that is there. Throws a ValueRefusal. */
export type Step = (value: unknown, scope: Scope) => unknown;

/** How much of a value a refusal quotes, in characters. */
const QUOTED_LENGTH_MAX = 60;

/** The value, short and on one line. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > QUOTED_LENGTH_MAX ? `${text.slice(0, QUOTED_LENGTH_MAX)}…` : text;
}

/** The value as text; undefined for what has none. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function needText(value: unknown): string {
  const text = textOf(value);
  if (text === undefined) throw new ValueRefusal(`expected a text, found ${quoted(value)}`);
  return text;
}

/** An empty text is nothing: the field is left out. */
function present(value: unknown): unknown {
  if (value === null || value === '') return undefined;
  return Array.isArray(value) && value.length === 0 ? undefined : value;
}

/** A list is changed item by item; what becomes nothing leaves it. */
function each(step: (text: string, scope: Scope) => unknown): Step {
  return (value, scope) => {
    if (!Array.isArray(value)) return step(needText(value), scope);
    return value.map((item) => step(needText(item), scope)).filter((item) => item !== undefined);
  };
}

export const lower: Step = each((text) => text.toLowerCase());
export const upper: Step = each((text) => text.toUpperCase());
export const trim: Step = each((text) => text.trim());

/** A whole number: decimal digits. */
export const number: Step = each((text) => {
  if (!/^-?\d{1,15}$/.test(text)) {
    throw new ValueRefusal(`expected a whole number, found ${quoted(text)}`);
  }
  return Number(text);
});

/** One of the words, compared without case. */
export function booleanOf(yes: readonly string[], no: readonly string[]): Step {
  const words = new Map<string, boolean>();
  for (const word of yes) words.set(word.toLowerCase(), true);
  for (const word of no) words.set(word.toLowerCase(), false);
  return each((text) => {
    const found = words.get(text.toLowerCase());
    if (found !== undefined) return found;
    throw new ValueRefusal(
      `expected one of ${[...words.keys()].join(', ')}, found ${quoted(text)}`,
    );
  });
}

/** What the table has for the value, else the other value, else nothing. */
export function lookup(table: ReadonlyMap<string, string>, otherwise: string | undefined): Step {
  return each((text) => table.get(text) ?? otherwise);
}

/** The parts between separators: all of them, or the one at the index, from the end when negative. */
export function split(separator: string, take: number | undefined): Step {
  return (value) => {
    const parts = needText(value).split(separator);
    if (parts.length > PARTS_MAX) {
      parts.push(parts.splice(PARTS_MAX - 1).join(separator));
    }
    if (take !== undefined) return parts.at(take)?.trim();
    return parts.map((part) => part.trim()).filter((part) => part !== '');
  };
}

/** The template with the value in the place of `{}`. */
export function format(template: string): Step {
  return each((text) => template.replace('{}', () => text));
}

/** What the pattern's first group finds, or the pattern; nothing where it finds nothing. */
export function extract(pattern: Pattern): Step {
  return each((text) => present(pattern.first(text)));
}

/** Milliseconds since 1970. */
export function time(read: ReadTime, format: string): Step {
  return (value, { nowMs }) => {
    const scalar = typeof value === 'number' ? value : needText(value);
    const timeMs = read(scalar, nowMs);
    if (timeMs !== undefined) return timeMs;
    throw new ValueRefusal(`expected a time as ${format}, found ${quoted(value)}`);
  };
}

export function path(at: string): Expression {
  return (scope) => present(scope.valueAt(at));
}

export function constant(value: string): Expression {
  return () => value;
}

/** The first one that gives something. */
export function firstOf(expressions: readonly Expression[]): Expression {
  return (scope) => {
    for (const expression of expressions) {
      const value = expression(scope);
      if (value !== undefined) return value;
    }
    return undefined;
  };
}

/** Those that give something, as one text; nothing where none does. */
export function join(expressions: readonly Expression[], separator: string): Expression {
  return (scope) => {
    const texts = expressions
      .map((expression) => expression(scope))
      .filter((value) => value !== undefined)
      .map((value) => (Array.isArray(value) ? value : [value]).map(needText).join(separator));
    return texts.length === 0 ? undefined : texts.join(separator);
  };
}

/** An object of those that give something; nothing where none does. */
export function object(members: readonly (readonly [string, Expression])[]): Expression {
  return (scope) => {
    const found = members
      .map(([key, expression]) => [key, expression(scope)] as const)
      .filter(([, value]) => value !== undefined);
    return found.length === 0 ? undefined : Object.fromEntries(found);
  };
}

/** The expression's value, changed step by step until nothing is left of it. */
export function withSteps(expression: Expression, steps: readonly Step[]): Expression {
  return (scope) => {
    let value = expression(scope);
    for (const step of steps) {
      if (value === undefined) return undefined;
      value = present(step(value, scope));
    }
    return value;
  };
}
