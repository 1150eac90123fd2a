// Expressions as SQL. There are two forms of what is true or false: a condition, where NULL counts
// as false and which indexes can serve, and a value, which is 1 or 0.
import type { Argument, Binary, Call, Expression, In, Like, Query } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { findFunction } from '../functions/registry.ts';
import type { CallSite, FunctionDefinition, ParameterKind } from '../functions/function.ts';
import { kindOfParameter } from '../functions/arity.ts';
import { readRegex } from '../regex.ts';
import { comparison, membership, negated } from './comparison.ts';
import { itemsOf, jsonAt, type PathStep } from './json-path.ts';
import type { Parameters } from './parameters.ts';
import {
  asJoinKey,
  asNumber,
  asShownText,
  asText,
  asTimestamp,
  finite,
  isIntegral,
  MISSING_TEXT,
  plainSql,
  type SqlValue,
} from './value.ts';

/** Where names are looked up and longer SQL gets its short names. */
export interface NameScope {
  /** A name that the query gave. */
  readonly defined: (name: string) => SqlValue | undefined;
  /** Any field; undefined when the rows cannot have it. */
  readonly field: (name: string) => SqlValue | undefined;
  readonly share: (sql: string) => string;
  readonly order: () => readonly string[];
}

export interface Environment {
  readonly parameters: Parameters;
  readonly nowMs: number;
  readonly startMs: number;
  readonly endMs: number;
  /** The SELECT of the one column of a query inside of the query, as text. */
  readonly subquery: (query: Query) => string;
}

const ARITHMETIC_FUNCTIONS: Readonly<Record<string, string>> = {
  '+': 'plus',
  '-': 'minus',
  '*': 'multiply',
};

export class ExpressionCompiler {
  readonly #names: NameScope;
  readonly #environment: Environment;
  /** What aggregate functions read; undefined where there may be none. */
  readonly #rows: ExpressionCompiler | undefined;

  constructor(names: NameScope, environment: Environment, rows?: ExpressionCompiler) {
    this.#names = names;
    this.#environment = environment;
    this.#rows = rows;
  }

  /** The SQL of a condition; NULL counts as false. */
  condition(expression: Expression): string {
    switch (expression.kind) {
      case 'logical': {
        const conditions = expression.operands.map((operand) => `(${this.condition(operand)})`);
        return conditions.join(expression.operator === 'and' ? ' AND ' : ' OR ');
      }
      case 'unary':
        if (expression.operator === '-') break;
        return negated(this.condition(expression.operand));
      case 'binary': {
        const { operator } = expression;
        if (!isComparison(operator)) break;
        const { left, right } = expression;
        return comparison(operator, this.value(left), this.value(right), this.#tools());
      }
      case 'like':
        return this.#like(expression);
      case 'in':
        return this.#in(expression);
      default:
    }
    return this.#truth(this.value(expression));
  }

  /** Whether a value counts as true: a number that is not zero. */
  #truth(value: SqlValue): string {
    if (value.type === 'boolean') return value.sql;
    if (value.type === 'timestamp') return `isNotNull(${value.sql})`;
    return `${asNumber(value)} != 0`;
  }

  /** The SQL of a value that rows are joined by. */
  joinKey(expression: Expression): string {
    const [row] = this.#names.order();
    return this.#names.share(asJoinKey(this.value(expression), row));
  }

  /** The SQL of a value. */
  value(expression: Expression): SqlValue {
    const { parameters } = this.#environment;
    switch (expression.kind) {
      case 'number': {
        const { value } = expression;
        const integral = Number.isInteger(value);
        return { sql: parameters.bind(value, 'Float64'), type: 'number', integral, literal: value };
      }
      case 'string': {
        const { value } = expression;
        return { sql: parameters.bind(value, 'String'), type: 'text', literal: value };
      }
      case 'boolean': {
        const literal = expression.value ? 1 : 0;
        return { sql: String(literal), type: 'boolean', literal };
      }
      case 'field':
        return this.#field(expression.name, expression);
      case 'member':
        return this.#member(expression);
      case 'call':
        return this.#call(expression);
      case 'unary':
        if (expression.operator === '-') return this.#negative(expression.operand);
        break;
      case 'binary':
        if (!isComparison(expression.operator)) return this.#arithmetic(expression);
        break;
      default:
    }
    return { sql: `ifNull(${this.condition(expression)}, 0)`, type: 'boolean' };
  }

  #tools(): { parameters: Parameters; share: (sql: string) => string } {
    return { parameters: this.#environment.parameters, share: this.#names.share };
  }

  #field(name: string, at: Expression): SqlValue {
    const value = this.#names.defined(name) ?? this.#inDefined(name) ?? this.#names.field(name);
    if (value !== undefined) return value;
    throw new MalformedQuery(`Unknown symbols found in or after stats: ${name}`, at);
  }

  /** A path into a map or list that the query gave a name, e.g. `map.key`. */
  #inDefined(name: string): SqlValue | undefined {
    for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
      const map = this.#names.defined(name.slice(0, dot));
      if (map === undefined) continue;
      return this.#inside(map, name.slice(dot + 1).split('.'));
    }
    return undefined;
  }

  #inside(map: SqlValue, steps: readonly PathStep[]): SqlValue {
    if (map.type !== 'json' && map.type !== 'text') return MISSING_TEXT;
    return jsonAt(map.sql, steps, this.#environment.parameters, this.#names.share);
  }

  #member(expression: Expression): SqlValue {
    const steps: PathStep[] = [];
    let object = expression;
    for (; object.kind === 'member'; object = object.object) steps.unshift(object.key);
    return this.#inside(this.value(object), steps);
  }

  #negative(operand: Expression): SqlValue {
    const value = this.value(operand);
    const sql = `negate(toFloat64(${asNumber(value)}))`;
    if (typeof value.literal !== 'number')
      return { sql, type: 'number', integral: isIntegral(value) };
    const literal = -value.literal;
    const bound = this.#environment.parameters.bind(literal, 'Float64');
    return { sql: bound, type: 'number', integral: isIntegral(value), literal };
  }

  /** Numbers are reckoned with as double-precision, whole ones stay whole as far as that holds. */
  #arithmetic({ operator, left, right }: Binary): SqlValue {
    const values = [this.value(left), this.value(right)];
    const whole = values.every(isIntegral);
    const [a = '', b = ''] = values.map((value) => `toFloat64(${asNumber(value)})`);
    const name = ARITHMETIC_FUNCTIONS[operator];
    if (name !== undefined) return { sql: `${name}(${a}, ${b})`, type: 'number', integral: whole };
    switch (operator) {
      case '/':
        return { sql: `divide(${a}, nullIf(${b}, 0))`, type: 'number' };
      case '%':
        return { sql: `modulo(${a}, nullIf(${b}, 0))`, type: 'number', integral: whole };
      default:
        return { sql: finite(`pow(${a}, ${b})`), type: 'number', integral: whole };
    }
  }

  #like({ subject, pattern, negated: not }: Like): string {
    const { parameters } = this.#environment;
    const text = asShownText(this.value(subject));
    const found =
      pattern.kind === 'string'
        ? `position(${text}, ${parameters.bind(pattern.value, 'String')}) > 0`
        : // In the engine a point matches line breaks unless told otherwise.
          `match(${text}, ${parameters.bind(`(?-s)${readRegex(pattern).pattern}`, 'String')})`;
    return not ? negated(found) : found;
  }

  #in({ subject, list, negated: not }: In): string {
    const value = this.value(subject);
    let found: string;
    if ('kind' in list && list.kind === 'query') {
      found = `${asText(value)} IN (${this.#environment.subquery(list)})`;
    } else if ('kind' in list) {
      const holder = this.value(list);
      const text = asText(value);
      found = `isNotNull(${text}) AND has(${itemsOf(holder)}, ${text})`;
    } else {
      found = membership(
        value,
        list.map((item) => this.value(item)),
        this.#tools(),
      );
    }
    return not ? negated(found) : found;
  }

  #call(call: Call): SqlValue {
    const definition = findFunction(call.name);
    if (definition === undefined) throw new MalformedQuery(`unknown function ${call.name}`, call);
    const rows = definition.aggregate === true ? this.#rows : this;
    if (rows === undefined) {
      throw new MalformedQuery(`${call.name} can only be used in stats`, call);
    }
    return rows.#applied(call, definition);
  }

  #applied(call: Call, definition: FunctionDefinition): SqlValue {
    const values = call.args.map((argument) => this.#argument(argument));
    const args = values.map((value, index) =>
      this.#converted(value, call.args[index], kindOfParameter(definition, index)),
    );
    const { share } = this.#names;
    const field = (name: string): SqlValue => this.#field(name, call);
    const order = (): readonly string[] => {
      const events = this.#names.order();
      return events.length > 0 ? events : [field('@timestamp').sql];
    };
    const site: CallSite = {
      ...this.#environment,
      call,
      args: call.args,
      values,
      share,
      field,
      order,
    };
    const result = definition.sql(args, site);
    if (typeof result !== 'string') return result;
    switch (definition.result) {
      case 'integer':
        return { sql: result, type: 'number', integral: true };
      case 'number as given':
        return { sql: result, type: 'number', integral: values.every(isIntegral) };
      default:
        return { sql: result, type: definition.result ?? 'text' };
    }
  }

  #argument(argument: Argument): SqlValue {
    if (argument.kind === 'star' || argument.kind === 'period') return { sql: '', type: 'text' };
    return this.value(argument);
  }

  #converted(value: SqlValue, argument: Argument | undefined, kind: ParameterKind): string {
    const { share } = this.#names;
    switch (kind) {
      case 'text':
        return asText(value);
      case 'number':
        return asNumber(value);
      case 'timestamp':
        return asTimestamp(value, share);
      case 'condition':
        if (argument === undefined || argument.kind === 'star' || argument.kind === 'period') {
          return '0';
        }
        return `ifNull(${this.condition(argument)}, 0)`;
      default:
        return plainSql(value);
    }
  }
}

function isComparison(
  operator: Binary['operator'],
): operator is '=' | '!=' | '<' | '<=' | '>' | '>=' {
  return ['=', '!=', '<', '<=', '>', '>='].includes(operator);
}
