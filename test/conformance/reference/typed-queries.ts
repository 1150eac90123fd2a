// Queries made by chance that mostly compile: each command knows the names there are. What cannot be told (ties,
// the order of equal counts) is left out.
import type { Choices } from './choices.ts';
import { ExpressionMaker, type Kind, type Names, quoted } from './typed-expressions.ts';

/** Whether it is a name and not an expression in place of one. */
function isName(field: string): boolean {
  return /^[\w.@]+$/.test(field) && !/^\d+$/.test(field);
}

export class QueryMaker extends ExpressionMaker {
  readonly #groups: readonly string[];
  #multiplied = false;
  #stats = 0;
  #count = 0;

  /** @param groups those that a query may join */
  constructor(choices: Choices, groups: readonly string[]) {
    super(choices);
    this.#groups = groups;
  }

  /** The text of a query. */
  query(): string {
    const choices = this.choices;
    // What @message costs the engine should not be paid by every query.
    const shown = choices.once(8) ? [] : [`fields ${this.field('text')}`];
    const commands = [...shown, ...choices.some(1, 5, () => this.#command())];
    if (choices.once(4)) commands.push(`dedup ${this.field(choices.of<Kind>('text', 'number'))}`);
    if (choices.once(4)) commands.push(`limit ${1 + choices.below(12)}`);
    return commands.join('\n| ');
  }

  #named(kind: Kind): string {
    const name = `v${this.#count++}`;
    this.names[kind].push(name);
    return name;
  }

  #command(): string {
    const { made } = { made: this.choices.made.bind(this.choices) };
    const filter = (): string => `filter ${this.boolean(2)}`;
    const fields = (): string => `fields ${this.choices.some(1, 3, () => this.#item()).join(', ')}`;
    return made<string>(
      fields,
      filter,
      fields,
      filter,
      () => this.#statsCommand(),
      () => this.#sort(),
      () => `display ${this.choices.some(1, 3, () => this.#item()).join(', ')}`,
      () => this.#parse(),
      () => this.#parse(),
      () => this.#rowsOfList(),
      () => this.#indexed(),
      () => this.#countFrequent(),
      () => this.#overRows(),
      () => this.#overRows(),
      () => this.#acrossRows(),
      () => this.#statsCommand(),
      () => `limit ${1 + this.choices.below(20)}`,
    );
  }

  #item(): string {
    const kind = this.choices.of<Kind>('text', 'number', 'boolean', 'time');
    if (this.choices.once(3)) return this.field(kind);
    const expression = this.expression(kind, 3);
    return this.choices.once(2) ? `${expression} as ${this.#named(kind)}` : expression;
  }

  #sort(): string {
    const keys = this.choices.some(1, 2, () => {
      const kind = this.choices.of<Kind>('text', 'number', 'time', 'boolean');
      const key = this.choices.once(4) ? this.expression(kind, 1) : this.field(kind);
      return `${key} ${this.choices.of('asc', 'desc')}`;
    });
    return `sort ${keys.join(', ')}`;
  }

  #indexed(): string {
    const field = this.field('text');
    return this.choices.once(2)
      ? `filterIndex ${field} = ${this.constant()}`
      : `filterIndex ${field} in [${this.constant()}, ${this.constant()}]`;
  }

  #countFrequent(): string {
    if (this.#stats > 0) return `filter ${this.boolean(1)}`;
    this.#stats++;
    const key = this.choices.of('user_id', 'protocol', 'auth_successful', 'x');
    this.#grouped({ text: [key], number: ['_approxcount'], boolean: [], time: [], list: [] });
    return `countFrequent ${key}`;
  }

  #grouped(names: Names): void {
    this.names = names;
    this.events = false;
  }

  #statsCommand(): string {
    if (this.#stats > 1) return `filter ${this.boolean(2)}`;
    this.#stats++;
    const names: Names = { text: [], number: [], boolean: [], time: [], list: [] };
    const by = this.choices.some(0, 2, () => {
      const kind = this.choices.of<Kind>('text', 'time', 'boolean', 'number');
      const expression = this.#key(kind);
      const name = `v${this.#count++}`;
      names[kind].push(name);
      return `${expression} as ${name}`;
    });
    const items = this.choices.some(1, 3, () => {
      const [kind, expression] = this.#aggregate();
      const name = `v${this.#count++}`;
      names[kind].push(name);
      return `${expression} as ${name}`;
    });
    const binned = by.some((key) => key.startsWith('bin('));
    const offset =
      binned && this.choices.once(3) ? ` offset ${this.choices.of('10m', '90s', '1d', '1mo')}` : '';
    this.#grouped(names);
    return `stats ${items.join(', ')}${by.length > 0 ? ` by ${by.join(', ')}` : ''}${offset}`;
  }

  #key(kind: Kind): string {
    if (kind !== 'time' || !this.events) return this.expression(kind, 1);
    return this.choices.of(`bin(${this.period()})`, `datefloor(@timestamp, ${this.period()})`);
  }

  #aggregate(): readonly [Kind, string] {
    const number = (): string =>
      this.expression(this.choices.of<Kind>('number', 'number', 'boolean'), 1);
    const text = (): string => this.expression('text', 1);
    const timed = this.events && !this.#multiplied;
    return this.choices.made<readonly [Kind, string]>(
      () => ['number', 'count(*)'],
      () => ['number', `count(${text()})`],
      () => ['number', `sum(${number()})`],
      () => ['number', `avg(${number()})`],
      () => ['number', `min(${number()})`],
      () => ['number', `max(${number()})`],
      () => ['text', `min(${text()})`],
      () => ['text', `max(${text()})`],
      () => ['number', `count_distinct(${text()})`],
      () => ['number', `countDistinct(${number()})`],
      () => ['number', `pct(${number()}, ${this.choices.of(0, 50, 90, 100, 99.9)})`],
      () => ['number', `stddev(${number()})`],
      () => ['number', `variance(${number()})`],
      () => ['list', `values(${text()})`],
      () => ['text', `sortsFirst(${text()})`],
      () => ['text', `sortsLast(${text()})`],
      () => (timed ? ['text', `earliest(${text()})`] : ['number', 'count()']),
      () => (timed ? ['number', `latest(${number()})`] : ['number', 'count()']),
      () => ['number', this.events ? 'max(@timestamp)' : 'count()'],
      () => ['number', `(sum(${number()}) / count(*))`],
      () => ['number', `(1 - (sum(${number()}) / sum(${number()})))`],
      () => ['boolean', `(max(${number()}) > ${this.constantNumber()})`],
    );
  }

  #parse(): string {
    const field = this.field('text');
    const anew = (): string => this.#named('text');
    const glob = (from: string, pattern: string): string => {
      const names = Array.from({ length: pattern.split('*').length - 1 }, anew);
      return `parse ${from}${quoted(pattern)} as ${names.join(', ')}`;
    };
    const globs = ['*', '*=*', 'user=*, id=*', '*,*', 'a*', '* *', '*/*', '= *', 'user=*,'];
    return this.choices.made(
      () => glob(`${field} `, this.choices.of(...globs)),
      () => `parse ${field} /(?<${anew()}>\\w+)=(?<${anew()}>\\d*)/`,
      () => `parse ${field} /(?<${anew()}>[a-z])?(?<${anew()}>\\d)/`,
      () => this.#several(`parse ${field} /([a-z0-9]+)/ as ${anew()} multi`),
      () => `parse ${field} /^(.)/ as ${anew()}`,
      () => `parse ${field} csv as ${anew()}, ${anew()}`,
      () => (this.events ? glob('', '"user":"*"') : glob(`${field} `, '*')),
    );
  }

  #several(command: string): string {
    this.#multiplied = true;
    return command;
  }

  /** Values by the rows before; alone where an order is sure. */
  #overRows(): string {
    const text = this.field('text');
    const number = this.field('number');
    if (!isName(text) || !isName(number)) return this.#sort();
    return this.choices.made(
      () => `accum ${number} as ${this.#named('number')}`,
      () => `accum ${number}`,
      () => `autoregress ${text} as ${this.#named('text')} p=${this.choices.of('1', '2')}`,
      () => `autoregress ${number} as ${this.#named('number')}`,
      () => `autoregress ${text} as w${this.#count++} p=1-3`,
      () => `filldown ${text}`,
      () => `filldown ${number}, ${text}`,
    );
  }

  /** What looks at all of the rows. */
  #acrossRows(): string {
    const [number, other, text] = [this.field('number'), this.field('number'), this.field('text')];
    if (![number, other, text].every(isName)) return this.#sort();
    const flag = (): string => this.choices.of('true', 'false');
    const events = this.events && this.#stats === 0;
    return this.choices.made(
      () => `addtotals fieldname=${this.#named('number')} ${number}, ${other}`,
      () => this.#several(`addtotals row=false col=true ${number}, ${text}`),
      () =>
        this.#several(`addtotals fieldname=${this.#named('number')} col=true ${number}, ${other}`),
      () => `outlier action=remove param=${this.choices.of('1', '0.5', '0')} ${number}`,
      () =>
        `outlier param=${this.choices.of('1', '0.5')} uselower=${flag()} ${number}${other === number ? '' : ` ${other}`}`,
      () => (events ? this.#sessions(text) : this.#sort()),
      () => (events ? this.#joined() : this.#sort()),
      () => (events ? this.#joined() : this.#sort()),
      () => (events ? this.#fillMissing() : this.#sort()),
    );
  }

  /** Of a session everything can be compared but how it is called. */
  #sessions(identity: string): string {
    this.#stats++;
    const [session, count, first] = [0, 0, 0].map(() => `v${this.#count++}`);
    this.#grouped({
      text: [],
      number: [count ?? '', first ?? ''],
      boolean: [],
      time: [],
      list: [],
    });
    const span = this.choices.of('1m', '30m', '2h', '1d', '500ms');
    return [
      `sessionize ${identity} maxspan ${span} as ${session}`,
      `stats count(*) as ${count}, min(@timestamp) as ${first} by ${session}`,
      `sort ${first}, ${count}`,
      `display ${first}, ${count}`,
    ].join('\n| ');
  }

  /** In what order the rows of the right side come nobody says. */
  #joined(): string {
    this.#stats++;
    const [least, most, key] = [this.field('text'), this.field('number'), this.field('text')];
    const on = this.choices.of<Kind>('text', 'text', 'number');
    const keys = [this.field(on), this.field(on)];
    if (![least, most, key, ...keys].every(isName)) return this.#sort();
    const names = [0, 0, 0, 0].map(() => `v${this.#count++}`);
    const [count = '', low = '', high = '', group = ''] = names;
    this.#grouped({ text: [low, group], number: [count, high], boolean: [], time: [], list: [] });
    const type = this.choices.of('', 'type=inner ', 'type=left ');
    const [own, other] = this.choices.of(['l', 'r'] as const, ['r', 'l'] as const);
    return [
      `join ${type}left=l right=r where l.${keys[0]}=r.${keys[1]} (SOURCE '${this.choices.of(...this.#groups)}')`,
      `stats count(*) as ${count}, min(${own}.${least}) as ${low}, max(${other}.${most}) as ${high} by ${other}.${key} as ${group}`,
    ].join('\n| ');
  }

  #fillMissing(): string {
    this.#stats++;
    const number = this.field('number');
    const [bin, count, sum] = [0, 0, 0].map(() => `v${this.#count++}`);
    const names = { text: [], number: [count ?? '', sum ?? ''], boolean: [], list: [] };
    this.#grouped({ ...names, time: [bin ?? ''] });
    const period = this.choices.of('10m', '1h', '6h', '1d', '1w', '1mo');
    const fill = this.choices.of(
      '',
      ` with 0 for ${count}`,
      ` with 7 for ${sum}, 1.5 for ${count}`,
    );
    return [
      `stats count(*) as ${count}, sum(${number}) as ${sum} by bin(${period}) as ${bin}`,
      `fillmissing${fill}`,
    ].join('\n| ');
  }

  #rowsOfList(): string {
    if (!this.events && this.names.list.length === 0) return this.#sort();
    const list = this.field('list');
    if (this.choices.once(3) && /^\w+$/.test(list)) {
      return this.#several(`expand ${list} as ${this.#named('text')}`);
    }
    return this.#several(`unnest ${list} into ${this.#named('text')}`);
  }
}
