// What a name means in an event: system fields, and paths into the record that @message shows.
import { EVENT_COLUMNS } from '../../../src/store/event-table.ts';
import { Json, numeral, Time, type Value } from './values.ts';

/** An event as the reference executor reads it. */
export interface ReferenceEvent {
  /** Which one it is among all, in the order in which they came. */
  readonly position: number;
  readonly log: string;
  readonly account: string;
  readonly ingestedMs: number;
  /** The text of @message. */
  readonly message: string;
  /** What it says. */
  readonly record: Readonly<Record<string, unknown>>;
}

/** What is found in JSON: text, numbers as their numerals, 1 and 0, maps and lists as their JSON. */
export function found(value: unknown): Value {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  return typeof value === 'number' ? numeral(value) : JSON.stringify(value);
}

/** What is at a path: keys of maps, indexes of lists. */
export function inside(value: unknown, steps: readonly (string | number)[]): unknown {
  let at = value;
  for (const step of steps) {
    if (Array.isArray(at)) {
      at = /^\d+$/.test(String(step)) ? (at as unknown[])[Number(step)] : undefined;
    } else if (typeof at === 'object' && at !== null && Object.hasOwn(at, String(step))) {
      at = (at as Record<string, unknown>)[String(step)];
    } else {
      return undefined;
    }
  }
  return at;
}

/** Declared fields keep their kind. */
function declared(name: string, value: unknown): Value {
  switch (EVENT_COLUMNS.get(name)?.kind) {
    case 'boolean':
      return value as boolean;
    case 'integer':
    case 'timestamp':
      return value as number;
    case 'texts':
      return new Json(JSON.stringify(value), value as readonly string[]);
    case 'json':
      return new Json(JSON.stringify(value));
    default:
      return found(value);
  }
}

/** The value of a field of an event. */
export function fieldOf(event: ReferenceEvent, name: string): Value {
  const { record } = event;
  switch (name) {
    case '@timestamp':
      return new Time(Number(record['event_timestamp']));
    case '@ingestionTime':
      return new Time(event.ingestedMs);
    case '@message':
      return event.message;
    case '@log':
      return `${event.account}:${event.log}`;
    case '@logStream':
      return 'mailtrail';
    case '@aws.account':
      return event.account;
    case '@ptr':
      return Buffer.from(`e${event.position}`).toString('base64');
    case 'event_timestamp':
      return Number(record['event_timestamp']);
    default: {
      const value = inside(record, name.split('.'));
      return value === undefined || value === null ? undefined : declared(name, value);
    }
  }
}
