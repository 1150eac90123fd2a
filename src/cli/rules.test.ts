import { expect, test } from 'vitest';
import { KEY_ENV, NOW_MS, runCli, type FakeOptions } from '../../test/cli/fake-world.ts';

const RULE = {
  name: 'NoImapOutside',
  effect: 'DENY',
  actions: ['IMAP'],
  notIpRanges: ['192.0.2.0/24', '2001:db8::/32'],
  dryRun: true,
  revision: 3,
  createdAtMs: NOW_MS,
  modifiedAtMs: NOW_MS,
};
const DEFAULT = { name: 'Default', effect: 'ALLOW', revision: 1, createdAtMs: 0, modifiedAtMs: 0 };
const EFFECT = {
  effect: 'DENY',
  rule: 'NoImapOutside',
  matched: ['NoImapOutside', 'Default'],
  rules: [
    { name: 'Default', effect: 'ALLOW', matched: true, conditions: [] },
    {
      name: 'NoImapOutside',
      effect: 'DENY',
      matched: true,
      conditions: [
        { condition: 'actions', holds: true, entries: ['IMAP'], seen: 'IMAP' },
        { condition: 'notIpRanges', holds: true, entries: ['192.0.2.0/24'], seen: '203.0.113.7' },
      ],
    },
  ],
};

function rules(argv: readonly string[], more: FakeOptions = {}): ReturnType<typeof runCli> {
  return runCli(['rules', ...argv], {
    env: KEY_ENV,
    answer: ({ method, url }) => {
      if (method === 'POST') return Response.json(EFFECT);
      const list = new URL(url).pathname.endsWith('/access-rules');
      return Response.json(list ? { rules: [DEFAULT, RULE] } : RULE);
    },
    ...more,
  });
}

test('rules for people and for programs', async () => {
  const { out } = await rules(['list']);
  expect(out).toMatch(/^name +effect +changed +note +when/);
  expect(out).toMatch(/Default +ALLOW .* always\n/);
  expect(out).toMatch(
    /NoImapOutside +DENY .*only recorded +actions: IMAP; notIpRanges: 192\.0\.2\.0\/24, 2001:db8::\/32\n/,
  );
  const json = await rules(['list', '-o', 'json']);
  expect(JSON.parse(json.out)).toEqual([DEFAULT, RULE]);
  const none = await rules(['list'], { answer: () => Response.json({ rules: [] }) });
  expect(none.err).toMatch(/^There is no rule, so nobody may do anything; .*rules put Default/);
});

test('a rule is put with its conditions, onto the revision that was seen', async () => {
  const argv = ['put', 'NoImapOutside', '--effect', 'DENY', '--action', 'IMAP', '--only-record'];
  const ranges = ['--not-ip-range', '192.0.2.0/24', '--not-ip-range', '2001:db8::/32'];
  const { code, out, world } = await rules([...argv, ...ranges, '--revision', '2']);
  expect(code).toBe(0);
  expect(out).toMatch(/^NoImapOutside \(revision 3\): DENY, only recorded, actions: IMAP; /);
  const [request] = world.requests;
  expect(request).toMatchObject({ method: 'PUT' });
  expect(new URL(request?.url ?? '').pathname).toBe('/v1/access-rules/NoImapOutside');
  expect(JSON.parse(request?.body ?? '')).toEqual({
    name: 'NoImapOutside',
    effect: 'DENY',
    dryRun: true,
    actions: ['IMAP'],
    notIpRanges: ['192.0.2.0/24', '2001:db8::/32'],
  });
  expect(new Headers(request?.headers).get('if-match')).toBe('"2"');
  const dry = await rules([...argv, '--dry-run']);
  expect(dry.world.requests).toEqual([]);
  expect(JSON.parse(dry.out)).toMatchObject({ actions: ['IMAP'] });
  const missing = await rules(['put', 'X']);
  expect(missing.code).toBe(2);
  expect(missing.err).toMatch(/--effect is missing: expected ALLOW or DENY/);
});

test('a rule is deleted, or it is said which one would be', async () => {
  const { out, world } = await rules(['delete', 'NoImapOutside']);
  expect(world.requests[0]).toMatchObject({ method: 'DELETE' });
  expect(out).toMatch(/^NoImapOutside: deleted \(DENY, only recorded, actions: IMAP; /);
  const dry = await rules(['delete', 'NoImapOutside', '--dry-run']);
  expect(dry.world.requests[0]).toMatchObject({ method: 'GET' });
  expect(dry.out).toMatch(/would be deleted/);
});

test('what would be decided, and why', async () => {
  const { code, out, world } = await rules(['test', '--user', 'ann', '--ip', '203.0.113.7']);
  expect(code).toBe(1);
  expect(out).toBe('DENY: by the rule NoImapOutside\n');
  expect(JSON.parse(world.requests[0]?.body ?? '')).toEqual({
    protocol: 'IMAP',
    sourceIp: '203.0.113.7',
    userId: 'ann',
  });
  const explained = await rules(['explain', '--user', 'ann', '--at', '2026-11-23T08:00:00Z']);
  expect(explained.code).toBe(0);
  expect(explained.out.split('\n')).toEqual([
    'DENY: by the rule NoImapOutside',
    '✓ Default (ALLOW)',
    '    has no conditions',
    '✓ NoImapOutside (DENY)',
    '    holds: actions IMAP; it is IMAP',
    '    holds: notIpRanges 192.0.2.0/24; it is 203.0.113.7',
    '',
  ]);
  const wrong = await rules(['test', '--at', 'yesterday-ish']);
  expect(wrong.code).toBe(2);
});
