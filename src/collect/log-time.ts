// Time stamps as log files have them.

const MS_OF_DAY = 86_400_000;
const ZERO = 48;

const RFC3339_UTC = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-6]\d(?:\.\d{1,9})?Z$/;

let lastDay = '';
let lastDayMs = 0;

function two(text: string, at: number): number {
  return (text.charCodeAt(at) - ZERO) * 10 + (text.charCodeAt(at + 1) - ZERO);
}

/**
 * Milliseconds since the Unix epoch of an RFC 3339 time, e.g. `2026-11-23T02:54:57.004384Z`; NaN
 * when it is none. Neighbouring lines are of the same day, which is why that is remembered.
 */
export function parseRfc3339(text: string): number {
  if (!RFC3339_UTC.test(text)) return Date.parse(text);
  const day = text.slice(0, 10);
  if (day !== lastDay) {
    lastDayMs = Date.parse(`${day}T00:00:00Z`);
    lastDay = day;
  }
  const fraction = text.length > 20 ? Math.floor(Number(`0.${text.slice(20, -1)}`) * 1000) : 0;
  return (
    lastDayMs + two(text, 11) * 3_600_000 + two(text, 14) * 60_000 + two(text, 17) * 1000 + fraction
  );
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** How far a log's time may be ahead of our clock before it is taken for last year's. */
const AHEAD_MAX_MS = 2 * MS_OF_DAY;

/** Lines of several processes may be this much out of order. */
const DISORDER_MAX_MS = 10 * 60_000;
/** A line that is read so soon after its time was just written; clocks may differ as much. */
const JUST_WRITTEN_MS = 2 * 60_000;
/** When clocks are put back, an hour comes twice. */
const FOLD_MS = 3_600_000;
/** In so many years every date occurs, 29 February too, also around 2100. */
const YEARS_BACK_MAX = 8;

/** An hour of the machine's local time, because a stamp without a zone is in it. */
interface LocalHour {
  readonly text: string;
  readonly startMs: number;
  /** Whether the hour comes twice that day. */
  readonly twice: boolean;
}

function localHour(
  text: string,
  year: number,
  month: number,
  day: number,
  hours: number,
): LocalHour | undefined {
  const start = new Date(year, month, day, hours);
  // The year has no such day, or the day no such hour.
  if (start.getMonth() !== month || start.getDate() !== day) return undefined;
  const startMs = start.getTime();
  return { text, startMs, twice: new Date(startMs + FOLD_MS).getHours() === hours };
}

/** The latest year in which the hour is not in the future. */
function latestHour(text: string, nowMs: number): LocalHour | undefined {
  const month = MONTHS.indexOf(text.slice(0, 3));
  const day = Number(text.slice(4, 6));
  const hours = Number(text.slice(7, 9));
  if (month < 0 || hours > 23) return undefined;
  const newest = new Date(nowMs).getFullYear() + 1;
  for (let year = newest; year >= newest - YEARS_BACK_MAX; year--) {
    const hour = localHour(text, year, month, day, hours);
    if (hour !== undefined && hour.startMs <= nowMs + AHEAD_MAX_MS) return hour;
  }
  return undefined;
}

/** Neighbouring lines are of the same hour, which is why that is remembered, and when it was found. */
let lastHour: LocalHour | undefined;
let lastHourAtMs = Number.NaN;

function hourOf(text: string, nowMs: number): LocalHour | undefined {
  const found = Math.abs(nowMs - lastHourAtMs) < FOLD_MS;
  if (found && lastHour?.text === text) return lastHour;
  lastHour = text.length === 13 ? localHour(text, ...isoHour(text)) : latestHour(text, nowMs);
  lastHourAtMs = nowMs;
  return lastHour;
}

/** Year, month, day and hour of `2026-11-23T02`. */
function isoHour(text: string): [number, number, number, number] {
  return [Number(text.slice(0, 4)), two(text, 5) - 1, two(text, 8), two(text, 11)];
}

/**
 * A local time's minutes and seconds in its hour. Of an hour that comes twice it is the second one
 * if the line was just written then, or if the line before it was later than the first.
 */
function inHour(hour: LocalHour, ms: number, nowMs: number, previousMs: number): number {
  const first = hour.startMs + ms;
  if (!hour.twice) return first;
  const second = first + FOLD_MS;
  const justWritten = Math.abs(nowMs - second) <= JUST_WRITTEN_MS;
  const past = second <= nowMs + JUST_WRITTEN_MS;
  return justWritten || (past && first < previousMs - DISORDER_MAX_MS) ? second : first;
}

/** A line's time and what follows it. */
export interface TimedText {
  readonly timeMs: number;
  /** The line after the time stamp and the spaces behind it. */
  readonly rest: string;
}

const TRADITIONAL = /^([A-Z][a-z]{2} [ \d]\d \d\d):([0-5]\d):([0-6]\d)(?: |$)/;
const ISO =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d):([0-5]\d):([0-6]\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?(?: |$)/;

function zoned(iso: RegExpExecArray): number {
  const [, date, hours, minutes, seconds, fraction = '', zone = ''] = iso;
  const ms = fraction.padEnd(3, '0').slice(0, 3);
  return Date.parse(`${date}T${hours}:${minutes}:${seconds}.${ms}${zone}`);
}

/**
 * Reads the time stamp a line begins with: `Nov 23 02:42:19`, whose year is the latest that is not in
 * the future, or RFC 3339 with or without `T`, fraction and zone. Undefined when the line begins
 * otherwise, or there is no such day.
 *
 * @param nowMs our clock
 * @param previousMs the time of the line before it in the log; it tells which of two equal hours is
 *   meant when clocks were put back
 * @see RFC 3164 section 4.1.2, RFC 5424 section 6.2.3, Dovecot setting log_timestamp
 */
export function readTime(
  line: string,
  nowMs: number,
  previousMs = -Infinity,
): TimedText | undefined {
  const traditional = TRADITIONAL.exec(line);
  const iso = traditional === null ? ISO.exec(line) : null;
  const stamp = traditional ?? iso;
  if (stamp === null) return undefined;
  const rest = line.slice(stamp[0].length).trimStart();
  if (iso !== null && iso[6] !== undefined) {
    const timeMs = zoned(iso);
    return Number.isNaN(timeMs) ? undefined : { timeMs, rest };
  }
  const [text, minutes, seconds, fraction = ''] =
    iso === null
      ? [stamp[1] ?? '', stamp[2], stamp[3]]
      : [`${iso[1]}T${iso[2]}`, iso[3], iso[4], iso[5]];
  const hour = hourOf(text, nowMs);
  if (hour === undefined) return undefined;
  const ms =
    Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3));
  return { timeMs: inHour(hour, ms, nowMs, previousMs), rest };
}
