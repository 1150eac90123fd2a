// `countFrequent`: how often each combination of fields comes, the most frequent first.
import type { CountFrequentCommand, Expression, Item } from '../ast.ts';
import { parseExpression } from '../parse/expressions.ts';
import { printExpression } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

/** The column with the counts. Logs Insights estimates them; here they are exact. */
const COUNT = '_approxcount';

/** @see CloudWatch Logs user guide, "countFrequent" */
export const COUNT_FREQUENT: CommandDefinition<CountFrequentCommand> = {
  kind: 'countFrequent',
  keywords: ['countFrequent', 'count_frequent'],
  about: 'Counts the combinations of fields, the most frequent first.',
  parse: (cursor, start) => {
    const keys: Expression[] = [];
    do {
      keys.push(parseExpression(cursor));
    } while (cursor.takeSymbol(','));
    return { kind: 'countFrequent', keys, start, end: cursor.previousEnd };
  },
  print: ({ keys }) => `countFrequent ${keys.map((key) => printExpression(key)).join(', ')}`,
  places: ({ keys }) => keys.map((expression) => ({ expression, aggregates: false })),
  plan: ({ keys, start, end }, planner) => {
    const at = { start, end };
    const by = keys.map((expression): Item => {
      return { expression, start: expression.start, end: expression.end };
    });
    const count: Item = {
      expression: { kind: 'call', name: 'count', args: [], ...at },
      alias: { name: COUNT, ...at },
      ...at,
    };
    planner.aggregate({ kind: 'stats', items: [count], by, ...at });
    const expression = { kind: 'field' as const, name: COUNT, ...at };
    planner.sort([{ expression, direction: 'desc', ...at }], at);
  },
};
