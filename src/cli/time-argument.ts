// Times on the command line: `1h` ago, RFC 3339, epoch seconds or milliseconds.
import { parseDuration } from '../config/quantity.ts';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';

/** Digits from here on are milliseconds: as seconds it would be the year 5138. */
const MILLISECONDS_FROM = 100_000_000_000;

/** RFC 3339 section 5.6; the time of day and the zone may be left out. */
const DATE_TIME = /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d)?)?$/;

/** Whether there is such a day: Date.parse takes 31 February for 3 March. */
function dayExists(text: string): boolean {
  const day = text.slice(0, 'YYYY-MM-DD'.length);
  const ms = Date.parse(day);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}

/** The forms, for help and errors. */
export const TIME_FORMS =
  'now, a time ago (15m, 1h, 2d, 1w), RFC 3339 (2026-01-31T12:00:00Z; UTC where no zone is said), or epoch seconds or milliseconds';

/**
 * A time in ms since the Unix epoch. Throws a CliError that names the option.
 *
 * @param nowMs the present, for times ago
 */
export function parseTime(text: string, option: string, nowMs: number): number {
  if (text === 'now') return nowMs;
  const agoMs = parseDuration(text.replace(/ ago$/, ''));
  if (agoMs !== undefined && !/^\d+$/.test(text)) return nowMs - agoMs;
  if (/^\d{1,15}$/.test(text)) {
    const digits = Number(text);
    return digits >= MILLISECONDS_FROM ? digits : digits * 1000;
  }
  if (DATE_TIME.test(text) && dayExists(text)) {
    const normal = text.replace(' ', 'T').toUpperCase();
    const zoned = normal.length > 10 && !/(Z|[+-]\d\d:\d\d)$/.test(normal) ? `${normal}Z` : normal;
    const ms = Date.parse(zoned);
    if (!Number.isNaN(ms)) return ms;
  }
  throw new CliError(EXIT.usage, `${option} ${text}: expected ${TIME_FORMS}`);
}
