// How the columns of a whole query are given by the engine.
import type { ColumnType } from '../scope.ts';
import { isIntegral, type SqlValue } from './value.ts';

/**
 * What the results depend on and must not be left to an installation's settings: how the engine
 * writes JSON inside of @message, that NULL is equal to nothing, that a number after ORDER BY is a
 * number and no column.
 */
export const SETTINGS = [
  'output_format_json_escape_forward_slashes = 0',
  'output_format_json_quote_64bit_integers = 0',
  'output_format_json_quote_denormals = 0',
  'transform_null_in = 0',
  'enable_positional_arguments = 0',
  // A row of join that finds no other has no fields there, not empty ones.
  'join_use_nulls = 1',
].join(', ');

/** How a column's cells are written. */
export function outputType(value: SqlValue): ColumnType {
  if (value.type === 'boolean') return 'integer';
  if (value.type !== 'number') return 'text';
  return isIntegral(value) ? 'integer' : 'number';
}

/** A column's SQL. */
export function outputSql({ type, sql }: SqlValue): string {
  if (type === 'boolean') return `toUInt8(${sql})`;
  return type === 'timestamp' ? `toString(${sql})` : sql;
}
