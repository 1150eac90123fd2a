// One SELECT of a query under construction. What a SELECT around it needs is exported column by
// column, so that no column is read that nobody asked for.
import { MalformedQuery } from '../error.ts';
import { EXPANDED_CHARS_MAX } from '../limits.ts';
import type { SqlValue } from './value.ts';

/** Where the rows of a SELECT come from, and what their fields are. */
export interface RowSource {
  /** What follows FROM. */
  readonly from: () => string;
  /** A name that the query gave; undefined when it gave none. */
  readonly defined: (name: string) => SqlValue | undefined;
  /** Any field; undefined when the rows cannot have it. */
  readonly field: (name: string) => SqlValue | undefined;
  /** What tells which row came first; empty when the rows do not know. */
  readonly order: () => readonly string[];
}

/** The rows with one row for each item of a list, which is a column of theirs, and its place from 1. */
export function multiplied(
  source: RowSource,
  list: string,
  { item, place }: { readonly item: string; readonly place: string },
  keepsEmpty: boolean,
): RowSource {
  const join = keepsEmpty ? 'LEFT ARRAY JOIN' : 'ARRAY JOIN';
  return {
    ...source,
    from: () => `${source.from()}\n${join} ${list} AS ${item}, arrayEnumerate(${list}) AS ${place}`,
  };
}

export interface OrderTerm {
  readonly sql: string;
  readonly descending: boolean;
}

/** What needs no short name: a column, a short name, a placeholder or a number. */
const SHORT = /^(?:`?\w+`?|\{\w+:\w+\})$/;
const SHARED_NAME = /\b_e\d+_\d+\b/g;

export class Block {
  readonly #depth: number;
  readonly #source: RowSource;
  readonly #shared = new Map<string, string>();
  readonly #expandedChars = new Map<string, number>();
  readonly #defined = new Map<string, SqlValue>();
  readonly #fields = new Map<string, SqlValue | undefined>();
  readonly #exports = new Map<string, string>();
  readonly #where: string[] = [];
  #groups: { keys: readonly string[]; columns: ReadonlyMap<string, SqlValue> } | undefined;
  #limitBy: readonly string[] | undefined;
  #limit: string | undefined;
  #orderBy: readonly OrderTerm[] = [];

  /** @param sourceOf is told how this block gives short names */
  constructor(depth: number, sourceOf: (share: (sql: string) => string) => RowSource) {
    this.#depth = depth;
    this.#source = sourceOf(this.share);
  }

  /** Gives longer SQL a name of its own in this block; the same SQL gets the same name. */
  readonly share = (sql: string): string => {
    if (SHORT.test(sql)) return sql;
    let name = this.#shared.get(sql);
    if (name === undefined) {
      name = `_e${this.#depth}_${this.#shared.size + 1}`;
      this.#expandedChars.set(name, this.#expanded(sql));
      this.#shared.set(sql, name);
    }
    return name;
  };

  /** Throws when the engine would have too much to look at. */
  #refuseHuge(columns: readonly string[]): void {
    const order = this.#orderBy.map(({ sql }) => sql);
    const all = [...columns, ...this.#where, ...(this.#groups?.keys ?? []), ...order];
    this.#expanded(all.join(' '));
  }

  /** How long the SQL is with every short name in it written out, as the engine sees it. */
  #expanded(sql: string): number {
    let chars = sql.length;
    for (const [name] of sql.matchAll(SHARED_NAME)) chars += this.#expandedChars.get(name) ?? 0;
    if (chars <= EXPANDED_CHARS_MAX) return chars;
    const at = { start: 0, end: 0 };
    throw new MalformedQuery('the query is too complex: its aliases use each other too often', at);
  }

  readonly defined = (name: string): SqlValue | undefined => {
    return this.#defined.get(name) ?? this.#source.defined(name);
  };

  readonly field = (name: string): SqlValue | undefined => {
    if (!this.#fields.has(name)) this.#fields.set(name, this.#source.field(name));
    return this.#fields.get(name);
  };

  readonly order = (): readonly string[] => this.#source.order();

  /** Gives a value a name. */
  define(name: string, value: SqlValue): void {
    this.#defined.set(name, { ...value, sql: this.share(value.sql) });
  }

  where(condition: string): void {
    this.#where.push(condition);
  }

  /** Makes one row of each combination of the keys; only these columns are seen from outside. */
  groupBy(keys: readonly string[], columns: ReadonlyMap<string, SqlValue>): void {
    this.#groups = { keys, columns };
    // Without keys it is the aggregates that make one row of all.
    if (keys.length === 0) this.#export('count()');
  }

  /** Keeps the first row of each combination of the keys. */
  limitBy(keys: readonly string[], order: readonly OrderTerm[]): void {
    this.#limitBy = keys;
    this.#orderBy = order;
  }

  /** Keeps the first rows; `count` is a placeholder. */
  limit(count: string, order: readonly OrderTerm[]): void {
    this.#limit = count;
    this.#orderBy = order;
  }

  get isLimited(): boolean {
    return this.#limit !== undefined;
  }

  /** Whether rows were chosen already: what chooses among those needs a SELECT around this one. */
  get isClosed(): boolean {
    return this.isLimited || this.#limitBy !== undefined || this.#groups !== undefined;
  }

  #export(sql: string): string {
    let name = this.#exports.get(sql);
    if (name === undefined) {
      name = `_c${this.#depth}_${this.#exports.size + 1}`;
      this.#exports.set(sql, name);
    }
    return name;
  }

  /** SQL of this block as the block around it has it. */
  readonly exported = (sql: string): string => this.#export(sql);

  /** This block as the source of the one around it. */
  asSource(): RowSource {
    const outside = (value: SqlValue | undefined): SqlValue | undefined => {
      if (value === undefined || value.literal !== undefined) return value;
      // An index serves the SELECT of the column alone.
      const { list, inJson: _, ...own } = value;
      const sql = this.#export(value.sql);
      return { ...own, sql, ...(list !== undefined && { list: this.#export(list) }) };
    };
    const groups = this.#groups;
    return {
      from: () => {
        const columns = [...this.#exports].map(([sql, name]) => `${sql} AS ${name}`);
        return `(${this.select(columns)})`;
      },
      defined: (name) =>
        outside(groups === undefined ? this.defined(name) : groups.columns.get(name)),
      field: (name) => (groups === undefined ? outside(this.field(name)) : undefined),
      order: () => (groups === undefined ? this.order().map(this.exported) : []),
    };
  }

  /** The SELECT with these columns. */
  select(columns: readonly string[]): string {
    this.#refuseHuge(columns);
    const parts: string[] = [];
    // The source is written last: what it exports is known only then.
    const from = this.#source.from();
    if (this.#shared.size > 0) {
      const shared = [...this.#shared].map(([sql, name]) => `${sql} AS ${name}`);
      parts.push(`WITH ${shared.join(', ')}`);
    }
    parts.push(`SELECT ${columns.length > 0 ? columns.join(', ') : '1'}`, `FROM ${from}`);
    if (this.#where.length > 0) {
      parts.push(`WHERE ${this.#where.map((condition) => `(${condition})`).join(' AND ')}`);
    }
    if (this.#groups !== undefined && this.#groups.keys.length > 0) {
      parts.push(`GROUP BY ${this.#groups.keys.join(', ')}`);
      // Of keys that are the same in every row the engine makes a group even where there is no row.
      parts.push('HAVING count() > 0');
    }
    if (this.#orderBy.length > 0) {
      const terms = this.#orderBy.map(({ sql, descending }) => {
        return descending ? `${sql} DESC NULLS LAST` : `${sql} ASC NULLS FIRST`;
      });
      parts.push(`ORDER BY ${terms.join(', ')}`);
    }
    if (this.#limitBy !== undefined) parts.push(`LIMIT 1 BY ${this.#limitBy.join(', ')}`);
    if (this.#limit !== undefined) parts.push(`LIMIT ${this.#limit}`);
    return parts.join('\n');
  }
}
