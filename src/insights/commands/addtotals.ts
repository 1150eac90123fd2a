// `addtotals`: the sum of a row's fields as a field of its own, and the sums of columns as a row of their own.
import type { AddtotalsCommand, Name } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import type { TokenCursor } from '../parse/token-cursor.ts';
import { fieldNamed } from '../plan/expression-shape.ts';
import { sumOf } from '../plan/sum-of-fields.ts';
import { printName } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

/** What the sum is called unless it is given a name. */
const TOTAL = 'Total';

function takeOption(
  cursor: TokenCursor,
): { key: 'fieldname' | 'row' | 'col'; value: Name } | undefined {
  const { token } = cursor;
  if (token.kind !== 'word' || cursor.peek().text !== '=') return undefined;
  cursor.take();
  cursor.expectSymbol('=');
  const value = cursor.expectName();
  const key = token.value.toLowerCase();
  if (key === 'fieldname') return { key, value };
  if (key !== 'row' && key !== 'col') {
    throw new MalformedQuery(`addtotals has fieldname, row and col, not ${token.value}`, token);
  }
  if (/^(?:true|false)$/i.test(value.name)) return { key, value };
  throw new MalformedQuery(`${key} expects true or false, not ${value.name}`, value);
}

/** @see CloudWatch Logs user guide, "addtotals" */
export const ADDTOTALS: CommandDefinition<AddtotalsCommand> = {
  kind: 'addtotals',
  keywords: ['addtotals'],
  about: "Adds the sum of a row's numbers.",
  parse: (cursor, start) => {
    let total: Name = { name: TOTAL, start, end: cursor.previousEnd };
    let [row, col] = [true, false];
    for (let option = takeOption(cursor); option; option = takeOption(cursor)) {
      const { key, value } = option;
      if (key === 'fieldname') total = value;
      else if (key === 'row') row = value.name.toLowerCase() === 'true';
      else col = value.name.toLowerCase() === 'true';
    }
    const fields: Name[] = [];
    while (cursor.token.kind === 'word') {
      fields.push(cursor.expectName());
      cursor.takeSymbol(',');
    }
    return { kind: 'addtotals', total, row, col, fields, start, end: cursor.previousEnd };
  },
  print: ({ total, row, col, fields }) => {
    const names = fields.map(({ name }) => printName(name)).join(', ');
    const options = `fieldname=${printName(total.name)} row=${row} col=${col}`;
    return `addtotals ${options}${names === '' ? '' : ` ${names}`}`;
  },
  places: ({ fields }) =>
    fields.map((field) => ({
      expression: { ...field, kind: 'field' as const },
      aggregates: false,
    })),
  plan: ({ total, row, col, fields, start, end }, planner) => {
    const at = { start, end };
    const named = planner.summed(fields, at);
    if (row) planner.derive(total, sumOf(named, at));
    if (col) planner.totals(row ? [...named, fieldNamed(total.name, at)] : named);
  },
};
