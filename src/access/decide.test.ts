import fc from 'fast-check';
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

// The oracle: the semantics once more, written with nothing but text and bit strings.
function bitsOf(address: string): string {
  return address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
}
function inRange(range: string, address: string): boolean {
  const [base = '', length = '32'] = range.split('/');
  return bitsOf(base).slice(0, Number(length)) === bitsOf(address).slice(0, Number(length));
}
const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
function matchesNaively(r: AccessRule, asked: AccessRequest): boolean {
  const checks: boolean[] = [];
  if (r.ipRanges?.length) checks.push(r.ipRanges.some((c) => inRange(c, asked.sourceIp)));
  if (r.notIpRanges?.length) checks.push(!r.notIpRanges.some((c) => inRange(c, asked.sourceIp)));
  if (r.actions?.length) checks.push(r.actions.some((a) => same(a, asked.protocol)));
  if (r.notActions?.length) checks.push(!r.notActions.some((a) => same(a, asked.protocol)));
  if (r.userIds?.length) checks.push(r.userIds.some((u) => same(u, asked.userId)));
  if (r.notUserIds?.length) checks.push(!r.notUserIds.some((u) => same(u, asked.userId)));
  return checks.every(Boolean);
}

const octet = fc.integer({ min: 0, max: 3 });
const ip = fc.tuple(octet, octet, octet, octet).map((o) => o.join('.'));
const range = fc.tuple(ip, fc.integer({ min: 0, max: 32 })).map(([a, n]) => `${a}/${n}`);
const protocol = fc.constantFrom('IMAP', 'SMTP', 'pop3', 'EWS');
const user = fc.constantFrom('alice', 'Bob', 'carol', 'DAVE');
const list = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { maxLength: 3 });
const anyRule: fc.Arbitrary<AccessRule> = fc.record(
  {
    name: fc.constantFrom('A', 'B', 'C', 'D'),
    effect: fc.constantFrom<Effect>('ALLOW', 'DENY'),
    ipRanges: list(range),
    notIpRanges: list(range),
    actions: list(protocol),
    notActions: list(protocol),
    userIds: list(user),
    notUserIds: list(user),
  },
  { requiredKeys: ['name', 'effect'] },
);

test('decides as the naive reading of the rules does', () => {
  fc.assert(
    fc.property(fc.array(anyRule, { maxLength: 8 }), protocol, ip, user, (rules, p, from, who) => {
      const asked = { protocol: p, sourceIp: from, userId: who, atMs: 0 };
      const matching = rules.filter((r) => matchesNaively(r, asked));
      const deny = matching.find((r) => r.effect === 'DENY');
      const first = deny ?? matching.find((r) => r.effect === 'ALLOW');
      const decision = decide(compileRules(rules), asked);
      expect(decision.effect).toBe(deny === undefined && first !== undefined ? 'ALLOW' : 'DENY');
      expect(decision.rule).toBe(first);
      expect(decision.matched).toEqual(matching);
    }),
    { numRuns: 2000 },
  );
});
