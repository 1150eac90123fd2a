// `fillmissing`: rows for the bins of `stats … by bin()` that have none.
import type { Expression, FillmissingCommand, Name } from '../ast.ts';
import { parseExpression } from '../parse/expressions.ts';
import { printExpression, printName } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

/** @see CloudWatch Logs user guide, "fillmissing" */
export const FILLMISSING: CommandDefinition<FillmissingCommand> = {
  kind: 'fillmissing',
  keywords: ['fillmissing'],
  about: 'Adds rows for bins without any.',
  parse: (cursor, start) => {
    const fills: { name: Name; value: Expression }[] = [];
    if (cursor.takeKeyword('with')) {
      do {
        const value = parseExpression(cursor);
        cursor.expectKeyword('for');
        fills.push({ value, name: cursor.expectName() });
      } while (cursor.takeSymbol(','));
    }
    return { kind: 'fillmissing', fills, start, end: cursor.previousEnd };
  },
  print: ({ fills }) => {
    const each = fills.map(
      ({ name, value }) => `${printExpression(value)} for ${printName(name.name)}`,
    );
    return each.length === 0 ? 'fillmissing' : `fillmissing with ${each.join(', ')}`;
  },
  places: ({ fills }) => fills.map(({ value }) => ({ expression: value, aggregates: false })),
  plan: ({ fills, start, end }, planner) => planner.fillMissing(fills, { start, end }),
};
