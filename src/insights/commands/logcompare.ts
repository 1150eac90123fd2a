// `logcompare`: how often each pattern comes now and came some time ago.
import type { LogcompareCommand } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { longestMs } from '../functions/datetime.ts';
import { OFFSET_MAX_MS } from '../limits.ts';
import { parsePeriod } from '../parse/periods.ts';
import { printPeriod } from '../print-expression.ts';
import { COMPARED_COLUMNS, DIFFERENCE } from '../sql/compared.ts';
import type { CommandDefinition } from './command.ts';

/** @see CloudWatch Logs user guide, "logcompare" */
export const LOGCOMPARE: CommandDefinition<LogcompareCommand> = {
  kind: 'logcompare',
  keywords: ['logcompare'],
  about: 'Counts patterns now and some time ago.',
  parse: (cursor, start) => {
    cursor.expectKeyword('timeshift');
    const timeshift = parsePeriod(cursor);
    if (timeshift === undefined) throw cursor.mismatched(['PERIOD']);
    return { kind: 'logcompare', timeshift, start, end: cursor.previousEnd };
  },
  print: ({ timeshift }) => `logcompare timeshift ${printPeriod(timeshift)}`,
  places: () => [],
  check: ({ timeshift }) => {
    const ms = longestMs(timeshift);
    if (ms > 0 && ms <= OFFSET_MAX_MS) return;
    throw new MalformedQuery(
      'timeshift expects a time of more than nothing and at most 10 years',
      timeshift,
    );
  },
  plan: ({ timeshift, start, end }, planner) => {
    const at = { start, end };
    planner.compare(longestMs(timeshift), COMPARED_COLUMNS, at);
    const difference = { kind: 'field' as const, name: DIFFERENCE, ...at };
    const expression = { kind: 'call' as const, name: 'abs', args: [difference], ...at };
    planner.sort([{ expression, direction: 'desc', ...at }]);
  },
};
