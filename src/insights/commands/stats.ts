// `stats`: aggregates over all rows or over groups of them.
import type { StatsCommand } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { callsAggregate } from '../functions/aggregates-in.ts';
import { parseItems } from '../parse/expressions.ts';
import { printItems } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

/** @see CloudWatch Logs user guide, "stats" */
export const STATS: CommandDefinition<StatsCommand> = {
  kind: 'stats',
  keywords: ['stats'],
  about: 'Counts, sums and averages, of everything or by groups.',
  parse: (cursor, start) => {
    const items = parseItems(cursor);
    const by = cursor.takeKeyword('by') ? parseItems(cursor) : [];
    if (cursor.isKeyword('offset')) {
      throw new MalformedQuery('stats … offset is not supported yet', cursor.token);
    }
    return { kind: 'stats', items, by, start, end: cursor.previousEnd };
  },
  print: ({ items, by }) =>
    `stats ${printItems(items)}${by.length > 0 ? ` by ${printItems(by)}` : ''}`,
  places: ({ items, by }) => [
    ...items.map(({ expression }) => ({ expression, aggregates: true })),
    ...by.map(({ expression }) => ({ expression, aggregates: false })),
  ],
  check: (node) => {
    if (node.by.length > 0 || node.items.some(({ expression }) => callsAggregate(expression)))
      return;
    throw new MalformedQuery('stats expects an aggregate function, for example count(*)', node);
  },
  plan: (node, planner) => planner.aggregate(node),
};
