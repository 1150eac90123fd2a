// Time stamps as log files have them.

const MS_OF_DAY = 86_400_000;
const ZERO = 48;

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
  if (text.length < 20 || text.charCodeAt(10) !== 84 || !text.endsWith('Z'))
    return Date.parse(text);
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

function inYear(year: number, month: number, day: number, time: readonly number[]): number {
  const [hours = 0, minutes = 0, seconds = 0] = time;
  // Without a zone, a log's time is the machine's local time.
  return new Date(year, month, day, hours, minutes, seconds).getTime();
}

/** A line's time and what follows it. */
export interface TimedText {
  readonly timeMs: number;
  /** The line after the time stamp and the spaces behind it. */
  readonly rest: string;
}

const TRADITIONAL = /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(?: |$)/;
const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?(?: |$)/;
/** RFC 3164 and RFC 5424 put a priority first, which files keep when they were written raw. */
const PRIORITY = /^<\d{1,3}>(?:1 )?/;

/**
 * Reads the time stamp a line begins with: `Nov 23 02:42:19`, whose year is the one that brings it
 * nearest before now, or RFC 3339 with or without `T`, fraction and zone. Undefined when the line
 * begins otherwise.
 *
 * @see RFC 3164 section 4.1.2, RFC 5424 section 6.2.3, Dovecot setting log_timestamp
 */
export function readTime(line: string, nowMs: number): TimedText | undefined {
  const text = line.startsWith('<') ? line.replace(PRIORITY, '') : line;
  const traditional = TRADITIONAL.exec(text);
  if (traditional !== null) {
    const month = MONTHS.indexOf(traditional[1] ?? '');
    if (month < 0) return undefined;
    const day = Number(traditional[2]);
    const time = [Number(traditional[3]), Number(traditional[4]), Number(traditional[5])];
    const year = new Date(nowMs).getFullYear();
    let timeMs = inYear(year, month, day, time);
    if (timeMs > nowMs + AHEAD_MAX_MS) timeMs = inYear(year - 1, month, day, time);
    const early = inYear(year + 1, month, day, time);
    if (early <= nowMs + AHEAD_MAX_MS) timeMs = early;
    return { timeMs, rest: text.slice(traditional[0].length).trimStart() };
  }
  const iso = ISO.exec(text);
  if (iso === null) return undefined;
  const fraction = (iso[3] ?? '').padEnd(3, '0').slice(0, 3);
  const timeMs = Date.parse(`${iso[1]}T${iso[2]}.${fraction}${iso[4] ?? ''}`);
  if (Number.isNaN(timeMs)) return undefined;
  return { timeMs, rest: text.slice(iso[0].length).trimStart() };
}
