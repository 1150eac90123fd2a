import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type FakeOptions,
  KEY_ENV,
  NOW_MS,
  runCli,
  type SeenRequest,
} from '../../test/cli/fake-world.ts';
import { type AccessDocument, ACCESS_RULES, ROLES, saidBy } from './access-documents.ts';
import { readAccessFiles } from './access-file.ts';
import { planAccess } from './access-plan.ts';

const kept = (revision: number): object => ({ revision, createdAtMs: 0, modifiedAtMs: NOW_MS });
const FILE = `accessRules:
  - name: Default
    effect: ALLOW
  - name: NoImap
    effect: DENY
    actions: [IMAP, POP3]
    dryRun: true
impersonationRoles:
  - id: auditors
    name: Auditors
    type: READ_ONLY
    rules:
      - { id: all, effect: ALLOW }
`;

/** A server that keeps documents by their paths as the real one does. */
function server(rules: readonly object[]): (request: SeenRequest) => Response {
  return ({ method, url, body }) => {
    if (method === 'PUT') return Response.json({ ...(JSON.parse(body) as object), ...kept(9) });
    if (method === 'DELETE') return Response.json({ name: 'x', ...kept(1) });
    return Response.json({
      [url.pathname.endsWith('roles') ? 'roles' : 'rules']:
        url.pathname === '/v1/access-rules' ? rules : [],
    });
  };
}

const DEFAULT = { name: 'Default', effect: 'ALLOW', ...kept(1) };
const OLD = { name: 'Old', effect: 'DENY', ...kept(4) };
const NO_IMAP = { name: 'NoImap', effect: 'DENY', actions: ['IMAP'], ...kept(2) };

function apply(argv: string, options: FakeOptions = {}): ReturnType<typeof runCli> {
  return runCli(['apply', ...argv.split(' ').filter(Boolean)], {
    env: KEY_ENV,
    files: { '/cwd/access.yaml': FILE, 'access.yaml': FILE },
    answer: server([DEFAULT, NO_IMAP, OLD]),
    ...options,
  });
}

const CHANGES = `+ impersonation role auditors: create
    + id: auditors
    + name: Auditors
    + type: READ_ONLY
    + rules: [{"id":"all","effect":"ALLOW"}]
~ rule NoImap: update
    - actions: IMAP
    + actions: IMAP, POP3
    + dryRun: true
`;

test('the difference is shown, and only that with --dry-run', async () => {
  const { code, out, world } = await apply('-f access.yaml --dry-run');
  expect([code, out]).toEqual([
    0,
    `${CHANGES}1 to create, 1 to update, 0 to delete, 1 as they should be\n`,
  ]);
  expect(world.requests.every(({ method }) => method === 'GET')).toBe(true);
  expect((await apply('-f access.yaml --dry-run --fail-on-changes')).code).toBe(1);
  const json = await apply('-f access.yaml --dry-run -o json');
  expect(JSON.parse(json.out)).toMatchObject({
    unchanged: 1,
    changes: [{ act: 'create' }, { id: 'NoImap', act: 'update', revision: 2 }],
  });
});

test('what was shown is made, onto the revisions that were shown', async () => {
  const { code, out, world } = await apply('-f access.yaml --prune --yes');
  expect(code).toBe(0);
  expect(out).toMatch(
    /- rule Old: delete\n.*1 to delete.*\nimpersonation role auditors: created\nrule NoImap: updated\nrule Old: deleted\n$/s,
  );
  const made = world.requests.filter(({ method }) => method !== 'GET');
  expect(
    made.map(({ method, url, headers }) => [
      method,
      url.pathname,
      new Headers(headers).get('if-match'),
    ]),
  ).toEqual([
    ['PUT', '/v1/impersonation-roles/auditors', '"0"'],
    ['PUT', '/v1/access-rules/NoImap', '"2"'],
    ['DELETE', '/v1/access-rules/Old', '"4"'],
  ]);
});

test('who can answer is asked, who cannot must say yes before', async () => {
  const no = await apply('-f access.yaml', { stderrTerminal: true, stdin: 'n\n' });
  expect([no.code, no.err]).toEqual([1, 'Apply this? [y/N] Nothing was changed.\n']);
  const yes = await apply('-f access.yaml', { stderrTerminal: true, stdin: 'y\n' });
  expect(yes.out).toMatch(/rule NoImap: updated\n$/);
  const nobody = await apply('-f access.yaml');
  expect([nobody.code, nobody.world.requests.filter(({ method }) => method !== 'GET')]).toEqual([
    2,
    [],
  ]);
  expect(nobody.err).toMatch(/--yes is missing/);
  const piped = await apply('-f - --yes', { stdin: FILE });
  expect(piped.out).toMatch(/rule NoImap: updated\n$/);
});

test('all mistakes are told with their places, and nothing is asked of the server', async () => {
  const wrong = `accessRules:
  - name: A
    effect: BLOCK
  - name: B
    effect: DENY
    ipRanges: [192.0.2.0/24, nowhere]
  - name: B
    effect: DENY
impersonationRole: []
`;
  const { code, err, world } = await apply('-f wrong.yaml', {
    files: { 'wrong.yaml': wrong, '/cwd/wrong.yaml': wrong },
  });
  expect([code, world.requests]).toEqual([3, []]);
  expect(err.split('\n').slice(0, -1)).toEqual([
    expect.stringMatching(
      /wrong\.yaml:9:1: impersonationRole: unknown key; did you mean "impersonationRoles"\?/,
    ),
    expect.stringMatching(/wrong\.yaml:3:5: accessRules\[0\]\.effect: must be ALLOW or DENY/),
    expect.stringMatching(/wrong\.yaml:6:\d+: accessRules\[1\]\.ipRanges\[1\]: /),
    'nothing was changed',
  ]);
  const twice = 'accessRules:\n  - { name: B, effect: DENY }\n  - { name: B, effect: DENY }\n';
  const { problems } = readAccessFiles([{ name: 'f', text: twice }]);
  expect(problems).toEqual([
    expect.stringMatching(/^f:3:\d+: accessRules\[1\]: the rule "B" is there twice/),
  ]);
  expect((await apply('')).err).toMatch(/--file is missing/);
});

test('what the configuration declares is not touched: neither changed nor pruned', async () => {
  const declared = { ...NO_IMAP, declared: true };
  const refused = await apply('-f access.yaml --yes', { answer: server([DEFAULT, declared]) });
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(/rule NoImap: is declared in the server's configuration file/);
  const pruned = planAccess(
    new Map([[ACCESS_RULES, new Map()]]),
    new Map([[ACCESS_RULES, [declared] as unknown as AccessDocument[]]]),
    true,
  );
  expect(pruned.changes).toEqual([]);
});

test('a conflict ends it, and says how far it came', async () => {
  const { code, err } = await apply('-f access.yaml --yes', {
    answer: (request) =>
      request.method === 'PUT' && request.url.pathname.includes('access-rules')
        ? Response.json(
            { error: { code: 'ConflictException', message: 'changed meanwhile' } },
            { status: 409 },
          )
        : server([DEFAULT, NO_IMAP])(request),
  });
  expect(code).toBe(1);
  expect(err).toMatch(/rule NoImap: changed meanwhile\n1 of 2 changes were made; run it again/);
});

const names = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/), { maxLength: 8 });
const rule = fc.record(
  {
    effect: fc.constantFrom('ALLOW', 'DENY'),
    description: fc.stringMatching(/^[ -~]{1,40}$/),
    actions: fc.uniqueArray(fc.constantFrom('IMAP', 'POP3', 'SMTP', 'EWS'), { minLength: 1 }),
    notIpRanges: fc.array(
      fc.ipV4().map((address) => `${address}/32`),
      { minLength: 1, maxLength: 3 },
    ),
  },
  { requiredKeys: ['effect'] },
);

function documents(of: readonly string[], rules: readonly object[]): AccessDocument[] {
  return of.map(
    (name, at) => ({ name, ...rules[at], ...kept(at + 1) }) as unknown as AccessDocument,
  );
}

test('what is exported and applied changes nothing; one set becomes another by pruning', async () => {
  const sets = fc.tuple(
    names,
    names,
    fc.array(rule, { minLength: 8, maxLength: 8 }),
    fc.array(rule, { minLength: 8, maxLength: 8 }),
  );
  const property = fc.asyncProperty(sets, async ([a, b, ofA, ofB]) => {
    const [from, to] = [documents(a, ofA), documents(b, ofB)];
    const exported = await runCli(['access', 'export'], { env: KEY_ENV, answer: server(to) });
    const { wanted, problems } = readAccessFiles([{ name: 'access.yaml', text: exported.out }]);
    expect(problems).toEqual([]);
    const same = new Map([[ACCESS_RULES, to]]);
    expect(planAccess(wanted, same, true).changes).toEqual([]);
    const plan = planAccess(wanted, new Map([[ACCESS_RULES, from]]), true);
    const left = new Map(from.map((each) => [String(each['name']), saidBy(each)]));
    for (const { id, after } of plan.changes) {
      if (after === undefined) left.delete(id);
      else left.set(id, after);
    }
    expect(left).toEqual(new Map(to.map((each) => [String(each['name']), saidBy(each)])));
  });
  await fc.assert(property, { numRuns: 100, seed: 20_261_123 });
});

test('what a role says is the same in any order of its members', () => {
  const { wanted } = readAccessFiles([{ name: 'f', text: FILE }]);
  const role = {
    rules: [{ effect: 'ALLOW', id: 'all' }],
    type: 'READ_ONLY',
    name: 'Auditors',
    id: 'auditors',
    ...kept(1),
  };
  const plan = planAccess(wanted, new Map([[ROLES, [role] as unknown as AccessDocument[]]]), false);
  expect(plan.changes.some(({ kind }) => kind === ROLES)).toBe(false);
});
