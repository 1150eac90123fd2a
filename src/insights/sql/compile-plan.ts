// A plan as one SQL statement: each stage goes into the innermost SELECT that can take it, and a
// SELECT is put around what has already chosen its rows.
import type { Expression, Query, SortKey } from '../ast.ts';
import { MalformedQuery, type Span } from '../error.ts';
import {
  LIMIT_DEFAULT,
  ROWS_PER_ROW_MAX,
  SQL_CHARS_MAX,
  SUBQUERIES_MAX,
  SUBQUERY_ROWS_MAX,
} from '../limits.ts';
import type { Extraction, PatternExtraction } from '../plan/extraction.ts';
import type { NamedExpression, Plan, Stage } from '../plan/plan.ts';
import type { BoundQuery, OutputColumn, QueryScope } from '../scope.ts';
import { Block, multiplied, type OrderTerm, type RowSource } from './block.ts';
import { EVENT_ORDER, withinTimes } from './event-source.ts';
import { markedSql, patternColumns } from './pattern.ts';
import { outputSql, outputType, SETTINGS } from './output.ts';
import { overRows, rowNumber } from './over-rows.ts';
import { acrossRows } from './across-rows.ts';
import { appended, BESIDE_DEPTHS } from './appended.ts';
import { comparedRows, countMarked } from './compared.ts';
import { rowsOfScope } from './scope-source.ts';
import { type Environment, ExpressionCompiler, type NameScope } from './expressions.ts';
import { itemsOf } from './json-path.ts';
import { boundPattern, extractedValues, groupValues } from './extract.ts';
import { filledBins } from './filled-bins.ts';
import { joined, sideOf } from './joined.ts';
import { boundRows, lookedUp } from './looked-up.ts';
import { stepOf } from '../functions/datetime.ts';
import { naturalKey } from './natural-order.ts';
import { Parameters } from './parameters.ts';
import { asShownText, asText, madeOf, MISSING_TEXT, type Share, type SqlValue } from './value.ts';

const POINTER = '@ptr';

/** A compiled plan. */
export interface Statement {
  readonly query: BoundQuery;
  readonly columns: readonly OutputColumn[];
  readonly limit: number;
}

/** The plan of a query inside of the query, and the scope that its own `SOURCE` makes of ours. */
export type PlanOf = (query: Query, scope: QueryScope) => { plan: Plan; scope: QueryScope };

class PlanCompiler {
  readonly #scope: QueryScope;
  readonly #parameters: Parameters;
  readonly #environment: Environment;
  readonly #planOf: PlanOf;
  /** The depth of the innermost block. */
  readonly #base: number;
  readonly #done: Stage[] = [];
  #depth: number;
  #block: Block;
  #rows: ExpressionCompiler;
  #order: readonly OrderTerm[];
  #sorted = false;
  /** The limit of the present block. */
  #limited: number | undefined;

  constructor(scope: QueryScope, planOf: PlanOf, parameters = new Parameters(), base = 0) {
    this.#scope = scope;
    this.#base = base;
    this.#depth = base;
    this.#parameters = parameters;
    this.#planOf = planOf;
    const { nowMs, startMs, endMs } = scope;
    const subquery = (query: Query): string => {
      const inner = planOf(query, scope);
      const compiler = new PlanCompiler(inner.scope, planOf, parameters);
      for (const stage of inner.plan.stages) compiler.stage(stage);
      return compiler.column(inner.plan, query);
    };
    this.#environment = { parameters, nowMs, startMs, endMs, subquery };
    const { source, conditions } = rowsOfScope(scope, this.#parameters);
    this.#block = new Block(base, source);
    this.#rows = new ExpressionCompiler(this.#block, this.#environment);
    for (const condition of conditions) this.#block.where(condition);
    const [time = '', position = ''] = EVENT_ORDER;
    this.#order =
      scope.afterPosition === undefined
        ? [time, position].map((sql) => ({ sql, descending: true }))
        : [{ sql: position, descending: false }];
  }

  /** Puts a SELECT around what there is; the order of the rows goes along. */
  #wrap(sourceOf: (inner: Block, share: Share) => RowSource = (inner) => inner.asSource()): Block {
    if (++this.#depth - this.#base > SUBQUERIES_MAX) {
      const at = { start: 0, end: 0 };
      throw new MalformedQuery(`more than ${SUBQUERIES_MAX} commands that choose rows`, at);
    }
    const inner = this.#block;
    this.#block = new Block(this.#depth, (share) => sourceOf(inner, share));
    this.#rows = new ExpressionCompiler(this.#block, this.#environment);
    this.#order = this.#order.map((term) => ({ ...term, sql: inner.exported(term.sql) }));
    this.#limited = undefined;
    return this.#block;
  }

  stage(stage: Stage): void {
    this.#done.push(stage);
    switch (stage.kind) {
      case 'define':
        return this.#block.define(stage.name, this.#rows.value(stage.expression));
      case 'extract':
        return this.#extract(stage.source, stage.extraction);
      case 'unnest':
        return this.#unnest(stage);
      case 'limit':
        if (this.#block.isLimited) this.#wrap();
        return this.#limit(stage.count, stage.any);
      default:
    }
    if (this.#block.isClosed) this.#wrap();
    switch (stage.kind) {
      case 'filter':
        return this.#block.where(this.#rows.condition(stage.condition));
      case 'aggregate':
        return this.#aggregate(stage.keys, stage.values);
      case 'window':
        return this.#window(stage);
      case 'sessions':
      case 'outliers':
        return acrossRows(stage, this.#block, this.#environment, (from) => this.#wrap(from));
      case 'pattern':
        return this.#pattern(stage.source);
      case 'join':
        return this.#join(stage);
      case 'lookup':
        return this.#lookup(stage);
      case 'append':
        return this.#append(stage);
      case 'compare':
        return this.#compare(stage.shiftMs);
      case 'fill':
        return this.#fill(stage);
      case 'sort':
        return this.#sort(stage.keys);
      case 'dedup':
        return this.#dedup(stage.keys);
    }
  }

  #limit(count: number, any: boolean): void {
    if (any && !this.#sorted) this.#order = [];
    this.#limited = count;
    this.#block.limit(this.#parameters.bind(count, 'UInt64'), this.#order);
  }

  #sort(keys: readonly SortKey[]): void {
    const { share } = this.#block;
    const terms = keys.flatMap(({ expression, direction }) =>
      naturalKey(this.#rows.value(expression), share).map((sql) => ({
        sql: share(sql),
        descending: direction === 'desc',
      })),
    );
    if (terms.length === 0) return;
    this.#order = [
      ...terms,
      ...this.#order.filter((term) => !terms.some(({ sql }) => sql === term.sql)),
    ];
    this.#sorted = true;
  }

  #dedup(keys: readonly Expression[]): void {
    const values = keys.map((key) => this.#block.share(this.#rows.value(key).sql));
    const lacking = values.map((value) => `isNull(${value})`).join(' OR ');
    // A row that lacks a key is like no other row.
    const own = `if(${lacking}, rowNumberInAllBlocks() + 1, 0)`;
    this.#block.limitBy([...values, own], this.#order);
  }

  #extract(source: Expression, extraction: Extraction): void {
    const text = asText(this.#rows.value(source));
    const tools = { parameters: this.#parameters, share: this.#block.share };
    const values =
      extraction.kind === 'pattern' && extraction.multi
        ? this.#matches(text, extraction)
        : extractedValues(extraction, text, tools);
    for (const [index, { name }] of extraction.names.entries()) {
      const value = values[index] ?? MISSING_TEXT;
      const former = this.#block.defined(name.name);
      const sql =
        former === undefined
          ? value.sql
          : `coalesce(${this.#block.share(value.sql)}, ${asShownText(former)})`;
      this.#block.define(name.name, { sql, type: former === undefined ? value.type : 'text' });
    }
  }

  /** A row for each match; a row without any stays as it is. */
  #matches(text: string, extraction: PatternExtraction): readonly SqlValue[] {
    const bound = boundPattern(extraction, this.#parameters);
    const all = `extractAllGroupsVertical(ifNull(${text}, ''), ${bound})`;
    return groupValues(extraction, this.#multiply(all, true), this.#parameters);
  }

  #unnest({ list, name, keeps }: Stage & { kind: 'unnest' }): void {
    const holder = this.#rows.value(list);
    const item = this.#multiply(this.#block.share(itemsOf(holder)), keeps);
    this.#block.define(name, { sql: item, type: 'text' });
  }

  /**
   * Makes a row of each item of a list and gives the item's SQL. What filters the rows stays inside,
   * so that only the rows that are left are multiplied; each keeps the pointer of its event.
   *
   * @param keeps whether a row whose list is empty stays, with the default value as its item
   */
  #multiply(list: string, keeps: boolean): string {
    const most = this.#parameters.bind(ROWS_PER_ROW_MAX, 'Int64');
    const item = `_a${this.#depth + 1}`;
    const place = `_n${this.#depth + 1}`;
    this.#wrap((inner) => {
      return multiplied(
        inner.asSource(),
        inner.exported(`arraySlice(${list}, 1, ${most})`),
        { item, place },
        keeps,
      );
    });
    // The items of one row stay in the order of their list.
    this.#order = [...this.#order, { sql: place, descending: false }];
    return item;
  }

  #aggregate(keys: readonly NamedExpression[], values: readonly NamedExpression[]): void {
    const block = this.#block;
    const columns = new Map<string, SqlValue>();
    for (const { name, expression } of keys) {
      const value = this.#rows.value(expression);
      columns.set(name, madeOf(value, block.share(value.sql)));
    }
    const keyed = [...columns.values()].map(({ sql }) => sql);
    const names: NameScope = {
      defined: (name) => columns.get(name),
      field: () => undefined,
      order: () => [],
      share: block.share,
    };
    const groups = new ExpressionCompiler(names, this.#environment, this.#rows);
    for (const { name, expression } of values) {
      const value = groups.value(expression);
      columns.set(name, { ...value, sql: block.share(value.sql) });
    }
    block.groupBy(keyed, columns);
    this.#order = keyed.map((sql) => ({ sql, descending: false }));
    this.#sorted = false;
    this.#wrap();
  }

  /** The value is known once the rows are; what filters by it stands around this SELECT. */
  #window({ function: kind, name, expression }: Stage & { kind: 'window' }): void {
    const value = this.#rows.value(expression);
    this.#block.define(name, overRows(kind, value, this.#order, this.#environment.parameters));
    this.#wrap();
  }

  #pattern(source: Expression): void {
    const block = this.#block;
    const text = block.share(asText(this.#rows.value(source)));
    block.where(`isNotNull(${text})`);
    const marked = block.share(markedSql(text, this.#parameters));
    const { compared } = this.#scope;
    const [time = ''] = block.order();
    const rows = compared && {
      own: withinTimes(time, this.#scope, this.#parameters),
      earlier: withinTimes(time, compared, this.#parameters),
    };
    block.groupBy([marked], patternColumns(marked, this.#parameters, rows));
    this.#order = [{ sql: marked, descending: false }];
    this.#sorted = false;
    this.#wrap();
  }

  #join({ keepsAll, left, right, query }: Stage & { kind: 'join' }): void {
    const { scope } = this.#planOf(query, this.#scope);
    const side = sideOf(scope, right, this.#environment);
    const leftKey = this.#rows.joinKey(left.key);
    this.#wrap((inner) =>
      joined({ block: inner, alias: left.alias, key: leftKey }, side, keepsAll),
    );
  }

  /** Another query, compiled so that its rows can stand beside ours. */
  #beside(scope: QueryScope, stages: readonly Stage[]): PlanCompiler {
    const base = this.#base + BESIDE_DEPTHS;
    const other = new PlanCompiler(scope, this.#planOf, this.#parameters, base);
    for (const stage of stages) other.stage(stage);
    if (other.#block.isClosed) other.#wrap();
    return other;
  }

  #append({ query, override, max }: Stage & { kind: 'append' }): void {
    const { plan, scope } = this.#planOf(query, this.#scope);
    const other = this.#beside(scope, plan.stages);
    const columns = new Map(
      plan.output.map(({ name, expression }) => [name, other.#rows.value(expression)]),
    );
    const number = other.#block.share(rowNumber(other.#order));
    other.#block.limit(this.#parameters.bind(max, 'UInt64'), other.#order);
    const own = this.#block.share(rowNumber(this.#order));
    this.#wrap((inner) =>
      appended({ block: inner, number: own }, { block: other.#block, number }, columns, override),
    );
  }

  /** Groups the rows by what their messages have in common. */
  #countPatterns(): Block {
    const message = { kind: 'field' as const, name: '@message', start: 0, end: 0 };
    const text = this.#block.share(asText(this.#rows.value(message)));
    countMarked(this.#block, text, this.#parameters);
    this.#order = [];
    this.#sorted = false;
    return this.#block;
  }

  #compare(shiftMs: number): void {
    const { startMs, endMs } = this.#scope;
    const scope = { ...this.#scope, startMs: startMs - shiftMs, endMs: endMs - shiftMs };
    const baseline = this.#beside(scope, this.#done.slice(0, -1)).#countPatterns();
    this.#countPatterns();
    this.#wrap((inner, share) => comparedRows(inner, baseline, this.#parameters, share));
    const shown = this.#block.defined('@pattern')?.sql ?? '';
    this.#order = [{ sql: shown, descending: false }];
  }

  #lookup(stage: Stage & { kind: 'lookup' }): void {
    const { match } = stage;
    const values = match.kind === 'equal' ? match.keys.map(({ value }) => value) : [match.value];
    const keys = values.map((value) => this.#rows.joinKey(value));
    const rows = boundRows(stage, this.#scope.lookupTables, this.#parameters);
    this.#wrap((inner) => lookedUp({ block: inner, keys }, stage, rows, this.#depth));
  }

  /** Bins that no row is in come as rows of NULLs but for their bin. */
  #fill({ bin, period, fills }: Stage & { kind: 'fill' }): void {
    const column = this.#block.defined(bin);
    if (column === undefined) return;
    const step = stepOf(period, this.#parameters);
    const at = this.#block.share(column.sql);
    const constants = new Map(
      fills.map(({ name, expression }) => [name, this.#rows.value(expression)]),
    );
    this.#wrap((inner) => filledBins(inner, { bin, at, step, constants }));
    this.#order = [{ sql: this.#block.defined(bin)?.sql ?? '', descending: false }];
  }

  /** The SELECT of the only column, without the rows that lack it. */
  column({ output }: Plan, at: Span): string {
    const [only, ...others] = output;
    if (only === undefined || others.length > 0) {
      const names = output.map(({ name }) => name).join(', ');
      throw new MalformedQuery(`a subquery expects one column, not ${names}`, at);
    }
    if (this.#block.isClosed) this.#wrap();
    const text = this.#block.share(asText(this.#rows.value(only.expression)));
    this.#block.where(`isNotNull(${text})`);
    this.#block.limit(this.#parameters.bind(SUBQUERY_ROWS_MAX, 'UInt64'), this.#order);
    return this.#block.select([text]);
  }

  finish({ output, events }: Plan): Statement {
    const limitMax = this.#scope.limitMax ?? Number.POSITIVE_INFINITY;
    const limitDefault = this.#scope.limitDefault ?? LIMIT_DEFAULT;
    const limit = Math.min(this.#limited ?? limitDefault, limitMax);
    const columns: OutputColumn[] = [];
    const select: string[] = [];
    const add = (name: string, value: SqlValue): void => {
      columns.push({ name, type: outputType(value) });
      select.push(`${outputSql(value)} AS o${columns.length}`);
    };
    for (const { name, expression } of output) {
      if (!events || name !== POINTER) add(name, this.#rows.value(expression));
    }
    const pointer = events ? this.#block.field(POINTER) : undefined;
    if (pointer !== undefined) add(POINTER, pointer);
    this.#block.limit(this.#parameters.bind(limit, 'UInt64'), this.#order);
    const sql = `${this.#block.select(select)}\nSETTINGS ${SETTINGS}`;
    if (sql.length > SQL_CHARS_MAX) {
      const at = { start: 0, end: 0 };
      throw new MalformedQuery('the query is too complex: it names too many fields', at);
    }
    return { query: { sql, parameters: this.#parameters.values }, columns, limit };
  }
}

/** Compiles a plan over a scope. Throws MalformedQuery when it is too complex for the engine. */
export function compilePlan(plan: Plan, scope: QueryScope, planOf: PlanOf): Statement {
  const compiler = new PlanCompiler(scope, planOf);
  for (const stage of plan.stages) compiler.stage(stage);
  return compiler.finish(plan);
}
