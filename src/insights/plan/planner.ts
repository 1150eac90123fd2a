// Builds the plan command by command and knows which names there are at each point.
import {
  type Expression,
  type Item,
  type Name,
  type Query,
  type SortKey,
  type StatsCommand,
  withOperands,
} from '../ast.ts';
import { MalformedQuery, type Span } from '../error.ts';
import { findFunction } from '../functions/registry.ts';
import {
  afterStats,
  conjunctsOf,
  fieldNamed,
  isOrHolds,
  notGrouped,
  shapeOf,
  shifted,
} from './expression-shape.ts';
import type { Extraction } from './extraction.ts';
import { type Groups, readsGroups, TIMESTAMP, unknownIn, withColumns } from './groups.ts';
import { sumOf } from './sum-of-fields.ts';
import type { LookupMatch, NamedExpression, Plan, Stage, WindowKind } from './plan.ts';

export class Planner {
  readonly #text: string;
  readonly #statsTotal: number;
  readonly #planOf: (query: Query) => Plan;
  readonly #stages: Stage[] = [];
  readonly #aliases = new Set<string>();
  readonly #shown = new Map<string, NamedExpression>();
  readonly #extracted = new Map<string, NamedExpression>();
  #display: NamedExpression[] | undefined;
  #groups: Groups | undefined;
  #columns: NamedExpression[] = [];
  #aggregateAt = -1;
  #orderedOrLimited: Span | undefined;
  #limit: number | undefined;

  /** @param planOf plans a query inside of the query */
  constructor(text: string, statsTotal: number, planOf: (query: Query) => Plan) {
    this.#planOf = planOf;
    this.#text = text;
    this.#statsTotal = statsTotal;
  }

  /** The column's name for an expression without an alias: its text, white space made one space. */
  nameOf({ expression, start, end }: Item): string {
    if (expression.kind === 'field') return expression.name;
    return this.#text.slice(start, end).replace(/\s+/g, ' ').trim();
  }

  /** `fields`: shows the items beside those of earlier `fields`. */
  show(items: readonly Item[]): void {
    for (const item of items) {
      const shown = this.#item(item);
      this.#shown.set(shown.name, shown);
    }
  }

  /** `display`: shows these items and nothing else. */
  display(items: readonly Item[]): void {
    this.#display = items.map((item) => this.#item(item));
  }

  #item(item: Item): NamedExpression {
    const expression = this.#visible(item.expression);
    const { alias } = item;
    if (alias === undefined) return { name: this.nameOf(item), expression };
    if (expression.kind !== 'field' || expression.name !== alias.name) {
      this.#define(alias);
      this.#stages.push({ kind: 'define', name: alias.name, expression });
    }
    return { name: alias.name, expression: fieldNamed(alias.name, alias) };
  }

  /**
   * A name is given once: Logs Insights refuses to give it again, also where it hides a field that
   * was shown before.
   */
  #define(alias: Name, replaced?: NamedExpression): void {
    const { name } = alias;
    const shown = this.#shown.get(name);
    const taken = this.#aliases.has(name) || this.#groups?.names.has(name) === true;
    if (taken || (shown !== undefined && shown !== replaced)) {
      throw new MalformedQuery(
        `${alias.name} is already the name of another field: expecting a new name after as`,
        alias,
      );
    }
    this.#aliases.add(alias.name);
    this.#groups?.names.add(alias.name);
  }

  /** `parse`: defines the extracted names and shows them after the fields. */
  extract(source: Expression, extraction: Extraction): void {
    this.#stages.push({ kind: 'extract', source: this.#visible(source), extraction });
    for (const { name } of extraction.names) {
      // A second pattern for the same name is for what the first did not match, and a name that
      // was shown before is then shown with what is extracted: real queries do both.
      if (!this.#extracted.has(name.name)) this.#define(name, this.#shown.get(name.name));
      const expression = fieldNamed(name.name, name);
      this.#extracted.set(name.name, { name: name.name, expression });
    }
  }

  /** `addtotals`: a sum to which what is no number adds nothing; system fields are not in "all". */
  total(total: Name, fields: readonly Name[], at: Span): void {
    const shown = this.#shown.size > 0 ? [...this.#shown.keys()] : this.#columns.map((c) => c.name);
    const names =
      fields.length > 0 ? fields.map(({ name }) => name) : shown.filter((n) => !n.startsWith('@'));
    const expression = sumOf(
      names.map((name) => this.#visible(fieldNamed(name, at))),
      at,
    );
    this.extend(total, expression);
  }

  /** A column behind those there are, made of them. */
  extend(name: Name, expression: Expression): void {
    this.#define(name);
    this.#stages.push({ kind: 'define', name: name.name, expression });
    this.#extracted.set(name.name, { name: name.name, expression: fieldNamed(name.name, name) });
  }

  /** A value by the rows that came before; shown after the fields unless it is shown already. */
  window(kind: WindowKind, source: Expression, name: Name): void {
    const expression = this.#visible(source);
    const replaces = source.kind === 'field' && source.name === name.name;
    this.#stages.push({ kind: 'window', function: kind, name: name.name, expression });
    if (replaces) return;
    this.#define(name);
    const value = { name: name.name, expression: fieldNamed(name.name, name) };
    if (this.#groups === undefined) this.#extracted.set(name.name, value);
    else this.#columns.push(value);
  }

  /** The names that are shown at this point. */
  get shownNames(): readonly string[] {
    const shown = this.#shown.size > 0 ? [...this.#shown.keys()] : [];
    const named = [...shown, ...this.#extracted.keys()];
    return this.#groups === undefined ? named : this.#columns.map(({ name }) => name);
  }

  /** `pattern`: from here on the rows are patterns. */
  pattern(source: Expression, columns: readonly string[]): void {
    this.#stages.push({ kind: 'pattern', source: this.#visible(source) });
    this.#becomeGroups(columns);
  }

  /** `join`: names with an alias and a dot in front are fields of its side. */
  join(stage: Stage & { readonly kind: 'join' }, at: Span): void {
    if (this.#groups !== undefined) {
      throw new MalformedQuery('join cannot stand after stats', at);
    }
    this.#stages.push(stage);
  }

  /** `lookup` and `cidrlookup`: their names hide fields of the same name, as AWS has it. */
  lookup(stage: Stage & { readonly kind: 'lookup' }): void {
    const { match } = stage;
    const seen: LookupMatch =
      match.kind === 'network'
        ? { ...match, value: this.#visible(match.value) }
        : {
            ...match,
            keys: match.keys.map((key) => ({ ...key, value: this.#visible(key.value) })),
          };
    this.#stages.push({ ...stage, match: seen });
    for (const { column, name } of stage.outputs) this.#append(name, column);
  }

  /** `appendcols`: what another query shows. */
  appendColumns(query: Query, override: boolean, max: number): void {
    this.#stages.push({ kind: 'append', query, override, max });
    for (const { name } of this.#planOf(query).output) this.#append(name, query);
  }

  /** `logcompare`: from here on the rows are patterns. */
  compare(shiftMs: number, columns: readonly string[], at: Span): void {
    if (this.#groups !== undefined) {
      throw new MalformedQuery('logcompare cannot stand after stats', at);
    }
    this.#stages.push({ kind: 'compare', shiftMs });
    this.#becomeGroups(columns);
  }

  /** Shows a field after the others, unless it is shown already. */
  #append(name: string, at: Span): void {
    const value = { name, expression: fieldNamed(name, at) };
    this.#aliases.add(name);
    if (this.#groups === undefined) this.#extracted.set(name, value);
    else if (!this.#columns.some((column) => column.name === name)) this.#columns.push(value);
    this.#groups?.names.add(name);
  }

  /** `sessionize` and `outlier`: what they give a name is shown after the fields. */
  across(stageOf: (visible: (field: Name) => Expression) => Stage, added: Name | undefined): void {
    this.#stages.push(stageOf((field) => this.#visible(fieldNamed(field.name, field))));
    if (added === undefined) return;
    this.#define(added);
    this.#append(added.name, added);
  }

  /** `fillmissing`: rows for the bins that have none. */
  fillMissing(
    fills: readonly { readonly name: Name; readonly value: Expression }[],
    at: Span,
  ): void {
    const last = this.#stages.findLast(({ kind }) => kind === 'aggregate');
    const keys = last?.kind === 'aggregate' ? last.keys : [];
    const bin = keys.find(({ expression: { ...each } }) => {
      return each.kind === 'call' && each.name.toLowerCase() === 'bin';
    });
    if (bin === undefined || bin.expression.kind !== 'call') {
      throw new MalformedQuery('fillmissing expects stats with bin after by in front of it', at);
    }
    for (const { name } of fills) {
      if (!this.#columns.some((column) => column.name === name.name)) {
        throw new MalformedQuery(`${name.name} is not a column of stats`, name);
      }
    }
    this.#stages.push({
      kind: 'fill',
      bin: bin.name,
      period: bin.expression,
      fills: fills.map(({ name, value }) => ({ name: name.name, expression: value })),
    });
  }

  #becomeGroups(
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
    this.#limit = undefined;
  }

  /** `unnest`: the item is shown after the fields, as what `parse` extracts. */
  unnest(list: Expression, { name, start, end }: Name): void {
    this.#stages.push({ kind: 'unnest', list: this.#visible(list), name, keeps: false });
    this.#define({ name, start, end }, this.#shown.get(name));
    this.#extracted.set(name, { name, expression: fieldNamed(name, { start, end }) });
  }

  /** `expand`: the item hides the list of the same name. */
  expand(list: Name, alias: Name | undefined): void {
    const expression = this.#visible(fieldNamed(list.name, list));
    const { name } = alias ?? list;
    this.#stages.push({ kind: 'unnest', list: expression, name, keeps: true });
    if (alias !== undefined) this.#define(alias, this.#shown.get(name));
    // Only among events: columns of groups are shown anyway.
    if (alias === undefined && this.#groups !== undefined) return;
    this.#extracted.set(name, { name, expression: fieldNamed(name, alias ?? list) });
  }

  /**
   * `filter`. After a single `stats`, what reads no column of it filters events before they are
   * grouped, as WorkMail's and Container Insights' own queries mean it.
   *
   * @see AWS WorkMail administrator guide, "Querying email event logs"
   */
  filter(condition: Expression): void {
    for (const conjunct of conjunctsOf(condition)) {
      const unknown = this.#unknown(conjunct);
      if (unknown === undefined) {
        this.#stages.push({ kind: 'filter', condition: this.#visible(conjunct) });
      } else if (this.#statsTotal === 1 && !this.#reads(conjunct)) {
        this.#stages.splice(this.#aggregateAt++, 0, { kind: 'filter', condition: conjunct });
      } else {
        throw afterStats(unknown);
      }
    }
  }

  /** `stats`. Later items may use the names of earlier ones. */
  aggregate({ items, by, offset }: StatsCommand): void {
    if (this.#groups !== undefined && this.#orderedOrLimited !== undefined) {
      throw new MalformedQuery('sort and limit cannot stand between stats', this.#orderedOrLimited);
    }
    const keys = by.map((item) => ({
      name: this.#columnName(item),
      expression: shifted(this.#visible(item.expression), offset),
    }));
    const groups: Groups = { names: new Set(), shapes: new Map() };
    const add = (item: Item, name: string): void => {
      if (item.alias !== undefined && groups.names.has(name)) {
        throw new MalformedQuery(`${name} is the name of two columns of stats`, item.alias);
      }
      groups.names.add(name);
      groups.shapes.set(shapeOf(item.expression), name);
    };
    for (const [index, item] of by.entries()) add(item, keys[index]?.name ?? '');
    const values: NamedExpression[] = [];
    for (const item of items) {
      const expression = this.#aggregated(item.expression, groups);
      const name = this.#columnName(item);
      if (item.alias === undefined && groups.names.has(name)) continue;
      values.push({ name, expression });
      add(item, name);
    }
    this.#aggregateAt = this.#stages.length;
    this.#stages.push({ kind: 'aggregate', keys, values });
    this.#becomeGroups(
      [...keys, ...values].map(({ name }) => name),
      groups,
    );
  }

  #columnName(item: Item): string {
    return item.alias?.name ?? this.nameOf(item);
  }

  /** An item of `stats`: events inside of aggregate functions, groups outside. */
  #aggregated(expression: Expression, groups: Groups): Expression {
    if (expression.kind === 'call' && findFunction(expression.name)?.aggregate === true) {
      return withOperands(expression, (operand) => this.#visible(operand));
    }
    const column = groups.shapes.get(shapeOf(expression));
    if (column !== undefined && expression.kind !== 'field') return fieldNamed(column, expression);
    if (expression.kind === 'field') {
      const known = [...groups.names].some((name) => isOrHolds(name, expression.name));
      if (known) return expression;
      if (column !== undefined) return fieldNamed(column, expression);
      throw notGrouped(expression.name, expression);
    }
    if (expression.kind === 'call' && findFunction(expression.name)?.readsTimestamp === true) {
      throw notGrouped(TIMESTAMP, expression);
    }
    return withOperands(expression, (operand) => this.#aggregated(operand, groups));
  }

  /** @param at where the query says so; undefined for the order that a command gives its rows */
  sort(keys: readonly SortKey[], at?: Span): void {
    this.#orderedOrLimited = at ?? this.#orderedOrLimited;
    const seen = keys.flatMap((key) => {
      // AWS's own queries sort by @timestamp where stats dropped it: that orders nothing.
      if (this.#unknown(key.expression)?.name === TIMESTAMP) return [];
      return [{ ...key, expression: this.#visible(key.expression) }];
    });
    this.#stages.push({ kind: 'sort', keys: seen });
  }

  limit(count: number, any: boolean, at: Span): void {
    this.#orderedOrLimited = at;
    this.#limit = count;
    this.#stages.push({ kind: 'limit', count, any });
  }

  dedup(keys: readonly Expression[]): void {
    this.#stages.push({ kind: 'dedup', keys: keys.map((key) => this.#visible(key)) });
  }

  /** The expression with columns of `stats` in place of the calls that name them. */
  #visible(expression: Expression): Expression {
    if (this.#groups === undefined) return expression;
    const unknown = this.#unknown(expression);
    if (unknown !== undefined) throw afterStats(unknown);
    return withColumns(expression, this.#groups);
  }

  #unknown(expression: Expression): { name: string; at: Span } | undefined {
    return this.#groups && unknownIn(expression, this.#groups, this.#text);
  }

  #reads(expression: Expression): boolean {
    return this.#groups !== undefined && readsGroups(expression, this.#groups);
  }

  /** The finished plan: what is shown is settled once all commands are known. */
  finish(): Plan {
    const at = { start: 0, end: 0 };
    const unsaid =
      this.#groups === undefined
        ? [TIMESTAMP, '@message'].map((name) => ({ name, expression: fieldNamed(name, at) }))
        : this.#columns;
    const fields = this.#shown.size > 0 ? [...this.#shown.values()] : unsaid;
    const extracted = [...this.#extracted.values()].filter(({ name }) => !this.#shown.has(name));
    const output = this.#display ?? [...fields, ...extracted];
    return {
      stages: this.#stages,
      output,
      events: this.#groups === undefined,
      ...(this.#limit !== undefined && { limit: this.#limit }),
    };
  }
}
