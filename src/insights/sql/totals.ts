// The row of sums of `addtotals col=true`: a copy of the last row, in which every column is its sum or nothing.
import type { NamedExpression } from '../plan/plan.ts';
import { multiplied } from './block.ts';
import { rowNumber } from './over-rows.ts';
import type { Selects } from './selects.ts';
import { asNumber, isIntegral, madeOf, plainSql, type SqlValue } from './value.ts';

interface Summed {
  readonly value: SqlValue;
  readonly sum: string;
}

function cell({ value, sum }: Summed, isTotal: string): SqlValue {
  if (value.type === 'text') {
    return { sql: `if(${isTotal}, toString(${sum}), ${plainSql(value)})`, type: 'text' };
  }
  const number = `toFloat64(${asNumber(value)})`;
  return {
    sql: `if(${isTotal}, ${sum}, ${number})`,
    type: 'number',
    integral: isIntegral(value),
  };
}

/** Times, maps and lists have no sum; of no numbers there is none. Without rows there is no row of sums. */
export function addTotals(sums: readonly NamedExpression[], selects: Selects): void {
  const { block } = selects;
  const found = sums.flatMap(({ name, expression }) => {
    const value = selects.rows.value(expression);
    if (value.type === 'timestamp' || value.type === 'json') return [];
    const { literal: _, ...own } = value;
    return [{ name, value: own, sum: block.share(`sum(toFloat64(${asNumber(value)})) OVER ()`) }];
  });
  const number = block.share(rowNumber(selects.order));
  const last = `if(${number} = count() OVER (), [0, 1], [0])`;
  const isTotal = `_t${selects.depth + 1}`;
  selects.wrap((inner) => {
    const outside = new Map(
      found.map(({ name, value, sum }): [string, SqlValue] => {
        const own = { ...madeOf(value, inner.exported(plainSql(value))) };
        return [name, cell({ value: own, sum: inner.exported(sum) }, isTotal)];
      }),
    );
    const place = `_p${selects.depth}`;
    const source = multiplied(
      inner.asSource(),
      inner.exported(last),
      { item: isTotal, place },
      false,
    );
    const blank = (value: SqlValue | undefined): SqlValue | undefined => {
      if (value === undefined) return undefined;
      const { literal: _, list: _list, dictionary: _dictionary, ...own } = value;
      return { ...own, sql: `if(${isTotal}, NULL, ${plainSql(value)})` };
    };
    return {
      ...source,
      defined: (name) => outside.get(name) ?? blank(source.defined(name)),
      field: (name) => outside.get(name) ?? blank(source.field(name)),
    };
  });
  selects.lead({ sql: isTotal, descending: false });
}
