// `estimate`: how much a query would read, without running it.
import type { EstimateCommand } from '../ast.ts';
import type { CommandDefinition } from './command.ts';

/** The column with the bytes; AWS names none. */
const BYTES = '@estimatedBytes';

/** @see CloudWatch Logs user guide, "estimate" */
export const ESTIMATE: CommandDefinition<EstimateCommand> = {
  kind: 'estimate',
  keywords: ['estimate'],
  about: 'Tells how many bytes the query would read at most.',
  parse: (cursor, start) => ({ kind: 'estimate', start, end: cursor.previousEnd }),
  print: () => 'estimate',
  places: () => [],
  plan: (_, planner) => planner.estimate(BYTES),
};
