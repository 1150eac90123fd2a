// The rows of `appendcols`: each beside the row of another query that has the same number.
import { SUBQUERIES_MAX } from '../limits.ts';
import type { Block, RowSource } from './block.ts';
import { asType, commonType, isIntegral, plainSql, type SqlValue } from './value.ts';

/**
 * How much deeper the blocks of a query are said to be whose rows are beside those of the query: more
 * than a query has, so that their names are their own, also where one is inside of another.
 */
export const BESIDE_DEPTHS = 2 * SUBQUERIES_MAX;

export interface NumberedRows {
  readonly block: Block;
  /** The number of a row, from 1 on. */
  readonly number: string;
}

/** What is there goes first, then what is appended; or the other way round. */
function either(first: SqlValue, second: SqlValue): SqlValue {
  const type = commonType([first, second]);
  const sql = `coalesce(${asType(first, type)}, ${asType(second, type)})`;
  return { sql, type, integral: isIntegral(first) && isIntegral(second) };
}

/**
 * @param columns what is appended, by name; SQL of the other query's block
 * @param override whether it goes before what the rows have
 */
export function appended(
  rows: NumberedRows,
  other: NumberedRows,
  columns: ReadonlyMap<string, SqlValue>,
  override: boolean,
): RowSource {
  const [left, right] = [rows.block.asSource(), other.block.asSource()];
  const condition = `${rows.block.exported(rows.number)} = ${other.block.exported(other.number)}`;
  const values = new Map<string, SqlValue>();
  for (const [name, column] of columns) {
    const { type, integral } = column;
    const sql = other.block.exported(plainSql(column));
    const value: SqlValue = { sql, type, ...(integral !== undefined && { integral }) };
    const former = left.defined(name) ?? left.field(name);
    if (former === undefined) values.set(name, value);
    else values.set(name, override ? either(value, former) : either(former, value));
  }
  return {
    ...left,
    from: () => `${left.from()} AS _left LEFT JOIN ${right.from()} AS _right ON ${condition}`,
    defined: (name) => values.get(name) ?? left.defined(name),
  };
}
