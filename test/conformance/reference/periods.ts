// Bins of time: when the one begins that a time is in.
import type { Period, PeriodUnit } from '../../../src/insights/ast.ts';
import { Time } from './values.ts';

/** The most that is counted of a unit. @see CloudWatch Logs user guide, "bin" */
const MOST: Readonly<Partial<Record<PeriodUnit, number>>> = { ms: 1000, s: 60, m: 60, h: 24 };

const DAY_MS = 86_400_000;
const MS: Readonly<Partial<Record<PeriodUnit, number>>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: DAY_MS,
  w: 7 * DAY_MS,
};
const MONTHS: Readonly<Partial<Record<PeriodUnit, number>>> = { mo: 1, q: 3, y: 12 };

/** The first Monday of 1970, in days since the first of January. */
const FIRST_MONDAY = 4;

function capped({ count, unit }: Period): number {
  return Math.min(count, MOST[unit] ?? count);
}

/** The time that much later, or earlier where `times` is -1; days of a month stay within it. */
export function moved(time: Time, period: Period, times: 1 | -1 = 1, cap = true): Time {
  const count = times * (cap ? capped(period) : period.count);
  const ms = MS[period.unit];
  if (ms !== undefined) return new Time(time.ms + count * ms);
  const at = new Date(time.ms);
  const month = at.getUTCMonth() + count * (MONTHS[period.unit] ?? 1);
  const last = new Date(Date.UTC(at.getUTCFullYear(), month + 1, 0)).getUTCDate();
  const day = Math.min(at.getUTCDate(), last);
  const midnight = Date.UTC(at.getUTCFullYear(), month, day);
  return new Time(midnight + (((time.ms % DAY_MS) + DAY_MS) % DAY_MS));
}

/** The beginning of the period the time is in: counted from 1970, weeks from its first Monday. */
export function floored(time: Time, period: Period): Time {
  const count = capped(period);
  const ms = MS[period.unit];
  if (ms === undefined) {
    const at = new Date(time.ms);
    const months = (at.getUTCFullYear() - 1970) * 12 + at.getUTCMonth();
    const step = count * (MONTHS[period.unit] ?? 1);
    return new Time(Date.UTC(1970, Math.floor(months / step) * step));
  }
  const from = period.unit === 'w' ? FIRST_MONDAY * DAY_MS : 0;
  const step = count * ms;
  return new Time(Math.floor((time.ms - from) / step) * step + from);
}

/** The beginning of the next period, or the time itself where it begins one. */
export function ceiled(time: Time, period: Period): Time {
  const floor = floored(time, period);
  return floor.ms === time.ms ? floor : moved(floor, period);
}
