// What can be named once the rows are groups.
import { type Expression, operandsOf, withOperands } from '../ast.ts';
import type { Span } from '../error.ts';
import { findFunction } from '../functions/registry.ts';
import { fieldNamed, isOrHolds, shapeOf } from './expression-shape.ts';

export const TIMESTAMP = '@timestamp';

/** What the rows have once they are groups. */
export interface Groups {
  readonly names: Set<string>;
  /** Columns by the shape of their expression, so that `sort count(*)` finds its column. */
  readonly shapes: Map<string, string>;
}

/** The expression with columns in place of the calls that name them. */
export function withColumns(expression: Expression, groups: Groups): Expression {
  if (expression.kind === 'field' && groups.names.has(expression.name)) return expression;
  const column = groups.shapes.get(shapeOf(expression));
  if (column !== undefined) return fieldNamed(column, expression);
  return withOperands(expression, (operand) => withColumns(operand, groups));
}

/**
 * The first part that reads what `stats` did not keep.
 *
 * @param text the query's, of which a call's name is shown
 */
export function unknownIn(
  expression: Expression,
  groups: Groups,
  text: string,
): { name: string; at: Span } | undefined {
  if (groups.shapes.has(shapeOf(expression))) return undefined;
  const known = (name: string): boolean =>
    [...groups.names].some((group) => isOrHolds(group, name));
  if (expression.kind === 'field') {
    return known(expression.name) ? undefined : { name: expression.name, at: expression };
  }
  if (expression.kind === 'call') {
    const definition = findFunction(expression.name);
    // Outside of stats, aggregate functions can only name its columns.
    if (definition?.aggregate === true) {
      return { name: text.slice(expression.start, expression.end), at: expression };
    }
    if (definition?.readsTimestamp === true && !known(TIMESTAMP)) {
      return { name: TIMESTAMP, at: expression };
    }
  }
  for (const operand of operandsOf(expression)) {
    const unknown = unknownIn(operand, groups, text);
    if (unknown !== undefined) return unknown;
  }
  return undefined;
}

/** Whether an expression names a column of the groups. */
export function readsGroups(expression: Expression, groups: Groups): boolean {
  if (expression.kind === 'field') return groups.names.has(expression.name);
  if (groups.shapes.has(shapeOf(expression)) && operandsOf(expression).length > 0) return true;
  if (expression.kind === 'call' && findFunction(expression.name)?.aggregate === true) return true;
  return operandsOf(expression).some((operand) => readsGroups(operand, groups));
}
