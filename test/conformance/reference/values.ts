// The values of the reference executor and what the language says of them: how one kind becomes
// another, when two are equal, which comes first. Made for clearness, never for speed.

/** A point in time; queries see it as text, functions as milliseconds since 1970. */
export class Time {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

/** A map or list. */
export class Json {
  /** Its text. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Undefined is a missing value. */
export type Value = string | number | boolean | Time | Json | undefined;

/** A number of the language: finite, or it is missing. */
export function finite(number: number | undefined): number | undefined {
  return number !== undefined && Number.isFinite(number) ? number : undefined;
}

const NUMERAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Booleans are 1 and 0, times their milliseconds, text the number that it is all of. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Time) return value.ms;
  if (typeof value !== 'string' || !NUMERAL.test(value)) return undefined;
  return finite(Number(value));
}

/** The shortest digits that are this number and no other. */
export function numeral(number: number): string {
  return Object.is(number, -0) ? '-0' : String(number).replace('e+', 'e');
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

/** `2026-11-26 12:00:00.000`, UTC. */
export function timeText({ ms }: Time): string {
  const at = new Date(ms);
  const day = `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
  const clock = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
  return `${day} ${clock}.${String(at.getUTCMilliseconds()).padStart(3, '0')}`;
}

/** As results show it. */
export function shownText(value: Value): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number') return numeral(value);
  return value instanceof Time ? timeText(value) : value.text;
}

/** As functions of text see it: maps and lists are no text. */
export function textOf(value: Value): string | undefined {
  return value instanceof Json ? undefined : shownText(value);
}

/** Times from 1900 to 2299; further ones cannot be told. */
const TIME_MIN_MS = -2_208_988_800_000;
const TIME_MAX_MS = 10_413_791_999_999;

/** Numbers are milliseconds. */
export function timeOf(value: Value): Time | undefined {
  if (value instanceof Time) return value;
  const number = numberOf(value);
  if (number === undefined) return undefined;
  const ms = Math.trunc(number);
  return ms >= TIME_MIN_MS && ms <= TIME_MAX_MS ? new Time(ms) : undefined;
}

/** What a condition makes of a value: true is what is a number and not 0. */
export function holds(value: Value): boolean {
  if (value instanceof Time) return true;
  const number = numberOf(value);
  return number !== undefined && number !== 0;
}

/** Texts by the Unicode order of their characters. */
export function byCharacters(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/**
 * Less than, equal to or greater than 0; undefined where the two cannot be compared. Two texts are
 * equal when their characters are, a number and a text when the text is that number.
 */
export function compared(a: Value, b: Value, equality: boolean): number | undefined {
  if (a === undefined || b === undefined || a instanceof Json || b instanceof Json) {
    return undefined;
  }
  const [x, y] = [numberOf(a), numberOf(b)];
  if (typeof a === 'string' && typeof b === 'string') {
    if (equality || x === undefined || y === undefined) return byCharacters(a, b);
  }
  return x === undefined || y === undefined ? undefined : x - y;
}

/** Runs of digits and of anything else. */
function runs(text: string): readonly string[] {
  return text.match(/\d+|\D+/g) ?? [];
}

function byRuns(a: string, b: string): number {
  const [left, right] = [runs(a), runs(b)];
  for (const [index, x] of left.entries()) {
    const y = right[index];
    if (y === undefined) return 1;
    const digits = /^\d/.test(x) && /^\d/.test(y);
    const order = (digits ? x.length - y.length : 0) || byCharacters(x, y);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/**
 * Natural order: missing values, then what is no number run by run, then numbers.
 *
 * @see CloudWatch Logs user guide, "sort"
 */
export function naturally(a: Value, b: Value): number {
  const rank = (value: Value): number => {
    if (value === undefined) return 0;
    return numberOf(value) === undefined ? 1 : 2;
  };
  const [x, y] = [rank(a), rank(b)];
  if (x !== y) return x - y;
  if (x === 2) return (numberOf(a) ?? 0) - (numberOf(b) ?? 0);
  return x === 0 ? 0 : byRuns(shownText(a) ?? '', shownText(b) ?? '');
}
