// `dedup`: the first row of each combination of fields, in the order of the rows.
import type { DedupCommand, Expression } from '../ast.ts';
import { parseExpression } from '../parse/expressions.ts';
import { printExpression } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

/** @see CloudWatch Logs user guide, "dedup" */
export const DEDUP: CommandDefinition<DedupCommand> = {
  kind: 'dedup',
  keywords: ['dedup'],
  about: 'Keeps the first row of each combination of fields.',
  parse: (cursor, start) => {
    const keys: Expression[] = [];
    do {
      keys.push(parseExpression(cursor));
    } while (cursor.takeSymbol(','));
    return { kind: 'dedup', keys, start, end: cursor.previousEnd };
  },
  print: ({ keys }) => `dedup ${keys.map((key) => printExpression(key)).join(', ')}`,
  places: ({ keys }) => keys.map((expression) => ({ expression, aggregates: true })),
  plan: ({ keys }, planner) => planner.dedup(keys),
};
