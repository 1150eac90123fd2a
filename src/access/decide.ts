// The access rules at work: compiled once when they change, asked at every sign-in and every
// submitted message. Pure; the hooks that enforce and the call that tests use the same function.
import { Asked, conditionsOf, Names, type Condition, type Vocabulary } from './conditions.ts';
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
  readonly vocabulary: Vocabulary;
}

/**
 * Makes rules ready for deciding. Throws a TypeError on an entry that is none of its kind, which
 * `validateRule` would have refused.
 */
export function compileRules(rules: readonly AccessRule[], facts: AccessFacts = {}): CompiledRules {
  const vocabulary = { facts, actions: new Names(), users: new Names() };
  return {
    rules: rules.map((rule) => {
      try {
        return { rule, conditions: conditionsOf(rule, vocabulary) };
      } catch (error) {
        throw new TypeError(`rule ${rule.name}: ${(error as Error).message}`, { cause: error });
      }
    }),
    vocabulary,
  };
}

function matches(conditions: readonly Condition[], asked: Asked): boolean {
  for (const { fits, not } of conditions) if (fits(asked) === not) return false;
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
  const asked = new Asked(request, compiled.vocabulary);
  const matched: AccessRule[] = [];
  let deny: AccessRule | undefined;
  let allow: AccessRule | undefined;
  let tried: AccessRule | undefined;
  for (const { rule, conditions } of compiled.rules) {
    if (!matches(conditions, asked)) continue;
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
