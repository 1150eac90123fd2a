// A line of Dovecot's event exporter: JSON, bare (2.4's `file` driver) or as the text of a log line
// of the `stats` process (2.3's `log` transport), with whatever time stamp and syslog framing.
import { parseRfc3339 } from '../log-time.ts';

/** One event as Dovecot exported it. */
export interface DovecotEvent {
  readonly name: string;
  /** When it ended: when the thing it tells of was done. */
  readonly timeMs: number;
  /** When it began, as it was exported: it orders events of one session within a millisecond. */
  readonly started: string | number | undefined;
  readonly hostname: string | undefined;
  /** e.g. `imap`, from the category `service:imap`; undefined where categories are not exported. */
  readonly service: string | undefined;
  readonly fields: EventFields;
}

export type EventFields = Readonly<Record<string, unknown>>;

/** Every event's JSON begins with its name: Dovecot writes the keys in a fixed order. */
const EVENT_START = Buffer.from('{"event":"');
/** A log line's text begins within this many bytes: time stamp, host, program, process. */
const FRAME_BYTES_MAX = 200;
const QUOTE = 0x22;

/** Where the JSON of an event line begins and how the event is called; undefined for other lines. */
export interface EventPlace {
  readonly name: string;
  readonly json: number;
}

/**
 * Whether the text in front of the JSON is the head of a line of the stats process. It is a time
 * stamp, in syslog a host and `dovecot:` or `dovecot[pid]:`, then `stats:` and, in files, `Info:`.
 * No other `: ` may be in it: the text of any other line could be written by a stranger.
 */
function isStatsHead(head: string): boolean {
  const process = head.endsWith('Info: ') ? head.slice(0, -'Info: '.length) : head;
  if (!process.endsWith('stats: ')) return false;
  const before = process.slice(0, -'stats: '.length).replace(/(^| )dovecot(\[\d+\])?: $/, ' ');
  return before === '' || (before.endsWith(' ') && !before.includes(': '));
}

/** Finds out whether a line is an event's, without parsing it. */
export function eventPlace(bytes: Buffer, start: number, end: number): EventPlace | undefined {
  const limit = Math.min(end, start + FRAME_BYTES_MAX + EVENT_START.length);
  const json = bytes.subarray(start, limit).indexOf(EVENT_START);
  if (json < 0) return undefined;
  if (json > 0 && !isStatsHead(bytes.toString('latin1', start, start + json))) return undefined;
  const nameFrom = start + json + EVENT_START.length;
  const nameTo = bytes.indexOf(QUOTE, nameFrom);
  if (nameTo < 0 || nameTo >= end) return undefined;
  return { name: bytes.toString('latin1', nameFrom, nameTo), json: start + json };
}

function timeOf(value: unknown): number {
  if (typeof value === 'string') return parseRfc3339(value);
  // `time-unix` gives seconds with a fraction.
  return typeof value === 'number' ? Math.floor(value * 1000) : Number.NaN;
}

interface Exported {
  readonly hostname?: unknown;
  readonly start_time?: unknown;
  readonly end_time?: unknown;
  readonly categories?: unknown;
  readonly fields?: unknown;
}

/** Parses an event's JSON; undefined when it is not whole, or has no time. */
export function parseEvent(
  name: string,
  bytes: Buffer,
  json: number,
  end: number,
): DovecotEvent | undefined {
  let exported: Exported;
  try {
    exported = JSON.parse(bytes.toString('utf8', json, end)) as Exported;
  } catch {
    return undefined;
  }
  const timeMs = timeOf(exported.end_time ?? exported.start_time);
  const { fields, categories, hostname, start_time: started } = exported;
  if (Number.isNaN(timeMs) || typeof fields !== 'object' || fields === null) return undefined;
  let service: string | undefined;
  if (Array.isArray(categories)) {
    for (const category of categories as unknown[]) {
      if (typeof category === 'string' && category.startsWith('service:')) {
        service = category.slice('service:'.length);
      }
    }
  }
  return {
    name,
    timeMs,
    started: typeof started === 'string' || typeof started === 'number' ? started : undefined,
    hostname: typeof hostname === 'string' ? hostname : undefined,
    service,
    fields: fields as EventFields,
  };
}

/** A text field; undefined when absent or empty. */
export function textField(fields: EventFields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A whole number, also where it was exported as text; undefined when absent. */
export function numberField(fields: EventFields, name: string): number | undefined {
  const value = fields[name];
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

/** Whether a list field, e.g. `reason_code`, has the entry. */
export function listHas(fields: EventFields, name: string, entry: string): boolean {
  const value = fields[name];
  return Array.isArray(value) ? value.includes(entry) : value === entry;
}
