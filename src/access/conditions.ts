// The conditions of access control rules, the other way round: from what a request is to the conditions
// that fit, so that a decision looks at each thing of a request once and not once for each rule. A
// condition and its Not- form are one kind: the one holds when an entry fits, the other when none does.
import { parseAddress, parseRange, RangeIndex, type AddressRange } from './address.ts';
import type { AccessFacts, AccessRequest, AccessRule, SubmittedMessage } from './decision.ts';
import { parseHours, type Hours } from './hours.ts';
import { parseSizeRange, type SizeRange } from './message-size.ts';

/** The kinds in the order in which an explanation tells them, each with the field of its Not- form. */
const NOT_FORMS = {
  actions: 'notActions',
  userIds: 'notUserIds',
  impersonationRoleIds: 'notImpersonationRoleIds',
  ipRanges: 'notIpRanges',
  networks: 'notNetworks',
  groups: 'notGroups',
  countries: 'notCountries',
  hours: 'notHours',
  senders: 'notSenders',
  messageSizes: 'notMessageSizes',
} as const satisfies Partial<Record<keyof AccessRule, keyof AccessRule>>;

/** What a rule with conditions about messages is about, whether it says what they are or are not. */
const MESSAGE = 'message';
const OF_MESSAGES: ReadonlySet<string> = new Set(['senders', 'messageSizes']);
const ANY_MESSAGE = ['any'];

type ListedKind = keyof typeof NOT_FORMS;
export type ConditionKind = ListedKind | typeof MESSAGE;
/** The field of a rule that a condition stands in. */
export type ConditionName = ConditionKind | (typeof NOT_FORMS)[ListedKind];

const KINDS = Object.keys(NOT_FORMS) as readonly ListedKind[];

/** A condition of a rule. */
export interface Condition {
  readonly name: ConditionName;
  readonly kind: ConditionKind;
  readonly entries: readonly string[];
  /** Its number among those of all rules; equal lists have the same. */
  readonly id: number;
  /** Whether it holds when none of the entries fits. */
  readonly not: boolean;
}

function rangeOf(text: string): AddressRange {
  const range = parseRange(text);
  if (range === undefined) throw new TypeError(`${JSON.stringify(text)} is not an address range`);
  return range;
}

function hoursOf(text: string): Hours {
  const hours = parseHours(text);
  if (hours === undefined) throw new TypeError(`${JSON.stringify(text)} is not hours`);
  return hours;
}

function sizesOf(text: string): SizeRange {
  const range = parseSizeRange(text);
  if (range === undefined) throw new TypeError(`${JSON.stringify(text)} is not sizes`);
  return range;
}

const lower = (text: string): string => text.toLowerCase();
const known = (what: string | undefined): string =>
  what === undefined || what === '' ? 'unknown' : what;

/** The ranges of a named network; names are compared without regard to case. */
function networkOf(name: string, { networks = {} }: AccessFacts): readonly string[] {
  const found = Object.entries(networks).find(([each]) => lower(each) === lower(name));
  // A name that nobody gave ranges is a network without any.
  return found?.[1] ?? [];
}

/** What somebody is called, to the conditions that list it. */
class NameIndex {
  readonly #lists = new Map<string, number[]>();

  add(names: readonly string[], list: number): void {
    for (const name of names) {
      const lists = this.#lists.get(name);
      if (lists === undefined) this.#lists.set(name, [list]);
      else lists.push(list);
    }
  }

  get empty(): boolean {
    return this.#lists.size === 0;
  }

  find(name: string, found: (list: number) => void): void {
    for (const list of this.#lists.get(name) ?? []) found(list);
  }
}

/** All conditions of a set of rules. */
export class Conditions {
  readonly #facts: AccessFacts;
  readonly #ids = new Map<string, number>();
  readonly #names = {
    actions: new NameIndex(),
    userIds: new NameIndex(),
    impersonationRoleIds: new NameIndex(),
    groups: new NameIndex(),
    countries: new NameIndex(),
    senders: new NameIndex(),
  };
  readonly #ranges = new RangeIndex();
  readonly #hours: { readonly hours: Hours; readonly list: number }[] = [];
  readonly #sizes: { readonly range: SizeRange; readonly list: number }[] = [];
  /** The number of the condition that there is a message. */
  #message: number | undefined;

  constructor(facts: AccessFacts) {
    this.#facts = facts;
  }

  /**
   * Takes the conditions of a rule in. An empty list is no condition, as in AWS's requests. Throws a
   * TypeError on an entry that validation would have refused.
   */
  of(rule: AccessRule): readonly Condition[] {
    const listed = KINDS.flatMap((kind) =>
      [kind, NOT_FORMS[kind]].flatMap((name): Condition[] => {
        const entries = rule[name];
        if (entries === undefined || entries.length === 0) return [];
        return [{ name, kind, entries, id: this.#idOf(kind, entries), not: name !== kind }];
      }),
    );
    if (!listed.some(({ kind }) => OF_MESSAGES.has(kind))) return listed;
    const id = this.#idOf(MESSAGE, ANY_MESSAGE);
    return [{ name: MESSAGE, kind: MESSAGE, entries: ANY_MESSAGE, id, not: false }, ...listed];
  }

  #idOf(kind: ConditionKind, entries: readonly string[]): number {
    const key = JSON.stringify([kind, entries]);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#ids.size;
    this.#add(kind, entries, id);
    this.#ids.set(key, id);
    return id;
  }

  #add(kind: ConditionKind, entries: readonly string[], id: number): void {
    switch (kind) {
      case 'ipRanges':
        this.#ranges.add(entries.map(rangeOf), id);
        break;
      case 'networks': {
        const texts = entries.flatMap((name) => networkOf(name, this.#facts));
        this.#ranges.add(texts.map(rangeOf), id);
        break;
      }
      case 'hours':
        this.#hours.push(...entries.map((text) => ({ hours: hoursOf(text), list: id })));
        break;
      case 'messageSizes':
        this.#sizes.push(...entries.map((text) => ({ range: sizesOf(text), list: id })));
        break;
      case MESSAGE:
        this.#message = id;
        break;
      case 'userIds':
        this.#names.userIds.add(
          entries.map((name) => this.#userIdOf(name)),
          id,
        );
        break;
      case 'impersonationRoleIds':
        this.#names.impersonationRoleIds.add(entries, id);
        break;
      default:
        this.#names[kind].add(entries.map(lower), id);
    }
  }

  /** The one name of a user; nobody has none. */
  #userIdOf(name: string): string {
    return name === '' ? '' : (this.#facts.userIdOf?.(name) ?? lower(name));
  }

  #groupsOf({ userId }: AccessRequest): readonly string[] {
    return this.#facts.groupsOf?.(this.#userIdOf(userId)) ?? [];
  }

  #countryOf({ sourceIp }: AccessRequest): string | undefined {
    return this.#facts.countryOf?.(sourceIp);
  }

  /** Which conditions have an entry that fits the request: 1 at the number of each. */
  fitting(request: AccessRequest): Uint8Array {
    const fits = new Uint8Array(this.#ids.size);
    const found = (list: number): void => {
      fits[list] = 1;
    };
    const { protocol, userId, sourceIp, impersonationRoleId, atMs } = request;
    const { actions, userIds, impersonationRoleIds, groups, countries } = this.#names;
    actions.find(lower(protocol), found);
    if (!userIds.empty) userIds.find(this.#userIdOf(userId), found);
    if (impersonationRoleId !== undefined) impersonationRoleIds.find(impersonationRoleId, found);
    if (!groups.empty) for (const name of this.#groupsOf(request)) groups.find(lower(name), found);
    if (!countries.empty) countries.find(lower(this.#countryOf(request) ?? ''), found);
    const address = parseAddress(sourceIp);
    if (address !== undefined) this.#ranges.find(address, found);
    for (const { hours, list } of this.#hours) if (hours.has(atMs)) found(list);
    if (request.message !== undefined) this.#fittingMessage(request.message, found);
    return fits;
  }

  #fittingMessage({ sender, sizeBytes }: SubmittedMessage, found: (list: number) => void): void {
    if (this.#message !== undefined) found(this.#message);
    const address = lower(sender);
    const at = address.lastIndexOf('@');
    this.#names.senders.find(address, found);
    if (at >= 0) this.#names.senders.find(address.slice(at), found);
    if (sizeBytes === undefined) return;
    for (const { range, list } of this.#sizes) {
      if (sizeBytes >= range.least && sizeBytes <= range.most) found(list);
    }
  }

  /** What a condition of the kind looks at, for people. */
  seen(kind: ConditionKind, request: AccessRequest): string {
    switch (kind) {
      case 'actions':
        return known(request.protocol);
      case 'userIds':
        return known(this.#userIdOf(request.userId));
      case 'impersonationRoleIds':
        return request.impersonationRoleId ?? 'no role';
      case 'ipRanges':
      case 'networks':
        return known(request.sourceIp);
      case 'groups':
        return this.#groupsOf(request).join(', ') || 'no groups';
      case 'countries':
        return known(this.#countryOf(request));
      case 'hours':
        return new Date(request.atMs).toISOString();
      case 'senders':
        return request.message?.sender || 'nobody';
      case 'messageSizes':
        return known(request.message?.sizeBytes?.toString());
      case MESSAGE:
        return request.message === undefined ? 'no message' : 'a message';
    }
  }
}
