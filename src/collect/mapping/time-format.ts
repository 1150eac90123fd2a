// Times as foreign logs write them, read by a format that the mapping names.
import { readTime } from '../log-time.ts';

/** Reads a time into ms since the Unix epoch; undefined when it is not of the format. */
export type ReadTime = (value: string | number, nowMs: number) => number | undefined;

/** Formats with a name; every other one is made of `%` directives. */
export const TIME_FORMATS = ['iso', 'syslog', 'seconds', 'milliseconds'] as const;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** What a directive of strptime(3) takes. All are bounded, so that a text cannot make them slow. */
const DIRECTIVES: Readonly<Record<string, string>> = {
  Y: String.raw`(?<Y>\d{4})`,
  m: String.raw`(?<m>\d{2})`,
  b: `(?<b>${MONTHS.join('|')})`,
  d: String.raw`(?<d>\d{2})`,
  e: String.raw`(?<d>[ \d]?\d)`,
  H: String.raw`(?<H>\d{2})`,
  M: String.raw`(?<M>\d{2})`,
  S: String.raw`(?<S>\d{2})`,
  f: String.raw`(?<f>\d{1,9})`,
  z: String.raw`(?<z>Z|[+-]\d{2}:?\d{2})`,
  '%': '%',
};

const ZONE = /^(?:Z|UTC|([+-])(\d{2}):?(\d{2}))$/i;

/** Minutes east of UTC; undefined for `local`, NaN when it is no zone. */
function zoneMinutes(zone: string): number | undefined {
  if (zone === 'local') return undefined;
  const match = ZONE.exec(zone);
  if (match === null) return Number.NaN;
  const minutes = Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0);
  return match[1] === '-' ? -minutes : minutes;
}

type Parts = Readonly<Record<string, string | undefined>>;

/** The time of the parts; undefined when there is no such day or hour. */
function timeOf(parts: Parts, zone: number | undefined): number | undefined {
  const month = parts['b'] === undefined ? Number(parts['m']) - 1 : MONTHS.indexOf(parts['b']);
  const [year, day, hour] = [Number(parts['Y']), Number(parts['d']), Number(parts['H'] ?? 0)];
  const ms = Number((parts['f'] ?? '').padEnd(3, '0').slice(0, 3));
  const rest = [Number(parts['M'] ?? 0), Number(parts['S'] ?? 0), ms] as const;
  if (hour > 23 || rest[0] > 59 || rest[1] > 60) return undefined;
  const utc = Date.UTC(year, month, day, hour, ...rest);
  const date = new Date(utc);
  if (rest[1] < 60 && (date.getUTCMonth() !== month || date.getUTCDate() !== day)) return undefined;
  const said = parts['z'] === undefined ? zone : zoneMinutes(parts['z']);
  return said === undefined
    ? new Date(year, month, day, hour, ...rest).getTime()
    : utc - said * 60_000;
}

function directives(format: string, zone: number | undefined): ReadTime | { problem: string } {
  let source = '';
  const seen = new Set<string>();
  for (let at = 0; at < format.length; at++) {
    const character = format[at] ?? '';
    if (character !== '%') {
      source += character.replace(/[.*+?^${}()|[\]\\/]/, String.raw`\$&`);
      continue;
    }
    const letter = format[++at] ?? '';
    const takes = DIRECTIVES[letter];
    if (takes === undefined) {
      const known = Object.keys(DIRECTIVES).map((name) => `%${name}`);
      return { problem: `expected one of ${known.join(' ')}, found "%${letter}"` };
    }
    const kind = letter === 'e' ? 'd' : letter;
    if (kind !== '%' && seen.has(kind))
      return { problem: `expected "%${letter}" once, found it again` };
    seen.add(kind);
    source += takes;
  }
  if (!seen.has('Y') || !seen.has('d') || (seen.has('m') ? seen.has('b') : !seen.has('b'))) {
    const names = TIME_FORMATS.join(', ');
    return { problem: `expected ${names}, or a format with %Y, one of %m and %b, and %d` };
  }
  const pattern = new RegExp(`^${source}$`);
  return (value) => {
    const groups = pattern.exec(String(value))?.groups;
    return groups === undefined ? undefined : timeOf(groups, zone);
  };
}

/** As Exim writes it: `2026-11-23 11:17:56 +0100`. */
const SPACE_BEFORE_ZONE = / (?=[+-]\d\d:?\d\d$)/;
const ZONED = /(?:Z|[+-]\d\d:?\d\d)$/;

function read(text: string, nowMs: number): number | undefined {
  const timed = readTime(text, nowMs);
  return timed?.rest === '' ? timed.timeMs : undefined;
}

/** A count of seconds or milliseconds, in digits. */
function counted(value: string | number, unitMs: number): number | undefined {
  if (!/^\d{1,16}(?:\.\d{1,9})?$/.test(String(value))) return undefined;
  return Math.floor(Number(value) * unitMs);
}

/**
 * The reader of a format: `iso` (RFC 3339, also with a space for the `T` and without a zone),
 * `syslog` (`Nov 23 02:42:19`, whose year is the latest that is not in the future), `seconds` or
 * `milliseconds` since 1970, or directives of strptime(3): %Y %m %b %d %e %H %M %S %f %z %%.
 * Returns what is wrong with the format.
 *
 * @param zone of a time that names none: `local` (the machine's), `UTC`, or e.g. `+01:00`
 */
export function compileTimeFormat(format: string, zone = 'local'): ReadTime | { problem: string } {
  const minutes = zoneMinutes(zone);
  if (minutes !== undefined && Number.isNaN(minutes)) {
    return { problem: `expected the zone local, UTC or e.g. +01:00, found "${zone}"` };
  }
  switch (format) {
    case 'iso': {
      const suffix = minutes === undefined ? '' : zone === 'UTC' ? 'Z' : zone;
      return (value, nowMs) => {
        const text = String(value).replace(SPACE_BEFORE_ZONE, '');
        return read(/:\d\d/.test(text) && ZONED.test(text) ? text : text + suffix, nowMs);
      };
    }
    case 'syslog':
      if (minutes !== undefined)
        return { problem: 'expected no zone: syslog times are in the local one' };
      return (value, nowMs) => read(String(value), nowMs);
    case 'seconds':
      return (value) => counted(value, 1000);
    case 'milliseconds':
      return (value) => counted(value, 1);
    default:
      return directives(format, minutes);
  }
}
