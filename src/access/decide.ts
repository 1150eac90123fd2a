// The access rules at work: compiled once when they change, asked at every sign-in and every
// submitted message. Pure; the hooks that enforce and the call that tests use the same function.
import { type Condition, Conditions } from './conditions.ts';
import type { AccessFacts, AccessRequest, AccessRule, Decision } from './decision.ts';

/** The rule every organization starts with: everybody may do everything. */
export const DEFAULT_RULE: AccessRule = {
  name: 'Default',
  effect: 'ALLOW',
  description: 'Allows everything',
};

interface CompiledRule {
  readonly rule: AccessRule;
  readonly conditions: readonly Condition[];
}

/** Rules made ready for deciding; never changed. */
export interface CompiledRules {
  readonly rules: readonly CompiledRule[];
  readonly conditions: Conditions;
  /** Of each condition of all rules twice its number, and 1 more for a not-list. */
  readonly codes: Int32Array;
  /** Where the conditions of each rule end there. */
  readonly ends: Int32Array;
}

/**
 * Makes rules ready for deciding. Throws a TypeError on an entry that is none of its kind, which
 * `validateRule` would have refused.
 */
export function compileRules(rules: readonly AccessRule[], facts: AccessFacts = {}): CompiledRules {
  const all = new Conditions(facts);
  const compiled = rules.map((rule) => {
    try {
      return { rule, conditions: all.of(rule) };
    } catch (error) {
      throw new TypeError(`rule ${rule.name}: ${(error as Error).message}`, { cause: error });
    }
  });
  const codes = compiled.flatMap(({ conditions }) =>
    conditions.map(({ id, not }) => id * 2 + (not ? 1 : 0)),
  );
  let end = 0;
  const ends = Int32Array.from(compiled, ({ conditions }) => (end += conditions.length));
  return { rules: compiled, conditions: all, codes: Int32Array.from(codes), ends };
}

/** A condition fails where an entry fits a not-list, or none fits a list. */
function holdFrom(codes: Int32Array, from: number, end: number, fits: Uint8Array): boolean {
  for (let at = from; at < end; at++) {
    const code = codes[at] ?? 0;
    if (fits[code >> 1] === (code & 1)) return false;
  }
  return true;
}

/**
 * Decides a request. A rule matches when all its conditions hold: a list holds when one of its
 * entries fits, a not-list when none does, both when both do; a rule without conditions matches
 * everything. A matching DENY wins over every ALLOW; no matching rule means DENY. A DENY that is only
 * tried (`dryRun`) counts for nothing, and is told where it would have denied what is allowed.
 *
 * `rule` is the first matching DENY, else the first matching ALLOW; `matched` are all matching
 * rules. Protocols and users are compared without regard to case. A source address that cannot be
 * read is in no range.
 *
 * @see AWS WorkMail administrator guide, "Working with access control rules"
 */
export function decide(compiled: CompiledRules, request: AccessRequest): Decision {
  const { rules, conditions, codes, ends } = compiled;
  const fits = conditions.fitting(request);
  const matched: AccessRule[] = [];
  let deny: AccessRule | undefined;
  let allow: AccessRule | undefined;
  let tried: AccessRule | undefined;
  let from = 0;
  for (let at = 0; at < ends.length; at++) {
    const end = ends[at] ?? 0;
    const holds = holdFrom(codes, from, end, fits);
    from = end;
    const rule = holds ? rules[at]?.rule : undefined;
    if (rule === undefined) continue;
    if (rule.dryRun === true) {
      tried ??= rule;
      continue;
    }
    matched.push(rule);
    if (rule.effect === 'DENY') deny ??= rule;
    else allow ??= rule;
  }
  const rule = deny ?? allow;
  if (rule === undefined) return { effect: 'DENY', matched };
  const wouldDeny = rule.effect === 'ALLOW' && tried !== undefined && { wouldDeny: tried };
  return { effect: rule.effect, rule, matched, ...wouldDeny };
}
