// Builds the plan command by command; names.ts knows which names there are at each point.
import {
  type Expression,
  type Field,
  type Item,
  type Name,
  type Query,
  type SortKey,
  type StatsCommand,
  withOperands,
} from '../ast.ts';
import { MalformedQuery, type Span } from '../error.ts';
import { aggregateFormOf } from '../functions/aggregates-in.ts';
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
import { type Groups, TIMESTAMP } from './groups.ts';
import { NamesInSight } from './names.ts';
import type { LookupMatch, NamedExpression, Plan, Stage, WindowKind } from './plan.ts';

export class Planner {
  readonly #statsTotal: number;
  readonly #planOf: (query: Query) => Plan;
  readonly #stages: Stage[] = [];
  readonly #names: NamesInSight;
  #aggregateAt = -1;
  #orderedOrLimited: Span | undefined;
  #limit: number | undefined;

  /** @param planOf plans a query inside of the query */
  constructor(text: string, statsTotal: number, planOf: (query: Query) => Plan) {
    this.#planOf = planOf;
    this.#names = new NamesInSight(text);
    this.#statsTotal = statsTotal;
  }

  /** `fields`: shows the items beside those of earlier `fields`. */
  show(items: readonly Item[]): void {
    for (const item of items) this.#names.show(this.#item(item));
  }

  /** `display`: shows these items and nothing else. */
  display(items: readonly Item[]): void {
    this.#names.display(items.map((item) => this.#item(item)));
  }

  #item(item: Item): NamedExpression {
    const expression = this.#names.visible(item.expression);
    const { alias } = item;
    if (alias === undefined) return { name: this.#names.nameOf(item), expression };
    if (expression.kind !== 'field' || expression.name !== alias.name) {
      this.#names.define(alias);
      this.#stages.push({ kind: 'define', name: alias.name, expression });
    }
    return { name: alias.name, expression: fieldNamed(alias.name, alias) };
  }

  /** `parse`: defines the extracted names and shows them after the fields. */
  extract(source: Expression, extraction: Extraction): void {
    this.#stages.push({ kind: 'extract', source: this.#names.visible(source), extraction });
    for (const { name } of extraction.names) {
      // A second pattern for the same name is for what the first did not match, and a name that
      // was shown before is then shown with what is extracted: real queries do both.
      if (!this.#names.hasExtracted(name.name)) this.#names.define(name, true);
      this.#names.extract(name);
    }
  }

  /** The fields that `addtotals` sums up: those named, or all that are shown but system fields. */
  summed(fields: readonly Name[], at: Span): readonly Field[] {
    const shown = this.#names.shown.length > 0 ? this.#names.shown : this.#names.columns;
    const names =
      fields.length > 0 ? fields.map(({ name }) => name) : shown.filter((n) => !n.startsWith('@'));
    if (names.length === 0) throw new MalformedQuery('addtotals expects the names of fields', at);
    return names.map((name) => fieldNamed(name, at));
  }

  /** `addtotals col=true`: a last row with the sums of these. */
  totals(fields: readonly Field[]): void {
    const sums = fields.map((field) => ({
      name: field.name,
      expression: this.#names.visible(field),
    }));
    this.#stages.push({ kind: 'totals', sums });
  }

  /** A value behind those that are shown, made of what the query can name. */
  derive(name: Name, value: Expression): void {
    this.extend(name, this.#names.visible(value));
  }

  /** A column behind those there are, also made of such as no query can name. */
  extend(name: Name, expression: Expression): void {
    this.#names.define(name);
    this.#stages.push({ kind: 'define', name: name.name, expression });
    this.#names.extract(name);
  }

  /** A value by the rows that came before; shown after the fields unless it is shown already. */
  window(kind: WindowKind, source: Expression, name: Name): void {
    const expression = this.#names.visible(source);
    const replaces = source.kind === 'field' && source.name === name.name;
    this.#stages.push({ kind: 'window', function: kind, name: name.name, expression });
    if (replaces) return;
    this.#names.define(name);
    this.#names.behind(name);
  }

  /** The names that are shown at this point. */
  get shownNames(): readonly string[] {
    return this.#names.all;
  }

  /** `pattern`: from here on the rows are patterns. */
  pattern(source: Expression, columns: readonly string[]): void {
    this.#stages.push({ kind: 'pattern', source: this.#names.visible(source) });
    this.#becomeGroups(columns);
  }

  /** `join`: names with an alias and a dot in front are fields of its side. */
  join(stage: Stage & { readonly kind: 'join' }, at: Span): void {
    if (this.#names.areGroups) {
      throw new MalformedQuery('join cannot stand after stats', at);
    }
    this.#stages.push(stage);
  }

  /** `lookup` and `cidrlookup`: their names hide fields of the same name, as AWS has it. */
  lookup(stage: Stage & { readonly kind: 'lookup' }): void {
    const { match } = stage;
    const seen: LookupMatch =
      match.kind === 'network'
        ? { ...match, value: this.#names.visible(match.value) }
        : {
            ...match,
            keys: match.keys.map((key) => ({ ...key, value: this.#names.visible(key.value) })),
          };
    this.#stages.push({ ...stage, match: seen });
    for (const { column, name } of stage.outputs) this.#names.append(name, column);
  }

  /** `appendcols`: what another query shows. */
  appendColumns(query: Query, override: boolean, max: number): void {
    this.#stages.push({ kind: 'append', query, override, max });
    for (const { name } of this.#planOf(query).output) this.#names.append(name, query);
  }

  /** `estimate`: in place of all that the query would do. */
  estimate(column: string): void {
    this.#stages.splice(0, this.#stages.length, { kind: 'estimate', column });
    this.#becomeGroups([column]);
  }

  /** `relevantfields`: from here on the rows are fields. */
  relevance(
    fields: readonly Name[],
    condition: Expression,
    columns: readonly string[],
    at: Span,
  ): void {
    if (this.#names.areGroups) {
      throw new MalformedQuery('relevantfields cannot stand after stats', at);
    }
    this.#stages.push({
      kind: 'relevance',
      fields: fields.map((name) => ({ name: name.name, expression: fieldNamed(name.name, name) })),
      condition,
    });
    this.#becomeGroups(columns);
  }

  /** `logcompare`: from here on the rows are patterns. */
  compare(shiftMs: number, columns: readonly string[], at: Span): void {
    if (this.#names.areGroups) {
      throw new MalformedQuery('logcompare cannot stand after stats', at);
    }
    this.#stages.push({ kind: 'compare', shiftMs });
    this.#becomeGroups(columns);
  }

  /** `sessionize` and `outlier`: what they give a name is shown after the fields. */
  across(stageOf: (visible: (field: Name) => Expression) => Stage, added: Name | undefined): void {
    this.#stages.push(stageOf((field) => this.#names.visible(fieldNamed(field.name, field))));
    if (added === undefined) return;
    this.#names.define(added);
    this.#names.append(added.name, added);
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
      if (!this.#names.columns.includes(name.name)) {
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

  #becomeGroups(columns: readonly string[], groups?: Groups): void {
    this.#names.becomeGroups(columns, groups);
    this.#limit = undefined;
  }

  /** `unnest`: the item is shown after the fields, as what `parse` extracts. */
  unnest(list: Expression, { name, start, end }: Name): void {
    this.#stages.push({ kind: 'unnest', list: this.#names.visible(list), name, keeps: false });
    this.#names.define({ name, start, end }, true);
    this.#names.extract({ name, start, end });
  }

  /** `expand`: the item hides the list of the same name. */
  expand(list: Name, alias: Name | undefined): void {
    const expression = this.#names.visible(fieldNamed(list.name, list));
    const { name } = alias ?? list;
    this.#stages.push({ kind: 'unnest', list: expression, name, keeps: true });
    if (alias !== undefined) this.#names.define(alias, true);
    // Only among events: columns of groups are shown anyway.
    if (alias === undefined && this.#names.areGroups) return;
    this.#names.extract(alias ?? list);
  }

  /**
   * `filter`. After a single `stats`, what reads no column of it filters events before they are
   * grouped, as WorkMail's and Container Insights' own queries mean it.
   *
   * @see AWS WorkMail administrator guide, "Querying email event logs"
   */
  filter(condition: Expression): void {
    for (const conjunct of conjunctsOf(condition)) {
      const unknown = this.#names.unknown(conjunct);
      if (unknown === undefined) {
        this.#stages.push({ kind: 'filter', condition: this.#names.visible(conjunct) });
      } else if (this.#statsTotal === 1 && !this.#names.readsGroups(conjunct)) {
        this.#stages.splice(this.#aggregateAt++, 0, { kind: 'filter', condition: conjunct });
      } else {
        throw afterStats(unknown);
      }
    }
  }

  /** `stats`. Later items may use the names of earlier ones. */
  aggregate({ items, by, offset }: StatsCommand): void {
    if (this.#names.areGroups && this.#orderedOrLimited !== undefined) {
      throw new MalformedQuery('sort and limit cannot stand between stats', this.#orderedOrLimited);
    }
    const keys = by.map((item) => ({
      name: this.#columnName(item),
      expression: shifted(this.#names.visible(item.expression), offset),
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
    return item.alias?.name ?? this.#names.nameOf(item);
  }

  /** An item of `stats`: events inside of aggregate functions, groups outside. */
  #aggregated(expression: Expression, groups: Groups): Expression {
    if (expression.kind === 'call' && findFunction(expression.name)?.aggregate === true) {
      return withOperands(expression, (operand) => this.#names.visible(operand));
    }
    const column = groups.shapes.get(shapeOf(expression));
    if (column !== undefined && expression.kind !== 'field') return fieldNamed(column, expression);
    const among = expression.kind === 'call' && aggregateFormOf(expression);
    if (among) {
      findFunction(among.name)?.check?.(among);
      return this.#aggregated(among, groups);
    }
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
      if (this.#names.unknown(key.expression)?.name === TIMESTAMP) return [];
      return [{ ...key, expression: this.#names.visible(key.expression) }];
    });
    this.#stages.push({ kind: 'sort', keys: seen });
  }

  limit(count: number, any: boolean, at: Span): void {
    this.#orderedOrLimited = at;
    this.#limit = count;
    this.#stages.push({ kind: 'limit', count, any });
  }

  dedup(keys: readonly Expression[]): void {
    this.#stages.push({ kind: 'dedup', keys: keys.map((key) => this.#names.visible(key)) });
  }

  /** The finished plan: what is shown is settled once all commands are known. */
  finish(): Plan {
    return {
      stages: this.#stages,
      output: this.#names.output(),
      events: !this.#names.areGroups,
      ...(this.#limit !== undefined && { limit: this.#limit }),
    };
  }
}
