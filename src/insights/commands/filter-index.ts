// `filterIndex`: a filter by equality. Logs Insights reads only groups that have an index of the
// field; here every group is asked, and the engine's own indexes serve the same conditions.
import type { Expression, FilterIndexCommand } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { parseExpression } from '../parse/expressions.ts';
import { printExpression } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

function isConstant({ kind }: Expression): boolean {
  return kind === 'string' || kind === 'number' || kind === 'boolean';
}

function isIndexed(condition: Expression): boolean {
  if (condition.kind === 'logical') {
    return condition.operator === 'and' && condition.operands.every(isIndexed);
  }
  if (condition.kind === 'binary') {
    const { operator, left, right } = condition;
    return operator === '=' && left.kind === 'field' && isConstant(right);
  }
  if (condition.kind !== 'in' || condition.negated || condition.subject.kind !== 'field') {
    return false;
  }
  return !('kind' in condition.list) && condition.list.every(isConstant);
}

/** @see CloudWatch Logs user guide, "filterIndex" */
export const FILTER_INDEX: CommandDefinition<FilterIndexCommand> = {
  kind: 'filterIndex',
  keywords: ['filterIndex'],
  about: 'Keeps what has one of these values in a field.',
  parse: (cursor, start) => {
    const condition = parseExpression(cursor);
    return { kind: 'filterIndex', condition, start, end: cursor.previousEnd };
  },
  print: ({ condition }) => `filterIndex ${printExpression(condition)}`,
  places: ({ condition }) => [{ expression: condition, aggregates: false }],
  check: ({ condition }) => {
    if (isIndexed(condition)) return;
    throw new MalformedQuery(
      'filterIndex expects field = value or field in [value, …], several joined by and',
      condition,
    );
  },
  plan: ({ condition }, planner) => planner.filter(condition),
};
