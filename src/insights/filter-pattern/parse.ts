// Filter patterns as text become trees: terms, `{ JSON conditions }` or `[space-delimited fields]`.
// @see CloudWatch Logs user guide, "Filter pattern syntax"
import {
  type ComparisonOperator,
  type Condition,
  type FilterPattern,
  InvalidFilterPattern,
  type PatternField,
  type Selector,
  type SelectorStep,
  type Term,
} from './pattern.ts';
import { Scanner } from './scanner.ts';

/** Characters of a pattern. @see CloudWatch Logs API reference, filterPattern */
export const FILTER_PATTERN_CHARS_MAX = 1024;
/** Regular expressions in a pattern of JSON or fields. */
export const PATTERN_REGEXES_MAX = 2;
/** Wildcards of one selector, and of a whole pattern. */
export const SELECTOR_WILDCARDS_MAX = 1;
export const PATTERN_WILDCARDS_MAX = 3;

const OPERATOR = /(?:!=|<=|>=|=|<|>)/y;
const NAME = /[A-Za-z0-9_-]+/y;
/** An unquoted value in JSON conditions ends where the condition does. */
const JSON_WORD = /(?:(?!&&|\|\|)[^\s(){}"%])+/y;
const FIELD_WORD = /(?:(?!&&|\|\|)[^\s,\]"%])+/y;

/** Parses a pattern. Throws InvalidFilterPattern with the character where it goes wrong. */
export function parseFilterPattern(text: string): FilterPattern {
  if (text.length > FILTER_PATTERN_CHARS_MAX) {
    const message = `Invalid filter pattern: it has ${text.length} characters; at most ${FILTER_PATTERN_CHARS_MAX} are taken.`;
    throw new InvalidFilterPattern(message, FILTER_PATTERN_CHARS_MAX);
  }
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return jsonPattern(new Scanner(trimmed));
  if (trimmed.startsWith('[')) return fieldsPattern(new Scanner(trimmed));
  return termsPattern(new Scanner(trimmed));
}

function termsPattern(scanner: Scanner): FilterPattern {
  const all: Term[] = [];
  const none: Term[] = [];
  const any: Term[] = [];
  for (scanner.skipSpace(); !scanner.done; scanner.skipSpace()) {
    const list = scanner.take('?') ? any : scanner.take('-') ? none : all;
    list.push(termOf(scanner));
  }
  // Where there are other terms those with a question mark mean nothing.
  const others = all.length + none.length > 0;
  return { kind: 'terms', all: all.filter(isMeant), none, any: others ? [] : any };
}

/** A text of nothing but white space matches everything. */
function isMeant(term: Term): boolean {
  return term.kind === 'regex' || term.text.trim() !== '';
}

function termOf(scanner: Scanner): Term {
  if (scanner.next === '"') return { kind: 'text', text: scanner.quoted() };
  if (scanner.next === '%') return scanner.regex();
  const text = scanner.match(/[^\s"]+/y);
  if (text === undefined) throw scanner.mistake('expected a term');
  return { kind: 'text', text };
}

/** What the two kinds of conditions differ in. */
interface ConditionSyntax<S> {
  readonly scanner: Scanner;
  readonly subject: () => S;
  readonly word: RegExp;
  /** Whether `IS` and `NOT EXISTS` are known. */
  readonly words: boolean;
  readonly counts: { regexes: number };
}

function jsonPattern(scanner: Scanner): FilterPattern {
  scanner.expect('{');
  let wildcards = 0;
  const subject = (): Selector => {
    const start = scanner.at;
    const selector = selectorOf(scanner);
    wildcards += selector.steps.filter(({ kind }) => kind.startsWith('any')).length;
    if (wildcards > PATTERN_WILDCARDS_MAX) {
      throw scanner.mistake(`expected at most ${PATTERN_WILDCARDS_MAX} wildcard selectors`, start);
    }
    return selector;
  };
  const counts = { regexes: 0 };
  const condition = orOf({ scanner, subject, word: JSON_WORD, words: true, counts });
  scanner.skipSpace();
  scanner.expect('}');
  scanner.skipSpace();
  if (!scanner.done) throw scanner.mistake('expected nothing behind the closing brace');
  return { kind: 'json', condition };
}

function orOf<S>(syntax: ConditionSyntax<S>): Condition<S> {
  return chainOf(syntax, 'or', '||', andOf);
}

function andOf<S>(syntax: ConditionSyntax<S>): Condition<S> {
  return chainOf(syntax, 'and', '&&', comparisonOf);
}

function chainOf<S>(
  syntax: ConditionSyntax<S>,
  kind: 'and' | 'or',
  operator: string,
  operand: (syntax: ConditionSyntax<S>) => Condition<S>,
): Condition<S> {
  const first = operand(syntax);
  const conditions = [first];
  for (syntax.scanner.skipSpace(); syntax.scanner.take(operator); syntax.scanner.skipSpace()) {
    conditions.push(operand(syntax));
  }
  return conditions.length === 1 ? first : { kind, conditions };
}

function comparisonOf<S>(syntax: ConditionSyntax<S>): Condition<S> {
  const { scanner, subject: readSubject, word, words, counts } = syntax;
  scanner.skipSpace();
  if (scanner.take('(')) {
    const inner = orOf(syntax);
    scanner.skipSpace();
    scanner.expect(')');
    return inner;
  }
  const subject = readSubject();
  scanner.skipSpace();
  if (words) {
    const literal = scanner.match(/is\s+(?:null|true|false)\b/iy);
    if (literal !== undefined) {
      const [, name = ''] = literal.toLowerCase().split(/\s+/);
      return { kind: 'is', subject, literal: name as 'null' | 'true' | 'false' };
    }
    if (scanner.match(/not\s+exists\b/iy) !== undefined) return { kind: 'notExists', subject };
  }
  const operator = scanner.match(OPERATOR) as ComparisonOperator | undefined;
  if (operator === undefined) {
    throw scanner.mistake(
      words ? 'expected an operator, IS or NOT EXISTS' : 'expected an operator',
    );
  }
  scanner.skipSpace();
  const start = scanner.at;
  const value = scanner.value(word);
  if (value.kind === 'regex' && ++counts.regexes > PATTERN_REGEXES_MAX) {
    throw scanner.mistake(`expected at most ${PATTERN_REGEXES_MAX} regular expressions`, start);
  }
  if (value.kind !== 'number' && operator !== '=' && operator !== '!=') {
    throw scanner.mistake(`expected a number behind ${operator}`, start);
  }
  return { kind: 'compare', subject, operator, value };
}

function selectorOf(scanner: Scanner): Selector {
  const start = scanner.at;
  scanner.expect('$', 'a selector, $.name');
  const steps: SelectorStep[] = [];
  for (;;) {
    const step = stepOf(scanner);
    if (step === undefined) break;
    steps.push(step);
  }
  if (steps.length === 0) throw scanner.mistake('expected .name or [number] behind $');
  const wildcards = steps.filter(({ kind }) => kind.startsWith('any')).length;
  if (wildcards > SELECTOR_WILDCARDS_MAX) {
    throw scanner.mistake('expected at most one wildcard in a selector', start);
  }
  return { text: scanner.text.slice(start, scanner.at), steps };
}

function stepOf(scanner: Scanner): SelectorStep | undefined {
  const dotted = scanner.take('.');
  if (dotted && scanner.take('*')) return { kind: 'anyValue' };
  if (scanner.take('[')) return bracketOf(scanner);
  if (!dotted) return undefined;
  const key = scanner.match(NAME);
  if (key === undefined) throw scanner.mistake('expected the name of a property');
  return { kind: 'key', key };
}

/** What is behind `[`: an index, an asterisk, or a key in single or double quotation marks. */
function bracketOf(scanner: Scanner): SelectorStep {
  if (scanner.take('*')) {
    scanner.expect(']');
    return { kind: 'anyItem' };
  }
  const index = scanner.match(/\d{1,9}/y);
  if (index !== undefined) {
    scanner.expect(']');
    return { kind: 'index', index: Number(index) };
  }
  const key = scanner.match(/'[^']*'|"[^"]*"/y);
  if (key === undefined) throw scanner.mistake('expected a number, * or a name in quotation marks');
  scanner.expect(']');
  return { kind: 'key', key: key.slice(1, -1) };
}

function fieldsPattern(scanner: Scanner): FilterPattern {
  scanner.expect('[');
  const first: PatternField[] = [];
  let last: PatternField[] | undefined;
  const counts = { regexes: 0 };
  let number = 0;
  for (;;) {
    scanner.skipSpace();
    number++;
    if (scanner.take('...')) {
      if (last !== undefined) throw scanner.mistake('expected one ellipsis at most');
      last = [];
    } else (last ?? first).push(fieldOf(scanner, number, counts));
    scanner.skipSpace();
    if (scanner.take(']')) break;
    scanner.expect(',', '"," or "]"');
  }
  scanner.skipSpace();
  if (!scanner.done) throw scanner.mistake('expected nothing behind the closing bracket');
  return { kind: 'fields', first, ...(last !== undefined && { last }) };
}

function fieldOf(scanner: Scanner, number: number, counts: { regexes: number }): PatternField {
  const start = scanner.at;
  const name = scanner.match(NAME);
  scanner.skipSpace();
  if (name === undefined) {
    if (scanner.next === ',' || scanner.next === ']') return { name: `$${number}` };
    throw scanner.mistake('expected the name of a field');
  }
  if (scanner.next === ',' || scanner.next === ']') return { name: `$${name}` };
  scanner.at = start;
  const subject = (): string => {
    const at = scanner.at;
    const found = scanner.match(NAME);
    if (found === name) return name;
    throw scanner.mistake(`expected the field's own name ${name}`, at);
  };
  const condition = orOf({ scanner, subject, word: FIELD_WORD, words: false, counts });
  return { name: `$${name}`, condition };
}
