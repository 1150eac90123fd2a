// Whether an expression aggregates.
import { type Expression, operandsOf } from '../ast.ts';
import { findFunction } from './registry.ts';

/** Whether the expression or a part of it calls an aggregate function. */
export function callsAggregate(expression: Expression): boolean {
  if (expression.kind === 'call' && findFunction(expression.name)?.aggregate === true) return true;
  return operandsOf(expression).some(callsAggregate);
}
