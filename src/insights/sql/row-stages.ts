// The stages that decide about rows one by one or by their order: sort, dedup, values of parse and unnest, values by
// the rows before.
import type { Expression, SortKey } from '../ast.ts';
import type { Extraction, PatternExtraction } from '../plan/extraction.ts';
import type { Stage } from '../plan/plan.ts';
import { boundPattern, extractedValues, groupValues } from './extract.ts';
import { filledBins } from './filled-bins.ts';
import { stepOf } from '../functions/datetime.ts';
import { itemsOf } from './json-path.ts';
import { naturalKey } from './natural-order.ts';
import { overRows } from './over-rows.ts';
import type { Selects } from './selects.ts';
import { asShownText, asText, MISSING_TEXT, type SqlValue } from './value.ts';

/** `sort`: in natural order. */
export function sortRows(keys: readonly SortKey[], selects: Selects): void {
  const { share } = selects.block;
  const terms = keys.flatMap(({ expression, direction }) =>
    naturalKey(selects.rows.value(expression), share).map((sql) => ({
      sql: share(sql),
      descending: direction === 'desc',
    })),
  );
  selects.sortBy(terms);
}

/** `dedup`: a row that lacks a key is like no other row. */
export function dedupRows(keys: readonly Expression[], { block, rows, order }: Selects): void {
  const values = keys.map((key) => block.share(rows.value(key).sql));
  const lacking = values.map((value) => `isNull(${value})`).join(' OR ');
  const own = `if(${lacking}, rowNumberInAllBlocks() + 1, 0)`;
  block.limitBy([...values, own], order);
}

/** `parse`: what an earlier pattern found for a name goes first. */
export function extractValues(source: Expression, extraction: Extraction, selects: Selects): void {
  const text = asText(selects.rows.value(source));
  const { parameters } = selects.environment;
  const values =
    extraction.kind === 'pattern' && extraction.multi
      ? matches(text, extraction, selects)
      : extractedValues(extraction, text, { parameters, share: selects.block.share });
  const { block } = selects;
  for (const [index, { name }] of extraction.names.entries()) {
    const value = values[index] ?? MISSING_TEXT;
    const former = block.defined(name.name);
    const sql =
      former === undefined
        ? value.sql
        : `coalesce(${block.share(value.sql)}, ${asShownText(former)})`;
    block.define(name.name, { sql, type: former === undefined ? value.type : 'text' });
  }
}

/** A row for each match; a row without any stays as it is. */
function matches(
  text: string,
  extraction: PatternExtraction,
  selects: Selects,
): readonly SqlValue[] {
  const { parameters } = selects.environment;
  const bound = boundPattern(extraction, parameters);
  const all = `extractAllGroupsVertical(ifNull(${text}, ''), ${bound})`;
  return groupValues(extraction, selects.multiply(all, true), parameters);
}

/** `unnest` and `expand`. */
export function unnestList(
  { list, name, keeps }: Stage & { kind: 'unnest' },
  selects: Selects,
): void {
  const holder = selects.rows.value(list);
  const item = selects.multiply(selects.block.share(itemsOf(holder)), keeps);
  selects.block.define(name, { sql: item, type: 'text' });
}

/** The value is known once the rows are; what filters by it stands around this SELECT. */
export function overRowsSoFar(
  { function: kind, name, expression }: Stage & { kind: 'window' },
  selects: Selects,
): void {
  const value = selects.rows.value(expression);
  const { parameters } = selects.environment;
  selects.block.define(name, overRows(kind, value, selects.order, parameters));
  selects.wrap();
}

/** Bins that no row is in come as rows of NULLs but for their bin. */
export function fillBins({ bin, period, fills }: Stage & { kind: 'fill' }, selects: Selects): void {
  const { block, rows, environment } = selects;
  const column = block.defined(bin);
  if (column === undefined) return;
  const step = stepOf(period, environment.parameters);
  const at = block.share(column.sql);
  const constants = new Map(fills.map(({ name, expression }) => [name, rows.value(expression)]));
  selects.wrap((inner) => filledBins(inner, { bin, at, step, constants }));
  selects.orderBy([{ sql: selects.block.defined(bin)?.sql ?? '', descending: false }]);
}
