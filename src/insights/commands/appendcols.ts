// `appendcols`: the columns of another query beside the rows, the first beside the first.
import type { AppendcolsCommand } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { APPENDED_ROWS_DEFAULT, APPENDED_ROWS_MAX } from '../limits.ts';
import type { TokenCursor } from '../parse/token-cursor.ts';
import { printSubquery } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

function rowsOf(cursor: TokenCursor): number {
  const { token } = cursor;
  if (token.kind !== 'number') throw cursor.mismatched(['NUMBER']);
  cursor.take();
  const rows = Number(token.value);
  if (Number.isInteger(rows) && rows >= 1 && rows <= APPENDED_ROWS_MAX) return rows;
  throw new MalformedQuery(`max expects a whole number from 1 to ${APPENDED_ROWS_MAX}`, token);
}

function truthOf(cursor: TokenCursor): boolean {
  const truth = cursor.isKeyword('true');
  if (!truth && !cursor.isKeyword('false')) throw cursor.mismatched(['true', 'false']);
  cursor.take();
  return truth;
}

/** `override=true` and `max=5`, in any order. */
function optionsOf(cursor: TokenCursor): Pick<AppendcolsCommand, 'override' | 'max'> {
  let override = false;
  let max = APPENDED_ROWS_DEFAULT;
  while (!cursor.isSymbol('(')) {
    const { token } = cursor;
    const key = token.kind === 'word' ? token.value.toLowerCase() : '';
    if (key !== 'override' && key !== 'max') throw cursor.mismatched(['override', 'max', "'('"]);
    cursor.take();
    cursor.expectSymbol('=');
    if (key === 'max') max = rowsOf(cursor);
    else override = truthOf(cursor);
  }
  return { override, max };
}

/** @see CloudWatch Logs user guide, "appendcols" */
export const APPENDCOLS: CommandDefinition<AppendcolsCommand> = {
  kind: 'appendcols',
  keywords: ['appendcols'],
  about: 'Puts the columns of another query beside the rows.',
  parse: (cursor, start) => {
    const options = optionsOf(cursor);
    cursor.expectSymbol('(');
    const query = cursor.subquery();
    cursor.expectSymbol(')');
    return { kind: 'appendcols', ...options, query, start, end: cursor.previousEnd };
  },
  print: ({ override, max, query }) =>
    `appendcols override=${override} max=${max} (${printSubquery(query)})`,
  places: () => [],
  plan: ({ query, override, max }, planner) => planner.appendColumns(query, override, max),
};
