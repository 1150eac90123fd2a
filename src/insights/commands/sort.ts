// `sort`: the order of the rows; ascending unless said otherwise.
import type { SortCommand, SortKey } from '../ast.ts';
import { parseExpression } from '../parse/expressions.ts';
import type { TokenCursor } from '../parse/token-cursor.ts';
import { printExpression } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

function parseKey(cursor: TokenCursor): SortKey {
  const { start } = cursor.token;
  const expression = parseExpression(cursor);
  const descending = cursor.takeKeyword('desc');
  if (!descending) cursor.takeKeyword('asc');
  const direction = descending ? 'desc' : 'asc';
  return { expression, direction, start, end: cursor.previousEnd };
}

/** @see CloudWatch Logs user guide, "sort" */
export const SORT: CommandDefinition<SortCommand> = {
  kind: 'sort',
  keywords: ['sort', 'order'],
  about: 'Sorts in natural order.',
  parse: (cursor, start) => {
    cursor.takeKeyword('by');
    const keys: SortKey[] = [];
    do {
      keys.push(parseKey(cursor));
    } while (cursor.takeSymbol(','));
    return { kind: 'sort', keys, start, end: cursor.previousEnd };
  },
  print: ({ keys }) => {
    const texts = keys.map(({ expression, direction }) => {
      return `${printExpression(expression)} ${direction}`;
    });
    return `sort ${texts.join(', ')}`;
  },
  places: ({ keys }) => keys.map(({ expression }) => ({ expression, aggregates: true })),
  plan: ({ keys, start, end }, planner) => planner.sort(keys, { start, end }),
};
