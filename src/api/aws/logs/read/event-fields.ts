// An event's fields as Logs Insights discovers them: system fields, and what is in the JSON of its message.
import type { ReadLogEvent } from '../../../../insights/index.ts';
import { FIELD_DEPTH_MAX, FIELDS_MAX } from './limits.ts';

/** `2026-11-23 00:00:00.000`, in UTC. */
function timeText(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  return String(value);
}

/** Puts the fields of a JSON value into the record by their paths; missing values are none. */
function flatten(record: Map<string, string>, path: string, value: unknown, depth: number): void {
  if (value === null || record.size >= FIELDS_MAX || depth > FIELD_DEPTH_MAX) return;
  if (typeof value !== 'object') {
    record.set(path, valueText(value));
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    flatten(record, `${path}.${key}`, inner, depth + 1);
  }
}

/** The fields in a message, at most FIELDS_MAX; none where it is no JSON object. */
export function discoveredFields(message: string): ReadonlyMap<string, string> {
  const record = new Map<string, string>();
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return record;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return record;
  for (const [key, inner] of Object.entries(value)) {
    flatten(record, key.startsWith('@') ? `@${key}` : key, inner, 1);
  }
  return record;
}

/** An event as GetLogRecord gives it. */
export function logRecord(
  event: ReadLogEvent,
  account: string,
  groupName: string,
): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(discoveredFields(event.message)),
    '@message': event.message,
    '@timestamp': timeText(event.timeMs),
    '@ingestionTime': timeText(event.ingestionMs),
    '@logStream': event.stream,
    '@log': `${account}:${groupName}`,
  };
}
