// `unmask`: shows fields as they are. Nothing is masked here, so it is `fields` by another name.
import type { UnmaskCommand } from '../ast.ts';
import { parseItems } from '../parse/expressions.ts';
import { printItems } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

/** @see CloudWatch Logs user guide, "unmask" */
export const UNMASK: CommandDefinition<UnmaskCommand> = {
  kind: 'unmask',
  keywords: ['unmask'],
  about: 'Shows fields that data protection would mask.',
  parse: (cursor, start) => {
    const items = parseItems(cursor);
    return { kind: 'unmask', items, start, end: cursor.previousEnd };
  },
  print: ({ items }) => `unmask ${printItems(items)}`,
  places: ({ items }) => items.map(({ expression }) => ({ expression, aggregates: false })),
  plan: ({ items }, planner) => planner.show(items),
};
