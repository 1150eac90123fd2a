// What an impersonation role may say. @see AWS WorkMail API, CreateImpersonationRole
import type { ImpersonationRole, ImpersonationRule } from './impersonation.ts';
import { checkEffect, checkUserId } from './rule.ts';
import {
  formed,
  listOf,
  objectOf,
  oneOf,
  validate,
  type Check,
  type Validation,
} from './validation.ts';

/** Most rules of one role: WorkMail takes 10. */
export const ROLE_RULES_MAX = 1000;
/** Most users in one list: WorkMail takes 10. */
export const TARGET_USERS_MAX = 1000;

const checkId = formed(/^[a-zA-Z0-9_-]{1,64}$/, '1 to 64 of the characters a-z A-Z 0-9 _ -');
const checkName = formed(/^\P{Cc}{1,64}$/u, 'a name of 1 to 64 characters on one line');
const checkDescription = formed(/^[\s\S]{0,256}$/, 'text of at most 256 characters');
const targets = listOf(checkUserId, TARGET_USERS_MAX);

const checkRule = objectOf({
  noun: 'rule of a role',
  required: ['id', 'effect'],
  checks: {
    id: checkId,
    name: checkName,
    description: checkDescription,
    effect: checkEffect,
    targetUsers: targets,
    notTargetUsers: targets,
  } satisfies Record<keyof ImpersonationRule, Check>,
});

const checkRules: Check = (value, path, note) => {
  const message = listOf(checkRule, ROLE_RULES_MAX)(value, path, note);
  if (message !== undefined) return message;
  const seen = new Set<unknown>();
  (value as readonly unknown[]).forEach((rule, index) => {
    const id = (rule as { id?: unknown } | null)?.id;
    if (typeof id !== 'string') return;
    if (seen.has(id)) {
      note({ path: `${path}[${index}].id`, message: `is ${JSON.stringify(id)} again; rename it` });
    }
    seen.add(id);
  });
  return undefined;
};

const ROLE_CHECKS = {
  id: checkId,
  name: checkName,
  type: oneOf(['FULL_ACCESS', 'READ_ONLY']),
  description: checkDescription,
  rules: checkRules,
} satisfies Record<keyof ImpersonationRole, Check>;

/** The fields of a role. */
export const ROLE_FIELDS = Object.keys(ROLE_CHECKS) as readonly (keyof ImpersonationRole)[];

const checkRole = objectOf({
  noun: 'impersonation role',
  required: ['id', 'name', 'type', 'rules'],
  checks: ROLE_CHECKS,
});

/** Checks a role as it was written; all problems are told at once. */
export function validateRole(input: unknown): Validation<ImpersonationRole> {
  return validate(checkRole, input);
}
