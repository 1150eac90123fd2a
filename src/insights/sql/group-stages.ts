// The stages that make groups of rows: stats, pattern, and the patterns of logcompare.
import type { NamedExpression } from '../plan/plan.ts';
import type { QueryScope } from '../scope.ts';
import type { Block } from './block.ts';
import { countMarked } from './compared.ts';
import { withinTimes } from './event-source.ts';
import { ExpressionCompiler, type NameScope } from './expressions.ts';
import { markedSql, patternColumns } from './pattern.ts';
import type { Selects } from './selects.ts';
import type { Expression } from '../ast.ts';
import { asText, madeOf, type SqlValue } from './value.ts';

/** `stats`: one row for each combination of the keys, in their order. */
export function aggregateRows(
  keys: readonly NamedExpression[],
  values: readonly NamedExpression[],
  selects: Selects,
): void {
  const { block, rows, environment } = selects;
  const columns = new Map<string, SqlValue>();
  for (const { name, expression } of keys) {
    const value = rows.value(expression);
    columns.set(name, madeOf(value, block.share(value.sql)));
  }
  const keyed = [...columns.values()].map(({ sql }) => sql);
  const names: NameScope = {
    defined: (name) => columns.get(name),
    field: () => undefined,
    order: () => [],
    share: block.share,
  };
  const groups = new ExpressionCompiler(names, environment, rows);
  for (const { name, expression } of values) {
    const value = groups.value(expression);
    columns.set(name, { ...value, sql: block.share(value.sql) });
  }
  block.groupBy(keyed, columns);
  selects.orderBy(keyed.map((sql) => ({ sql, descending: false })));
  selects.wrap();
}

/** `pattern`: rows without a text have none. */
export function groupByPattern(source: Expression, scope: QueryScope, selects: Selects): void {
  const { block, environment } = selects;
  const { parameters } = environment;
  const text = block.share(asText(selects.rows.value(source)));
  block.where(`isNotNull(${text})`);
  const marked = block.share(markedSql(text, parameters));
  const { compared } = scope;
  const [time = ''] = block.order();
  const rows = compared && {
    own: withinTimes(time, scope, parameters),
    earlier: withinTimes(time, compared, parameters),
  };
  block.groupBy([marked], patternColumns(marked, parameters, rows));
  selects.orderBy([{ sql: marked, descending: false }]);
  selects.wrap();
}

/** Groups the rows by what their messages have in common. */
export function countPatterns(selects: Selects): Block {
  const message = { kind: 'field' as const, name: '@message', start: 0, end: 0 };
  const text = selects.block.share(asText(selects.rows.value(message)));
  countMarked(selects.block, text, selects.environment.parameters);
  selects.orderBy([]);
  return selects.block;
}
