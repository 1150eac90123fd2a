// The compiled rules agree with a naive reading of the administrator guide on rules made by chance.
// MAILTRAIL_TEST_SEED repeats a run.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accessOutcome, deviceOutcome, roleOutcome } from '../../test/access/oracle.ts';
import { Choices, numbers } from '../../test/conformance/reference/choices.ts';
import type { AccessRequest, AccessRule, Decision, Effect } from './decision.ts';
import type { ImpersonationRole } from './impersonation.ts';
import type { DeviceRequest, MobileDeviceOverride, MobileDeviceRule } from './mobile-device.ts';
import { compilePolicy } from './policy.ts';

const seed = Number(process.env['MAILTRAIL_TEST_SEED'] ?? Date.now() % 2 ** 31);
/** Each set of rules is asked so many times: 100,100 cases of access control rules. */
const ASKED = 7;
const RULE_SETS = 14_300;
const FURTHER_SETS = 5_000;
const NUMBERS = 150;

const USERS = ['ann', 'Bob', 'carol'] as const;
const FACTS = {
  groups: { ann: ['Staff', 'it'], bob: ['staff'] },
  countries: { '10.0.1.2': 'DE', '2001:db8::1': 'DK', '9.0.0.1': 'DE' },
  networks: { office: ['10.0.0.0/16', '2001:db8::/64'], home: ['9.0.0.0/8'], none: [] },
};
const ADDRESSES = [
  '10.0.1.2',
  '10.1.0.0',
  '10.0.255.255',
  '9.0.0.1',
  '255.255.255.255',
  '0.0.0.0',
  '2001:db8::1',
  '2001:db8:0:1::1',
  '::1',
  '::ffff:10.0.1.2',
  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
] as const;
const RANGES = [
  '10.0.0.0/16',
  '10.0.1.2/32',
  '10.0.1.2',
  '10.0.0.0/15',
  '10.0.128.0/17',
  '0.0.0.0/0',
  '255.255.255.255/32',
  '2001:db8::/32',
  '2001:db8::/64',
  '::/0',
  '::1',
  '::ffff:10.0.0.0/104',
  '::ffff:0:0/96',
] as const;
const PROTOCOLS = ['IMAP', 'pop3', 'SMTP', 'EWS'] as const;
const HOURS = [
  '08:00-18:00',
  'Mo,Tu,We,Th,Fr 08:00-18:00 Europe/Berlin',
  'Sa,Su 00:00-24:00',
  'Mo,We 22:00-06:00 Asia/Kolkata',
  '22:30-02:15 Europe/Berlin',
] as const;
const SENDERS = ['ann@acme.example', '@acme.example', '@EXAMPLE', 'ANN@b.example'] as const;
const SIZES = ['1KiB-', '-1024', '1023-1025', '0-0', '-1MiB'] as const;
/** Around the ends of hours, days, weeks and summer time. */
const TIMES = [
  Date.UTC(2026, 2, 29, 0, 59, 59),
  Date.UTC(2026, 2, 29, 1, 0),
  Date.UTC(2026, 9, 25, 0, 59),
  Date.UTC(2026, 9, 25, 1, 0),
  Date.UTC(2026, 10, 23, 6, 59, 59, 999),
  Date.UTC(2026, 10, 23, 7, 0),
  Date.UTC(2026, 10, 22, 23, 30),
  Date.UTC(2026, 10, 24, 0, 15),
  Date.UTC(2026, 10, 25, 16, 30),
  Date.UTC(2026, 10, 28, 17, 0),
] as const;
const SAID = ['', 'Apple-iPhone', 'apple-ipad', 'Android', 'AN', undefined] as const;
const PREFIXES = ['$NONE', 'apple', 'APPLE-IPHONE', 'android', 'x'] as const;

/** Mostly nothing, else a few entries, perhaps none. */
function some<T extends string>(choices: Choices, entries: readonly T[]): readonly T[] | undefined {
  return choices.below(4) > 0 ? undefined : choices.some(0, 3, () => choices.of(...entries));
}

function conditions(choices: Choices, named: Readonly<Record<string, readonly string[]>>): object {
  const made: Record<string, readonly string[]> = {};
  for (const [name, entries] of Object.entries(named)) {
    const list = some(choices, entries);
    if (list !== undefined) made[name] = list;
  }
  return made;
}

const effectBy = (choices: Choices): Effect => choices.of('ALLOW', 'DENY');

function accessRule(choices: Choices, index: number): AccessRule {
  const effect = effectBy(choices);
  const dryRun = effect === 'DENY' && choices.below(4) === 0;
  return {
    name: `R${index}`,
    effect,
    ...(dryRun && { dryRun }),
    ...conditions(choices, {
      ipRanges: RANGES,
      notIpRanges: RANGES,
      actions: PROTOCOLS,
      notActions: PROTOCOLS,
      userIds: USERS,
      notUserIds: USERS,
      impersonationRoleIds: ['r1', 'r2'],
      notImpersonationRoleIds: ['r1', 'r2'],
      groups: ['staff', 'IT', 'nobody'],
      notGroups: ['Staff', 'it'],
      countries: ['DE', 'DK'],
      notCountries: ['DE', 'DK'],
      networks: ['office', 'home', 'none', 'unheard-of'],
      notNetworks: ['office', 'home', 'none'],
      hours: HOURS,
      notHours: HOURS,
      ...(choices.below(3) === 0 && {
        senders: SENDERS,
        notSenders: SENDERS,
        messageSizes: SIZES,
        notMessageSizes: SIZES,
      }),
    }),
  };
}

function accessRequest(choices: Choices): AccessRequest {
  const role = choices.of('r1', 'r3', undefined, undefined);
  const sizeBytes = choices.of(undefined, 0, 1023, 1024, 1025, 1_048_577);
  const sender = choices.of('', 'Ann@acme.example', 'bob@ACME.example', 'ann@sub.acme.example');
  const message = { sender, ...(sizeBytes !== undefined && { sizeBytes }) };
  return {
    ...(choices.below(2) === 0 && { message }),
    protocol: choices.of(...PROTOCOLS, 'imap'),
    sourceIp: choices.of(...ADDRESSES),
    userId: choices.of(...USERS, 'BOB'),
    atMs: choices.of(...TIMES),
    ...(role !== undefined && { impersonationRoleId: role }),
  };
}

const PARTS = { rules: [], deviceRules: [], overrides: [], roles: [] };
const countryOf = (address: string): string | undefined =>
  (FACTS.countries as Record<string, string>)[address];
const groupsOf = (user: string): readonly string[] =>
  (FACTS.groups as Record<string, readonly string[]>)[user] ?? [];
const AROUND = { networks: FACTS.networks, countryOf, groupsOf };

function summary({ effect, rule, matched, wouldDeny }: Decision): object {
  return {
    effect,
    by: rule?.name,
    matched: matched.map(({ name }) => name),
    wouldDeny: wouldDeny?.name,
  };
}

function agree(check: (choices: Choices) => void, sets: number): void {
  fc.assert(
    fc.property(numbers(0, NUMBERS), (all) => check(new Choices(all))),
    { numRuns: sets, seed },
  );
}

test(`access control rules mean what the guide says (seed ${seed})`, () => {
  agree((choices) => {
    const rules = Array.from({ length: choices.below(7) }, (_, n) => accessRule(choices, n));
    const policy = compilePolicy({ ...PARTS, rules }, AROUND);
    for (let n = 0; n < ASKED; n++) {
      const asked = accessRequest(choices);
      expect(summary(policy.decide(asked)), JSON.stringify(asked)).toEqual(
        accessOutcome(rules, asked, FACTS),
      );
      const explained = policy.explain(asked);
      const matched = explained.rules.filter((each) => each.matched && each.rule.dryRun !== true);
      expect(matched.map(({ rule }) => rule)).toEqual(explained.decision.matched);
    }
  }, RULE_SETS);
});

test(`mobile device rules and overrides mean what the guide says (seed ${seed})`, () => {
  agree((choices) => {
    const deviceRules = Array.from({ length: choices.below(6) }, (_, n): MobileDeviceRule => ({
      id: `D${n}`,
      name: 'device',
      effect: effectBy(choices),
      ...conditions(choices, {
        deviceTypes: PREFIXES,
        notDeviceTypes: PREFIXES,
        deviceModels: PREFIXES,
        notDeviceModels: PREFIXES,
        deviceOperatingSystems: PREFIXES,
        notDeviceOperatingSystems: PREFIXES,
        deviceUserAgents: PREFIXES,
        notDeviceUserAgents: PREFIXES,
      }),
    }));
    const overrides = Array.from({ length: choices.below(3) }, (): MobileDeviceOverride => ({
      userId: choices.of(...USERS),
      deviceId: choices.of('AB1', 'ab2'),
      effect: effectBy(choices),
    }));
    const policy = compilePolicy({ ...PARTS, deviceRules, overrides });
    for (let n = 0; n < ASKED; n++) {
      const said = {
        userId: choices.of(...USERS, undefined),
        deviceId: choices.of('ab1', 'AB2', 'zz', undefined),
        deviceType: choices.of(...SAID),
        deviceModel: choices.of(...SAID),
        deviceOperatingSystem: choices.of(...SAID),
        deviceUserAgent: choices.of(...SAID),
      };
      const asked = Object.fromEntries(
        Object.entries(said).filter(([, value]) => value !== undefined),
      ) as DeviceRequest;
      const { effect, rule, matched, override } = policy.decideDevice(asked);
      expect({
        effect,
        by: rule?.id,
        matched: matched.map(({ id }) => id),
        overridden: override !== undefined,
      }).toEqual(deviceOutcome(deviceRules, overrides, asked));
    }
  }, FURTHER_SETS);
});

test(`impersonation roles mean what the guide says (seed ${seed})`, () => {
  agree((choices) => {
    const rules = Array.from({ length: choices.below(5) }, (_, n) => ({
      id: `I${n}`,
      effect: effectBy(choices),
      ...conditions(choices, { targetUsers: USERS, notTargetUsers: USERS }),
    }));
    const role: ImpersonationRole = { id: 'r1', name: 'Role', type: 'READ_ONLY', rules };
    const policy = compilePolicy({ ...PARTS, roles: [role] });
    for (const user of [...USERS, 'ANN', 'dave']) {
      const { effect, rule, matched } = policy.decideImpersonation('r1', user);
      expect({ effect, by: rule?.id, matched: matched.map(({ id }) => id) }).toEqual(
        roleOutcome(role, user),
      );
    }
    expect(policy.decideImpersonation('r2', 'ann')).toEqual({ effect: 'DENY', matched: [] });
  }, FURTHER_SETS);
});
