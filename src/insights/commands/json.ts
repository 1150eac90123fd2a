// `json`: values at paths of a JSON text, which may have been parsed out of another.
import type { Expression, JsonCommand, Name, StringLiteral } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { JSON_VALUES_MAX } from '../limits.ts';
import type { TokenCursor } from '../parse/token-cursor.ts';
import { printExpression, printName } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

function pathOf(cursor: TokenCursor): StringLiteral {
  const { token } = cursor;
  if (token.kind !== 'string') throw cursor.mismatched(['STRING']);
  cursor.take();
  return { kind: 'string', value: token.value, start: token.start, end: token.end };
}

/** `a.b[0].c` as its steps; undefined when a step is empty. */
function stepsOf({ value }: StringLiteral): (string | number)[] | undefined {
  const steps = value.replace(/\[(\d{1,9})\](?=[.[]|$)/g, '.$1').split('.');
  return steps.includes('') ? undefined : steps;
}

function sourceOf({ field, start, end }: JsonCommand): Expression {
  return { kind: 'field', start, end, ...(field ?? { name: '@message' }) };
}

/** @see CloudWatch Logs user guide, "parse", "JSON field extraction" */
export const JSON_COMMAND: CommandDefinition<JsonCommand> = {
  kind: 'json',
  keywords: ['json'],
  about: 'Takes values out of a field that is JSON.',
  parse: (cursor, start) => {
    let field: Name | undefined;
    if (cursor.isKeyword('field') && cursor.peek().text === '=') {
      cursor.take();
      cursor.expectSymbol('=');
      field = cursor.expectName();
    }
    const values: JsonCommand['values'][number][] = [];
    do {
      const path = pathOf(cursor);
      cursor.expectKeyword('as');
      values.push({ path, alias: cursor.expectName() });
    } while (cursor.takeSymbol(','));
    return { kind: 'json', ...(field && { field }), values, start, end: cursor.previousEnd };
  },
  print: ({ field, values }) => {
    const items = values.map(
      ({ path, alias }) => `${printExpression(path)} as ${printName(alias.name)}`,
    );
    return `json ${field ? `field=${printName(field.name)} ` : ''}${items.join(', ')}`;
  },
  places: (node) => [{ expression: sourceOf(node), aggregates: false }],
  check: ({ values }) => {
    const tooMany = values[JSON_VALUES_MAX];
    if (tooMany !== undefined) {
      throw new MalformedQuery(`json takes at most ${JSON_VALUES_MAX} values`, tooMany.path);
    }
    for (const { path } of values) {
      if (stepsOf(path) !== undefined) continue;
      throw new MalformedQuery('json expects a path such as "user.name" or "items[0].id"', path);
    }
  },
  plan: (node, planner) => {
    for (const { path, alias } of node.values) {
      const { start, end } = path;
      const value = (stepsOf(path) ?? []).reduce<Expression>(
        (object, key) => ({ kind: 'member', object, key, start, end }),
        sourceOf(node),
      );
      planner.derive(alias, value);
    }
  },
};
