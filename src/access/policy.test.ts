import { expect, test } from 'vitest';
import { validateRole } from './impersonation-role.ts';
import { validateDeviceRule, validateOverride } from './mobile-device-rule.ts';
import { compilePolicy, type PolicyParts } from './policy.ts';

const NOW = Date.UTC(2026, 10, 23, 12);
const PARTS: PolicyParts = { rules: [], deviceRules: [], overrides: [], roles: [] };
const asked = { protocol: 'IMAP', sourceIp: '203.0.113.7', userId: 'ann', atMs: NOW };

test('an organization without rules lets nobody in', () => {
  const policy = compilePolicy(PARTS);
  expect(policy.decide(asked)).toEqual({ effect: 'DENY', matched: [] });
  expect(policy.decideDevice({ userId: 'ann' })).toEqual({ effect: 'DENY', matched: [] });
  expect(policy.decideImpersonation('r', 'ann')).toEqual({ effect: 'DENY', matched: [] });
});

test('the explanation says which conditions held, and what they looked at', () => {
  const rules = [
    { name: 'Default', effect: 'ALLOW' },
    {
      name: 'Closed',
      effect: 'DENY',
      actions: ['IMAP'],
      notNetworks: ['office'],
      hours: ['18:00-08:00'],
      groups: ['staff'],
    },
  ] as const;
  const networks = { Office: ['203.0.113.0/24'] };
  const policy = compilePolicy({ ...PARTS, rules }, { networks, groupsOf: () => ['Staff'] });
  const { decision, rules: explained } = policy.explain(asked);
  expect(decision).toMatchObject({ effect: 'ALLOW', rule: { name: 'Default' } });
  expect(explained).toEqual([
    { rule: rules[0], matched: true, conditions: [] },
    {
      rule: rules[1],
      matched: false,
      conditions: [
        { condition: 'actions', holds: true, entries: ['IMAP'], seen: 'IMAP' },
        { condition: 'notNetworks', holds: false, entries: ['office'], seen: '203.0.113.7' },
        { condition: 'groups', holds: true, entries: ['staff'], seen: 'Staff' },
        {
          condition: 'hours',
          holds: false,
          entries: ['18:00-08:00'],
          seen: '2026-11-23T12:00:00.000Z',
        },
      ],
    },
  ]);
});

test('users who have several names are one user', () => {
  const names: Record<string, string> = { 'ann@example.test': 'u-1', ann: 'u-1' };
  const policy = compilePolicy(
    {
      rules: [{ name: 'R', effect: 'ALLOW', userIds: ['ann@example.test'] }],
      deviceRules: [],
      overrides: [{ userId: 'ann@example.test', deviceId: 'X1', effect: 'ALLOW' }],
      roles: [
        {
          id: 'r',
          name: 'r',
          type: 'FULL_ACCESS',
          rules: [{ id: 'i', effect: 'ALLOW', targetUsers: ['ann@example.test'] }],
        },
      ],
    },
    { userIdOf: (name) => names[name.toLowerCase()] ?? name.toLowerCase() },
  );
  expect(policy.decide(asked).effect).toBe('ALLOW');
  expect(policy.decide({ ...asked, userId: 'bob' }).effect).toBe('DENY');
  expect(policy.decideDevice({ userId: 'Ann', deviceId: 'x1' }).effect).toBe('ALLOW');
  expect(policy.decideImpersonation('r', 'ANN').effect).toBe('ALLOW');
});

const problems = (result: {
  ok: boolean;
  problems?: readonly { path: string; message: string }[];
}) =>
  result.ok ? [] : result.problems?.map(({ path, message }) => `${path}: ${message}`).toSorted();

test('what device rules, overrides and roles say is checked', () => {
  expect(
    problems(
      validateDeviceRule({ id: 'a b', name: '', effect: 'ALLOW', deviceTypes: ['x', ''], os: [] }),
    ),
  ).toEqual([
    'deviceTypes[1]: must be 1 to 256 characters from space to ÿ, but is ""',
    'id: must be 1 to 64 of the characters a-z A-Z 0-9 _ -, but is "a b"',
    'name: must be a name of 1 to 64 characters, but is ""',
    expect.stringMatching(/^os: is not known; a mobile device access rule has id, name/),
  ]);
  expect(problems(validateOverride({ userId: 'ann', deviceId: 'a-b', effect: 'ALLOW' }))).toEqual([
    'deviceId: must be 1 to 32 letters and digits, but is "a-b"',
  ]);
  expect(
    problems(
      validateRole({
        id: 'r',
        name: 'R',
        type: 'ADMIN',
        rules: [{ id: 'a', effect: 'ALLOW' }, { id: 'a', effect: 'NO', targetUsers: [''] }, null],
      }),
    ),
  ).toEqual(
    [
      'type: must be FULL_ACCESS or READ_ONLY, but is "ADMIN"',
      'rules[1].targetUsers[0]: must be a user\'s login of 1 to 256 characters, but is ""',
      'rules[1].effect: must be ALLOW or DENY, but is "NO"',
      'rules[2]: a rule of a role must be an object, but is null',
      'rules[1].id: is "a" again; rename it',
    ].toSorted(),
  );
});
