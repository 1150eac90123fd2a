// The access rules at work: compiled once when they change, asked at every sign-in and every
// submitted message. Pure; the hooks that enforce and the call that tests use the same function.
import {
  contains,
  parseAddress,
  parseRange,
  rangeSet,
  type Address,
  type RangeSet,
} from './address.ts';
import type { AccessRequest, AccessRule, Decision } from './decision.ts';

/** The rule every organization starts with: everybody may do everything. */
export const DEFAULT_RULE: AccessRule = {
  name: 'Default',
  effect: 'ALLOW',
  description: 'Allows everything',
};

/** Numbers for the names that rules mention; 0 for every other name. */
class Names {
  readonly #ids = new Map<string, number>();

  add(name: string): number {
    const known = this.#ids.get(name.toLowerCase());
    if (known !== undefined) return known;
    const id = this.#ids.size + 1;
    this.#ids.set(name.toLowerCase(), id);
    return id;
  }

  idOf(name: string): number {
    return this.#ids.get(name.toLowerCase()) ?? 0;
  }
}

interface CompiledRule {
  readonly rule: AccessRule;
  readonly ipRanges: RangeSet | undefined;
  readonly notIpRanges: RangeSet | undefined;
  readonly actions: ReadonlySet<number> | undefined;
  readonly notActions: ReadonlySet<number> | undefined;
  readonly userIds: ReadonlySet<number> | undefined;
  readonly notUserIds: ReadonlySet<number> | undefined;
}

/** Rules made ready for deciding: names are numbers, so that a request's are looked up only once. */
export interface CompiledRules {
  readonly rules: readonly CompiledRule[];
  readonly actions: Pick<Names, 'idOf'>;
  readonly users: Pick<Names, 'idOf'>;
}

/** An empty list is no condition, as in AWS's requests. */
function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

function ranges(rule: string, list: readonly string[] | undefined): RangeSet | undefined {
  const given = nonEmpty(list);
  if (given === undefined) return undefined;
  return rangeSet(
    given.map((text) => {
      const range = parseRange(text);
      if (range === undefined) {
        throw new TypeError(`rule ${rule}: ${JSON.stringify(text)} is not an address range`);
      }
      return range;
    }),
  );
}

function ids(names: Names, list: readonly string[] | undefined): ReadonlySet<number> | undefined {
  const given = nonEmpty(list);
  return given === undefined ? undefined : new Set(given.map((name) => names.add(name)));
}

/**
 * Makes rules ready for deciding. Throws a TypeError on an address range that is none, which
 * `validateRule` would have refused.
 */
export function compileRules(rules: readonly AccessRule[]): CompiledRules {
  const actions = new Names();
  const users = new Names();
  return {
    rules: rules.map((rule) => ({
      rule,
      ipRanges: ranges(rule.name, rule.ipRanges),
      notIpRanges: ranges(rule.name, rule.notIpRanges),
      actions: ids(actions, rule.actions),
      notActions: ids(actions, rule.notActions),
      userIds: ids(users, rule.userIds),
      notUserIds: ids(users, rule.notUserIds),
    })),
    actions,
    users,
  };
}

function isIn(ranges: RangeSet, address: Address | undefined): boolean {
  return address !== undefined && contains(ranges, address);
}

/**
 * Decides a request. A rule matches when all its condition kinds hold: a list holds when one of its
 * entries fits, a not-list when none does; a rule without conditions matches everything. A matching
 * DENY wins over every ALLOW; no matching rule means DENY.
 *
 * `rule` is the first matching DENY, else the first matching ALLOW; `matched` are all matching
 * rules. Protocols and users are compared without regard to case. A source address that cannot be
 * read is in no range.
 *
 * @see AWS WorkMail administrator guide, "Working with access control rules"
 */
export function decide(compiled: CompiledRules, request: AccessRequest): Decision {
  const address = parseAddress(request.sourceIp);
  const action = compiled.actions.idOf(request.protocol);
  const user = compiled.users.idOf(request.userId);
  const matched: AccessRule[] = [];
  let deny: AccessRule | undefined;
  let allow: AccessRule | undefined;
  for (const each of compiled.rules) {
    if (each.ipRanges !== undefined && !isIn(each.ipRanges, address)) continue;
    if (each.notIpRanges !== undefined && isIn(each.notIpRanges, address)) continue;
    if (each.actions !== undefined && !each.actions.has(action)) continue;
    if (each.notActions?.has(action) === true) continue;
    if (each.userIds !== undefined && !each.userIds.has(user)) continue;
    if (each.notUserIds?.has(user) === true) continue;
    matched.push(each.rule);
    if (each.rule.effect === 'DENY') deny ??= each.rule;
    else allow ??= each.rule;
  }
  const rule = deny ?? allow;
  if (rule === undefined) return { effect: 'DENY', matched };
  return { effect: rule.effect, rule, matched };
}
