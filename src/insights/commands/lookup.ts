// `lookup` and `cidrlookup`: what a table of the administrator's says of each row.
import type { CidrlookupCommand, LookupCommand, LookupOutput, Name } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import type { TokenCursor } from '../parse/token-cursor.ts';
import { printAlias, printName } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

function optionalAlias(cursor: TokenCursor): Name | undefined {
  return cursor.takeKeyword('as') ? cursor.expectName() : undefined;
}

/** `OUTPUT a as b, c`. */
function outputsOf(cursor: TokenCursor): { keeps: boolean; outputs: readonly LookupOutput[] } {
  const keeps = cursor.isKeyword('outputnew');
  if (!keeps && !cursor.isKeyword('output')) {
    throw cursor.mismatched(["','", 'K_OUTPUT', 'K_OUTPUTNEW']);
  }
  cursor.take();
  const outputs: LookupOutput[] = [];
  do {
    const column = cursor.expectName();
    const alias = optionalAlias(cursor);
    const { start } = column;
    outputs.push({ column, ...(alias && { alias }), start, end: cursor.previousEnd });
  } while (cursor.takeSymbol(','));
  return { keeps, outputs };
}

function printOutputs({ keeps, outputs }: LookupCommand | CidrlookupCommand): string {
  const names = outputs.map(
    ({ column, alias }) => printName(column.name) + (alias ? printAlias(alias) : ''),
  );
  return `${keeps ? 'OUTPUTNEW' : 'OUTPUT'} ${names.join(', ')}`;
}

function nameOf({ column, alias }: LookupOutput): Name {
  return alias ?? column;
}

/** A name is given once. */
function checkOutputs({ outputs }: LookupCommand | CidrlookupCommand): void {
  const names = new Set<string>();
  for (const output of outputs) {
    const { name } = nameOf(output);
    if (names.has(name)) throw new MalformedQuery(`${name} is named twice`, output);
    names.add(name);
  }
}

function namedOutputs({ outputs }: LookupCommand | CidrlookupCommand) {
  return outputs.map((output) => ({ column: output.column, name: nameOf(output).name }));
}

function fieldOf(name: Name) {
  return { ...name, kind: 'field' as const };
}

/** @see CloudWatch Logs user guide, "lookup" */
export const LOOKUP: CommandDefinition<LookupCommand> = {
  kind: 'lookup',
  keywords: ['lookup'],
  about: 'Adds what a lookup table says of a field.',
  parse: (cursor, start) => {
    const table = cursor.expectName();
    const keys: { column: Name; field?: Name }[] = [];
    do {
      const column = cursor.expectName();
      const field = optionalAlias(cursor);
      keys.push({ column, ...(field && { field }) });
    } while (cursor.takeSymbol(','));
    const outputs = outputsOf(cursor);
    return { kind: 'lookup', table, keys, ...outputs, start, end: cursor.previousEnd };
  },
  print: (node) => {
    const keys = node.keys.map(
      ({ column, field }) => printName(column.name) + (field ? printAlias(field) : ''),
    );
    return `lookup ${printName(node.table.name)} ${keys.join(', ')} ${printOutputs(node)}`;
  },
  places: ({ keys }) =>
    keys.map(({ column, field }) => ({ expression: fieldOf(field ?? column), aggregates: false })),
  check: checkOutputs,
  plan: (node, planner) => {
    const { table, keeps } = node;
    const keys = node.keys.map(({ column, field }) => ({
      column,
      value: fieldOf(field ?? column),
    }));
    const outputs = namedOutputs(node);
    planner.lookup({ kind: 'lookup', table, match: { kind: 'equal', keys }, keeps, outputs });
  },
};

/** @see CloudWatch Logs user guide, "cidrlookup" */
export const CIDRLOOKUP: CommandDefinition<CidrlookupCommand> = {
  kind: 'cidrlookup',
  keywords: ['cidrlookup'],
  about: 'Adds what a table of networks says of an address.',
  parse: (cursor, start) => {
    const table = cursor.expectName();
    const field = cursor.expectName();
    const column = optionalAlias(cursor);
    const outputs = outputsOf(cursor);
    const end = cursor.previousEnd;
    return { kind: 'cidrlookup', table, field, ...(column && { column }), ...outputs, start, end };
  },
  print: (node) => {
    const { table, field, column } = node;
    const key = printName(field.name) + (column ? printAlias(column) : '');
    return `cidrlookup ${printName(table.name)} ${key} ${printOutputs(node)}`;
  },
  places: ({ field }) => [{ expression: fieldOf(field), aggregates: false }],
  check: checkOutputs,
  plan: (node, planner) => {
    const { table, field, column, keeps } = node;
    const value = fieldOf(field);
    planner.lookup({
      kind: 'lookup',
      table,
      match: { kind: 'network', column, field, value },
      keeps,
      outputs: namedOutputs(node),
    });
  },
};
