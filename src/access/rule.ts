// What an access rule may say. Rules come from the configuration file and the API; both ask here,
// so that both refuse the same things in the same words.
import { PROTOCOLS } from '../event/recurring-fields.ts';
import { parseRange } from './address.ts';
import type { AccessRule } from './decision.ts';

/** Longest name of a rule, in characters. @see AWS WorkMail API, AccessControlRuleName */
export const RULE_NAME_LENGTH_MAX = 64;
/** Longest description, in characters. @see AWS WorkMail API, AccessControlRuleDescription */
export const RULE_DESCRIPTION_LENGTH_MAX = 255;
/** Most ranges in one list. @see AWS WorkMail API, IpRangeList */
export const IP_RANGES_MAX = 1024;
/** Most protocols in one list: WorkMail takes 10 of its 7, we have more. */
export const ACTIONS_MAX = PROTOCOLS.length;
/** Most users in one list: WorkMail takes 10; a login is shorter than its ids, so we take more. */
export const USER_IDS_MAX = 1000;
/** Longest user id, in characters. @see AWS WorkMail API, WorkMailIdentifier */
export const USER_ID_LENGTH_MAX = 256;

/** What is wrong with one field; `path` is empty when it is the rule as a whole. */
export interface RuleProblem {
  /** e.g. `name`, `ipRanges[2]` */
  readonly path: string;
  readonly message: string;
}

export type RuleValidation =
  | { readonly ok: true; readonly rule: AccessRule }
  | { readonly ok: false; readonly problems: readonly RuleProblem[] };

type Check = (value: unknown, path: string) => string | undefined;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

const checkName: Check = (value) =>
  typeof value === 'string' && /^[a-zA-Z0-9_-]{1,64}$/.test(value)
    ? undefined
    : `must be 1 to ${RULE_NAME_LENGTH_MAX} of the characters a-z A-Z 0-9 _ -, but is ${shown(value)}`;

const checkEffect: Check = (value) =>
  value === 'ALLOW' || value === 'DENY'
    ? undefined
    : `must be ALLOW or DENY, but is ${shown(value)}`;

const checkDescription: Check = (value) =>
  typeof value === 'string' && /^[\u0020-\u00ff]{0,255}$/.test(value)
    ? undefined
    : `must be text of at most ${RULE_DESCRIPTION_LENGTH_MAX} characters from space to ÿ`;

const checkRange: Check = (value) =>
  typeof value === 'string' && parseRange(value) !== undefined
    ? undefined
    : `must be an IPv4 or IPv6 range such as 192.0.2.0/24 or 2001:db8::/32, but is ${shown(value)}`;

const KNOWN_ACTIONS = new Set(PROTOCOLS.map((protocol) => protocol.toLowerCase()));

const checkAction: Check = (value) =>
  typeof value === 'string' && KNOWN_ACTIONS.has(value.toLowerCase())
    ? undefined
    : `must be one of ${PROTOCOLS.join(', ')}, but is ${shown(value)}`;

const checkUserId: Check = (value) =>
  typeof value === 'string' && value !== '' && value.length <= USER_ID_LENGTH_MAX
    ? undefined
    : `must be a user's login of 1 to ${USER_ID_LENGTH_MAX} characters, but is ${shown(value)}`;

function listOf(entry: Check, entriesMax: number, problems: RuleProblem[]): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return `must be a list, but is ${shown(value)}`;
    if (value.length > entriesMax) {
      return `may have at most ${entriesMax} entries, but has ${value.length}`;
    }
    value.forEach((each: unknown, index) => {
      const message = entry(each, path);
      if (message !== undefined) problems.push({ path: `${path}[${index}]`, message });
    });
    return undefined;
  };
}

/**
 * Checks a rule as it was written, with AWS's constraints where AWS has them. Beyond AWS's, IPv6
 * ranges and Mailtrail's further protocols are taken. All problems are told at once, each with
 * the path of its field.
 */
export function validateRule(input: unknown): RuleValidation {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return {
      ok: false,
      problems: [{ path: '', message: `a rule must be an object, but is ${shown(input)}` }],
    };
  }
  const problems: RuleProblem[] = [];
  const ranges = listOf(checkRange, IP_RANGES_MAX, problems);
  const actions = listOf(checkAction, ACTIONS_MAX, problems);
  const users = listOf(checkUserId, USER_IDS_MAX, problems);
  const checks: Readonly<Record<string, Check>> = {
    name: checkName,
    effect: checkEffect,
    description: checkDescription,
    ipRanges: ranges,
    notIpRanges: ranges,
    actions,
    notActions: actions,
    userIds: users,
    notUserIds: users,
  };
  for (const required of ['name', 'effect']) {
    if (!Object.hasOwn(input, required)) problems.push({ path: required, message: 'is missing' });
  }
  for (const [path, value] of Object.entries(input)) {
    const check = Object.hasOwn(checks, path) ? checks[path] : undefined;
    const message =
      check === undefined
        ? `is not known; a rule has ${Object.keys(checks).join(', ')}`
        : value === undefined
          ? undefined
          : check(value, path);
    if (message !== undefined) problems.push({ path, message });
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, rule: input as AccessRule };
}
