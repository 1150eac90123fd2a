// `addtotals`: the sum of a row's fields as a field of its own.
import type { AddtotalsCommand, Name } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import type { TokenCursor } from '../parse/token-cursor.ts';
import { printName } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

/** What the sum is called unless it is given a name. */
const TOTAL = 'Total';

/** `row=true` and `col=false` are what holds anyway; the others would need rows that are no rows. */
const OPTIONS: ReadonlyMap<string, string> = new Map([
  ['row', 'true'],
  ['col', 'false'],
]);

function takeOption(cursor: TokenCursor): { key: string; value: Name } | undefined {
  const { token } = cursor;
  if (token.kind !== 'word' || cursor.peek().text !== '=') return undefined;
  cursor.take();
  cursor.expectSymbol('=');
  const value = cursor.expectName();
  const key = token.value.toLowerCase();
  if (key === 'fieldname') return { key, value };
  const only = OPTIONS.get(key);
  if (only === undefined) {
    throw new MalformedQuery(`addtotals has fieldname, row and col, not ${token.value}`, token);
  }
  if (value.name.toLowerCase() === only) return { key, value };
  throw new MalformedQuery(`addtotals ${key}=${value.name} is not supported yet`, value);
}

/** @see CloudWatch Logs user guide, "addtotals" */
export const ADDTOTALS: CommandDefinition<AddtotalsCommand> = {
  kind: 'addtotals',
  keywords: ['addtotals'],
  about: "Adds the sum of a row's numbers.",
  parse: (cursor, start) => {
    let total: Name = { name: TOTAL, start, end: cursor.previousEnd };
    for (let option = takeOption(cursor); option; option = takeOption(cursor)) {
      if (option.key === 'fieldname') total = option.value;
    }
    const fields: Name[] = [];
    while (cursor.token.kind === 'word') {
      fields.push(cursor.expectName());
      cursor.takeSymbol(',');
    }
    return { kind: 'addtotals', total, fields, start, end: cursor.previousEnd };
  },
  print: ({ total, fields }) => {
    const names = fields.map(({ name }) => printName(name)).join(', ');
    return `addtotals fieldname=${printName(total.name)}${names === '' ? '' : ` ${names}`}`;
  },
  places: ({ fields }) =>
    fields.map((field) => ({
      expression: { ...field, kind: 'field' as const },
      aggregates: false,
    })),
  plan: ({ total, fields, start, end }, planner) => planner.total(total, fields, { start, end }),
};
