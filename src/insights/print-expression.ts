// Expressions as text that parses to the same tree, with no more parentheses than needed.
import type {
  Argument,
  Expression,
  Item,
  Name,
  Period,
  Query,
  RegexLiteral,
  StringLiteral,
} from './ast.ts';
import { isReservedWord } from './parse/expressions.ts';

let printQueryInside: (query: Query) => string = () => '';

/** Writes a query that stands in parentheses, without them. */
export function printSubquery(query: Query): string {
  return printQueryInside(query);
}

/** Takes the printer of whole queries, which needs the commands, which need this file. */
export function printSubqueriesWith(print: (query: Query) => string): void {
  printQueryInside = print;
}

/** How tightly each form binds, as in the parser. */
function powerOf(expression: Expression): number {
  switch (expression.kind) {
    case 'logical':
      return expression.operator === 'or' ? 1 : 2;
    case 'like':
    case 'in':
      return 4;
    case 'binary':
      switch (expression.operator) {
        case '+':
        case '-':
          return 5;
        case '*':
        case '/':
        case '%':
          return 6;
        case '^':
          return 7;
        default:
          return 4;
      }
    case 'unary':
      return 8;
    default:
      return 9;
  }
}

/** A name, in backticks where it would be read as something else. */
export function printName(name: string): string {
  return /^[A-Za-z_@][A-Za-z0-9_@.]*$/.test(name) && !isReservedWord(name) ? name : `\`${name}\``;
}

const STRING_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['"', '\\"'],
  ['\n', '\\n'],
  ['\t', '\\t'],
  ['\r', '\\r'],
]);

/** A string in quotes. */
export function printText(text: string): string {
  return `"${text.replace(/[\\"\n\t\r]/g, (char) => STRING_ESCAPES.get(char) ?? char)}"`;
}

/** A string or regular expression with its quotes or slashes. */
export function printPattern(pattern: StringLiteral | RegexLiteral): string {
  if (pattern.kind === 'regex') return `/${pattern.source}/`;
  return printText(pattern.value);
}

/** A period as it is written. */
export function printPeriod({ count, unit }: Period): string {
  return `${count}${unit}`;
}

function printArgument(argument: Argument): string {
  if (argument.kind === 'star') return '*';
  if (argument.kind === 'period') return printPeriod(argument);
  return printExpression(argument);
}

/** Writes the operand, in parentheses unless it binds tighter than `above`. */
function operand(expression: Expression, above: number): string {
  const text = printExpression(expression);
  return powerOf(expression) > above ? text : `(${text})`;
}

/** The expression as text. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
    case 'boolean':
      return String(expression.value);
    case 'string':
      return printPattern(expression);
    case 'field':
      return printName(expression.name);
    case 'member':
      return printMember(expression.object, expression.key);
    case 'call':
      return `${expression.name}(${expression.args.map(printArgument).join(', ')})`;
    case 'unary':
      return `${expression.operator === 'not' ? '!' : '-'}${operand(expression.operand, 7)}`;
    case 'binary': {
      const { operator, left, right } = expression;
      const power = powerOf(expression);
      const fromRight = operator === '^';
      const before = operand(left, fromRight ? power : power - 1);
      return `${before} ${operator} ${operand(right, fromRight ? power - 1 : power)}`;
    }
    case 'logical': {
      const power = powerOf(expression);
      const texts = expression.operands.map((each) => operand(each, power));
      return texts.join(` ${expression.operator} `);
    }
    case 'like': {
      const not = expression.negated ? 'not ' : '';
      return `${operand(expression.subject, 3)} ${not}like ${printPattern(expression.pattern)}`;
    }
    case 'in': {
      const { list } = expression;
      const values = !('kind' in list)
        ? `[${list.map((each) => printExpression(each)).join(', ')}]`
        : list.kind === 'query'
          ? `(${printSubquery(list)})`
          : operand(list, 4);
      return `${operand(expression.subject, 3)} ${expression.negated ? 'not ' : ''}in ${values}`;
    }
  }
}

function printMember(object: Expression, key: string | number): string {
  // A number in front of a bracket or dot would be read with it.
  const text = object.kind === 'number' ? `(${object.value})` : operand(object, 8);
  if (typeof key === 'number') return `${text}[${key}]`;
  return `${text}.${printName(key)}`;
}

/** A new name after `as`. */
export function printAlias(alias: Name): string {
  return ` as ${printName(alias.name)}`;
}

/** Expressions with their aliases, separated by commas. */
export function printItems(items: readonly Item[]): string {
  return items
    .map(({ expression, alias }) => printExpression(expression) + (alias ? printAlias(alias) : ''))
    .join(', ');
}
