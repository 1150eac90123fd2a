// `relevantfields`: in which fields the rows that meet a condition differ from those that do not.
import type { Name, RelevantfieldsCommand } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { RELEVANT_FIELDS_MAX } from '../limits.ts';
import { parseExpression } from '../parse/expressions.ts';
import { printExpression, printName } from '../print-expression.ts';
import { RELEVANCE_COLUMNS } from '../sql/relevance.ts';
import type { CommandDefinition } from './command.ts';

/** A field that is called as the word behind the fields needs backticks. */
function printField(name: string): string {
  return name.toLowerCase() === 'where' ? `\`${name}\`` : printName(name);
}

/** @see CloudWatch Logs user guide, "relevantfields" */
export const RELEVANTFIELDS: CommandDefinition<RelevantfieldsCommand> = {
  kind: 'relevantfields',
  keywords: ['relevantfields'],
  about: 'Finds the fields in which the rows that meet a condition differ from the others.',
  parse: (cursor, start) => {
    const fields: Name[] = [];
    while (!cursor.isKeyword('where')) {
      if (cursor.token.kind !== 'word') throw cursor.mismatched(['IDENTIFIER', 'K_WHERE']);
      fields.push(cursor.expectName());
      cursor.takeSymbol(',');
    }
    cursor.expectKeyword('where');
    const condition = parseExpression(cursor);
    return { kind: 'relevantfields', fields, condition, start, end: cursor.previousEnd };
  },
  print: ({ fields, condition }) => {
    const names = fields.map(({ name }) => printField(name)).join(', ');
    return `relevantfields ${names === '' ? '' : `${names} `}where ${printExpression(condition)}`;
  },
  places: ({ fields, condition }) => [
    ...fields.map((field) => ({
      expression: { ...field, kind: 'field' as const },
      aggregates: false,
    })),
    { expression: condition, aggregates: false },
  ],
  check: ({ fields }) => {
    const tooMany = fields[RELEVANT_FIELDS_MAX];
    if (tooMany === undefined) return;
    throw new MalformedQuery(
      `relevantfields expects at most ${RELEVANT_FIELDS_MAX} fields`,
      tooMany,
    );
  },
  plan: ({ fields, condition, start, end }, planner) =>
    planner.relevance(fields, condition, RELEVANCE_COLUMNS, { start, end }),
};
