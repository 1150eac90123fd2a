// Expressions, by binding power: or < and < not < comparison < sum < product < power < sign.
import type {
  Argument,
  Binary,
  Call,
  Expression,
  In,
  Item,
  Like,
  Logical,
  RegexLiteral,
  StringLiteral,
  Unary,
} from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { parsePeriod } from './periods.ts';
import type { TokenCursor } from './token-cursor.ts';

/** Words that are operators or separators where an operand could stand. */
const RESERVED: ReadonlySet<string> = new Set(['and', 'or', 'not', 'like', 'in', 'as', 'by']);

/** Whether a name needs backticks because it would be read as something else. */
export function isReservedWord(name: string): boolean {
  const lower = name.toLowerCase();
  return RESERVED.has(lower) || lower === 'true' || lower === 'false';
}

/** Binding powers; an operator takes what binds tighter than itself. */
const OR = 1;
const AND = 2;
const NOT = 3;
const COMPARISON = 4;
const SUM = 5;
const PRODUCT = 6;
const POWER = 7;
const SIGN = 8;

const BINARY: ReadonlyMap<string, { power: number; operator: Binary['operator'] }> = new Map([
  ['=', { power: COMPARISON, operator: '=' }],
  ['==', { power: COMPARISON, operator: '=' }],
  ['!=', { power: COMPARISON, operator: '!=' }],
  ['<', { power: COMPARISON, operator: '<' }],
  ['<=', { power: COMPARISON, operator: '<=' }],
  ['>', { power: COMPARISON, operator: '>' }],
  ['>=', { power: COMPARISON, operator: '>=' }],
  ['+', { power: SUM, operator: '+' }],
  ['-', { power: SUM, operator: '-' }],
  ['*', { power: PRODUCT, operator: '*' }],
  ['/', { power: PRODUCT, operator: '/' }],
  ['%', { power: PRODUCT, operator: '%' }],
  ['^', { power: POWER, operator: '^' }],
]);

/** What may begin an operand, as errors say it. */
const OPERAND = ['IDENTIFIER', 'NUMBER', 'STRING', "'('", "'-'", "'!'", 'K_NOT'];

/** Parses one expression. The place of what is in parentheses reaches over them. */
export function parseExpression(cursor: TokenCursor): Expression {
  return parseOperators(cursor, 0);
}

function parseOperators(cursor: TokenCursor, above: number): Expression {
  return cursor.nested(() => {
    const { start } = cursor.token;
    let left = parsePrefix(cursor);
    for (;;) {
      const joined = parseInfix(cursor, left, start, above);
      if (joined === undefined) return left;
      left = joined;
    }
  });
}

function parsePrefix(cursor: TokenCursor): Expression {
  const { start } = cursor.token;
  if (cursor.takeKeyword('not')) return parseSign(cursor, 'not', NOT, start);
  if (cursor.takeSymbol('!')) return parseSign(cursor, 'not', SIGN, start);
  if (cursor.takeSymbol('-')) return parseSign(cursor, '-', SIGN, start);
  return parseMembers(cursor, parseOperand(cursor), start);
}

function parseSign(
  cursor: TokenCursor,
  operator: Unary['operator'],
  power: number,
  start: number,
): Unary {
  const operand = parseOperators(cursor, power);
  return { kind: 'unary', operator, operand, start, end: cursor.previousEnd };
}

function parseInfix(
  cursor: TokenCursor,
  left: Expression,
  start: number,
  above: number,
): Expression | undefined {
  const { token } = cursor;
  if (token.kind === 'symbol') {
    if (token.text === '=~' || token.text === '~=') {
      return above < COMPARISON ? parseRegexMatch(cursor, left, start) : undefined;
    }
    const binary = BINARY.get(token.text);
    if (binary === undefined || binary.power <= above || cursor.atSlashComment) return undefined;
    cursor.take();
    // A power is taken from the right: 2^3^2 is 2^(3^2).
    const right = parseOperators(cursor, binary.power === POWER ? POWER - 1 : binary.power);
    const { operator } = binary;
    return { kind: 'binary', operator, left, right, start, end: cursor.previousEnd };
  }
  if (above < OR && cursor.isKeyword('or')) return parseLogical(cursor, left, start, 'or', OR);
  if (above < AND && cursor.isKeyword('and')) return parseLogical(cursor, left, start, 'and', AND);
  if (above >= COMPARISON) return undefined;
  const negated = cursor.isKeyword('not');
  if (negated) {
    const next = cursor.peek().text.toLowerCase();
    if (next !== 'like' && next !== 'in') return undefined;
    cursor.take();
  }
  if (cursor.takeKeyword('like')) return parseLike(cursor, left, start, negated);
  if (cursor.takeKeyword('in')) return parseIn(cursor, left, start, negated);
  return undefined;
}

function parseLogical(
  cursor: TokenCursor,
  first: Expression,
  start: number,
  operator: Logical['operator'],
  power: number,
): Logical {
  const operands = [first];
  while (cursor.takeKeyword(operator)) operands.push(parseOperators(cursor, power));
  return { kind: 'logical', operator, operands, start, end: cursor.previousEnd };
}

function parseString(cursor: TokenCursor): StringLiteral {
  const { value, start, end } = cursor.take();
  return { kind: 'string', value, start, end };
}

/** The regular expression ahead. */
export function parseRegex(cursor: TokenCursor): RegexLiteral {
  const { value, start, end } = cursor.takeRegex();
  return { kind: 'regex', source: value, start, end };
}

function parseLike(
  cursor: TokenCursor,
  subject: Expression,
  start: number,
  negated: boolean,
): Like {
  const pattern = cursor.isSymbol('/')
    ? parseRegex(cursor)
    : cursor.token.kind === 'string'
      ? parseString(cursor)
      : undefined;
  if (pattern === undefined) throw cursor.mismatched(['STRING', 'REGEX']);
  return { kind: 'like', negated, subject, pattern, start, end: pattern.end };
}

/** `=~` takes a regular expression between slashes or as a string. */
function parseRegexMatch(cursor: TokenCursor, subject: Expression, start: number): Like {
  cursor.take();
  let pattern: RegexLiteral;
  if (cursor.isSymbol('/')) pattern = parseRegex(cursor);
  else if (cursor.token.kind === 'string') {
    const { value, start, end } = parseString(cursor);
    const source = value.replace(/\\[^]|\//g, (found) => (found === '/' ? '\\/' : found));
    pattern = { kind: 'regex', source, start, end };
  } else throw cursor.mismatched(['REGEX', 'STRING']);
  return { kind: 'like', negated: false, subject, pattern, start, end: pattern.end };
}

function parseIn(cursor: TokenCursor, subject: Expression, start: number, negated: boolean): In {
  if (cursor.takeSymbol('(')) {
    const list = cursor.subquery();
    cursor.expectSymbol(')');
    return { kind: 'in', negated, subject, list, start, end: cursor.previousEnd };
  }
  if (cursor.token.kind === 'word') {
    const list = cursor.nested(() => parsePrefix(cursor));
    return { kind: 'in', negated, subject, list, start, end: cursor.previousEnd };
  }
  cursor.expectSymbol('[');
  const list: Expression[] = [];
  do {
    list.push(parseExpression(cursor));
  } while (cursor.takeSymbol(','));
  cursor.expectSymbol(']');
  return { kind: 'in', negated, subject, list, start, end: cursor.previousEnd };
}

function parseOperand(cursor: TokenCursor): Expression {
  const { token } = cursor;
  const { start, end, value } = token;
  switch (token.kind) {
    case 'number': {
      cursor.take();
      const number = Number(value);
      if (Number.isFinite(number)) return { kind: 'number', value: number, start, end };
      throw new MalformedQuery(`the number ${value} is too large`, token);
    }
    case 'string':
      return parseString(cursor);
    case 'word':
      return parseWord(cursor);
    default:
  }
  if (!cursor.takeSymbol('(')) throw cursor.mismatched(OPERAND);
  const inner = parseExpression(cursor);
  cursor.expectSymbol(')');
  return inner;
}

function parseWord(cursor: TokenCursor): Expression {
  const { start, end, value, quoted } = cursor.token;
  const lower = value.toLowerCase();
  if (!quoted && RESERVED.has(lower)) throw cursor.mismatched(OPERAND);
  cursor.take();
  if (cursor.lenient && lower === 'case' && cursor.isKeyword('when')) {
    return parseCaseWhen(cursor, start);
  }
  if (!quoted && cursor.isSymbol('(')) return parseCall(cursor, value, start);
  if (!quoted && (lower === 'true' || lower === 'false')) {
    return { kind: 'boolean', value: lower === 'true', start, end };
  }
  return { kind: 'field', name: value, start, end };
}

/** SQL's `case when … then … else … end`, which Logs Insights has not, as a call of `case`. */
function parseCaseWhen(cursor: TokenCursor, start: number): Call {
  const args: Argument[] = [];
  while (cursor.takeKeyword('when')) {
    args.push(parseExpression(cursor));
    cursor.expectKeyword('then');
    args.push(parseExpression(cursor));
  }
  if (cursor.takeKeyword('else')) args.push(parseExpression(cursor));
  cursor.expectKeyword('end');
  return { kind: 'call', name: 'case', args, start, end: cursor.previousEnd };
}

/** SQL's `count(distinct x)` can only mean `countDistinct(x)`. */
function countsDistinct(cursor: TokenCursor, name: string): boolean {
  if (name.toLowerCase() !== 'count' || !cursor.isKeyword('distinct')) return false;
  const next = cursor.peek();
  if (next.kind !== 'word') return false;
  cursor.take();
  return true;
}

function parseCall(cursor: TokenCursor, written: string, start: number): Call {
  cursor.expectSymbol('(');
  const name = countsDistinct(cursor, written) ? 'countDistinct' : written;
  const args: Argument[] = [];
  if (!cursor.isSymbol(')')) {
    do {
      args.push(parseArgument(cursor));
    } while (cursor.takeSymbol(','));
  }
  cursor.expectSymbol(')');
  return { kind: 'call', name, args, start, end: cursor.previousEnd };
}

function parseArgument(cursor: TokenCursor): Argument {
  const { start, end } = cursor.token;
  if (cursor.isSymbol('*') && cursor.peek().text === ')') {
    cursor.take();
    return { kind: 'star', start, end };
  }
  return parsePeriod(cursor) ?? parseExpression(cursor);
}

/** A key of a plain field is part of its name. */
function member(object: Expression, key: string, start: number, end: number): Expression {
  if (object.kind !== 'field') return { kind: 'member', object, key, start, end };
  return { kind: 'field', name: `${object.name}.${key}`, start, end };
}

/** `.key` and `[0]` after an operand; the dots of a plain name belong to the name. */
function parseMembers(cursor: TokenCursor, operand: Expression, start: number): Expression {
  let object = operand;
  for (;;) {
    if (cursor.takeSymbol('[')) {
      const index = cursor.token;
      if (index.kind !== 'number' || !/^\d+$/.test(index.value)) {
        throw cursor.mismatched(['NUMBER']);
      }
      cursor.take();
      cursor.expectSymbol(']');
      const end = cursor.previousEnd;
      object = { kind: 'member', object, key: Number(index.value), start, end };
    } else if (cursor.takeSymbol('.')) {
      const { name, end } = cursor.expectName();
      for (const key of name.split('.')) object = member(object, key, start, end);
    } else return object;
  }
}

/** A comma-separated list of expressions with their aliases. */
export function parseItems(cursor: TokenCursor): Item[] {
  const items: Item[] = [];
  do {
    const { start } = cursor.token;
    const expression = parseExpression(cursor);
    if (cursor.takeKeyword('as')) {
      const alias = cursor.expectName();
      items.push({ expression, alias, start, end: alias.end });
    } else {
      items.push({ expression, start, end: cursor.previousEnd });
    }
    // One comma too many before the next command: published queries have it.
  } while (cursor.takeSymbol(',') && !cursor.isSymbol('|') && cursor.token.kind !== 'end');
  return items;
}
