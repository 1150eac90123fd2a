// What a name means in an event: system fields, and paths into the record that @message shows.
import { EVENT_COLUMNS } from '../../../src/store/event-table.ts';
import { Json, numeral, Time, type Value } from './values.ts';

/** An event as the reference executor reads it. */
export interface ReferenceEvent {
  /** Which one it is among all, in the order in which they came. */
  readonly position: number;
  readonly timeMs: number;
  readonly ingestedMs: number;
  readonly log: string;
  readonly stream: string;
  readonly account: string;
  /** The text of @message. */
  readonly message: string;
  /** Whether its fields are declared; those of others are text. */
  readonly declared: boolean;
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
  if (name === 'event_timestamp') return value as number;
  switch (EVENT_COLUMNS.get(name)?.kind) {
    case 'boolean':
      return value as boolean;
    case 'integer':
    case 'timestamp':
      return value as number;
    case 'texts':
    case 'json':
      return new Json(JSON.stringify(value));
    default:
      return found(value);
  }
}

function parsed(message: string): unknown {
  try {
    return JSON.parse(message) as unknown;
  } catch {
    return undefined;
  }
}

/** A field of the JSON that a message is. */
function inMessage({ message, declared: known }: ReferenceEvent, name: string): Value {
  const own = name.startsWith('@@') && !known ? name.slice(1) : name;
  if (own === name && name.startsWith('@') && !known) return undefined;
  const value = inside(parsed(message), own.split('.'));
  if (value === undefined || value === null) return undefined;
  return known ? declared(name, value) : found(value);
}

/** The value of a field of an event. */
export function fieldOf(event: ReferenceEvent, name: string): Value {
  switch (name) {
    case '@timestamp':
      return new Time(event.timeMs);
    case '@ingestionTime':
      return new Time(event.ingestedMs);
    case '@message':
      return event.message;
    case '@log':
      return `${event.account}:${event.log}`;
    case '@logStream':
      return event.stream;
    case '@aws.account':
      return event.account;
    case '@ptr':
      return Buffer.from(`e${event.position}`).toString('base64');
    default:
      return inMessage(event, name);
  }
}
