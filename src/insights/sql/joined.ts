// The rows of `join`: those of the query so far, each beside those of other groups that have the same key.
import { Block, type RowSource } from './block.ts';
import type { SqlValue } from './value.ts';
import { type Environment, ExpressionCompiler } from './expressions.ts';
import { rowsOfScope } from './scope-source.ts';
import type { JoinSide } from '../plan/plan.ts';
import type { QueryScope } from '../scope.ts';

/** Of the other side of a join: its names are then none that a block of the query can have. */
const JOINED_DEPTH = 900;

export interface JoinedSide {
  readonly block: Block;
  readonly alias: string;
  /** The key as text. */
  readonly key: string;
}

/** The other groups' events that have the key. */
export function sideOf(
  scope: QueryScope,
  { alias, key }: JoinSide,
  environment: Environment,
): JoinedSide {
  const { source, conditions } = rowsOfScope(scope, environment.parameters);
  const block = new Block(JOINED_DEPTH, source);
  for (const condition of conditions) block.where(condition);
  const text = new ExpressionCompiler(block, environment).joinKey(key);
  block.where(`isNotNull(${text})`);
  return { block, alias, key: text };
}

/** A side's field, whether the query named it or not. */
function valueOf(side: RowSource, name: string): SqlValue | undefined {
  return side.defined(name) ?? side.field(name);
}

/**
 * Names are those of the left side, unless they begin with an alias and a dot.
 *
 * @param keepsAll whether a row of the left side stays that finds none
 */
export function joined(left: JoinedSide, right: JoinedSide, keepsAll: boolean): RowSource {
  const [leftRows, rightRows] = [left.block.asSource(), right.block.asSource()];
  const condition = `${left.block.exported(left.key)} = ${right.block.exported(right.key)}`;
  const ofAlias = (name: string): SqlValue | undefined => {
    if (name.startsWith(`${left.alias}.`)) {
      return valueOf(leftRows, name.slice(left.alias.length + 1));
    }
    if (name.startsWith(`${right.alias}.`)) {
      return valueOf(rightRows, name.slice(right.alias.length + 1));
    }
    return undefined;
  };
  return {
    from: () => {
      const type = keepsAll ? 'LEFT' : 'INNER';
      return `${leftRows.from()} AS _left ${type} JOIN ${rightRows.from()} AS _right ON ${condition}`;
    },
    defined: (name) => leftRows.defined(name),
    field: (name) => ofAlias(name) ?? leftRows.field(name),
    order: () => leftRows.order(),
  };
}
