// A piece of SQL with what is known of its value, and how values of one type become another's. In
// all types NULL means that the event has no such field.

/**
 * - `text`: Nullable(String), also of fields whose values may be numbers
 * - `number`: any number type, Nullable
 * - `boolean`: Bool or UInt8, Nullable; queries see 1 and 0
 * - `timestamp`: Nullable(DateTime64(3, 'UTC'))
 * - `json`: Nullable(String), the text of a map or list
 */
export type ValueType = 'text' | 'number' | 'boolean' | 'timestamp' | 'json';

export interface SqlValue {
  readonly sql: string;
  readonly type: ValueType;
  /** A number that is always whole, and shown without a fraction. */
  readonly integral?: boolean;
  /** What a literal says. */
  readonly literal?: string | number;
  /** Of a list: the same as Array(String). */
  readonly list?: string;
}

/** Gives a longer expression a short name, so that using it twice does not write it twice. */
export type Share = (sql: string) => string;

export const MISSING_TEXT: SqlValue = { sql: 'CAST(NULL AS Nullable(String))', type: 'text' };
const MISSING_NUMBER = 'CAST(NULL AS Nullable(Float64))';

/** A text that is a number and nothing else: what the engine's toFloat64OrNull takes but inf and nan. */
const NUMERIC = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The number a text is, undefined when it is none. */
export function numberOf(text: string): number | undefined {
  if (!NUMERIC.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** The value as a number; NULL for text that is none. */
export function asNumber(value: SqlValue, share: Share): string {
  switch (value.type) {
    case 'number':
      return value.sql;
    case 'boolean':
      return `toUInt8(${value.sql})`;
    case 'timestamp':
      return `toUnixTimestamp64Milli(${value.sql})`;
    case 'json':
      return MISSING_NUMBER;
    case 'text': {
      const number = share(`toFloat64OrNull(${value.sql})`);
      return `if(isFinite(${number}), ${number}, NULL)`;
    }
  }
}

/** Whether asNumber gives whole numbers only. */
export function isIntegral(value: SqlValue): boolean {
  return value.type === 'boolean' || value.type === 'timestamp' || value.integral === true;
}

/** The value as text; NULL for maps and lists. */
export function asText(value: SqlValue): string {
  return value.type === 'json' ? MISSING_TEXT.sql : asShownText(value);
}

/** The value as text, maps and lists as their JSON. */
export function asShownText(value: SqlValue): string {
  switch (value.type) {
    case 'text':
    case 'json':
      return value.sql;
    case 'boolean':
      return `toString(toUInt8(${value.sql}))`;
    case 'number':
    case 'timestamp':
      return `toString(${value.sql})`;
  }
}

/** The first and last millisecond the engine's DateTime64 can hold. */
export const TIMESTAMP_MIN_MS = -2_208_988_800_000;
export const TIMESTAMP_MAX_MS = 10_413_791_999_999;

/** The value as a point in time; numbers are milliseconds since the Unix epoch. */
export function asTimestamp(value: SqlValue, share: Share): string {
  if (value.type === 'timestamp') return value.sql;
  const ms = share(asNumber(value, share));
  const within = `${ms} >= ${TIMESTAMP_MIN_MS} AND ${ms} <= ${TIMESTAMP_MAX_MS}`;
  return `fromUnixTimestamp64Milli(if(${within}, toInt64(${ms}), NULL), 'UTC')`;
}

/** The type that holds all of the values. */
export function commonType(values: readonly SqlValue[]): ValueType {
  const [first, ...others] = values.map(({ type }) => type);
  if (first === undefined) return 'text';
  if (others.every((type) => type === first)) return first;
  const types = new Set([first, ...others]);
  types.delete('number');
  types.delete('boolean');
  return types.size === 0 ? 'number' : 'text';
}

/** The value as one of a common type. */
export function asType(value: SqlValue, type: ValueType, share: Share): string {
  if (value.type === type) return value.sql;
  return type === 'number' ? asNumber(value, share) : asShownText(value);
}
