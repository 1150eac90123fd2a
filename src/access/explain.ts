// Why a request is decided as it is: every rule, condition by condition, with what was looked at.
import type { ConditionName } from './conditions.ts';
import { decide, type CompiledRules } from './decide.ts';
import type { AccessRequest, AccessRule, Decision } from './decision.ts';

/** One condition of a rule, and what it was asked about. */
export interface ConditionExplanation {
  readonly condition: ConditionName;
  readonly holds: boolean;
  /** What the rule lists. */
  readonly entries: readonly string[];
  /** What the request is, e.g. its address. */
  readonly seen: string;
}

export interface RuleExplanation {
  readonly rule: AccessRule;
  /** Whether all conditions hold; also of a rule that is only tried. */
  readonly matched: boolean;
  readonly conditions: readonly ConditionExplanation[];
}

export interface Explanation {
  readonly decision: Decision;
  /** In the order of the rules. */
  readonly rules: readonly RuleExplanation[];
}

/** Decides as `decide` does, and says which rules matched and why the others did not. */
export function explain(compiled: CompiledRules, request: AccessRequest): Explanation {
  const fits = compiled.conditions.fitting(request);
  const rules = compiled.rules.map(({ rule, conditions: own }) => {
    const conditions = own.map(({ name, kind, entries, id, not }) => ({
      condition: name,
      holds: (fits[id] === 1) !== not,
      entries,
      seen: compiled.conditions.seen(kind, request),
    }));
    return { rule, matched: conditions.every(({ holds }) => holds), conditions };
  });
  return { decision: decide(compiled, request), rules };
}
