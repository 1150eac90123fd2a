import { expect, test } from 'vitest';
import type { AccessRequest, AccessRule, Effect } from './decision.ts';
import { compileRules, decide, DEFAULT_RULE } from './decide.ts';

const request = (over: Partial<AccessRequest> = {}): AccessRequest => ({
  protocol: 'IMAP',
  sourceIp: '203.0.113.7',
  userId: 'bob@example.test',
  atMs: 0,
  ...over,
});
const rule = (name: string, effect: Effect, over: Partial<AccessRule> = {}): AccessRule => ({
  name,
  effect,
  ...over,
});
const outcome = (rules: AccessRule[], asked: AccessRequest): string => {
  const decision = decide(compileRules(rules), asked);
  return `${decision.effect} ${decision.rule?.name ?? '-'} [${decision.matched.map((r) => r.name).join(' ')}]`;
};

test('the default rule allows everything, no rules deny everything', () => {
  expect(outcome([DEFAULT_RULE], request())).toBe('ALLOW Default [Default]');
  expect(outcome([], request())).toBe('DENY - []');
});

test('a matching DENY wins over an ALLOW before it; the first of each kind is named', () => {
  const rules = [
    rule('AllowAll', 'ALLOW'),
    rule('NoImap', 'DENY', { actions: ['IMAP'] }),
    rule('NoBob', 'DENY', { userIds: ['bob@example.test'] }),
  ];
  expect(outcome(rules, request())).toBe('DENY NoImap [AllowAll NoImap NoBob]');
  expect(outcome(rules, request({ protocol: 'SMTP' }))).toBe('DENY NoBob [AllowAll NoBob]');
  expect(outcome(rules, request({ protocol: 'SMTP', userId: 'eve' }))).toBe(
    'ALLOW AllowAll [AllowAll]',
  );
});

test('the story: IMAP only from inside, except for the one who travels', () => {
  const rules = [
    DEFAULT_RULE,
    rule('BlockImapOutside', 'DENY', {
      actions: ['IMAP'],
      notIpRanges: ['10.0.0.0/8', '2001:db8:1::/48'],
      notUserIds: ['bob@example.test'],
    }),
  ];
  const carol = { userId: 'carol@example.test' };
  expect(outcome(rules, request())).toMatch(/^ALLOW Default/);
  expect(outcome(rules, request(carol))).toMatch(/^DENY BlockImapOutside/);
  expect(outcome(rules, request({ ...carol, sourceIp: '10.2.3.4' }))).toMatch(/^ALLOW/);
  expect(outcome(rules, request({ ...carol, sourceIp: '::ffff:10.2.3.4' }))).toMatch(/^ALLOW/);
  expect(outcome(rules, request({ ...carol, sourceIp: '2001:db8:1:ff::9' }))).toMatch(/^ALLOW/);
  expect(outcome(rules, request({ ...carol, sourceIp: '2001:db8:2::9' }))).toMatch(/^DENY/);
  expect(outcome(rules, request({ ...carol, protocol: 'POP3' }))).toMatch(/^ALLOW/);
});

test('users and protocols are compared without regard to case', () => {
  const rules = [rule('R', 'ALLOW', { userIds: ['Bob@Example.TEST'], actions: ['imap'] })];
  expect(outcome(rules, request({ userId: 'BOB@example.test' }))).toMatch(/^ALLOW R/);
});

test('a source that is no address is in no range', () => {
  expect(
    outcome([rule('In', 'ALLOW', { ipRanges: ['0.0.0.0/0'] })], request({ sourceIp: '' })),
  ).toMatch(/^DENY -/);
  expect(
    outcome([rule('Out', 'DENY', { notIpRanges: ['0.0.0.0/0'] })], request({ sourceIp: 'x' })),
  ).toMatch(/^DENY Out/);
});

test('an empty list is no condition', () => {
  expect(
    outcome([rule('R', 'ALLOW', { ipRanges: [], actions: [], userIds: [] })], request()),
  ).toMatch(/^ALLOW R/);
});

test('a range that is none cannot be compiled', () => {
  expect(() => compileRules([rule('R', 'ALLOW', { ipRanges: ['10.0.0.0/33'] })])).toThrow(
    /rule R.*10\.0\.0\.0\/33/,
  );
});
