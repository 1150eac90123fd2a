// Rows of the engine as GetQueryResults has them: strings only, and no cell where there is nothing.
import type { Cell, ColumnType, OutputColumn, Row } from './scope.ts';

/** One cell. */
export interface ResultField {
  readonly field: string;
  readonly value: string;
}

/**
 * A number as Java's Double.toString writes it: `15.0`, `14.97`, `6.7E7`, `1.0E-4`.
 *
 * @see captured GetQueryResults rows: `@memorySize` is `1.28E8`
 */
export function javaDouble(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) {
    const text = String(value);
    return text.includes('.') ? text : `${text}.0`;
  }
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
}

function cellText(cell: Exclude<Cell, null>, type: ColumnType): string {
  if (typeof cell === 'boolean') return cell ? '1' : '0';
  if (type === 'text') return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
  const number = Number(cell);
  // A whole number that no longer fits into its digits is written as the approximation it is.
  if (type === 'integer' && Number.isSafeInteger(number)) return String(number + 0);
  return javaDouble(number);
}

/** The cells of a row; missing values have none. */
export function formatRow(columns: readonly OutputColumn[], row: Row): readonly ResultField[] {
  const cells: ResultField[] = [];
  for (const [index, { name, type }] of columns.entries()) {
    const cell = row[index];
    if (cell === null || cell === undefined) continue;
    cells.push({ field: name, value: cellText(cell, type) });
  }
  return cells;
}
