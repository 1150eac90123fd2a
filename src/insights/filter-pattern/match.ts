// Filter patterns over a message in memory: for TestMetricFilter and events that are not in the store yet.
import { RE2JS } from 're2js';
import type {
  ComparisonOperator,
  Condition,
  FilterPattern,
  PatternField,
  PatternRegex,
  PatternValue,
  Selector,
  SelectorStep,
  Term,
} from './pattern.ts';
import { bare, fieldsOf } from './tokens.ts';

/** A pattern made ready for many messages. */
export interface Matcher {
  /**
   * Undefined when the message does not match; else what it extracts by the names of the pattern's
   * selectors (`$.a.b`) or fields (`$name`).
   */
  match(message: string): Readonly<Record<string, string>> | undefined;
}

class Regexes {
  readonly #compiled = new Map<string, RE2JS>();

  find({ source }: PatternRegex, text: string): boolean {
    let compiled = this.#compiled.get(source);
    if (compiled === undefined) {
      compiled = RE2JS.compile(source);
      this.#compiled.set(source, compiled);
    }
    return compiled.matcher(text).find();
  }
}

/** Whether the parts stand in the text in their order, the first at its beginning, the last at its end. */
export function globMatches(parts: readonly string[], text: string): boolean {
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** Makes a matcher. */
export function createMatcher(pattern: FilterPattern): Matcher {
  const regexes = new Regexes();
  switch (pattern.kind) {
    case 'terms':
      return { match: (message) => (termsMatch(pattern, message, regexes) ? {} : undefined) };
    case 'json':
      return { match: (message) => matchJson(pattern.condition, message, regexes) };
    case 'fields':
      return { match: (message) => matchFields(pattern, message, regexes) };
  }
}

function termsMatch(
  { all, none, any }: Extract<FilterPattern, { kind: 'terms' }>,
  message: string,
  regexes: Regexes,
): boolean {
  const has = (term: Term): boolean =>
    term.kind === 'regex' ? regexes.find(term, message) : message.includes(term.text);
  return all.every(has) && !none.some(has) && (any.length === 0 || any.some(has));
}

/** Compares a value that is there. Numbers of JSON come as numbers, all else as text. */
function compare(
  actual: string | number,
  operator: ComparisonOperator,
  value: PatternValue,
  regexes: Regexes,
): boolean {
  if (operator === '=') return equals(actual, value, regexes);
  if (operator === '!=') return !equals(actual, value, regexes);
  if (value.kind !== 'number') return false;
  const number = typeof actual === 'number' ? actual : numberOf(actual);
  if (number === undefined) return false;
  switch (operator) {
    case '<':
      return number < value.value;
    case '<=':
      return number <= value.value;
    case '>':
      return number > value.value;
    case '>=':
      return number >= value.value;
  }
}

/** The number that a field of a space-delimited event is. */
function numberOf(text: string): number | undefined {
  return /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

function equals(actual: string | number, value: PatternValue, regexes: Regexes): boolean {
  switch (value.kind) {
    case 'regex':
      return regexes.find(value, String(actual));
    case 'text':
      return globMatches(value.parts, String(actual));
    case 'number':
      return typeof actual === 'number' ? actual === value.value : actual === value.text;
  }
}

/** Whether the condition is met, with `test` for its single comparisons. */
function holds<S>(condition: Condition<S>, test: (leaf: Leaf<S>) => boolean): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.conditions.every((inner) => holds(inner, test));
    case 'or':
      return condition.conditions.some((inner) => holds(inner, test));
    default:
      return test(condition);
  }
}
type Leaf<S> = Exclude<Condition<S>, { readonly kind: 'and' | 'or' }>;

function parseObject(message: string): unknown {
  try {
    return JSON.parse(message) as unknown;
  } catch {
    return undefined;
  }
}

/** Every value that a selector points to. */
function valuesAt(value: unknown, steps: readonly SelectorStep[]): readonly unknown[] {
  const [step, ...deeper] = steps;
  if (step === undefined) return [value];
  if (typeof value !== 'object' || value === null) return [];
  switch (step.kind) {
    case 'key':
      if (Array.isArray(value) || !Object.hasOwn(value, step.key)) return [];
      return valuesAt((value as Record<string, unknown>)[step.key], deeper);
    case 'index':
      if (!Array.isArray(value) || step.index >= value.length) return [];
      return valuesAt(value[step.index], deeper);
    case 'anyItem':
      return Array.isArray(value) ? value.flatMap((item) => valuesAt(item, deeper)) : [];
    case 'anyValue':
      if (Array.isArray(value)) return [];
      return Object.values(value).flatMap((item) => valuesAt(item, deeper));
  }
}

const LITERALS = { null: null, true: true, false: false } as const;

function leafHolds(leaf: Leaf<Selector>, root: unknown, regexes: Regexes): boolean {
  const values = valuesAt(root, leaf.subject.steps);
  switch (leaf.kind) {
    case 'notExists':
      return values.length === 0;
    case 'is':
      return values.includes(LITERALS[leaf.literal]);
    case 'compare':
      return values.some((value) => {
        if (typeof value === 'object') return false;
        const actual = typeof value === 'boolean' ? String(value) : (value as string | number);
        return compare(actual, leaf.operator, leaf.value, regexes);
      });
  }
}

function selectorsOf(condition: Condition<Selector>): readonly Selector[] {
  if (condition.kind === 'and' || condition.kind === 'or') {
    return condition.conditions.flatMap(selectorsOf);
  }
  return [condition.subject];
}

function matchJson(
  condition: Condition<Selector>,
  message: string,
  regexes: Regexes,
): Readonly<Record<string, string>> | undefined {
  const root = parseObject(message);
  if (typeof root !== 'object' || root === null) return undefined;
  if (!holds(condition, (leaf) => leafHolds(leaf, root, regexes))) return undefined;
  const extracted: Record<string, string> = {};
  for (const { text, steps } of selectorsOf(condition)) {
    const [value] = valuesAt(root, steps);
    if (value === undefined) continue;
    extracted[text] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return extracted;
}

function matchFields(
  { first, last }: Extract<FilterPattern, { kind: 'fields' }>,
  message: string,
  regexes: Regexes,
): Readonly<Record<string, string>> | undefined {
  const fields = fieldsOf(message);
  if (fields.length < first.length + (last?.length ?? 0)) return undefined;
  const extracted: Record<string, string> = {};
  const take = ({ name, condition }: PatternField, value: string): boolean => {
    extracted[name] = value;
    if (condition === undefined) return true;
    return holds(condition, (leaf) => {
      return leaf.kind === 'compare' && compare(value, leaf.operator, leaf.value, regexes);
    });
  };
  const met =
    first.every((field, index) => {
      const rest = last === undefined && index === first.length - 1 && fields.length > first.length;
      return take(field, rest ? fields.slice(index).join(' ') : bare(fields[index] ?? ''));
    }) &&
    (last ?? []).every((field, index) => {
      return take(field, bare(fields[fields.length - (last?.length ?? 0) + index] ?? ''));
    });
  return met ? extracted : undefined;
}
