// What a mobile device access rule and an override may say.
// @see AWS WorkMail API, CreateMobileDeviceAccessRule, PutMobileDeviceAccessOverride
import type { MobileDeviceOverride, MobileDeviceRule } from './mobile-device.ts';
import { checkEffect, checkUserId } from './rule.ts';
import { formed, listOf, objectOf, validate, type Check, type Validation } from './validation.ts';

/** Most entries in one list: WorkMail takes 10. */
export const DEVICE_ENTRIES_MAX = 1000;

const entries = listOf(
  formed(/^[\u0020-\u00ff]{1,256}$/, '1 to 256 characters from space to ÿ'),
  DEVICE_ENTRIES_MAX,
);
const checkDescription = formed(/^[\s\S]{0,256}$/, 'text of at most 256 characters');

const RULE_CHECKS = {
  id: formed(/^[a-zA-Z0-9_-]{1,64}$/, '1 to 64 of the characters a-z A-Z 0-9 _ -'),
  name: formed(/^[\s\S]{1,64}$/, 'a name of 1 to 64 characters'),
  description: checkDescription,
  effect: checkEffect,
  deviceTypes: entries,
  notDeviceTypes: entries,
  deviceModels: entries,
  notDeviceModels: entries,
  deviceOperatingSystems: entries,
  notDeviceOperatingSystems: entries,
  deviceUserAgents: entries,
  notDeviceUserAgents: entries,
} satisfies Record<keyof MobileDeviceRule, Check>;

/** The fields of a rule. */
export const DEVICE_RULE_FIELDS = Object.keys(RULE_CHECKS) as readonly (keyof MobileDeviceRule)[];

const checkRule = objectOf({
  noun: 'mobile device access rule',
  required: ['id', 'name', 'effect'],
  checks: RULE_CHECKS,
});

/** Checks a rule as it was written; all problems are told at once. */
export function validateDeviceRule(input: unknown): Validation<MobileDeviceRule> {
  return validate(checkRule, input);
}

const OVERRIDE_CHECKS = {
  userId: checkUserId,
  deviceId: formed(/^[A-Za-z0-9]{1,32}$/, '1 to 32 letters and digits'),
  effect: checkEffect,
  description: checkDescription,
} satisfies Record<keyof MobileDeviceOverride, Check>;

/** The fields of an override. */
export const OVERRIDE_FIELDS = Object.keys(
  OVERRIDE_CHECKS,
) as readonly (keyof MobileDeviceOverride)[];

const checkOverride = objectOf({
  noun: 'mobile device access override',
  required: ['userId', 'deviceId', 'effect'],
  checks: OVERRIDE_CHECKS,
});

/** Checks an override as it was written; all problems are told at once. */
export function validateOverride(input: unknown): Validation<MobileDeviceOverride> {
  return validate(checkOverride, input);
}
