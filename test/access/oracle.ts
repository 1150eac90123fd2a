// What the rules mean, once more: written for clearness, with nothing but text, bit strings and dates, by
// the words of the administrator guide. Tests compare the compiled rules with it.
import type { AccessRequest, AccessRule, Effect } from '../../src/access/decision.ts';
import type { ImpersonationRole } from '../../src/access/impersonation.ts';
import type {
  DeviceRequest,
  MobileDeviceOverride,
  MobileDeviceRule,
} from '../../src/access/mobile-device.ts';

export interface Outcome {
  readonly effect: Effect;
  /** The rule that decided, by its name or id. */
  readonly by: string | undefined;
  readonly matched: readonly string[];
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

function bitsOfV4(address: string): string {
  return address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
}

const groupOf = (bits: string): string => Number.parseInt(bits, 2).toString(16);
const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));

function bitsOfV6(address: string): string {
  const lastV4 = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const v4 = lastV4 === null ? '' : bitsOfV4(lastV4[2] ?? '');
  const text =
    lastV4 === null ? address : `${lastV4[1]}${groupOf(v4.slice(0, 16))}:${groupOf(v4.slice(16))}`;
  const [head = '', tail] = text.split('::');
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('');
}

const MAPPED = `${'0'.repeat(80)}${'1'.repeat(16)}`;

/** The bits of an address; an IPv4 address in an IPv6 one is the IPv4 address. */
function bitsOf(address: string): string {
  if (!address.includes(':')) return bitsOfV4(address);
  const bits = bitsOfV6(address);
  return bits.startsWith(MAPPED) ? bits.slice(MAPPED.length) : bits;
}

function inRange(range: string, address: string): boolean {
  const [base = '', length] = range.split('/');
  const whole = base.includes(':') ? bitsOfV6(base) : bitsOfV4(base);
  let prefix = whole.slice(0, Number(length ?? whole.length));
  let size = whole.length;
  if (base.includes(':') && prefix.startsWith(MAPPED)) {
    prefix = prefix.slice(MAPPED.length);
    size = 32;
  }
  const bits = bitsOf(address);
  return bits.length === size && bits.startsWith(prefix);
}

const WEEK = ['Su', 'Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa'];

/** Central European time: an hour ahead, two from the last Sunday of March to that of October, at 1 UTC. */
function inBerlin(atMs: number): Date {
  const year = new Date(atMs).getUTCFullYear();
  const lastSunday = (month: number): number => {
    const last = new Date(Date.UTC(year, month, 31, 1));
    return last.getTime() - last.getUTCDay() * 86_400_000;
  };
  const summer = atMs >= lastSunday(2) && atMs < lastSunday(9);
  return new Date(atMs + (summer ? 2 : 1) * 3_600_000);
}

/** The wall clock; only of the zones that tests use. */
function wallClock(zone: string | undefined, atMs: number): Date {
  if (zone === 'Europe/Berlin') return inBerlin(atMs);
  return new Date(zone === 'Asia/Kolkata' ? atMs + 5.5 * 3_600_000 : atMs);
}

/** Hours as `Mo,We 22:00-06:00 Europe/Berlin`; days are listed one by one. */
function inHours(hours: string, atMs: number): boolean {
  const parts = hours.split(' ');
  const days = /^\d/.test(parts[0] ?? '') ? WEEK : (parts.shift() ?? '').split(',');
  const [from = '', to = ''] = (parts.shift() ?? '').split('-');
  const wall = wallClock(parts.shift(), atMs);
  const clock = wall.toISOString().slice(11, 16);
  const today = WEEK[wall.getUTCDay()] ?? '';
  const yesterday = WEEK[(wall.getUTCDay() + 6) % 7] ?? '';
  if (from < to) return days.includes(today) && clock >= from && clock < to;
  return (days.includes(today) && clock >= from) || (days.includes(yesterday) && clock < to);
}

/** What tests know of users, addresses and networks. */
export interface OracleFacts {
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly countries: Readonly<Record<string, string>>;
  readonly networks: Readonly<Record<string, readonly string[]>>;
}

type Fits = (entry: string) => boolean;

function holds(
  any: readonly string[] | undefined,
  none: readonly string[] | undefined,
  fits: Fits,
): boolean {
  if (any !== undefined && any.length > 0 && !any.some(fits)) return false;
  return none === undefined || none.length === 0 || !none.some(fits);
}

const SIZE_UNITS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 * 1024 };

function bytes(end: string, absent: number): number {
  return end === '' ? absent : parseInt(end, 10) * (SIZE_UNITS[end.replace(/\d+/, '')] ?? 1);
}

function inSizes(text: string, size: number): boolean {
  const [least = '', most = ''] = text.split('-');
  return bytes(least, 0) <= size && size <= bytes(most, Infinity);
}

function ofMessage(rule: AccessRule, { message }: AccessRequest): boolean {
  const { senders, notSenders, messageSizes, notMessageSizes } = rule;
  const lists = [senders, notSenders, messageSizes, notMessageSizes];
  if (lists.every((list) => list === undefined || list.length === 0)) return true;
  if (message === undefined) return false;
  const { sender, sizeBytes } = message;
  return (
    holds(senders, notSenders, (entry) =>
      entry.startsWith('@')
        ? sender.toLowerCase().endsWith(entry.toLowerCase())
        : same(entry, sender),
    ) &&
    holds(
      messageSizes,
      notMessageSizes,
      (entry) => sizeBytes !== undefined && inSizes(entry, sizeBytes),
    )
  );
}

function ruleMatches(rule: AccessRule, asked: AccessRequest, facts: OracleFacts): boolean {
  const { sourceIp, userId, protocol, impersonationRoleId: role, atMs } = asked;
  const groups = facts.groups[userId.toLowerCase()] ?? [];
  return [
    holds(rule.ipRanges, rule.notIpRanges, (range) => inRange(range, sourceIp)),
    holds(rule.networks, rule.notNetworks, (name) =>
      (facts.networks[name] ?? []).some((range) => inRange(range, sourceIp)),
    ),
    holds(rule.actions, rule.notActions, (action) => same(action, protocol)),
    holds(rule.userIds, rule.notUserIds, (user) => same(user, userId)),
    holds(rule.impersonationRoleIds, rule.notImpersonationRoleIds, (id) => id === role),
    holds(rule.groups, rule.notGroups, (name) => groups.some((group) => same(group, name))),
    holds(rule.countries, rule.notCountries, (code) => facts.countries[sourceIp] === code),
    holds(rule.hours, rule.notHours, (hours) => inHours(hours, atMs)),
    ofMessage(rule, asked),
  ].every(Boolean);
}

function decided(matching: readonly { readonly effect: Effect; readonly is: string }[]): Outcome {
  const deny = matching.find(({ effect }) => effect === 'DENY');
  const allow = matching.find(({ effect }) => effect === 'ALLOW');
  const by = deny ?? allow;
  return {
    effect: deny === undefined && allow !== undefined ? 'ALLOW' : 'DENY',
    by: by?.is,
    matched: matching.map(({ is }) => is),
  };
}

/** What access control rules come to, and which rule only tried to deny it. */
export function accessOutcome(
  rules: readonly AccessRule[],
  asked: AccessRequest,
  facts: OracleFacts,
): Outcome & { readonly wouldDeny: string | undefined } {
  const matching = rules.filter((rule) => ruleMatches(rule, asked, facts));
  const real = matching.filter(({ dryRun }) => dryRun !== true);
  const outcome = decided(real.map(({ effect, name }) => ({ effect, is: name })));
  const tried = matching.find(({ dryRun }) => dryRun === true);
  return { ...outcome, wouldDeny: outcome.effect === 'ALLOW' ? tried?.name : undefined };
}

function deviceFits(
  any: readonly string[] | undefined,
  none: readonly string[] | undefined,
  said: string | undefined,
): boolean {
  const value = said ?? '';
  const begins = (entry: string): boolean =>
    entry !== '$NONE' && value !== '' && value.toLowerCase().startsWith(entry.toLowerCase());
  if (any !== undefined && any.length > 0) {
    if (!any.some((entry) => begins(entry) || (entry === '$NONE' && value === ''))) return false;
  }
  // A list of what it is not never matches a device that says nothing.
  return none === undefined || none.length === 0 || (value !== '' && !none.some(begins));
}

/** What device rules come to, and their overrides. */
export function deviceOutcome(
  rules: readonly MobileDeviceRule[],
  overrides: readonly MobileDeviceOverride[],
  asked: DeviceRequest,
): Outcome & { readonly overridden: boolean } {
  const matching = rules.filter((rule) =>
    [
      deviceFits(rule.deviceTypes, rule.notDeviceTypes, asked.deviceType),
      deviceFits(rule.deviceModels, rule.notDeviceModels, asked.deviceModel),
      deviceFits(
        rule.deviceOperatingSystems,
        rule.notDeviceOperatingSystems,
        asked.deviceOperatingSystem,
      ),
      deviceFits(rule.deviceUserAgents, rule.notDeviceUserAgents, asked.deviceUserAgent),
    ].every(Boolean),
  );
  const outcome = decided(matching.map(({ effect, id }) => ({ effect, is: id })));
  const override = overrides.findLast(
    ({ userId, deviceId }) =>
      asked.userId !== undefined &&
      asked.deviceId !== undefined &&
      same(userId, asked.userId) &&
      same(deviceId, asked.deviceId),
  );
  if (override === undefined) return { ...outcome, overridden: false };
  return { ...outcome, effect: override.effect, by: undefined, overridden: true };
}

/** What a role comes to for a user. */
export function roleOutcome(role: ImpersonationRole, user: string): Outcome {
  const matching = role.rules.filter(({ targetUsers, notTargetUsers }) =>
    holds(targetUsers, notTargetUsers, (target) => same(target, user)),
  );
  return decided(matching.map(({ effect, id }) => ({ effect, is: id })));
}
