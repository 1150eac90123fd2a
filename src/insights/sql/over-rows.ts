// Values by the rows that came before, as window functions.
import type { WindowKind } from '../plan/plan.ts';
import type { OrderTerm } from './block.ts';
import type { Parameters } from './parameters.ts';
import { asNumber, madeOf, plainSql, type SqlValue } from './value.ts';

/** The value over the rows so far, in their order. A sum leaves out what is no number. */
export function overRows(
  kind: WindowKind,
  value: SqlValue,
  order: readonly OrderTerm[],
  parameters: Parameters,
): SqlValue {
  const terms = order.map(({ sql, descending }) => {
    return descending ? `${sql} DESC NULLS LAST` : `${sql} ASC NULLS FIRST`;
  });
  const by = terms.length === 0 ? '' : `ORDER BY ${terms.join(', ')} `;
  const over = `OVER (${by}ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`;
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
