// The access rules at work: compiled once when they change, asked at every sign-in and every
// submitted message. Pure; the hooks that enforce and the call that tests use the same function.
import { contains, parseAddress, parseRange, type Address, type AddressRange } from './address.ts';
import type { AccessRequest, AccessRule, Decision } from './decision.ts';

/** The rule every organization starts with: everybody may do everything. */
export const DEFAULT_RULE: AccessRule = {
  name: 'Default',
  effect: 'ALLOW',
  description: 'Allows everything',
};

interface CompiledRule {
  readonly rule: AccessRule;
  readonly ipRanges: readonly AddressRange[] | undefined;
  readonly notIpRanges: readonly AddressRange[] | undefined;
  readonly actions: ReadonlySet<string> | undefined;
  readonly notActions: ReadonlySet<string> | undefined;
  readonly userIds: ReadonlySet<string> | undefined;
  readonly notUserIds: ReadonlySet<string> | undefined;
}

/** Rules made ready for deciding. */
export interface CompiledRules {
  readonly rules: readonly CompiledRule[];
}

/** An empty list is no condition, as in AWS's requests. */
function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

function ranges(rule: string, list: readonly string[] | undefined): AddressRange[] | undefined {
  return nonEmpty(list)?.map((text) => {
    const range = parseRange(text);
    if (range === undefined) {
      throw new TypeError(`rule ${rule}: ${JSON.stringify(text)} is not an address range`);
    }
    return range;
  });
}

function folded(list: readonly string[] | undefined): ReadonlySet<string> | undefined {
  const given = nonEmpty(list);
  return given === undefined ? undefined : new Set(given.map((text) => text.toLowerCase()));
}

/**
 * Makes rules ready for deciding. Throws a TypeError on an address range that is none, which
 * `validateRule` would have refused.
 */
export function compileRules(rules: readonly AccessRule[]): CompiledRules {
  return {
    rules: rules.map((rule) => ({
      rule,
      ipRanges: ranges(rule.name, rule.ipRanges),
      notIpRanges: ranges(rule.name, rule.notIpRanges),
      actions: folded(rule.actions),
      notActions: folded(rule.notActions),
      userIds: folded(rule.userIds),
      notUserIds: folded(rule.notUserIds),
    })),
  };
}

function inAny(list: readonly AddressRange[], address: Address | undefined): boolean {
  return address !== undefined && list.some((range) => contains(range, address));
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
  const action = request.protocol.toLowerCase();
  const user = request.userId.toLowerCase();
  const matched: AccessRule[] = [];
  let deny: AccessRule | undefined;
  let allow: AccessRule | undefined;
  for (const each of compiled.rules) {
    if (each.actions !== undefined && !each.actions.has(action)) continue;
    if (each.notActions?.has(action) === true) continue;
    if (each.userIds !== undefined && !each.userIds.has(user)) continue;
    if (each.notUserIds?.has(user) === true) continue;
    if (each.ipRanges !== undefined && !inAny(each.ipRanges, address)) continue;
    if (each.notIpRanges !== undefined && inAny(each.notIpRanges, address)) continue;
    matched.push(each.rule);
    if (each.rule.effect === 'DENY') deny ??= each.rule;
    else allow ??= each.rule;
  }
  const rule = deny ?? allow;
  if (rule === undefined) return { effect: 'DENY', matched };
  return { effect: rule.effect, rule, matched };
}
