// Expressions made by chance: each is of a kind, and reads the names there are.
import type { Choices } from './choices.ts';
import { FIRST_MS } from './event-sets.ts';

export type Kind = 'text' | 'number' | 'boolean' | 'time' | 'list';
export type Names = Record<Kind, string[]>;

/** Fields of the records, by what they mostly are. */
const FIELDS: Readonly<Record<Kind, readonly string[]>> = {
  text: [
    'user',
    'x',
    'user_id',
    'protocol',
    'event.subject',
    'nest.a',
    'nest.b.0',
    'nest.`k k`',
    'event.recipients.0',
    'event.z',
    'event.eventName',
    'nothing',
    'x',
    'user',
    'source_ip',
    '@logStream',
    '@@own',
    'maps.0.k',
    'event.ruleActions.0.action',
  ],
  number: [
    'source_port',
    'message_size',
    'n',
    'x',
    'nest.a',
    'maps.0.n',
    'event_timestamp',
    'flag',
    'lst.2',
  ],
  boolean: ['auth_successful', 'flag'],
  time: ['@timestamp'],
  list: ['event.recipients', 'lst', 'nest.b', 'maps'],
};

/** In place of a field where groups have none of the kind. */
const CONSTANTS: Readonly<Record<Kind, readonly string[]>> = {
  text: ['"a"'],
  number: ['7'],
  boolean: ['1'],
  time: [`fromMillis(${FIRST_MS})`],
  list: ['jsonParse("[1]")'],
};

const REGEXES = [
  'a',
  '^a',
  '\\d+',
  '(?i)ä',
  '[a-z]$',
  '^$',
  'a|9',
  '(\\w+)=',
  '[^a]',
  '\\.',
  '\\/x',
];
const PERIODS = [
  '1s',
  '5s',
  '300s',
  '1m',
  '7m',
  '1h',
  '5h',
  '1d',
  '3d',
  '1w',
  '2w',
  '1mo',
  '5mo',
  '9mo',
  '1q',
  '3q',
  '1y',
  '7y',
  '250ms',
];
const ORDER = ['=', '!=', '<', '<=', '>', '>='];

/** A text as a literal of the language. */
export function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

export class ExpressionMaker {
  protected readonly choices: Choices;
  /** The names that the query gave, by what they are. */
  protected names: Names = { text: [], number: [], boolean: [], time: [], list: [] };
  /** Whether the rows are events and not groups. */
  protected events = true;

  constructor(choices: Choices) {
    this.choices = choices;
  }

  protected field(kind: Kind): string {
    const known = this.names[kind];
    const own = this.events ? FIELDS[kind] : [];
    const all = [...known, ...known, ...own];
    return this.choices.of(...(all.length > 0 ? all : CONSTANTS[kind]));
  }

  protected period(): string {
    return this.choices.of(...PERIODS);
  }

  private constantText(): string {
    const text = this.choices.of(
      'a',
      'A',
      '10',
      '9',
      'a1',
      '',
      'user=',
      '-1.5',
      '10.0',
      'é',
      '\\',
      'a\nb',
      '"q"',
      '010',
      'ann',
      'IMAP',
      '10.1.2.3',
      '1',
      '0',
    );
    return quoted(text);
  }

  protected constantNumber(): string {
    return this.choices.of(
      '1',
      '0',
      '10',
      '2.5',
      '100',
      '9',
      '7',
      '-1',
      '0.5',
      '1e2',
      '123456789012',
    );
  }

  protected constant(): string {
    return this.choices.once(2) ? this.constantText() : this.constantNumber();
  }

  protected expression(kind: Kind, depth: number): string {
    switch (kind) {
      case 'text':
        return this.text(depth);
      case 'number':
        return this.number(depth);
      case 'boolean':
        return this.boolean(depth);
      case 'time':
        return this.time(depth);
      case 'list':
        return this.field('list');
    }
  }

  private text(depth: number): string {
    const text = (): string => this.text(depth - 1);
    const number = (): string => this.number(depth - 1);
    if (depth <= 0 || !this.choices.once(2)) {
      return this.choices.once(3) ? this.constantText() : this.field('text');
    }
    return this.choices.made(
      () => `concat(${text()}, ${text()})`,
      () => `concat(${text()}, ${this.digits()}, ${this.field('time')})`,
      () => `toupper(${text()})`,
      () => `tolower(${text()})`,
      () => `trim(${text()})`,
      () => `ltrim(${text()}, ${this.choices.of('"a"', '"u s"', '"é\\"1-9"')})`,
      () => `rtrim(${text()}, ${this.choices.of('"a"', '"01"', '"é]^"')})`,
      () => `substr(${text()}, ${number()})`,
      () =>
        `substr(${text()}, ${this.choices.of('0', '1', '3', number())}, ${this.choices.of('0', '1', '2', '50', number())})`,
      () => `replace(${text()}, ${text()}, ${text()})`,
      () =>
        `regexReplace(${text()}, ${this.choices.of('"[a-z]"', '"(\\\\d)(\\\\d)"', '"^"', '"a|1"')}, "<x>")`,
      () => `coalesce(${text()}, ${text()})`,
      () => `if(${this.boolean(depth - 1)}, ${text()}, ${text()})`,
      () =>
        `case(${this.boolean(depth - 1)}, ${text()}, ${this.boolean(depth - 1)}, ${text()}${this.choices.of('', `, ${text()}`)})`,
      () => `urlencode(${text()})`,
      () => `base64encode(${text()})`,
      () => `md5(${text()})`,
      () => `decToHex(${number()})`,
      () => `jsonStringify(${text()})`,
      () => `formatDate(${this.time(depth - 1)}, "%Y-%m-%d %H:%M")`,
    );
  }

  /** A number whose digits are the same whatever it was reckoned with. */
  private digits(): string {
    return this.events ? this.choices.of('source_port', 'n', 'message_size', '@timestamp') : '1.5';
  }

  /** A number that is nothing else, for what has to be of one kind. */
  private pure(depth: number): string {
    return this.choices.of('1', '2.5', `toNumber(${this.number(depth)})`);
  }

  private number(depth: number): string {
    const number = (): string => this.number(depth - 1);
    const text = (): string => this.text(depth - 1);
    if (depth <= 0 || !this.choices.once(2)) {
      return this.choices.once(3) ? this.constantNumber() : this.field('number');
    }
    return this.choices.made(
      () => `(${number()} ${this.choices.of('+', '-', '*')} ${number()})`,
      () => `(${number()} ${this.choices.of('/', '%')} ${number()})`,
      () => `(${number()} ^ ${this.choices.of('2', '0.5', '-1', '0')})`,
      () => `-${this.field('number')}`,
      () => `abs(${number()})`,
      () => `${this.choices.of('ceil', 'floor', 'round')}(${number()})`,
      () => `round(${number()}, ${this.choices.of('1', '0', '-1')})`,
      () => `${this.choices.of('greatest', 'least')}(${number()}, ${number()})`,
      () => `${this.choices.of('log', 'sqrt')}(${number()})`,
      () => `strlen(${text()})`,
      () => `messageSize(${text()})`,
      () => `${this.choices.of('toNumber', 'toInt', 'toLong', 'toDouble')}(${text()})`,
      () => `toMillis(${this.time(depth - 1)})`,
      () => `coalesce(${this.pure(depth - 1)}, ${this.pure(depth - 1)})`,
      () => `if(${this.boolean(depth - 1)}, ${this.pure(depth - 1)}, ${this.pure(depth - 1)})`,
      () => `ipv4ToNumber(${this.events ? 'source_ip' : text()})`,
      () => `jsonArraySize(jsonParse(${text()}))`,
      () => `histogram(${number()}, ${this.choices.of('10', '2.5', '0')})`,
      () => `(${this.boolean(depth - 1)} + ${number()})`,
      () => this.choices.of('now()', 'queryStartTime()', 'queryEndTime()'),
      () => `parseDate(${text()}, "yyyy-MM-dd HH:mm:ss")`,
    );
  }

  private time(depth: number): string {
    if (depth <= 0 || !this.choices.once(2)) {
      return this.field('time');
    }
    return this.choices.made(
      () => `datefloor(${this.time(depth - 1)}, ${this.period()})`,
      () => `dateceil(${this.time(depth - 1)}, ${this.period()})`,
      () =>
        `fromMillis(${this.choices.of('0', String(FIRST_MS), `(${FIRST_MS} + ${this.number(depth - 1)})`)})`,
      () => (this.events ? `bin(${this.period()})` : this.time(0)),
    );
  }

  protected boolean(depth: number): string {
    const text = (): string => this.text(depth - 1);
    const number = (): string => this.number(depth - 1);
    const boolean = (): string => this.boolean(depth - 1);
    const order = (): string => this.choices.of(...ORDER);
    if (depth <= 0) return this.field('boolean');
    return this.choices.made(
      () => this.field('boolean'),
      () => `${this.field('text')} ${order()} ${this.constant()}`,
      () => `${this.field('number')} ${order()} ${this.constant()}`,
      () => `(${text()} ${order()} ${text()})`,
      () => `(${number()} ${order()} ${number()})`,
      () => `(${text()} ${order()} ${number()})`,
      () =>
        `(${this.time(depth - 1)} ${order()} ${this.choices.of(String(FIRST_MS + 1000), this.time(depth - 1))})`,
      () => `(${boolean()} ${this.choices.of('and', 'or')} ${boolean()})`,
      () => `(not ${boolean()})`,
      () => `!ispresent(${this.field('text')})`,
      () => `ispresent(${text()})`,
      () => `(${text()} ${this.choices.of('like', 'not like')} ${this.constantText()})`,
      () =>
        `(${text()} ${this.choices.of('like', 'not like', '=~')} /${this.choices.of(...REGEXES)}/)`,
      () =>
        `(${text()} ${this.choices.of('in', 'not in')} [${this.constant()}, ${this.constant()}])`,
      () =>
        `(${number()} ${this.choices.of('in', 'not in')} [${this.constant()}, ${this.constant()}])`,
      () => `(${this.field('list')} in [${this.constantText()}])`,
      () => `(jsonParse(${this.field('list')}) in [${this.constant()}, "b"])`,
      () => `(${text()} ${this.choices.of('in', 'not in')} ${this.field('list')})`,
      () => `${this.choices.of('isempty', 'isblank', 'isNumeric')}(${text()})`,
      () => `${this.choices.of('strcontains', 'startsWith', 'endsWith')}(${text()}, ${text()})`,
      () =>
        `${this.choices.of('isValidIp', 'isValidIpV4', 'isValidIpV6', 'isPrivateIP', 'isPublicIP')}(${text()})`,
      () => `isIpInSubnet(${text()}, ${this.choices.of('"10.1.2.0/25"', '"2001:db8::/32"')})`,
      () => `jsonArrayContains(${this.field('list')}, ${text()})`,
      () => number(),
    );
  }
}
