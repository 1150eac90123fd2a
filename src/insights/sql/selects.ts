// The nested SELECTs of a query under construction: the outermost takes what comes next, until it has chosen
// its rows and another must be put around it.
import { MalformedQuery } from '../error.ts';
import { ROWS_PER_ROW_MAX, SUBQUERIES_MAX } from '../limits.ts';
import { Block, multiplied, type OrderTerm, type RowSource } from './block.ts';
import { type Environment, ExpressionCompiler } from './expressions.ts';
import type { ScopeRows } from './scope-source.ts';
import type { Share } from './value.ts';

export class Selects {
  readonly environment: Environment;
  /** The depth of the innermost block. */
  readonly #base: number;
  #depth: number;
  #block: Block;
  #rows: ExpressionCompiler;
  #order: readonly OrderTerm[];
  #sorted = false;
  #limited: number | undefined;

  constructor(
    { source, conditions }: ScopeRows,
    order: readonly OrderTerm[],
    environment: Environment,
    base: number,
  ) {
    this.environment = environment;
    this.#base = base;
    this.#depth = base;
    this.#order = order;
    this.#block = new Block(base, source);
    this.#rows = new ExpressionCompiler(this.#block, environment);
    for (const condition of conditions) this.#block.where(condition);
  }

  /** The outermost SELECT. */
  get block(): Block {
    return this.#block;
  }

  /** What compiles expressions over its rows. */
  get rows(): ExpressionCompiler {
    return this.#rows;
  }

  /** The order that the rows have. */
  get order(): readonly OrderTerm[] {
    return this.#order;
  }

  /** The limit of the outermost SELECT. */
  get limited(): number | undefined {
    return this.#limited;
  }

  /** A number that only names of the outermost SELECT have in them. */
  get depth(): number {
    return this.#depth;
  }

  /** Puts a SELECT around what there is; the order of the rows goes along. */
  wrap(sourceOf: (inner: Block, share: Share) => RowSource = (inner) => inner.asSource()): Block {
    if (++this.#depth - this.#base > SUBQUERIES_MAX) {
      const at = { start: 0, end: 0 };
      throw new MalformedQuery(`more than ${SUBQUERIES_MAX} commands that choose rows`, at);
    }
    const inner = this.#block;
    this.#block = new Block(this.#depth, (share) => sourceOf(inner, share));
    this.#rows = new ExpressionCompiler(this.#block, this.environment);
    this.#order = this.#order.map((term) => ({ ...term, sql: inner.exported(term.sql) }));
    this.#limited = undefined;
    return this.#block;
  }

  /** Puts a SELECT around the one that there is if that has chosen its rows. */
  open(): Block {
    return this.#block.isClosed ? this.wrap() : this.#block;
  }

  /** Gives the rows an order that no query asked for. */
  orderBy(order: readonly OrderTerm[]): void {
    this.#order = order;
    this.#sorted = false;
  }

  /** Gives the rows the order that a query asks for; what is alike keeps the order it had. */
  sortBy(terms: readonly OrderTerm[]): void {
    if (terms.length === 0) return;
    const former = this.#order.filter((term) => !terms.some(({ sql }) => sql === term.sql));
    this.#order = [...terms, ...former];
    this.#sorted = true;
  }

  /** Puts a term in front of the order of the rows. */
  lead(term: OrderTerm): void {
    this.#order = [term, ...this.#order];
  }

  /** Keeps so many rows; any of them where the query asked for no order. */
  limit(count: number, any: boolean): void {
    if (this.#block.isLimited) this.wrap();
    if (any && !this.#sorted) this.#order = [];
    this.#limited = count;
    this.#block.limit(this.environment.parameters.bind(count, 'UInt64'), this.#order);
  }

  /**
   * Makes a row of each item of a list and gives the item's SQL. What filters the rows stays inside,
   * so that only the rows that are left are multiplied; each keeps the pointer of its event.
   *
   * @param keeps whether a row whose list is empty stays, with the default value as its item
   * @param exporting told the SELECT of the rows, so that it can hand out more of them
   */
  multiply(list: string, keeps: boolean, exporting?: (inner: Block) => void): string {
    const most = this.environment.parameters.bind(ROWS_PER_ROW_MAX, 'Int64');
    const item = `_a${this.#depth + 1}`;
    const place = `_n${this.#depth + 1}`;
    this.wrap((inner) => {
      exporting?.(inner);
      const items = inner.exported(`arraySlice(${list}, 1, ${most})`);
      return multiplied(inner.asSource(), items, { item, place }, keeps);
    });
    // The items of one row stay in the order of their list.
    this.#order = [...this.#order, { sql: place, descending: false }];
    return item;
  }
}
