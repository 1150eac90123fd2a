// Values of the language outside of the engine: how one kind becomes another and when two are equal, as
// the SQL of sql/value.ts and sql/comparison.ts has it.

import { numberOf as numberOfText } from '../sql/value.ts';

/** A point in time: text in results, milliseconds to functions. */
export interface Time {
  readonly ms: number;
}

/** A map or a list. */
export interface Structure {
  readonly items: object;
}

/** Undefined is a missing value. */
export type Value = string | number | boolean | Time | Structure | undefined;

function isTime(value: Value): value is Time {
  return typeof value === 'object' && 'ms' in value;
}

/** Whether it is a map or a list, which is neither text nor a number. */
export function isStructure(value: Value): value is Structure {
  return typeof value === 'object' && 'items' in value;
}

/** The number of a value: of text only where it is all of a finite one. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'string') return numberOfText(value);
  return value !== undefined && isTime(value) ? value.ms : undefined;
}

/** `2026-11-26 12:00:00.000`, UTC. */
function timeText({ ms }: Time): string {
  return new Date(ms).toISOString().replace('T', ' ').slice(0, -1);
}

function numeral(number: number): string {
  return Object.is(number, -0) ? '-0' : String(number).replace('e+', 'e');
}

/** A value as results show it. */
export function shownText(value: Value): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number') return numeral(value);
  return isTime(value) ? timeText(value) : JSON.stringify(value.items);
}

/** A value as functions of text take it; maps and lists are none. */
export function textOf(value: Value): string | undefined {
  return isStructure(value) ? undefined : shownText(value);
}

/** What is found in JSON: text, numerals, 1 and 0, and maps and lists as their JSON. */
export function foundText(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return shownText(value);
  return JSON.stringify(value);
}

/** What is at a path of JSON: keys of maps, indexes of lists. */
export function inside(value: unknown, steps: readonly (string | number)[]): unknown {
  let at = value;
  for (const step of steps) {
    const key = String(step);
    if (typeof at !== 'object' || at === null) return undefined;
    if (Array.isArray(at) ? !/^\d+$/.test(key) : !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[key];
  }
  return at;
}

/** Whether a condition holds that is a value: what is a number and not 0. */
export function holds(value: Value): boolean {
  if (value !== undefined && typeof value === 'object' && isTime(value)) return true;
  const number = numberOf(value);
  return number !== undefined && number !== 0;
}

/** Texts by the code points of their characters, as their UTF-8 sorts. */
function byCodePoints(a: string, b: string): number {
  const [left, right] = [a[Symbol.iterator](), b[Symbol.iterator]()];
  for (;;) {
    const [x, y] = [left.next().value, right.next().value];
    if (x === undefined || y === undefined)
      return Number(x !== undefined) - Number(y !== undefined);
    if (x !== y) return (x.codePointAt(0) ?? 0) - (y.codePointAt(0) ?? 0);
  }
}

/** Whether two values are equal: texts by their characters, a number and a text by the text's number. */
export function equal(a: Value, b: Value): boolean {
  if (a === undefined || b === undefined || isStructure(a) || isStructure(b)) return false;
  if (typeof a === 'string' && typeof b === 'string') return a === b;
  const x = numberOf(a);
  return x !== undefined && x === numberOf(b);
}

/** Less than, equal to or greater than 0; undefined where the two have no order. */
export function ordered(a: Value, b: Value): number | undefined {
  if (a === undefined || b === undefined || isStructure(a) || isStructure(b)) return undefined;
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x - y;
  return typeof a === 'string' && typeof b === 'string' ? byCodePoints(a, b) : undefined;
}
