// Filter patterns as conditions of SQL over the text of a message, so that the engine decides which events
// are shown. Everything of the pattern is a bound parameter.
import type { Parameters } from '../sql/parameters.ts';
import type {
  Condition,
  FilterPattern,
  PatternField,
  PatternValue,
  Selector,
  SelectorStep,
  Term,
} from './pattern.ts';
import { FIELD_MARKS_PATTERN, FIELD_PATTERN } from './tokens.ts';

/** Characters that mean something in a regular expression. */
const SPECIAL = /[\\^$.|?*+()[\]{}]/g;
const NUMBER_PATTERN = '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$';

/** The condition that the text matches. `message` is SQL for a String that is not NULL. */
export function filterPatternSql(
  pattern: FilterPattern,
  message: string,
  parameters: Parameters,
): string {
  const maker = new ConditionMaker(message, parameters);
  switch (pattern.kind) {
    case 'terms':
      return maker.terms(pattern);
    case 'json':
      return `(isValidJSON(${message}) AND match(${message}, '^[ \\t\\r\\n]*[[{]') AND ${maker.json(pattern.condition)})`;
    case 'fields':
      return maker.fields(pattern);
  }
}

class ConditionMaker {
  readonly #message: string;
  readonly #parameters: Parameters;
  #depth = 0;

  constructor(message: string, parameters: Parameters) {
    this.#message = message;
    this.#parameters = parameters;
  }

  #text(value: string): string {
    return this.#parameters.bind(value, 'String');
  }

  terms({ all, none, any }: Extract<FilterPattern, { kind: 'terms' }>): string {
    const has = (term: Term): string =>
      term.kind === 'regex'
        ? `match(${this.#message}, ${this.#text(term.source)})`
        : `position(${this.#message}, ${this.#text(term.text)}) > 0`;
    const conditions = [...all.map(has), ...none.map((term) => `NOT (${has(term)})`)];
    if (any.length > 0) conditions.push(`(${any.map(has).join(' OR ')})`);
    return conditions.length === 0 ? '1' : `(${conditions.join(' AND ')})`;
  }

  json(condition: Condition<Selector>): string {
    if (condition.kind === 'and' || condition.kind === 'or') {
      const inner = condition.conditions.map((each) => this.json(each));
      return `(${inner.join(condition.kind === 'and' ? ' AND ' : ' OR ')})`;
    }
    const { steps } = condition.subject;
    if (condition.kind === 'notExists') {
      return `NOT (${this.#some(this.#message, steps, (raw) => `${raw} != ''`)})`;
    }
    return this.#some(this.#message, steps, (raw) =>
      condition.kind === 'is'
        ? `${raw} = ${this.#text(condition.literal)}`
        : this.#compareRaw(raw, condition),
    );
  }

  /** Whether any value that the steps point to meets the test; `raw` is JSON text, empty for nothing. */
  #some(raw: string, steps: readonly SelectorStep[], test: (raw: string) => string): string {
    const [step, ...deeper] = steps;
    if (step === undefined) return test(raw);
    const name = `_v${++this.#depth}`;
    const inner = (value: string): string => this.#some(value, deeper, test);
    const isKind = (kind: string): string => `JSONType(${raw}) = '${kind}'`;
    switch (step.kind) {
      case 'key': {
        const value = `if(${isKind('Object')}, JSONExtractRaw(${raw}, ${this.#text(step.key)}), '')`;
        return `arrayExists(${name} -> ${inner(name)}, [${value}])`;
      }
      case 'index': {
        const index = this.#parameters.bind(step.index + 1, 'Int64');
        const value = `if(${isKind('Array')}, JSONExtractRaw(${raw}, ${index}), '')`;
        return `arrayExists(${name} -> ${inner(name)}, [${value}])`;
      }
      case 'anyItem':
        return `arrayExists(${name} -> ${inner(name)}, JSONExtractArrayRaw(${raw}))`;
      case 'anyValue': {
        const pairs = `JSONExtractKeysAndValuesRaw(${raw})`;
        return `arrayExists(${name} -> ${inner(`tupleElement(${name}, 2)`)}, ${pairs})`;
      }
    }
  }

  #compareRaw(raw: string, leaf: Extract<Condition<Selector>, { kind: 'compare' }>): string {
    const scalar = `(${raw} NOT IN ('', 'null') AND NOT match(${raw}, '^[[{]'))`;
    const isText = `startsWith(${raw}, '"')`;
    const isNumber = `match(${raw}, '^[-0-9]')`;
    const number = `JSONExtractFloat(${raw})`;
    const text = `multiIf(${isText}, JSONExtractString(${raw}), ${isNumber}, toString(${number}), ${raw})`;
    const { operator, value } = leaf;
    if (value.kind === 'number') {
      const wanted = this.#parameters.bind(value.value, 'Float64');
      if (operator !== '=' && operator !== '!=') {
        const ofText = `(${isText} AND ${this.#numeric(`JSONExtractString(${raw})`, operator, wanted)})`;
        return `((${isNumber} AND ${number} ${operator} ${wanted}) OR ${ofText})`;
      }
      const equal = `if(${isNumber}, ${number} = ${wanted}, ${text} = ${this.#text(value.text)})`;
      return operator === '=' ? `(${scalar} AND ${equal})` : `(${scalar} AND NOT (${equal}))`;
    }
    const equal = this.#textEquals(text, value);
    return operator === '=' ? `(${scalar} AND ${equal})` : `(${scalar} AND NOT (${equal}))`;
  }

  #numeric(text: string, operator: string, wanted: string): string {
    return `(match(${text}, '${NUMBER_PATTERN}') AND toFloat64OrZero(${text}) ${operator} ${wanted})`;
  }

  #textEquals(text: string, value: Exclude<PatternValue, { kind: 'number' }>): string {
    if (value.kind === 'regex') return `match(${text}, ${this.#text(value.source)})`;
    const [first = '', ...others] = value.parts;
    if (others.length === 0) return `${text} = ${this.#text(first)}`;
    const literal = value.parts.map((part) => part.replace(SPECIAL, '\\$&'));
    return `match(${text}, ${this.#text(`(?s)^${literal.join('.*')}$`)})`;
  }

  fields({ first, last }: Extract<FilterPattern, { kind: 'fields' }>): string {
    const least = first.length + (last?.length ?? 0);
    const all = '_f';
    const conditions = [`length(${all}) >= ${this.#parameters.bind(least, 'Int64')}`];
    for (const [index, field] of first.entries()) {
      const at = this.#parameters.bind(index + 1, 'Int64');
      const one = bareSql(`${all}[${at}]`);
      const isLast = last === undefined && index === first.length - 1;
      const rest = `if(length(${all}) > ${at}, arrayStringConcat(arraySlice(${all}, ${at}), ' '), ${one})`;
      conditions.push(...this.#field(field, isLast ? rest : one));
    }
    for (const [index, field] of (last ?? []).entries()) {
      const at = this.#parameters.bind(index - (last?.length ?? 0), 'Int64');
      conditions.push(...this.#field(field, bareSql(`${all}[${at}]`)));
    }
    const fields = `extractAll(${this.#message}, ${this.#text(FIELD_PATTERN)})`;
    return `arrayExists(${all} -> ${conditions.join(' AND ')}, [${fields}])`;
  }

  #field({ condition }: PatternField, text: string): readonly string[] {
    return condition === undefined ? [] : [this.#fieldCondition(condition, text)];
  }

  #fieldCondition(condition: Condition<string>, text: string): string {
    if (condition.kind === 'and' || condition.kind === 'or') {
      const inner = condition.conditions.map((each) => this.#fieldCondition(each, text));
      return `(${inner.join(condition.kind === 'and' ? ' AND ' : ' OR ')})`;
    }
    if (condition.kind !== 'compare') return '0';
    const { operator, value } = condition;
    if (operator !== '=' && operator !== '!=') {
      if (value.kind !== 'number') return '0';
      return this.#numeric(text, operator, this.#parameters.bind(value.value, 'Float64'));
    }
    const equal =
      value.kind === 'number'
        ? `${text} = ${this.#text(value.text)}`
        : this.#textEquals(text, value);
    return operator === '=' ? `(${equal})` : `NOT (${equal})`;
  }
}

/** A field without its brackets or quotation marks. */
function bareSql(field: string): string {
  return `replaceRegexpOne(${field}, '${FIELD_MARKS_PATTERN.replaceAll('\\', '\\\\')}', '\\\\1\\\\2')`;
}
