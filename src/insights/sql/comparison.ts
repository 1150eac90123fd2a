// Comparisons as SQL conditions, in which NULL counts as false. Text and numbers meet halfway: a
// number is compared with the number a text is.
import type { ComparisonOperator } from '../ast.ts';
import { itemsOf } from './json-path.ts';
import { behindNeedles } from './needles.ts';
import type { Parameters } from './parameters.ts';
import { asNumber, asText, numberOf, type Share, type SqlValue } from './value.ts';

const FALSE = '0';

interface Tools {
  readonly parameters: Parameters;
  readonly share: Share;
}

/** The condition that holds when the given one does not, and when it is NULL. */
export function negated(condition: string): string {
  return `NOT ifNull(${condition}, 0)`;
}

/** A literal's number, whether it was written with quotes or without. */
function literalNumber({ literal }: SqlValue): number | undefined {
  return typeof literal === 'string' ? numberOf(literal) : literal;
}

function numbers(
  operator: ComparisonOperator,
  left: SqlValue,
  right: SqlValue,
  { parameters }: Tools,
): string {
  // A time stays a time, so that the engine can use its order on disk.
  const ms = literalNumber(right);
  if (left.type === 'timestamp' && ms !== undefined && Number.isSafeInteger(ms)) {
    const time = `fromUnixTimestamp64Milli(${parameters.bind(ms, 'Int64')}, 'UTC')`;
    if (Math.abs(ms) < 4e12) return `${left.sql} ${operator} ${time}`;
  }
  const side = (value: SqlValue): string => {
    const number = literalNumber(value);
    return number === undefined ? asNumber(value) : parameters.bind(number, 'Float64');
  };
  return `${side(left)} ${operator} ${side(right)}`;
}

function isText({ type }: SqlValue): boolean {
  return type === 'text';
}

/** Texts that are both numbers are ordered as numbers, others by their characters. */
function orderedTexts(
  operator: ComparisonOperator,
  left: SqlValue,
  right: SqlValue,
  tools: Tools,
): string {
  const byText = `${left.sql} ${operator} ${right.sql}`;
  const noNumber = [left, right].some(
    (value) => value.literal !== undefined && literalNumber(value) === undefined,
  );
  if (noNumber) return byText;
  const { share } = tools;
  const [a, b] = [share(asNumber(left)), share(asNumber(right))];
  return `if(isNull(${a}) OR isNull(${b}), ${byText}, ${a} ${operator} ${b})`;
}

function positive(
  operator: Exclude<ComparisonOperator, '!='>,
  left: SqlValue,
  right: SqlValue,
  tools: Tools,
): string {
  if (left.type === 'json' || right.type === 'json') return FALSE;
  if (isText(left) && isText(right)) {
    if (operator !== '=') return orderedTexts(operator, left, right, tools);
    const literal = left.literal === undefined ? right : left;
    const equal = `${left.sql} = ${right.sql}`;
    return behindNeedles(equal, literal === left ? right : left, [literal], tools.parameters);
  }
  const literal = isText(left) ? left : right;
  if (isText(literal) && literal.literal !== undefined && literalNumber(literal) === undefined) {
    return FALSE;
  }
  return numbers(operator, left, right, tools);
}

/** The condition of a comparison; a missing value makes it false, but `!=` true. */
export function comparison(
  operator: ComparisonOperator,
  left: SqlValue,
  right: SqlValue,
  tools: Tools,
): string {
  if (operator !== '!=') return positive(operator, left, right, tools);
  return negated(positive('=', left, right, tools));
}

/** The items that are not missing; the engine's hasAny takes a missing one for an empty string. */
function present(items: string): string {
  return `arrayFilter(_item -> isNotNull(_item), ${items})`;
}

/** Whether the value is one of the list; of a list, whether one of its items is. */
export function membership(subject: SqlValue, list: readonly SqlValue[], tools: Tools): string {
  if (subject.list !== undefined || subject.type === 'json') {
    const items = `[${list.map(asText).join(', ')}]`;
    const literal = list.every((item) => item.literal !== undefined);
    const own = subject.list ?? present(itemsOf(subject));
    return `hasAny(${own}, ${literal ? items : present(items)})`;
  }
  // Strings stay together, so that the engine can look them up in an index.
  const texts = list.filter((item) => isText(subject) && typeof item.literal === 'string');
  const others = list.filter((item) => !texts.includes(item));
  const conditions = others.map((item) => positive('=', subject, item, tools));
  if (texts.length > 0) {
    const found = `${subject.sql} IN (${texts.map(({ sql }) => sql).join(', ')})`;
    conditions.unshift(behindNeedles(found, subject, texts, tools.parameters));
  }
  return conditions.length === 1 ? (conditions[0] ?? FALSE) : `(${conditions.join(' OR ')})`;
}
