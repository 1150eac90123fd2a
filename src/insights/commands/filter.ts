// `filter`: keeps the rows for which a condition holds.
import type { FilterCommand } from '../ast.ts';
import { parseExpression } from '../parse/expressions.ts';
import { printExpression } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

/** @see CloudWatch Logs user guide, "filter", "where" */
export const FILTER: CommandDefinition<FilterCommand> = {
  kind: 'filter',
  keywords: ['filter', 'where'],
  about: 'Keeps what meets a condition.',
  parse: (cursor, start) => {
    const condition = parseExpression(cursor);
    return { kind: 'filter', condition, start, end: cursor.previousEnd };
  },
  print: ({ condition }) => `filter ${printExpression(condition)}`,
  places: ({ condition }) => [{ expression: condition, aggregates: false }],
  plan: ({ condition }, planner) => planner.filter(condition),
};
