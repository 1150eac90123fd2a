// The sum that `addtotals` adds.
import type { Expression } from '../ast.ts';
import { MalformedQuery, type Span } from '../error.ts';

/** The sum of the values, to which what is no number adds nothing. Throws MalformedQuery when there are none. */
export function sumOf(fields: readonly Expression[], at: Span): Expression {
  const zero: Expression = { kind: 'number', value: 0, ...at };
  const [first, ...others] = fields.map((field): Expression => {
    const value: Expression = { kind: 'call', name: 'toNumber', args: [field], ...at };
    return { kind: 'call', name: 'coalesce', args: [value, zero], ...at };
  });
  if (first === undefined) throw new MalformedQuery('addtotals expects the names of fields', at);
  return others.reduce<Expression>(
    (left, right) => ({ kind: 'binary', operator: '+', left, right, ...at }),
    first,
  );
}
