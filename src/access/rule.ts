// What an access control rule may say. @see AWS WorkMail API, PutAccessControlRule
import { PROTOCOLS } from '../event/recurring-fields.ts';
import { parseRange } from './address.ts';
import type { AccessRule } from './decision.ts';
import { HOURS_EXPECTED, parseHours } from './hours.ts';
import { parseSizeRange, SIZES_EXPECTED } from './message-size.ts';
import {
  formed,
  listOf,
  objectOf,
  oneOf,
  shown,
  validate,
  type Check,
  type Validation,
} from './validation.ts';

/** Longest name of a rule, in characters. @see AWS WorkMail API, AccessControlRuleName */
export const RULE_NAME_LENGTH_MAX = 64;
/** Longest description, in characters. @see AWS WorkMail API, AccessControlRuleDescription */
export const RULE_DESCRIPTION_LENGTH_MAX = 255;
/** Most ranges in one list. @see AWS WorkMail API, IpRangeList */
export const IP_RANGES_MAX = 1024;
/** Most protocols in one list: WorkMail takes 10 of its 7, we have more. */
export const ACTIONS_MAX = PROTOCOLS.length;
/** Most users, groups or roles in one list: WorkMail takes 10; a login is shorter than its ids. */
export const USER_IDS_MAX = 1000;
/** Longest user id, in characters. @see AWS WorkMail API, WorkMailIdentifier */
export const USER_ID_LENGTH_MAX = 256;
/** Most countries in one list: as many as there are codes of two letters. */
export const COUNTRIES_MAX = 26 * 26;
/** Most hours in one list: some for each day of a week. */
export const HOURS_MAX = 50;
/** Most ranges of sizes in one list: two bound a size. */
export const MESSAGE_SIZES_MAX = 10;

export type RuleValidation =
  | { readonly ok: true; readonly rule: AccessRule }
  | Extract<Validation<AccessRule>, { ok: false }>;

const checkRange: Check = (value) =>
  typeof value === 'string' && parseRange(value) !== undefined
    ? undefined
    : `must be an IPv4 or IPv6 range such as 192.0.2.0/24 or 2001:db8::/32, but is ${shown(value)}`;

const KNOWN_ACTIONS = new Set(PROTOCOLS.map((protocol) => protocol.toLowerCase()));

const checkAction: Check = (value) =>
  typeof value === 'string' && KNOWN_ACTIONS.has(value.toLowerCase())
    ? undefined
    : `must be one of ${PROTOCOLS.join(', ')}, but is ${shown(value)}`;

const checkHours: Check = (value) =>
  typeof value === 'string' && parseHours(value) !== undefined
    ? undefined
    : `must be ${HOURS_EXPECTED}, but is ${shown(value)}`;

/** A name of somebody or something, of any characters. */
export function checkName(what: string): Check {
  return (value) =>
    typeof value === 'string' && value !== '' && value.length <= USER_ID_LENGTH_MAX
      ? undefined
      : `must be ${what} of 1 to ${USER_ID_LENGTH_MAX} characters, but is ${shown(value)}`;
}

export const checkUserId = checkName("a user's login");
export const checkEffect = oneOf(['ALLOW', 'DENY']);

const ranges = listOf(checkRange, IP_RANGES_MAX);
const actions = listOf(checkAction, ACTIONS_MAX);
const users = listOf(checkUserId, USER_IDS_MAX);
const roles = listOf(checkName('the id of an impersonation role'), USER_IDS_MAX);
const groups = listOf(checkName('the name of a group'), USER_IDS_MAX);
const networks = listOf(checkName('the name of a network'), USER_IDS_MAX);
const countries = listOf(
  formed(/^[A-Za-z]{2}$/, 'the code of a country, of two letters, such as DE'),
  COUNTRIES_MAX,
);
const hours = listOf(checkHours, HOURS_MAX);
const senders = listOf(checkName('an address, or @ and a domain,'), USER_IDS_MAX);

const checkSize: Check = (value) =>
  typeof value === 'string' && parseSizeRange(value) !== undefined
    ? undefined
    : `must be ${SIZES_EXPECTED}, but is ${shown(value)}`;

const messageSizes = listOf(checkSize, MESSAGE_SIZES_MAX);

const checkDryRun: Check = (value) =>
  typeof value === 'boolean' ? undefined : `must be true or false, but is ${shown(value)}`;

const CHECKS = {
  name: formed(
    /^[a-zA-Z0-9_-]{1,64}$/,
    `1 to ${RULE_NAME_LENGTH_MAX} of the characters a-z A-Z 0-9 _ -`,
  ),
  effect: checkEffect,
  description: (value) =>
    typeof value === 'string' && /^[\u0020-\u00ff]{0,255}$/.test(value)
      ? undefined
      : `must be text of at most ${RULE_DESCRIPTION_LENGTH_MAX} characters from space to ÿ`,
  dryRun: checkDryRun,
  ipRanges: ranges,
  notIpRanges: ranges,
  actions,
  notActions: actions,
  userIds: users,
  notUserIds: users,
  impersonationRoleIds: roles,
  notImpersonationRoleIds: roles,
  groups,
  notGroups: groups,
  countries,
  notCountries: countries,
  networks,
  notNetworks: networks,
  hours,
  notHours: hours,
  senders,
  notSenders: senders,
  messageSizes,
  notMessageSizes: messageSizes,
} satisfies Record<keyof AccessRule, Check>;

/** The fields of a rule. */
export const RULE_FIELDS = Object.keys(CHECKS) as readonly (keyof AccessRule)[];

const checkFields = objectOf({ noun: 'rule', required: ['name', 'effect'], checks: CHECKS });

const checkRule: Check = (value, path, note) => {
  const message = checkFields(value, path, note);
  const { dryRun, effect } = (message === undefined ? value : {}) as Partial<AccessRule>;
  if (dryRun === true && effect === 'ALLOW') {
    note({ path: 'dryRun', message: 'is for a DENY, which it keeps from refusing; remove it' });
  }
  return message;
};

/**
 * Checks a rule as it was written, with AWS's constraints where AWS has them. Beyond AWS's, IPv6
 * ranges, Mailtrail's further protocols and conditions are taken. All problems are told at once, each
 * with the path of its field.
 */
export function validateRule(input: unknown): RuleValidation {
  const result = validate<AccessRule>(checkRule, input);
  return result.ok ? { ok: true, rule: result.value } : result;
}
