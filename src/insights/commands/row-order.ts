// `accum`, `autoregress` and `filldown`: values by the rows that came before, in the order that the rows have at
// this point: of time from the newest on, unless the query sorts.
import type {
  AccumCommand,
  AutoregressCommand,
  FilldownCommand,
  Name,
  NamePattern,
} from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { LAG_ROWS_MAX, LAGS_MAX } from '../limits.ts';
import type { TokenCursor } from '../parse/token-cursor.ts';
import { printAlias, printName } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

function fieldOf(name: Name) {
  return { ...name, kind: 'field' as const };
}

/** @see CloudWatch Logs user guide, "accum" */
export const ACCUM: CommandDefinition<AccumCommand> = {
  kind: 'accum',
  keywords: ['accum'],
  about: 'Adds up a field over the rows so far.',
  parse: (cursor, start) => {
    const field = cursor.expectName();
    const alias = cursor.takeKeyword('as') ? cursor.expectName() : undefined;
    return { kind: 'accum', field, ...(alias && { alias }), start, end: cursor.previousEnd };
  },
  print: ({ field, alias }) => `accum ${printName(field.name)}${alias ? printAlias(alias) : ''}`,
  places: ({ field }) => [{ expression: fieldOf(field), aggregates: false }],
  plan: ({ field, alias }, planner) =>
    planner.window({ kind: 'sum' }, fieldOf(field), alias ?? field),
};

/** `p=2` or `p=1-4`. */
function lagsOf(cursor: TokenCursor): { from: number; to: number } {
  if (!cursor.isKeyword('p') || cursor.peek().text !== '=') return { from: 1, to: 1 };
  cursor.take();
  cursor.expectSymbol('=');
  const from = lagOf(cursor);
  return { from, to: cursor.takeSymbol('-') ? lagOf(cursor) : from };
}

function lagOf(cursor: TokenCursor): number {
  const { token } = cursor;
  if (token.kind !== 'number') throw cursor.mismatched(['NUMBER']);
  cursor.take();
  const rows = Number(token.value);
  if (Number.isInteger(rows) && rows >= 1 && rows <= LAG_ROWS_MAX) return rows;
  throw new MalformedQuery(`p expects whole numbers from 1 to ${LAG_ROWS_MAX}`, token);
}

/** What a lagged field is called: as AWS's example has it, or as its alias says where there is one lag. */
function lagName({ field, alias, from, to, start, end }: AutoregressCommand, rows: number): Name {
  if (alias !== undefined && from === to) return alias;
  return { name: `${(alias ?? field).name}_p${rows}`, start, end };
}

/** @see CloudWatch Logs user guide, "autoregress" */
export const AUTOREGRESS: CommandDefinition<AutoregressCommand> = {
  kind: 'autoregress',
  keywords: ['autoregress'],
  about: 'Gives a field the values of rows before.',
  parse: (cursor, start) => {
    const field = cursor.expectName();
    const alias = cursor.takeKeyword('as') ? cursor.expectName() : undefined;
    const lags = lagsOf(cursor);
    return {
      kind: 'autoregress',
      field,
      ...(alias && { alias }),
      ...lags,
      start,
      end: cursor.previousEnd,
    };
  },
  print: ({ field, alias, from, to }) => {
    const lags = from === to ? `p=${from}` : `p=${from}-${to}`;
    return `autoregress ${printName(field.name)}${alias ? printAlias(alias) : ''} ${lags}`;
  },
  places: ({ field }) => [{ expression: fieldOf(field), aggregates: false }],
  check: (node) => {
    if (node.to >= node.from && node.to - node.from < LAGS_MAX) return;
    throw new MalformedQuery(`p expects a rising range of at most ${LAGS_MAX}`, node);
  },
  plan: (node, planner) => {
    for (let rows = node.from; rows <= node.to; rows++) {
      planner.window({ kind: 'lag', rows }, fieldOf(node.field), lagName(node, rows));
    }
  },
};

/** @see CloudWatch Logs user guide, "filldown" */
export const FILLDOWN: CommandDefinition<FilldownCommand> = {
  kind: 'filldown',
  keywords: ['filldown'],
  about: 'Gives a field its last value where it has none.',
  parse: (cursor, start) => {
    const fields: NamePattern[] = [];
    while (cursor.token.kind === 'word') {
      const name = cursor.expectName();
      const any = cursor.isSymbol('*') && cursor.token.start === name.end;
      if (any) cursor.take();
      fields.push({ ...name, any });
      cursor.takeSymbol(',');
    }
    return { kind: 'filldown', fields, start, end: cursor.previousEnd };
  },
  print: ({ fields }) => {
    const names = fields.map(({ name, any }) => ` ${printName(name)}${any ? '*' : ''}`);
    return `filldown${names.join('')}`;
  },
  places: ({ fields }) =>
    fields
      .filter(({ any }) => !any)
      .map((name) => ({ expression: fieldOf(name), aggregates: false })),
  plan: ({ fields, start, end }, planner) => {
    const shown = planner.shownNames.filter((name) => !name.startsWith('@'));
    const wanted = fields.length === 0 ? [{ name: '', any: true, start, end }] : fields;
    const names = wanted.flatMap(({ any, ...name }) => {
      const matching = shown.filter((each) => each.startsWith(name.name));
      return any ? matching.map((each) => ({ ...name, name: each })) : [name];
    });
    if (names.length === 0) {
      throw new MalformedQuery(
        'filldown finds no fields: expecting their names, or fields before it',
        {
          start,
          end,
        },
      );
    }
    for (const name of names) planner.window({ kind: 'last' }, fieldOf(name), name);
  },
};
