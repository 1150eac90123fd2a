// Values by the rows that came before, as window functions.
import type { WindowKind } from '../plan/plan.ts';
import type { OrderTerm } from './block.ts';
import type { Parameters } from './parameters.ts';
import { asNumber, madeOf, plainSql, type SqlValue } from './value.ts';

function inOrder(order: readonly OrderTerm[]): string {
  const terms = order.map(({ sql, descending }) => {
    return descending ? `${sql} DESC NULLS LAST` : `${sql} ASC NULLS FIRST`;
  });
  return terms.length === 0 ? '' : `ORDER BY ${terms.join(', ')} `;
}

/** The number of a row, from 1 on. */
export function rowNumber(order: readonly OrderTerm[]): string {
  return `row_number() OVER (${inOrder(order).trim()})`;
}

/** The value over the rows so far, in their order. A sum leaves out what is no number. */
export function overRows(
  kind: WindowKind,
  value: SqlValue,
  order: readonly OrderTerm[],
  parameters: Parameters,
): SqlValue {
  const over = `OVER (${inOrder(order)}ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`;
  switch (kind.kind) {
    case 'sum':
      return { sql: `sum(toFloat64(${asNumber(value)})) ${over}`, type: 'number' };
    case 'last':
      return madeOf(value, `anyLast(${plainSql(value)}) ${over}`);
    case 'lag': {
      const rows = parameters.bind(kind.rows, 'UInt64');
      return madeOf(value, `lagInFrame(toNullable(${plainSql(value)}), ${rows}) ${over}`);
    }
  }
}
