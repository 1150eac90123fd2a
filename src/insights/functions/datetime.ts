// Functions of time. Times are UTC; numbers are milliseconds since the Unix epoch.
import type { Argument, Call, Period, PeriodUnit } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import type { Parameters } from '../sql/parameters.ts';
import { asTimestamp } from '../sql/value.ts';
import type { CallSite, CappedPeriod, FunctionDefinition } from './function.ts';

/**
 * The most a unit counts to: `bin(300s)` is silently `bin(60s)`. AWS names no cap for the others;
 * ours keeps them inside what the engine can reckon with.
 *
 * @see CloudWatch Logs user guide, "bin"
 */
const CAPS: Readonly<Record<PeriodUnit, number>> = {
  ms: 1000,
  s: 60,
  m: 60,
  h: 24,
  d: 3650,
  w: 520,
  mo: 120,
  q: 40,
  y: 10,
};

/** The units that are always equally long. */
const UNIT_MS: Readonly<Partial<Record<PeriodUnit, number>>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The units that are some months. */
const UNIT_MONTHS: Readonly<Partial<Record<PeriodUnit, number>>> = { mo: 1, q: 3, y: 12 };

/** Weeks are counted from the fifth of January 1970, a Monday. */
const WEEK_MS = 7 * 86_400_000;
const FIRST_MONDAY_MS = 4 * 86_400_000;

/** January 1970 as the engine counts months. */
const EPOCH_MONTH = 1970 * 12 + 1;

const UNIT_INTERVALS: Readonly<Partial<Record<PeriodUnit, string>>> = {
  w: 'toIntervalWeek',
  mo: 'toIntervalMonth',
  q: 'toIntervalQuarter',
  y: 'toIntervalYear',
};

function periodOf(args: readonly Argument[]): CappedPeriod {
  const period = args.find((argument) => argument.kind === 'period');
  if (period === undefined) return { count: 1, unit: 'ms' };
  return { count: Math.min(period.count, CAPS[period.unit]), unit: period.unit };
}

/** At least as many ms as the period can have. */
export function longestMs({ count, unit }: Period): number {
  const DAYS: Partial<Record<PeriodUnit, number>> = { w: 7, mo: 31, q: 92, y: 366 };
  return count * (UNIT_MS[unit] ?? (DAYS[unit] ?? 1) * 86_400_000);
}

/** The length of the period among the arguments, with its unit's cap, in ms. */
export function periodMs(args: readonly Argument[]): number {
  return longestMs({ ...periodOf(args), kind: 'period', start: 0, end: 0 });
}

/** The distance of two bins of a call of `bin` as something that can be added to a time. */
export function stepOf(call: Call, parameters: Parameters): string {
  const { count, unit } = periodOf(call.args);
  const length = UNIT_MS[unit];
  return length === undefined
    ? `${UNIT_INTERVALS[unit]}(${parameters.bind(count, 'Int64')})`
    : `toIntervalMillisecond(${parameters.bind(count * length, 'Int64')})`;
}

/** The period as something that can be added to a time. */
function intervalOf({ count, unit }: CappedPeriod, site: CallSite): string {
  const length = UNIT_MS[unit];
  return length === undefined
    ? `${UNIT_INTERVALS[unit]}(${site.parameters.bind(count, 'Int64')})`
    : `toIntervalMillisecond(${site.parameters.bind(count * length, 'Int64')})`;
}

/** Refuses periods of nothing. */
export function checkPeriod({ args }: { readonly args: readonly Argument[] }): void {
  for (const period of args) {
    if (period.kind === 'period' && period.count < 1) {
      throw new MalformedQuery('a period must be at least 1 of its unit', period);
    }
  }
}

/** The beginning of the period the time is in; periods are counted from the epoch, weeks from Mondays. */
function floorOf(time: string, { count, unit }: CappedPeriod, site: CallSite): string {
  const length = UNIT_MS[unit];
  const months = UNIT_MONTHS[unit];
  if (months !== undefined) {
    // The engine would count them from 1900, and years from the year 0.
    const step = site.parameters.bind(count * months, 'Int64');
    const since = `toInt64(floor((toRelativeMonthNum(${time}) - ${EPOCH_MONTH}) / ${step})) * ${step}`;
    return `toDateTime64(addMonths(toDate32('1970-01-01'), ${since}), 3, 'UTC')`;
  }
  const weeks = length === undefined;
  const step = site.parameters.bind(count * (length ?? WEEK_MS), 'Int64');
  const ms = `toUnixTimestamp64Milli(${time})`;
  const from = weeks ? `(${ms} - ${FIRST_MONDAY_MS})` : ms;
  const floor = `toInt64(floor(${from} / ${step})) * ${step}`;
  return `fromUnixTimestamp64Milli(${weeks ? `${floor} + ${FIRST_MONDAY_MS}` : floor}, 'UTC')`;
}

/** The beginning of the next period, or the time itself where it begins one. */
function ceilOf(time: string, period: CappedPeriod, site: CallSite): string {
  const from = site.share(time);
  const floor = site.share(floorOf(from, period, site));
  return `if(${floor} = ${from}, ${floor}, ${floor} + ${intervalOf(period, site)})`;
}

/** The beginning of the bin that @timestamp is in; the planner adds what `stats … offset` says. */
function binOf(site: CallSite): string {
  // A query may have given the name to something else.
  const time = site.share(asTimestamp(site.field('@timestamp'), site.share));
  const period = periodOf(site.args);
  const offset = site.args.filter(({ kind }) => kind === 'period')[1];
  if (offset?.kind !== 'period') return floorOf(time, period, site);
  const by = intervalOf(offset, site);
  return `${floorOf(`(${time} - ${by})`, period, site)} + ${by}`;
}

function fixed(name: string, about: string, value: (site: CallSite) => number): FunctionDefinition {
  return {
    name,
    parameters: [],
    result: 'integer',
    about,
    sql: (_, site) => site.parameters.bind(value(site), 'Int64'),
  };
}

/** @see CloudWatch Logs user guide, "Datetime functions" */
export const DATETIME_FUNCTIONS: readonly FunctionDefinition[] = [
  {
    name: 'bin',
    // bin(@timestamp, 1h) is written too, in AWS's own examples.
    parameters: ['any', 'period'],
    optional: 1,
    readsTimestamp: true,
    result: 'timestamp',
    about: 'The beginning of the period that @timestamp is in.',
    check: (call) => {
      checkPeriod(call);
      const [first, second] = call.args;
      const named = first?.kind === 'field' && first.name === '@timestamp';
      if (second === undefined ? first?.kind === 'period' : named && second.kind === 'period')
        return;
      throw new MalformedQuery(`${call.name} expects a period, for example bin(5m)`, call);
    },
    sql: (_, site) => binOf(site),
  },
  {
    name: 'datefloor',
    parameters: ['timestamp', 'period'],
    result: 'timestamp',
    about: 'The beginning of the period that the time is in.',
    check: checkPeriod,
    sql: ([time = ''], site) => floorOf(time, periodOf(site.args), site),
  },
  {
    name: 'dateceil',
    parameters: ['timestamp', 'period'],
    result: 'timestamp',
    about: 'The end of the period that the time is in.',
    check: checkPeriod,
    sql: ([time = ''], site) => ceilOf(time, periodOf(site.args), site),
  },
  {
    name: 'fromMillis',
    parameters: ['timestamp'],
    result: 'timestamp',
    about: 'The time of a number of milliseconds since 1970.',
    sql: ([time = '']) => time,
  },
  {
    name: 'toMillis',
    parameters: ['timestamp'],
    result: 'integer',
    about: 'The milliseconds since 1970 of a time.',
    sql: ([time = '']) => `toUnixTimestamp64Milli(${time})`,
  },
  fixed('now', 'The seconds since 1970 when the query began.', ({ nowMs }) =>
    Math.floor(nowMs / 1000),
  ),
  fixed(
    'queryStartTime',
    "The beginning of the query's time range, in milliseconds.",
    (site) => site.startMs,
  ),
  fixed(
    'queryEndTime',
    "The end of the query's time range, in milliseconds.",
    (site) => site.endMs,
  ),
  fixed('queryTimeRange', "The length of the query's time range, in milliseconds.", (site) => {
    return site.endMs - site.startMs;
  }),
];
