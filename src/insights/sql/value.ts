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
  /** A column with JSON text that the value is a string of, where it is not a number or the like. */
  readonly inJson?: string;
  /** Of a list: the same as Array(String). */
  readonly list?: string;
  /**
   * A column that the engine keeps as a dictionary: comparing it as it is costs a look at each
   * entry instead of each row, but not every function takes it.
   */
  readonly dictionary?: true;
}

/** The SQL as every function takes it. */
export function plainSql({ sql, dictionary }: SqlValue): string {
  return dictionary === true ? `CAST(${sql} AS Nullable(String))` : sql;
}

/**
 * SQL that uses a value several times by a name of its own. It is a function of one value: unlike
 * an alias it is not written out at each use before the engine looks at it.
 */
export function named(name: string, value: string, sql: string): string {
  return `arrayMap(${name} -> ${sql}, [${value}])[1]`;
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
export function asNumber(value: SqlValue): string {
  switch (value.type) {
    case 'number':
      return value.sql;
    case 'boolean':
      return `toUInt8(${value.sql})`;
    case 'timestamp':
      return `toUnixTimestamp64Milli(${value.sql})`;
    case 'json':
      return MISSING_NUMBER;
    case 'text':
      // Without the letters n and i, infinity and nan are no numbers to the engine.
      return `toFloat64OrNull(translate(${plainSql(value)}, 'nNiI', '????'))`;
  }
}

/** The number, NULL where there is none: the engine has infinity and NaN, the language has not. */
export function finite(number: string): string {
  return named('_x', number, 'if(isFinite(_x), _x, NULL)');
}

/** Whether asNumber gives whole numbers only. */
export function isIntegral(value: SqlValue): boolean {
  return value.type === 'boolean' || value.type === 'timestamp' || value.integral === true;
}

/** The value as text; NULL for maps and lists. */
export function asText(value: SqlValue): string {
  if (value.type === 'json') return MISSING_TEXT.sql;
  return value.type === 'text' ? plainSql(value) : asShownText(value);
}

/**
 * The value as text that rows are joined by. It must not be a constant, of which the engine could not
 * tell whose side of a join it is: a map or list, which is equal to nothing, is made NULL row by row,
 * and nothing of a column is put behind a text.
 *
 * @param row a column that is never NULL, if the rows have one
 */
export function asJoinKey(value: SqlValue, row: string | undefined): string {
  if (value.type === 'json') return `nullIf(${value.sql}, ${value.sql})`;
  const text = asText(value);
  if (row === undefined) return `materialize(${text})`;
  if (text === MISSING_TEXT.sql) return `nullIf(toString(${row}), toString(${row}))`;
  return `concat(${text}, substring(toString(${row}), 1, 0))`;
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

/** The number without its fraction as an integer of the engine, NULL where it is too large. */
export function asWhole(number: string): string {
  return `accurateCastOrNull(trunc(${number}), 'Int64')`;
}

/** The first and last millisecond the engine's DateTime64 can hold. */
export const TIMESTAMP_MIN_MS = -2_208_988_800_000;
export const TIMESTAMP_MAX_MS = 10_413_791_999_999;

/** The value as a point in time; numbers are milliseconds since the Unix epoch. */
export function asTimestamp(value: SqlValue, share: Share): string {
  if (value.type === 'timestamp') return value.sql;
  const ms = share(asWhole(asNumber(value)));
  const within = `${ms} >= ${TIMESTAMP_MIN_MS} AND ${ms} <= ${TIMESTAMP_MAX_MS}`;
  return `fromUnixTimestamp64Milli(if(${within}, ${ms}, NULL), 'UTC')`;
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
export function asType(value: SqlValue, type: ValueType): string {
  // Numbers of different kinds have no kind in common.
  if (type === 'number') return `toFloat64(${asNumber(value)})`;
  return value.type === type ? plainSql(value) : asText(value);
}

/** Other SQL of the value's type: what an aggregate or another choice makes of it. */
export function madeOf({ type, integral }: SqlValue, sql: string): SqlValue {
  return { sql, type, ...(integral !== undefined && { integral }) };
}
