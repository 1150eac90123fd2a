// `join`: beside each event those of other log groups that have the same key.
import type { JoinCommand, Name } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import type { JoinSide } from '../plan/plan.ts';
import type { TokenCursor } from '../parse/token-cursor.ts';
import { printName, printSubquery } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

/** `type=left`, `left=a`, `right=b`, in any order. */
function optionsOf(cursor: TokenCursor): ReadonlyMap<string, Name> {
  const options = new Map<string, Name>();
  while (cursor.token.kind === 'word' && cursor.peek().text === '=') {
    const { token } = cursor;
    const key = token.value.toLowerCase();
    if (!['type', 'left', 'right'].includes(key)) {
      throw new MalformedQuery(`join has type, left and right, not ${token.value}`, token);
    }
    cursor.take();
    cursor.expectSymbol('=');
    options.set(key, cursor.expectName());
  }
  return options;
}

function typeOf(name: Name | undefined): JoinCommand['type'] {
  const type = (name?.name ?? 'inner').toLowerCase();
  if (type === 'inner' || type === 'left') return type;
  throw new MalformedQuery(
    `join is of the type inner or left, not ${type}`,
    name ?? { start: 0, end: 0 },
  );
}

/** The field in `alias.field`. */
function keyOf(name: Name, alias: Name): Name | undefined {
  const prefix = `${alias.name}.`;
  if (!name.name.startsWith(prefix)) return undefined;
  return { ...name, name: name.name.slice(prefix.length) };
}

function parseJoin(cursor: TokenCursor, start: number): JoinCommand {
  const options = optionsOf(cursor);
  const [left, right] = ['left', 'right'].map((side) => {
    const alias = options.get(side);
    if (alias === undefined) throw cursor.mismatched([`${side}=`]);
    return alias;
  }) as [Name, Name];
  cursor.expectKeyword('where');
  const first = cursor.expectName();
  cursor.expectSymbol('=');
  const second = cursor.expectName();
  const leftKey = keyOf(first, left) ?? keyOf(second, left);
  const rightKey = keyOf(second, right) ?? keyOf(first, right);
  if (leftKey === undefined || rightKey === undefined) {
    throw new MalformedQuery(`join expects ${left.name}.field=${right.name}.field after where`, {
      start: first.start,
      end: second.end,
    });
  }
  cursor.expectSymbol('(');
  const query = cursor.subquery();
  cursor.expectSymbol(')');
  const type = typeOf(options.get('type'));
  const end = cursor.previousEnd;
  return { kind: 'join', type, left, right, leftKey, rightKey, query, start, end };
}

function printKey(alias: Name, { name }: Name): string {
  return printName(`${alias.name}.${name}`);
}

function sideOf(alias: Name, key: Name): JoinSide {
  return { alias: alias.name, key: { ...key, kind: 'field' } };
}

/** @see CloudWatch Logs user guide, "join" */
export const JOIN: CommandDefinition<JoinCommand> = {
  kind: 'join',
  keywords: ['join'],
  about: 'Puts events of other groups with the same key beside each event.',
  parse: parseJoin,
  print: ({ type, left, right, leftKey, rightKey, query }) => {
    const condition = `${printKey(left, leftKey)}=${printKey(right, rightKey)}`;
    const sides = `left=${printName(left.name)} right=${printName(right.name)}`;
    return `join type=${type} ${sides} where ${condition} (${printSubquery(query)})`;
  },
  places: () => [],
  check: (node) => {
    const { query } = node;
    if (node.left.name === node.right.name) {
      throw new MalformedQuery('the two sides of join need different names', node.right);
    }
    if (query.sources !== undefined && query.commands.length === 0) return;
    throw new MalformedQuery('join expects (SOURCE …) and nothing else in parentheses', query);
  },
  plan: (node, planner) => {
    planner.join(
      {
        kind: 'join',
        keepsAll: node.type === 'left',
        left: sideOf(node.left, node.leftKey),
        right: sideOf(node.right, node.rightKey),
        query: node.query,
      },
      node,
    );
  },
};
