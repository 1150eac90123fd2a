import { expect, test } from 'vitest';
import { IP_RANGES_MAX, USER_IDS_MAX, validateRule } from './rule.ts';

const problems = (input: unknown): string[] => {
  const result = validateRule(input);
  return result.ok ? [] : result.problems.map((p) => `${p.path}: ${p.message}`);
};

test('a whole rule passes as it is', () => {
  const rule = {
    name: 'BlockImapOutside',
    effect: 'DENY',
    description: 'IMAP only from inside',
    notIpRanges: ['10.0.0.0/8', '2001:db8::/32'],
    actions: ['IMAP', 'POP3'],
    notUserIds: ['bob@example.test'],
  };
  expect(validateRule(rule)).toEqual({ ok: true, rule });
});

test('every problem is told with the path of its field', () => {
  const told = problems({
    name: 'no spaces',
    effect: 'BLOCK',
    description: '\u0007',
    ipRanges: ['10.0.0.0/8', '10.0.0.0/40'],
    actions: ['IMPA'],
    userIds: [''],
    protocols: ['IMAP'],
  });
  for (const expected of [
    /^ipRanges\[1\]: must be an IPv4 or IPv6 range .* "10\.0\.0\.0\/40"$/,
    /^actions\[0\]: must be one of AutoDiscover, .* "IMPA"$/,
    /^userIds\[0\]: must be a user's login/,
    /^name: must be 1 to 64 of the characters/,
    /^effect: must be ALLOW or DENY, but is "BLOCK"$/,
    /^description: must be text/,
    /^protocols: is not known; a rule has name, effect/,
  ]) {
    expect(told).toContainEqual(expect.stringMatching(expected));
  }
  expect(told).toHaveLength(7);
});

test('name and effect are required', () => {
  expect(problems({})).toEqual(['name: is missing', 'effect: is missing']);
  expect(problems([])).toEqual([': a rule must be an object, but is []']);
  expect(problems(null)).toEqual([': a rule must be an object, but is null']);
});

test('lists are lists, and have limits', () => {
  const base = { name: 'R', effect: 'ALLOW' };
  expect(problems({ ...base, ipRanges: '10.0.0.0/8' })).toEqual([
    'ipRanges: must be a list, but is "10.0.0.0/8"',
  ]);
  const ranges = Array.from({ length: IP_RANGES_MAX }, (_, i) => `10.0.${i >> 8}.${i & 255}/32`);
  expect(problems({ ...base, ipRanges: ranges })).toEqual([]);
  expect(problems({ ...base, ipRanges: [...ranges, '10.9.9.9/32'] })).toEqual([
    `ipRanges: may have at most ${IP_RANGES_MAX} entries, but has ${IP_RANGES_MAX + 1}`,
  ]);
  const users = Array.from({ length: USER_IDS_MAX + 1 }, (_, i) => `u${i}`);
  expect(problems({ ...base, userIds: users })).toHaveLength(1);
});

test('a field named like an object method is unknown, not a crash', () => {
  expect(problems({ name: 'R', effect: 'ALLOW', toString: 1 })).toHaveLength(1);
});
