// The syntax tree: what the parser makes and everything else reads. It is frozen, holds no name
// resolution and no types, and every node knows the characters it came from.
import type { Command, Name } from './command-ast.ts';
import type { Span } from './error.ts';

export type * from './command-ast.ts';

export interface NumberLiteral extends Span {
  readonly kind: 'number';
  readonly value: number;
}

export interface StringLiteral extends Span {
  readonly kind: 'string';
  readonly value: string;
}

/** The bare words `true` and `false`, which are 1 and 0. */
export interface BooleanLiteral extends Span {
  readonly kind: 'boolean';
  readonly value: boolean;
}

/** A regular expression as it stands between its slashes. */
export interface RegexLiteral extends Span {
  readonly kind: 'regex';
  readonly source: string;
}

export const PERIOD_UNITS = ['ms', 's', 'm', 'h', 'd', 'w', 'mo', 'q', 'y'] as const;
export type PeriodUnit = (typeof PERIOD_UNITS)[number];

/** A length of time such as `5m`, as it was written. */
export interface Period extends Span {
  readonly kind: 'period';
  readonly count: number;
  readonly unit: PeriodUnit;
}

/** The asterisk of `count(*)`. */
export interface Star extends Span {
  readonly kind: 'star';
}

/** A field, an alias or a column of an earlier command, by its dotted name without backticks. */
export interface Field extends Span {
  readonly kind: 'field';
  readonly name: string;
}

/** A key or an index (from 0) of a map or list. */
export interface Member extends Span {
  readonly kind: 'member';
  readonly object: Expression;
  readonly key: string | number;
}

export type Argument = Expression | Period | Star;

export interface Call extends Span {
  readonly kind: 'call';
  /** As it was written; functions are looked up regardless of case. */
  readonly name: string;
  readonly args: readonly Argument[];
}

export interface Unary extends Span {
  readonly kind: 'unary';
  readonly operator: '-' | 'not';
  readonly operand: Expression;
}

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '^';
export type ComparisonOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';

export interface Binary extends Span {
  readonly kind: 'binary';
  readonly operator: ArithmeticOperator | ComparisonOperator;
  readonly left: Expression;
  readonly right: Expression;
}

/** A chain of one operator: `a and b and c` is one node. */
export interface Logical extends Span {
  readonly kind: 'logical';
  readonly operator: 'and' | 'or';
  readonly operands: readonly Expression[];
}

/** `like` and `=~`: a substring or a search. */
export interface Like extends Span {
  readonly kind: 'like';
  readonly negated: boolean;
  readonly subject: Expression;
  readonly pattern: StringLiteral | RegexLiteral;
}

/**
 * `x in [a, b]`; without brackets the right side is a list itself, in parentheses the one column of
 * a query of its own.
 */
export interface In extends Span {
  readonly kind: 'in';
  readonly negated: boolean;
  readonly subject: Expression;
  readonly list: readonly Expression[] | Expression | Query;
}

export type Expression =
  | NumberLiteral
  | StringLiteral
  | BooleanLiteral
  | Field
  | Member
  | Call
  | Unary
  | Binary
  | Logical
  | Like
  | In;

/** A part of a time bound: `-1d`, `now`, a number of seconds or milliseconds since 1970. */
export interface TimeTerm extends Span {
  readonly sign: 1 | -1;
  readonly value: Period | NumberLiteral | Field;
}

/** The sum of its terms. */
export interface TimeBound extends Span {
  readonly terms: readonly TimeTerm[];
}

interface SourceTimes extends Span {
  readonly from?: TimeBound;
  readonly to?: TimeBound;
}

/** `SOURCE 'name'`, as dashboards write it. */
export interface GroupSource extends SourceTimes {
  readonly kind: 'named';
  readonly names: readonly Name[];
}

export type GroupFilter = 'namePrefix' | 'accountIdentifiers' | 'class';

/** One of the values is the tag's; `*` stands for anything, `!` in front for any other value. */
export interface TagFilter extends Span {
  readonly key: Name;
  readonly values: readonly Name[];
}

/** `SOURCE logGroups(…) dataSource(…) logGroupTags(…)`: what meets all of them. */
export interface SelectionSource extends SourceTimes {
  readonly kind: 'selection';
  readonly logGroups?: Readonly<Partial<Record<GroupFilter, readonly Name[]>>>;
  readonly dataSources?: readonly Name[];
  readonly tags?: readonly TagFilter[];
}

export type Source = GroupSource | SelectionSource;

export interface Query extends Span {
  readonly kind: 'query';
  /** What each `SOURCE` in front says; together they are the groups that are queried. */
  readonly sources?: readonly Source[];
  readonly commands: readonly Command[];
}

/** Freezes a tree that was just made, all the way down. */
export function frozen<Tree>(tree: Tree): Tree {
  if (typeof tree !== 'object' || tree === null || Object.isFrozen(tree)) return tree;
  Object.freeze(tree);
  for (const part of Object.values(tree)) frozen(part);
  return tree;
}

/** The expressions directly inside an expression. */
export function operandsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'number':
    case 'string':
    case 'boolean':
    case 'field':
      return [];
    case 'member':
      return [expression.object];
    case 'call':
      return expression.args.filter(isExpression);
    case 'unary':
      return [expression.operand];
    case 'binary':
      return [expression.left, expression.right];
    case 'logical':
      return expression.operands;
    case 'like':
      return [expression.subject];
    case 'in': {
      const { subject, list } = expression;
      if (!('kind' in list)) return [subject, ...list];
      // A query inside has names of its own.
      return list.kind === 'query' ? [subject] : [subject, list];
    }
  }
}

function isExpression(argument: Argument): argument is Expression {
  return argument.kind !== 'period' && argument.kind !== 'star';
}

/** The expression with each expression directly inside it replaced. */
export function withOperands(
  expression: Expression,
  replace: (operand: Expression) => Expression,
): Expression {
  switch (expression.kind) {
    case 'number':
    case 'string':
    case 'boolean':
    case 'field':
      return expression;
    case 'member':
      return { ...expression, object: replace(expression.object) };
    case 'call': {
      const args = expression.args.map((each) => (isExpression(each) ? replace(each) : each));
      return { ...expression, args };
    }
    case 'unary':
      return { ...expression, operand: replace(expression.operand) };
    case 'binary':
      return { ...expression, left: replace(expression.left), right: replace(expression.right) };
    case 'logical':
      return { ...expression, operands: expression.operands.map(replace) };
    case 'like':
      return { ...expression, subject: replace(expression.subject) };
    case 'in': {
      const { list } = expression;
      const replaced = !('kind' in list)
        ? list.map(replace)
        : list.kind === 'query'
          ? list
          : replace(list);
      return { ...expression, subject: replace(expression.subject), list: replaced };
    }
  }
}
