// `display`: the only fields the results show; the last one counts.
import type { DisplayCommand } from '../ast.ts';
import { parseItems } from '../parse/expressions.ts';
import { printItems } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

/** @see CloudWatch Logs user guide, "display" */
export const DISPLAY: CommandDefinition<DisplayCommand> = {
  kind: 'display',
  keywords: ['display'],
  about: 'Shows these fields and no others.',
  parse: (cursor, start) => {
    const items = parseItems(cursor);
    return { kind: 'display', items, start, end: cursor.previousEnd };
  },
  print: ({ items }) => `display ${printItems(items)}`,
  places: ({ items }) => items.map(({ expression }) => ({ expression, aggregates: false })),
  plan: ({ items }, planner) => planner.display(items),
};
