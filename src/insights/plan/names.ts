// The names that a query has at each point: what it shows, what it gave a name, and, once the rows are groups, which
// columns those have.
import type { Expression, Item, Name } from '../ast.ts';
import { MalformedQuery, type Span } from '../error.ts';
import { afterStats, fieldNamed } from './expression-shape.ts';
import { type Groups, readsGroups, TIMESTAMP, unknownIn, withColumns } from './groups.ts';
import type { NamedExpression } from './plan.ts';

export class NamesInSight {
  readonly #text: string;
  readonly #aliases = new Set<string>();
  readonly #shown = new Map<string, NamedExpression>();
  readonly #extracted = new Map<string, NamedExpression>();
  #display: readonly NamedExpression[] | undefined;
  #groups: Groups | undefined;
  #columns: NamedExpression[] = [];

  /** @param text the query's, of which names are shown */
  constructor(text: string) {
    this.#text = text;
  }

  /** The column's name for an expression without an alias: its text, white space made one space. */
  nameOf({ expression, start, end }: Item): string {
    if (expression.kind === 'field') return expression.name;
    return this.#text.slice(start, end).replace(/\s+/g, ' ').trim();
  }

  /** Whether the rows are groups and no events. */
  get areGroups(): boolean {
    return this.#groups !== undefined;
  }

  /** What `fields` shows so far. */
  get shown(): readonly string[] {
    return [...this.#shown.keys()];
  }

  /** The columns that groups have. */
  get columns(): readonly string[] {
    return this.#columns.map(({ name }) => name);
  }

  /** All that is shown at this point. */
  get all(): readonly string[] {
    return this.areGroups ? this.columns : [...this.shown, ...this.#extracted.keys()];
  }

  /** Shows a value beside those that are shown already. */
  show(value: NamedExpression): void {
    this.#shown.set(value.name, value);
  }

  /** Shows these and nothing else. */
  display(values: readonly NamedExpression[]): void {
    this.#display = values;
  }

  /**
   * A name is given once: Logs Insights refuses to give it again, also where it hides a field that
   * was shown before.
   *
   * @param hides whether it may hide what was shown before
   */
  define(alias: Name, hides = false): void {
    const { name } = alias;
    const taken = this.#aliases.has(name) || this.#groups?.names.has(name) === true;
    if (taken || (!hides && this.#shown.has(name))) {
      throw new MalformedQuery(
        `${name} is already the name of another field: expecting a new name after as`,
        alias,
      );
    }
    this.#aliases.add(name);
    this.#groups?.names.add(name);
  }

  /** Whether a name was extracted before. */
  hasExtracted(name: string): boolean {
    return this.#extracted.has(name);
  }

  /** Shows what was extracted behind the fields. */
  extract({ name, ...at }: Name): void {
    this.#extracted.set(name, { name, expression: fieldNamed(name, at) });
  }

  /** Shows a value of its own name behind the others: of groups as a further column. */
  behind({ name, ...at }: Name): void {
    if (this.#groups === undefined) this.extract({ name, ...at });
    else if (!this.columns.includes(name)) {
      this.#columns.push({ name, expression: fieldNamed(name, at) });
    }
  }

  /** Shows a field after the others, unless it is shown already; it may hide another of its name. */
  append(name: string, at: Span): void {
    this.#aliases.add(name);
    this.behind({ name, start: at.start, end: at.end });
    this.#groups?.names.add(name);
  }

  /** From here on the rows have these columns alone. */
  becomeGroups(
    columns: readonly string[],
    groups: Groups = { names: new Set(columns), shapes: new Map() },
  ): void {
    this.#groups = groups;
    this.#columns = columns.map((name) => {
      return { name, expression: fieldNamed(name, { start: 0, end: 0 }) };
    });
    this.#aliases.clear();
    this.#shown.clear();
    this.#extracted.clear();
    this.#display = undefined;
  }

  /** The expression with columns of `stats` in place of the calls that name them. */
  visible(expression: Expression): Expression {
    if (this.#groups === undefined) return expression;
    const unknown = this.unknown(expression);
    if (unknown !== undefined) throw afterStats(unknown);
    return withColumns(expression, this.#groups);
  }

  /** The first part of an expression that groups do not have. */
  unknown(expression: Expression): { name: string; at: Span } | undefined {
    return this.#groups && unknownIn(expression, this.#groups, this.#text);
  }

  /** Whether an expression names a column of groups. */
  readsGroups(expression: Expression): boolean {
    return this.#groups !== undefined && readsGroups(expression, this.#groups);
  }

  /** What is shown in the end. */
  output(): readonly NamedExpression[] {
    const at = { start: 0, end: 0 };
    const unsaid =
      this.#groups === undefined
        ? [TIMESTAMP, '@message'].map((name) => ({ name, expression: fieldNamed(name, at) }))
        : this.#columns;
    const fields = this.#shown.size > 0 ? [...this.#shown.values()] : unsaid;
    const extracted = [...this.#extracted.values()].filter(({ name }) => !this.#shown.has(name));
    return this.#display ?? [...fields, ...extracted];
  }
}
