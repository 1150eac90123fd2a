// `outlier`: numbers far beyond the others are left out or brought back to a bound.
import type { Name, OutlierCommand } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { OUTLIER_FACTOR_MAX, OUTLIER_FIELDS_MAX } from '../limits.ts';
import type { TokenCursor } from '../parse/token-cursor.ts';
import { printExpression, printName } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

/** How many interquartile ranges are not far. @see CloudWatch Logs user guide, "outlier" */
const FACTOR_DEFAULT = 2.5;

/** The field that `mark=true` adds; AWS names none. */
const MARK = 'is_outlier';

/** Takes `name=`; false when something else is ahead, also a field of that name. */
function takeOption(cursor: TokenCursor, name: string): boolean {
  if (!cursor.isKeyword(name) || cursor.peek().text !== '=') return false;
  cursor.take();
  cursor.expectSymbol('=');
  return true;
}

function oneOf(cursor: TokenCursor, yes: string, no: string): boolean {
  if (cursor.takeKeyword(yes)) return true;
  if (cursor.takeKeyword(no)) return false;
  throw cursor.mismatched([`'${yes}'`, `'${no}'`]);
}

function factorOf(cursor: TokenCursor): number {
  const { token } = cursor;
  if (token.kind !== 'number') throw cursor.mismatched(['NUMBER']);
  cursor.take();
  const factor = Number(token.value);
  if (factor >= 0 && factor <= OUTLIER_FACTOR_MAX) return factor;
  throw new MalformedQuery(`param expects a number from 0 to ${OUTLIER_FACTOR_MAX}`, token);
}

function printNumber(value: number): string {
  return printExpression({ kind: 'number', value, start: 0, end: 0 });
}

/** @see CloudWatch Logs user guide, "outlier" */
export const OUTLIER: CommandDefinition<OutlierCommand> = {
  kind: 'outlier',
  keywords: ['outlier'],
  about: 'Leaves out or bounds numbers that are far beyond the others.',
  parse: (cursor, start) => {
    let [removes, lower, mark] = [false, false, false];
    let factor = FACTOR_DEFAULT;
    for (;;) {
      if (takeOption(cursor, 'action')) removes = oneOf(cursor, 'remove', 'transform');
      else if (takeOption(cursor, 'param')) factor = factorOf(cursor);
      else if (takeOption(cursor, 'uselower')) lower = oneOf(cursor, 'true', 'false');
      else if (takeOption(cursor, 'mark')) mark = oneOf(cursor, 'true', 'false');
      else break;
    }
    const fields: Name[] = [cursor.expectName()];
    while (cursor.takeSymbol(',') || cursor.token.kind === 'word') fields.push(cursor.expectName());
    return {
      kind: 'outlier',
      removes,
      factor,
      lower,
      mark,
      fields,
      start,
      end: cursor.previousEnd,
    };
  },
  print: ({ removes, factor, lower, mark, fields }) => {
    const options = [
      ...(removes ? ['action=remove'] : []),
      ...(factor === FACTOR_DEFAULT ? [] : [`param=${printNumber(factor)}`]),
      ...(lower ? ['uselower=true'] : []),
      ...(mark ? ['mark=true'] : []),
    ];
    return ['outlier', ...options, ...fields.map(({ name }) => printName(name))].join(' ');
  },
  places: ({ fields }) =>
    fields.map((field) => ({ expression: { ...field, kind: 'field' }, aggregates: false })),
  check: ({ fields }) => {
    const tooMany = fields[OUTLIER_FIELDS_MAX];
    if (tooMany === undefined) return;
    throw new MalformedQuery(`outlier expects at most ${OUTLIER_FIELDS_MAX} fields`, tooMany);
  },
  plan: ({ removes, factor, lower, mark, fields, start, end }, planner) => {
    const marked = mark ? { name: MARK, start, end } : undefined;
    planner.across(
      (visible) => ({
        kind: 'outliers',
        fields: fields.map((field) => ({ name: field.name, expression: visible(field) })),
        removes,
        factor,
        lower,
        ...(marked && { mark: marked.name }),
      }),
      marked,
    );
  },
};
