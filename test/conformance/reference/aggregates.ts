// The aggregate functions in plain TypeScript. Missing values do not count, and of no values there
// is nothing to tell but their number.
import type { ReferenceEvent } from './fields.ts';
import { byCharacters, Json, naturally, numberOf, shownText, Time, type Value } from './values.ts';

/** A value of one row and where the row stands. */
export interface Sample {
  readonly value: Value;
  readonly event: ReferenceEvent | undefined;
  readonly time: Time | undefined;
}

/** Out of aggregates, times are milliseconds and booleans numbers. */
function plain(value: Value): Value {
  return value instanceof Time || typeof value === 'boolean' ? numberOf(value) : value;
}

function ofNumbers(values: readonly Value[], apply: (n: readonly number[]) => number): Value {
  const numbers = values.map(numberOf).filter((number) => number !== undefined);
  return numbers.length === 0 ? undefined : apply(numbers);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function variance(numbers: readonly number[]): number {
  const mean = sum(numbers) / numbers.length;
  return sum(numbers.map((number) => (number - mean) ** 2)) / numbers.length;
}

/** The value that so many percent of the others are lower than. */
function percentile(numbers: readonly number[], percent: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = Math.floor((percent / 100) * sorted.length);
  return sorted[Math.min(at, sorted.length - 1)] ?? NaN;
}

function byNumber(a: Value, b: Value): number {
  return (numberOf(a) ?? 0) - (numberOf(b) ?? 0);
}

function byText(a: Value, b: Value): number {
  return byCharacters(shownText(a) ?? '', shownText(b) ?? '');
}

/** Numbers before what is none; then the least. */
function least(values: readonly Value[], sign: 1 | -1): Value {
  const numbers = values.filter((value) => numberOf(value) !== undefined);
  if (numbers.length > 0) {
    return numbers.sort((a, b) => sign * (byNumber(a, b) || byText(a, b)))[0];
  }
  const texts = values.map((value) => shownText(value) ?? '');
  return texts.sort((a, b) => sign * byCharacters(a, b))[0];
}

/** The one whose event came first; of the same time, the one that was told first. */
function earliest(samples: readonly Sample[], sign: 1 | -1): Value {
  const order = ({ time, event }: Sample): [number, number] => [
    time?.ms ?? 0,
    event?.position ?? 0,
  ];
  const sorted = [...samples].sort((a, b) => {
    const [x, y] = [order(a), order(b)];
    return sign * (x[0] - y[0] || x[1] - y[1]);
  });
  return sorted[0]?.value;
}

/** The value of an aggregate function of these rows. `count(*)` has no values: `samples` are all. */
export function aggregated(name: string, samples: readonly Sample[], percent: number): Value {
  const present = samples
    .map((sample) => ({ ...sample, value: plain(sample.value) }))
    .filter(({ value }) => value !== undefined);
  const values = present.map(({ value }) => value);
  switch (name.toLowerCase()) {
    case 'count':
      return values.length;
    case 'countdistinct':
    case 'count_distinct':
      return new Set(values.map(shownText)).size;
    case 'sum':
      return ofNumbers(values, sum);
    case 'avg':
      return ofNumbers(values, (numbers) => sum(numbers) / numbers.length);
    case 'variance':
      return ofNumbers(values, variance);
    case 'stddev':
      return ofNumbers(values, (numbers) => Math.sqrt(variance(numbers)));
    case 'pct':
      return ofNumbers(values, (numbers) => percentile(numbers, percent));
    case 'min':
      return least(values, 1);
    case 'max':
      return least(values, -1);
    case 'sortsfirst':
      return values.sort((a, b) => naturally(a, b) || byText(a, b))[0];
    case 'sortslast':
      return values.sort((a, b) => naturally(b, a) || byText(b, a))[0];
    case 'earliest':
      return earliest(present, 1);
    case 'latest':
      return earliest(present, -1);
    case 'values': {
      const texts = [...new Set(values.map((value) => shownText(value) ?? ''))].sort(byCharacters);
      return texts.length === 0 ? undefined : new Json(JSON.stringify(texts));
    }
    default:
      throw new Error(`the reference executor has no aggregate ${name}`);
  }
}
