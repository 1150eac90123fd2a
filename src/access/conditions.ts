// The kinds of conditions of an access control rule: how each is made ready and what it looks at. A
// condition and its Not- form are one kind: the one holds when an entry fits, the other when none does.
import {
  contains,
  parseAddress,
  parseRange,
  rangeSet,
  type Address,
  type RangeSet,
} from './address.ts';
import type { AccessFacts, AccessRequest, AccessRule } from './decision.ts';
import { parseHours } from './hours.ts';

/** Numbers for the names that rules mention; 0 for every other name. */
export class Names {
  readonly #ids = new Map<string, number>();

  add(name: string): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.#ids.size + 1;
    this.#ids.set(name, id);
    return id;
  }

  idOf(name: string): number {
    return this.#ids.get(name) ?? 0;
  }
}

/** What the rules of one set share. */
export interface Vocabulary {
  readonly facts: AccessFacts;
  readonly actions: Names;
  readonly users: Names;
}

/** What is asked, each thing of it looked up at most once for all rules. */
export class Asked {
  readonly request: AccessRequest;
  readonly address: Address | undefined;
  readonly action: number;
  readonly user: number;
  readonly userId: string;
  readonly #facts: AccessFacts;
  #groups: ReadonlySet<string> | undefined;
  #country: string | null | undefined = null;

  constructor(request: AccessRequest, { facts, actions, users }: Vocabulary) {
    this.request = request;
    this.#facts = facts;
    this.address = parseAddress(request.sourceIp);
    this.action = actions.idOf(request.protocol.toLowerCase());
    this.userId = userIdOf(request.userId, facts);
    this.user = users.idOf(this.userId);
  }

  /** The user's groups, in lower case. */
  get groups(): ReadonlySet<string> {
    this.#groups ??= new Set(
      (this.#facts.groupsOf?.(this.userId) ?? []).map((group) => group.toLowerCase()),
    );
    return this.#groups;
  }

  /** In capital letters. */
  get country(): string | undefined {
    if (this.#country === null) {
      this.#country = this.#facts.countryOf?.(this.request.sourceIp)?.toUpperCase();
    }
    return this.#country;
  }
}

/** The one name of a user; nobody has none. */
function userIdOf(name: string, { userIdOf: find }: AccessFacts): string {
  return name === '' ? '' : (find?.(name) ?? name.toLowerCase());
}

/** Whether one of a condition's entries fits. */
export type Fits = (asked: Asked) => boolean;

interface ConditionKind {
  readonly not: keyof AccessRule;
  /** Makes its entries ready; throws a TypeError on one that validation would have refused. */
  readonly prepare: (entries: readonly string[], vocabulary: Vocabulary) => Fits;
  /** What it looked at, for people. */
  readonly seen: (asked: Asked) => string;
}

function rangesOf(texts: readonly string[]): RangeSet {
  return rangeSet(
    texts.map((text) => {
      const range = parseRange(text);
      if (range === undefined) throw new TypeError(`${JSON.stringify(text)} is not a range`);
      return range;
    }),
  );
}

function inRanges(ranges: RangeSet): Fits {
  return ({ address }) => address !== undefined && contains(ranges, address);
}

function lowered(entries: readonly string[]): string[] {
  return entries.map((entry) => entry.toLowerCase());
}

const unknown = (what: string | undefined): string =>
  what === undefined || what === '' ? 'unknown' : what;

/** In the order in which they are asked: what costs least first. */
export const CONDITION_KINDS = {
  actions: {
    not: 'notActions',
    prepare: (entries, { actions }) => {
      const ids = new Set(lowered(entries).map((name) => actions.add(name)));
      return ({ action }) => ids.has(action);
    },
    seen: ({ request }) => unknown(request.protocol),
  },
  userIds: {
    not: 'notUserIds',
    prepare: (entries, { users, facts }) => {
      const ids = new Set(entries.map((name) => users.add(userIdOf(name, facts))));
      return ({ user }) => ids.has(user);
    },
    seen: ({ userId }) => unknown(userId),
  },
  impersonationRoleIds: {
    not: 'notImpersonationRoleIds',
    prepare: (entries) => {
      const ids = new Set(entries);
      return ({ request: { impersonationRoleId: id } }) => id !== undefined && ids.has(id);
    },
    seen: ({ request }) => request.impersonationRoleId ?? 'no role',
  },
  ipRanges: {
    not: 'notIpRanges',
    prepare: (entries) => inRanges(rangesOf(entries)),
    seen: ({ request }) => unknown(request.sourceIp),
  },
  networks: {
    not: 'notNetworks',
    // A name that nobody gave ranges is a network without any.
    prepare: (entries, { facts }) =>
      inRanges(rangesOf(entries.flatMap((name) => networkOf(name, facts) ?? []))),
    seen: ({ request }) => unknown(request.sourceIp),
  },
  groups: {
    not: 'notGroups',
    prepare: (entries) => {
      const names = lowered(entries);
      return ({ groups }) => names.some((name) => groups.has(name));
    },
    seen: ({ groups }) => (groups.size === 0 ? 'no groups' : [...groups].join(', ')),
  },
  countries: {
    not: 'notCountries',
    prepare: (entries) => {
      const codes = new Set(entries.map((code) => code.toUpperCase()));
      return ({ country }) => country !== undefined && codes.has(country);
    },
    seen: ({ country }) => unknown(country),
  },
  hours: {
    not: 'notHours',
    prepare: (entries) => {
      const hours = entries.map((text) => {
        const parsed = parseHours(text);
        if (parsed === undefined) throw new TypeError(`${JSON.stringify(text)} is not hours`);
        return parsed;
      });
      return ({ request: { atMs } }) => hours.some((each) => each.has(atMs));
    },
    seen: ({ request: { atMs } }) => new Date(atMs).toISOString(),
  },
} as const satisfies Partial<Record<keyof AccessRule, ConditionKind>>;

/** The ranges of a named network; names are compared without regard to case. */
export function networkOf(
  name: string,
  { networks = {} }: AccessFacts,
): readonly string[] | undefined {
  const wanted = name.toLowerCase();
  const found = Object.entries(networks).find(([each]) => each.toLowerCase() === wanted);
  return found?.[1];
}

export type ConditionKindName = keyof typeof CONDITION_KINDS;
type NotName = (typeof CONDITION_KINDS)[ConditionKindName]['not'];
/** The field of a rule that a condition stands in. */
export type ConditionName = ConditionKindName | NotName;

/** A condition made ready. */
export interface Condition {
  readonly name: ConditionName;
  readonly entries: readonly string[];
  readonly fits: Fits;
  /** Whether it holds when none of the entries fits. */
  readonly not: boolean;
  readonly seen: (asked: Asked) => string;
}

const KINDS = Object.entries(CONDITION_KINDS) as [
  ConditionKindName,
  ConditionKind & { not: NotName },
][];

/**
 * The conditions of a rule, in the order in which they are asked. An empty list is no condition, as in
 * AWS's requests. Throws a TypeError on an entry that validation would have refused.
 */
export function conditionsOf(rule: AccessRule, vocabulary: Vocabulary): readonly Condition[] {
  return KINDS.flatMap(([kind, { not, prepare, seen }]) =>
    [kind, not].flatMap((name): Condition[] => {
      const entries = rule[name];
      if (entries === undefined || entries.length === 0) return [];
      return [{ name, entries, fits: prepare(entries, vocabulary), not: name === not, seen }];
    }),
  );
}
