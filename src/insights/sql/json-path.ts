// Values inside of JSON text, found at query time by keys and indexes that are bound parameters.
import type { Parameters } from './parameters.ts';
import type { Share, SqlValue } from './value.ts';

/** A key, or an index from 0; a numeral may be either, as `items.0` says nothing of what items is. */
export type PathStep = string | number;

function keyed(json: string, keys: readonly string[]): string {
  return keys.length === 0 ? json : `JSONExtractRaw(${[json, ...keys].join(', ')})`;
}

/**
 * The JSON text of what is at the path, empty where there is nothing. `json` must not be NULL.
 */
function rawAt(
  json: string,
  steps: readonly PathStep[],
  parameters: Parameters,
  share: Share,
): string {
  let raw = json;
  let keys: string[] = [];
  for (const step of steps) {
    const key = parameters.bind(String(step), 'String');
    if (typeof step === 'string' && !/^\d{1,9}$/.test(step)) {
      keys.push(key);
      continue;
    }
    const from = share(keyed(raw, keys));
    keys = [];
    // The engine counts from 1, and would take an index for the place of a map's key.
    const index = parameters.bind(Number(step) + 1, 'Int64');
    const item = `JSONExtractRaw(${from}, ${index})`;
    raw = `multiIf(JSONType(${from}) = 'Array', ${item}, JSONType(${from}) = 'Object', ${keyed(from, [key])}, '')`;
  }
  return keyed(raw, keys);
}

/** The value at a path as text: strings without quotes, booleans as 1 and 0, maps as their JSON. */
export function jsonAt(
  json: string,
  steps: readonly PathStep[],
  parameters: Parameters,
  share: Share,
): SqlValue {
  const raw = share(rawAt(`ifNull(${json}, '')`, steps, parameters, share));
  const sql = [
    `multiIf(${raw} IN ('', 'null'), NULL`,
    `startsWith(${raw}, '"'), JSONExtractString(${raw})`,
    `${raw} = 'true', '1'`,
    `${raw} = 'false', '0'`,
    `${raw})`,
  ].join(', ');
  return { sql: share(sql), type: 'text' };
}
