// `fields`: what the results show; several add up.
import type { FieldsCommand } from '../ast.ts';
import { parseItems } from '../parse/expressions.ts';
import { printItems } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

/** @see CloudWatch Logs user guide, "fields" */
export const FIELDS: CommandDefinition<FieldsCommand> = {
  kind: 'fields',
  keywords: ['fields'],
  about: 'Shows fields and expressions.',
  parse: (cursor, start) => {
    const items = parseItems(cursor);
    return { kind: 'fields', items, start, end: cursor.previousEnd };
  },
  print: ({ items }) => `fields ${printItems(items)}`,
  places: ({ items }) => items.map(({ expression }) => ({ expression, aggregates: false })),
  plan: ({ items }, planner) => planner.show(items),
};
