// `unnest` and `expand`: a row for each item of a list.
import type { ExpandCommand, Expression, UnnestCommand } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { parseExpression } from '../parse/expressions.ts';
import { printAlias, printExpression, printName } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

/** Lists stand in fields; what a function makes has to be given a name first. */
function refuseOther(list: Expression, keyword: string): void {
  if (list.kind === 'field' || list.kind === 'member') return;
  throw new MalformedQuery(`${keyword} expects a field that is a list`, list);
}

/**
 * A map, a text or a number is a list of one; a row without the field is left out.
 *
 * @see CloudWatch Logs user guide, "unnest"
 */
export const UNNEST: CommandDefinition<UnnestCommand> = {
  kind: 'unnest',
  keywords: ['unnest'],
  about: 'Makes a row of each item of a list.',
  parse: (cursor, start) => {
    const list = parseExpression(cursor);
    cursor.expectKeyword('into');
    const alias = cursor.expectName();
    return { kind: 'unnest', list, alias, start, end: cursor.previousEnd };
  },
  print: ({ list, alias }) => `unnest ${printExpression(list)} into ${printName(alias.name)}`,
  places: ({ list }) => [{ expression: list, aggregates: false }],
  check: ({ list }) => refuseOther(list, 'unnest'),
  plan: ({ list, alias }, planner) => planner.unnest(list, alias),
};

/**
 * The item takes the place of its list, under the same name; a row without the field stays.
 *
 * @see CloudWatch Logs user guide, "expand"
 */
export const EXPAND: CommandDefinition<ExpandCommand> = {
  kind: 'expand',
  keywords: ['expand'],
  about: 'Makes a row of each item of a list, in its place.',
  parse: (cursor, start) => {
    const list = cursor.expectName();
    const alias = cursor.takeKeyword('as') ? cursor.expectName() : undefined;
    return { kind: 'expand', list, ...(alias && { alias }), start, end: cursor.previousEnd };
  },
  print: ({ list, alias }) => `expand ${printName(list.name)}${alias ? printAlias(alias) : ''}`,
  places: ({ list }) => [{ expression: { ...list, kind: 'field' }, aggregates: false }],
  plan: ({ list, alias }, planner) => planner.expand(list, alias),
};
