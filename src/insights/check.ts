// What can be known to be wrong without knowing any names: functions and how they are called,
// regular expressions, the order of commands.
import { type Call, type Command, type Expression, operandsOf, type Query } from './ast.ts';
import { checkCompared } from './compared.ts';
import { definitionOf } from './commands/registry.ts';
import { MalformedQuery } from './error.ts';
import { arityOf, kindOfParameter, signatureOf } from './functions/arity.ts';
import { findFunction, FUNCTIONS } from './functions/registry.ts';
import { JOIN_COMMANDS_MAX, STATS_COMMANDS_MAX } from './limits.ts';
import { readRegex } from './regex.ts';

/** Commands that a live tail can have: what decides about each event by itself. */
const LIVE_TAIL_COMMANDS: ReadonlySet<Command['kind']> = new Set([
  'fields',
  'display',
  'filter',
  'parse',
  'sort',
  'limit',
]);

function unknownFunction(call: Call): MalformedQuery {
  const lower = call.name.toLowerCase();
  const near = FUNCTIONS.find(({ name }) => {
    const known = name.toLowerCase();
    return lower.length > 2 && (known.startsWith(lower) || lower.startsWith(known));
  });
  const hint = near === undefined ? '' : `: did you mean ${near.name}?`;
  return new MalformedQuery(`unknown function ${call.name}${hint}`, call);
}

function checkCall(call: Call, aggregates: boolean): void {
  const definition = findFunction(call.name);
  if (definition === undefined) throw unknownFunction(call);
  if (definition.aggregate === true && !aggregates) {
    throw new MalformedQuery(`the aggregate function ${call.name} can only be used in stats`, call);
  }
  const { least, most } = arityOf(definition);
  if (call.args.length < least || call.args.length > most) {
    throw new MalformedQuery(
      `${call.name} was called with ${call.args.length} arguments: expecting ${signatureOf(definition)}`,
      call,
    );
  }
  for (const [index, argument] of call.args.entries()) {
    const kind = kindOfParameter(definition, index);
    const period = argument.kind === 'period';
    const expected =
      (argument.kind === 'star' && kind !== 'row') ||
      (kind === 'period' && !period) ||
      (period && kind !== 'period' && definition.name !== 'bin') ||
      (kind === 'constant number' && argument.kind !== 'number') ||
      (kind === 'constant text' && argument.kind !== 'string');
    if (expected) {
      throw new MalformedQuery(
        `argument ${index + 1} of ${call.name} should be a ${kind}: expecting ${signatureOf(definition)}`,
        argument,
      );
    }
  }
  definition.check?.(call);
}

/** @param aggregates whether aggregate functions may be called here */
function checkExpression(expression: Expression, aggregates: boolean): void {
  let inside = aggregates;
  if (expression.kind === 'call') {
    checkCall(expression, aggregates);
    // What is aggregated cannot be aggregated again.
    if (findFunction(expression.name)?.aggregate === true) inside = false;
  }
  if (expression.kind === 'like' && expression.pattern.kind === 'regex') {
    readRegex(expression.pattern);
  }
  if (expression.kind === 'in' && 'kind' in expression.list && expression.list.kind === 'query') {
    checkSubquery(expression.list);
  }
  for (const operand of operandsOf(expression)) checkExpression(operand, inside);
}

/** A query inside of a query has no further one inside. */
function checkSubquery(query: Query): void {
  checkQuery(query);
  const nested = (expression: Expression): boolean =>
    (expression.kind === 'in' && 'kind' in expression.list && expression.list.kind === 'query') ||
    operandsOf(expression).some(nested);
  for (const command of query.commands) {
    if (command.kind === 'appendcols') {
      throw new MalformedQuery('a subquery inside of a subquery', command.query);
    }
    for (const { expression } of definitionOf(command).places(command)) {
      if (nested(expression))
        throw new MalformedQuery('a subquery inside of a subquery', expression);
    }
  }
}

/** Throws MalformedQuery for the first thing that is wrong; a lenient query may go on after dedup. */
export function checkQuery(query: Query, lenient = false): void {
  checkCompared(query);
  let stats = 0;
  let joins = 0;
  let dedup = false;
  let estimate: Command | undefined;
  for (const command of query.commands) {
    if (!lenient && dedup && command.kind !== 'limit') {
      throw new MalformedQuery(
        `mismatched input '${command.kind}' expecting {K_LIMIT}: only limit may follow dedup`,
        { start: command.start, end: command.start + command.kind.length },
      );
    }
    if (estimate !== undefined) {
      throw new MalformedQuery('estimate must be the last command', estimate);
    }
    if (command.kind === 'estimate') estimate = command;
    dedup ||= command.kind === 'dedup';
    if (command.kind === 'stats' && ++stats > STATS_COMMANDS_MAX) {
      throw new MalformedQuery(`more than ${STATS_COMMANDS_MAX} stats commands`, command);
    }
    if (command.kind === 'join' && ++joins > JOIN_COMMANDS_MAX) {
      throw new MalformedQuery(`more than ${JOIN_COMMANDS_MAX} join command`, command);
    }
    const definition = definitionOf(command);
    for (const { expression, aggregates } of definition.places(command)) {
      // After stats, an aggregate function names a column of it.
      checkExpression(expression, aggregates || stats > 0);
    }
    definition.check?.(command);
    if (command.kind === 'appendcols') checkSubquery(command.query);
  }
}

/** Throws MalformedQuery for commands that look at more than one event. */
export function checkLiveTail(query: Query): void {
  for (const command of query.commands) {
    if (LIVE_TAIL_COMMANDS.has(command.kind)) continue;
    throw new MalformedQuery(`${command.kind} cannot be used in a live tail`, command);
  }
}
