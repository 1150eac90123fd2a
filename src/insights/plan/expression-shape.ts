// What the planner asks of expressions: whether two are the same, which names they read, what is wrong.
import { type Expression, type Field, type Period, withOperands } from '../ast.ts';
import { MalformedQuery, type Span } from '../error.ts';

/** Two expressions with the same shape are the same but for their place and the case of functions. */
export function shapeOf(expression: Expression): string {
  return JSON.stringify(expression, function (this: { kind?: unknown }, key, value: unknown) {
    if (key === 'start' || key === 'end') return undefined;
    if (key === 'name' && this.kind === 'call') return String(value).toLowerCase();
    return value;
  });
}

/** A field as an expression. */
export function fieldNamed(name: string, { start, end }: Span): Field {
  return { kind: 'field', name, start, end };
}

/** The refusal of a name that `stats` did not keep. */
export function afterStats(unknown: { name: string; at: Span }): MalformedQuery {
  return new MalformedQuery(`Unknown symbols found in or after stats: ${unknown.name}`, unknown.at);
}

/** The refusal of a name that is no group's. */
export function notGrouped(name: string, at: Span): MalformedQuery {
  return new MalformedQuery(`${name} is neither in an aggregate function nor after by`, at);
}

/** The expression with the offset as a further argument of each bin. */
export function shifted(expression: Expression, offset: Period | undefined): Expression {
  if (offset === undefined) return expression;
  if (expression.kind === 'call' && expression.name.toLowerCase() === 'bin') {
    return { ...expression, args: [...expression.args, offset] };
  }
  return withOperands(expression, (operand) => shifted(operand, offset));
}

/** Whether a name is the other one or a key inside of it. */
export function isOrHolds(name: string, path: string): boolean {
  return path === name || path.startsWith(`${name}.`);
}

/** The parts of a condition that must all hold. */
export function conjunctsOf(condition: Expression): readonly Expression[] {
  if (condition.kind !== 'logical' || condition.operator !== 'and') return [condition];
  return condition.operands.flatMap(conjunctsOf);
}
