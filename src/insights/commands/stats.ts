// `stats`: aggregates over all rows or over groups of them.
import type { Period, StatsCommand } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { callsAggregate } from '../functions/aggregates-in.ts';
import { longestMs } from '../functions/datetime.ts';
import { OFFSET_MAX_MS } from '../limits.ts';
import { parseItems } from '../parse/expressions.ts';
import { parsePeriod } from '../parse/periods.ts';
import type { TokenCursor } from '../parse/token-cursor.ts';
import { printItems, printPeriod } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

function parseOffset(cursor: TokenCursor): Period | undefined {
  if (!cursor.takeKeyword('offset')) return undefined;
  const period = parsePeriod(cursor);
  if (period === undefined) throw cursor.mismatched(['PERIOD']);
  return period;
}

function checkOffset({ by, offset }: StatsCommand): void {
  if (offset === undefined) return;
  const binned = by.some(
    ({ expression }) => expression.kind === 'call' && expression.name.toLowerCase() === 'bin',
  );
  if (!binned) throw new MalformedQuery('offset shifts bins: expecting bin() after by', offset);
  if (longestMs(offset) <= OFFSET_MAX_MS) return;
  throw new MalformedQuery('an offset may be 10 years at most', offset);
}

/** @see CloudWatch Logs user guide, "stats" */
export const STATS: CommandDefinition<StatsCommand> = {
  kind: 'stats',
  keywords: ['stats'],
  about: 'Counts, sums and averages, of everything or by groups.',
  parse: (cursor, start) => {
    const items = parseItems(cursor);
    // Real queries say `group by`, where `group` can mean nothing else.
    if (cursor.peek().text.toLowerCase() === 'by') cursor.takeKeyword('group');
    const by = cursor.takeKeyword('by') ? parseItems(cursor) : [];
    const offset = parseOffset(cursor);
    const end = cursor.previousEnd;
    return { kind: 'stats', items, by, ...(offset && { offset }), start, end };
  },
  print: ({ items, by, offset }) => {
    const groups = by.length > 0 ? ` by ${printItems(by)}` : '';
    return `stats ${printItems(items)}${groups}${offset ? ` offset ${printPeriod(offset)}` : ''}`;
  },
  places: ({ items, by }) => [
    ...items.map(({ expression }) => ({ expression, aggregates: true })),
    ...by.map(({ expression }) => ({ expression, aggregates: false })),
  ],
  check: (node) => {
    checkOffset(node);
    if (node.by.length > 0 || node.items.some(({ expression }) => callsAggregate(expression)))
      return;
    throw new MalformedQuery('stats expects an aggregate function, for example count(*)', node);
  },
  plan: (node, planner) => planner.aggregate(node),
};
