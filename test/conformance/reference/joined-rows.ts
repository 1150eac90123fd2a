// The join of the reference executor: every row beside each event of another group that has the same key.
import {
  type Command,
  type Expression,
  operandsOf,
  type Query,
} from '../../../src/insights/ast.ts';
import { definitionOf } from '../../../src/insights/commands/registry.ts';
import { withName } from './across-rows.ts';
import { resolved, type Row } from './evaluate.ts';
import type { ReferenceEvent } from './fields.ts';
import { textOf } from './values.ts';

type Join = Extract<Command, { kind: 'join' }>;

/** All fields that commands name. */
function namesIn(expression: Expression): string[] {
  const inside = operandsOf(expression).flatMap(namesIn);
  return expression.kind === 'field' ? [expression.name, ...inside] : inside;
}

/** The fields behind an alias and a dot that are asked for anywhere. */
function askedOf(alias: string, { commands }: Query): readonly string[] {
  const places = commands.flatMap((command) => definitionOf(command).places(command));
  const names = places.flatMap(({ expression }) => namesIn(expression));
  const prefix = `${alias}.`;
  return [...new Set(names.filter((name) => name.startsWith(prefix)))].map((name) =>
    name.slice(prefix.length),
  );
}

/**
 * The rows of the left side beside those of the right; keys are compared as text.
 *
 * @param events all there are, of which the join names a group
 */
export function joinedRows(
  { type, left, right, leftKey, rightKey, query: inside }: Join,
  rows: readonly Row[],
  events: readonly ReferenceEvent[],
  query: Query,
): readonly Row[] {
  const [source] = inside.sources ?? [];
  const groups = source?.kind === 'named' ? source.names.map(({ name }) => name) : [];
  const others = events
    .filter(({ log }) => groups.includes(log))
    // Alone, an audit log has the fields that are declared.
    .map((event): Row => {
      return {
        event: { ...event, declared: event.log.startsWith('/mailtrail/') },
        names: new Map(),
      };
    });
  const [leftNames, rightNames] = [askedOf(left.name, query), askedOf(right.name, query)];
  return rows.flatMap((row) => {
    let own = row;
    for (const name of leftNames) own = withName(own, `${left.name}.${name}`, resolved(row, name));
    const key = textOf(resolved(row, leftKey.name));
    const found = others.filter((other) => {
      return key !== undefined && textOf(resolved(other, rightKey.name)) === key;
    });
    const beside: readonly (Row | undefined)[] =
      found.length === 0 && type === 'left' ? [undefined] : found;
    return beside.map((other) => {
      let made = own;
      for (const name of rightNames) {
        const value = other && resolved(other, name);
        made = withName(made, `${right.name}.${name}`, value);
      }
      return made;
    });
  });
}
