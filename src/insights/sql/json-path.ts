// Values inside of JSON text, found at query time by keys and indexes that are bound parameters.
import type { Parameters } from './parameters.ts';
import { asShownText, named, type Share, type SqlValue } from './value.ts';

/** A key, or an index from 0; a numeral may be either, as `items.0` says nothing of what items is. */
export type PathStep = string | number;

function keyed(json: string, keys: readonly string[]): string {
  return keys.length === 0 ? json : `JSONExtractRaw(${[json, ...keys].join(', ')})`;
}

/**
 * The JSON text of what is at the path, empty where there is nothing. `json` must not be NULL.
 */
function rawAt(json: string, steps: readonly PathStep[], parameters: Parameters): string {
  let raw = json;
  let keys: string[] = [];
  for (const step of steps) {
    const key = parameters.bind(String(step), 'String');
    if (typeof step === 'string' && !/^\d{1,9}$/.test(step)) {
      keys.push(key);
      continue;
    }
    const from = keyed(raw, keys);
    keys = [];
    // The engine counts from 1, and would take an index for the place of a map's key.
    const index = parameters.bind(Number(step) + 1, 'Int64');
    const item = `JSONExtractRaw(_in, ${index})`;
    const choice = `multiIf(JSONType(_in) = 'Array', ${item}, JSONType(_in) = 'Object', ${keyed('_in', [key])}, '')`;
    raw = named('_in', from, choice);
  }
  return keyed(raw, keys);
}

/** What a piece of JSON, of which `_raw` is the text, is to a query. */
const UNQUOTED = [
  `multiIf(_raw IN ('', 'null'), NULL`,
  `startsWith(_raw, '"'), JSONExtractString(_raw)`,
  `_raw = 'true', '1'`,
  `_raw = 'false', '0'`,
  `_raw)`,
].join(', ');

/** The items of a list as Array(Nullable(String)); whatever else it is, is the only one of its list. */
export function itemsOf(value: SqlValue): string {
  if (value.list !== undefined) return `CAST(${value.list} AS Array(Nullable(String)))`;
  const items = `arrayMap(_raw -> ${UNQUOTED}, JSONExtractArrayRaw(_in))`;
  const list = `multiIf(_in = '', [], JSONType(_in) = 'Array', ${items}, [_in])`;
  const cast = `CAST(${list} AS Array(Nullable(String)))`;
  return named('_in', `ifNull(${asShownText(value)}, '')`, cast);
}

/** The members of the map that a JSON text is, as Array(Tuple(String, Nullable(String))); none of other text. */
export function membersOf(json: string): string {
  const members = `JSONExtractKeysAndValuesRaw(${json})`;
  return `arrayMap(_m -> tuple(_m.1, CAST(${named('_raw', '_m.2', UNQUOTED)} AS Nullable(String))), ${members})`;
}

/** The value at a path as text: strings without quotes, booleans as 1 and 0, maps as their JSON. */
export function jsonAt(
  json: string,
  steps: readonly PathStep[],
  parameters: Parameters,
  share: Share,
): SqlValue {
  const raw = rawAt(`ifNull(${json}, '')`, steps, parameters);
  return { sql: share(named('_raw', raw, UNQUOTED)), type: 'text' };
}
