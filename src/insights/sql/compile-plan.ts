// A plan as one SQL statement: each stage goes into the innermost SELECT that can take it, and a
// SELECT is put around what has already chosen its rows.
import type { Query } from '../ast.ts';
import { MalformedQuery, type Span } from '../error.ts';
import { LIMIT_DEFAULT, SQL_CHARS_MAX, SUBQUERY_ROWS_MAX } from '../limits.ts';
import type { Plan, Stage } from '../plan/plan.ts';
import type { BoundQuery, OutputColumn, QueryScope } from '../scope.ts';
import { acrossRows } from './across-rows.ts';
import { appended, BESIDE_DEPTHS } from './appended.ts';
import { comparedRows } from './compared.ts';
import { EVENT_ORDER } from './event-source.ts';
import type { Environment } from './expressions.ts';
import { estimateBytes } from './estimated.ts';
import { aggregateRows, countPatterns, groupByPattern } from './group-stages.ts';
import { joined, sideOf } from './joined.ts';
import { boundRows, lookedUp } from './looked-up.ts';
import { outputSql, outputType, SETTINGS } from './output.ts';
import { rowNumber } from './over-rows.ts';
import { Parameters } from './parameters.ts';
import {
  dedupRows,
  extractValues,
  fillBins,
  overRowsSoFar,
  sortRows,
  unnestList,
} from './row-stages.ts';
import { rankFields } from './relevance.ts';
import { rowsOfScope } from './scope-source.ts';
import { Selects } from './selects.ts';
import { addTotals } from './totals.ts';
import { asText, type SqlValue } from './value.ts';

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
  readonly #planOf: PlanOf;
  /** The depth of the innermost block. */
  readonly #base: number;
  readonly #done: Stage[] = [];
  readonly #selects: Selects;

  constructor(scope: QueryScope, planOf: PlanOf, parameters = new Parameters(), base = 0) {
    this.#scope = scope;
    this.#base = base;
    this.#parameters = parameters;
    this.#planOf = planOf;
    const { nowMs, startMs, endMs } = scope;
    const subquery = (query: Query): string => {
      const inner = planOf(query, scope);
      const compiler = new PlanCompiler(inner.scope, planOf, parameters);
      for (const stage of inner.plan.stages) compiler.stage(stage);
      return compiler.column(inner.plan, query);
    };
    const environment: Environment = { parameters, nowMs, startMs, endMs, subquery };
    const [time = '', position = ''] = EVENT_ORDER;
    const order =
      scope.afterPosition === undefined
        ? [time, position].map((sql) => ({ sql, descending: true }))
        : [{ sql: position, descending: false }];
    this.#selects = new Selects(rowsOfScope(scope, parameters), order, environment, base);
  }

  stage(stage: Stage): void {
    this.#done.push(stage);
    const selects = this.#selects;
    switch (stage.kind) {
      case 'define':
        return selects.block.define(stage.name, selects.rows.value(stage.expression));
      case 'extract':
        return extractValues(stage.source, stage.extraction, selects);
      case 'unnest':
        return unnestList(stage, selects);
      case 'limit':
        return selects.limit(stage.count, stage.any);
      default:
    }
    selects.open();
    switch (stage.kind) {
      case 'filter':
        return selects.block.where(selects.rows.condition(stage.condition));
      case 'aggregate':
        return aggregateRows(stage.keys, stage.values, selects);
      case 'window':
        return overRowsSoFar(stage, selects);
      case 'sessions':
      case 'outliers':
        return acrossRows(stage, selects);
      case 'pattern':
        return groupByPattern(stage.source, this.#scope, selects);
      case 'join':
        return this.#join(stage);
      case 'lookup':
        return this.#lookup(stage);
      case 'append':
        return this.#append(stage);
      case 'compare':
        return this.#compare(stage.shiftMs);
      case 'fill':
        return fillBins(stage, selects);
      case 'totals':
        return addTotals(stage.sums, selects);
      case 'estimate':
        return estimateBytes(stage.column, this.#scope, selects);
      case 'relevance':
        return rankFields(stage, this.#scope, selects);
      case 'sort':
        return sortRows(stage.keys, selects);
      case 'dedup':
        return dedupRows(stage.keys, selects);
    }
  }

  #join({ keepsAll, left, right, query }: Stage & { kind: 'join' }): void {
    const selects = this.#selects;
    const { scope } = this.#planOf(query, this.#scope);
    const side = sideOf(scope, right, selects.environment);
    const leftKey = selects.rows.joinKey(left.key);
    selects.wrap((inner) =>
      joined({ block: inner, alias: left.alias, key: leftKey }, side, keepsAll),
    );
  }

  /** Another query, compiled so that its rows can stand beside ours. */
  #beside(scope: QueryScope, stages: readonly Stage[]): Selects {
    const base = this.#base + BESIDE_DEPTHS;
    const other = new PlanCompiler(scope, this.#planOf, this.#parameters, base);
    for (const stage of stages) other.stage(stage);
    other.#selects.open();
    return other.#selects;
  }

  #append({ query, override, max }: Stage & { kind: 'append' }): void {
    const { plan, scope } = this.#planOf(query, this.#scope);
    const other = this.#beside(scope, plan.stages);
    const columns = new Map(
      plan.output.map(({ name, expression }) => [name, other.rows.value(expression)]),
    );
    const number = other.block.share(rowNumber(other.order));
    other.block.limit(this.#parameters.bind(max, 'UInt64'), other.order);
    const selects = this.#selects;
    const own = selects.block.share(rowNumber(selects.order));
    selects.wrap((inner) =>
      appended({ block: inner, number: own }, { block: other.block, number }, columns, override),
    );
  }

  #compare(shiftMs: number): void {
    const { startMs, endMs } = this.#scope;
    const scope = { ...this.#scope, startMs: startMs - shiftMs, endMs: endMs - shiftMs };
    const baseline = countPatterns(this.#beside(scope, this.#done.slice(0, -1)));
    const selects = this.#selects;
    countPatterns(selects);
    selects.wrap((inner, share) => comparedRows(inner, baseline, this.#parameters, share));
    const shown = selects.block.defined('@pattern')?.sql ?? '';
    selects.orderBy([{ sql: shown, descending: false }]);
  }

  #lookup(stage: Stage & { kind: 'lookup' }): void {
    const { match } = stage;
    const selects = this.#selects;
    const values = match.kind === 'equal' ? match.keys.map(({ value }) => value) : [match.value];
    const keys = values.map((value) => selects.rows.joinKey(value));
    const rows = boundRows(stage, this.#scope.lookupTables, this.#parameters);
    selects.wrap((inner) => lookedUp({ block: inner, keys }, stage, rows, selects.depth));
  }

  /** The SELECT of the only column, without the rows that lack it. */
  column({ output }: Plan, at: Span): string {
    const [only, ...others] = output;
    if (only === undefined || others.length > 0) {
      const names = output.map(({ name }) => name).join(', ');
      throw new MalformedQuery(`a subquery expects one column, not ${names}`, at);
    }
    const selects = this.#selects;
    const block = selects.open();
    const text = block.share(asText(selects.rows.value(only.expression)));
    block.where(`isNotNull(${text})`);
    block.limit(this.#parameters.bind(SUBQUERY_ROWS_MAX, 'UInt64'), selects.order);
    return block.select([text]);
  }

  finish({ output, events }: Plan): Statement {
    const { block, rows, limited, order } = this.#selects;
    const limitMax = this.#scope.limitMax ?? Number.POSITIVE_INFINITY;
    const limitDefault = this.#scope.limitDefault ?? LIMIT_DEFAULT;
    const limit = Math.min(limited ?? limitDefault, limitMax);
    const columns: OutputColumn[] = [];
    const select: string[] = [];
    const add = (name: string, value: SqlValue): void => {
      columns.push({ name, type: outputType(value) });
      select.push(`${outputSql(value)} AS o${columns.length}`);
    };
    for (const { name, expression } of output) {
      if (!events || name !== POINTER) add(name, rows.value(expression));
    }
    const pointer = events ? block.field(POINTER) : undefined;
    if (pointer !== undefined) add(POINTER, pointer);
    block.limit(this.#parameters.bind(limit, 'UInt64'), order);
    const sql = `${block.select(select)}\nSETTINGS ${SETTINGS}`;
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
