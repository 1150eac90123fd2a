// Whether an expression aggregates.
import { type Call, type Expression, operandsOf } from '../ast.ts';
import { HISTOGRAM_COUNTS } from './histogram.ts';
import { findFunction } from './registry.ts';

/**
 * What a call is among the values of `stats` where it is something else: `histogram(f, 10)` counts
 * there, while behind `by` it is the bucket of a row. Undefined for all other calls.
 */
export function aggregateFormOf(call: Call): Call | undefined {
  return call.name.toLowerCase() === 'histogram' ? { ...call, name: HISTOGRAM_COUNTS } : undefined;
}

/** Whether the expression or a part of it calls an aggregate function. */
export function callsAggregate(expression: Expression): boolean {
  if (expression.kind === 'call') {
    if (findFunction(expression.name)?.aggregate === true) return true;
    if (aggregateFormOf(expression) !== undefined) return true;
  }
  return operandsOf(expression).some(callsAggregate);
}
