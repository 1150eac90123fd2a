// Impersonation roles: who acts in a role may open the mailboxes that its rules allow. Pure.
import type { Effect } from './decision.ts';

/** @see AWS WorkMail API, ImpersonationRule */
export interface ImpersonationRule {
  /** Chosen by whoever makes the role. */
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly effect: Effect;
  readonly targetUsers?: readonly string[];
  readonly notTargetUsers?: readonly string[];
}

/** @see AWS WorkMail API, CreateImpersonationRole */
export interface ImpersonationRole {
  readonly id: string;
  readonly name: string;
  readonly type: 'FULL_ACCESS' | 'READ_ONLY';
  readonly description?: string;
  readonly rules: readonly ImpersonationRule[];
}

export interface ImpersonationDecision {
  readonly effect: Effect;
  /** Absent when there is no such role. */
  readonly role?: ImpersonationRole;
  /** The rule that decided; absent when none matched. */
  readonly rule?: ImpersonationRule;
  readonly matched: readonly ImpersonationRule[];
}

interface CompiledRule {
  readonly rule: ImpersonationRule;
  readonly targets: ReadonlySet<string> | undefined;
  readonly notTargets: ReadonlySet<string> | undefined;
}

/** Roles made ready for deciding, by their ids; never changed. */
export interface CompiledRoles {
  readonly roles: ReadonlyMap<string, { role: ImpersonationRole; rules: readonly CompiledRule[] }>;
  readonly userIdOf: (name: string) => string;
}

/** Makes roles ready for deciding; `userIdOf` gives the one name of a user. */
export function compileRoles(
  roles: readonly ImpersonationRole[],
  userIdOf: (name: string) => string,
): CompiledRoles {
  const users = (names: readonly string[] | undefined): ReadonlySet<string> | undefined =>
    names === undefined || names.length === 0 ? undefined : new Set(names.map(userIdOf));
  return {
    roles: new Map(
      roles.map((role) => [
        role.id,
        {
          role,
          rules: role.rules.map((rule) => ({
            rule,
            targets: users(rule.targetUsers),
            notTargets: users(rule.notTargetUsers),
          })),
        },
      ]),
    ),
    userIdOf,
  };
}

/**
 * Decides whether one who acts in the role may open the user's mailbox: a matching DENY refuses, else a
 * matching ALLOW allows, else nobody may. A role without rules may open nothing, a rule without users is
 * about all; a role that is not known may open nothing.
 *
 * @see AWS WorkMail administrator guide, "Managing impersonation roles"
 */
export function decideImpersonation(
  { roles, userIdOf }: CompiledRoles,
  roleId: string,
  targetUser: string,
): ImpersonationDecision {
  const found = roles.get(roleId);
  if (found === undefined) return { effect: 'DENY', matched: [] };
  const user = userIdOf(targetUser);
  const matched = found.rules
    .filter(({ targets, notTargets }) => {
      return targets?.has(user) !== false && notTargets?.has(user) !== true;
    })
    .map(({ rule }) => rule);
  const { role } = found;
  const rule = matched.find(({ effect }) => effect === 'DENY') ?? matched[0];
  if (rule === undefined) return { effect: 'DENY', role, matched };
  return { effect: rule.effect, role, rule, matched };
}
