import { expect, test } from 'vitest';
import {
  type FakeOptions,
  KEY_ENV,
  NOW_MS,
  runCli,
  type SeenRequest,
} from '../../test/cli/fake-world.ts';

const MINUTE_MS = 60_000;
const kept = (revision: number): object => ({ revision, createdAtMs: 0, modifiedAtMs: NOW_MS });
const FIRST = { name: 'NoImap', effect: 'DENY', actions: ['IMAP'], ...kept(1) };
const SECOND = { ...FIRST, actions: ['IMAP', 'POP3'], description: 'both', ...kept(2) };
const ROLE = {
  id: 'auditors',
  name: 'Auditors',
  type: 'READ_ONLY',
  rules: [
    { id: 'allowed', effect: 'ALLOW' },
    { id: 'denied', effect: 'DENY', targetUsers: ['ceo@acme.example'] },
  ],
  ...kept(1),
};

function change(atMs: number, eventName: string, before?: object, after?: object): object[] {
  return Object.entries({
    event_timestamp: String(atMs),
    event_name: eventName,
    user_id: 'MTAKANN',
    source_ip: '192.0.2.1',
    resource: 'NoImap',
    ...(before && { before: JSON.stringify(before) }),
    ...(after && { after: JSON.stringify(after) }),
  }).map(([field, value]) => ({ field, value }));
}

const MADE = change(NOW_MS - 9 * MINUTE_MS, 'PutAccessControlRule', undefined, FIRST);
const CHANGED = change(NOW_MS - 5 * MINUTE_MS, 'PutAccessControlRule', FIRST, SECOND);
const DELETED = change(NOW_MS - MINUTE_MS, 'DeleteAccessControlRule', SECOND);

/** A server with these documents and this history, newest first. */
function server(history: readonly object[][], documents: Readonly<Record<string, object>>) {
  return ({ method, url, body }: SeenRequest): Response => {
    if (url.pathname === '/v1/groups') {
      return Response.json({ groups: [{ name: '/mailtrail/acme/management' }] });
    }
    if (url.pathname === '/v1/query') {
      const lines = [{ columns: [] }, ...history, { resultCount: history.length }];
      return new Response(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    }
    if (method === 'PUT') return Response.json({ ...JSON.parse(body), ...kept(3) });
    const known = documents[decodeURIComponent(url.pathname)];
    if (known !== undefined) return Response.json(known);
    const error = { code: 'ResourceNotFoundException', message: 'there is none' };
    return Response.json({ error }, { status: 404 });
  };
}

const LIVE = server([CHANGED, MADE], { '/v1/access-rules/NoImap': SECOND });
const GONE = server([DELETED, CHANGED, MADE], {});

function cli(argv: string, answer: FakeOptions['answer'] = LIVE): ReturnType<typeof runCli> {
  return runCli(argv.split(' '), { env: KEY_ENV, answer });
}

test('history tells who changed what, newest first', async () => {
  const { out, world } = await cli('rules history NoImap');
  expect(out.split('\n')).toEqual([
    '2026-11-23T11:55:00.000Z NoImap revision 2: PutAccessControlRule by MTAKANN from 192.0.2.1',
    '    - actions: IMAP',
    '    + actions: IMAP, POP3',
    '    + description: both',
    '2026-11-23T11:51:00.000Z NoImap revision 1: PutAccessControlRule by MTAKANN from 192.0.2.1',
    '    + name: NoImap',
    '    + effect: DENY',
    '    + actions: IMAP',
    '',
  ]);
  const asked = world.requests.find(({ url }) => url.pathname === '/v1/query');
  expect(JSON.parse(asked?.body ?? '')).toMatchObject({
    query: expect.stringContaining('and resource = "NoImap"'),
    logGroups: ['/mailtrail/acme/management'],
  });
  expect((await cli('rules history', GONE)).out).toMatch(/NoImap deleted: DeleteAccessControlRule/);
  const json = await cli('rules history NoImap -o json');
  expect(JSON.parse(json.out)).toMatchObject([
    { after: { revision: 2 } },
    { after: { revision: 1 } },
  ]);
  const none = await cli('rules history NoImap', server([], {}));
  expect(none.err).toMatch(/^The management log has no change of the rule NoImap; it has what its/);
});

test('revert makes a rule what it was, onto the revision that was seen', async () => {
  const { code, out, world } = await cli('rules revert NoImap');
  expect([code, out]).toEqual([
    0,
    'NoImap: reverted\n    - actions: IMAP, POP3\n    + actions: IMAP\n    - description: both\n',
  ]);
  const put = world.requests.find(({ method }) => method === 'PUT');
  expect(new Headers(put?.headers).get('if-match')).toBe('"2"');
  expect(JSON.parse(put?.body ?? '')).toEqual({
    name: 'NoImap',
    effect: 'DENY',
    actions: ['IMAP'],
  });
});

test('revert goes to a revision or a time, and with --dry-run nowhere', async () => {
  const dry = await cli('rules revert NoImap --to 1 --dry-run');
  expect(dry.out).toMatch(/^NoImap: would be reverted\n {4}- actions/);
  expect(dry.world.requests.some(({ method }) => method === 'PUT')).toBe(false);
  expect((await cli('rules revert NoImap --to 2')).out).toBe('NoImap: is that already\n');
  expect((await cli('rules revert NoImap --to 7m')).out).toMatch(/^NoImap: reverted/);
  const before = await cli('rules revert NoImap --to 1h');
  expect(before.world.requests.at(-1)).toMatchObject({ method: 'DELETE' });
  expect(new Headers(before.world.requests.at(-1)?.headers).get('if-match')).toBe('"2"');
  const unknown = await cli('rules revert NoImap --to 7');
  expect(unknown.code).toBe(5);
  expect(unknown.err).toMatch(/--to 7: the management log has the revisions 1, 2/);
});

test('revert makes a rule again that was deleted', async () => {
  const { out, world } = await cli('rules revert NoImap', GONE);
  expect(out).toMatch(/^NoImap: reverted\n {4}\+ name: NoImap/);
  const put = world.requests.find(({ method }) => method === 'PUT');
  expect(new Headers(put?.headers).get('if-match')).toBe('"0"');
  expect(JSON.parse(put?.body ?? '')).toMatchObject({ actions: ['IMAP', 'POP3'] });
});

test('what is shown and deleted is what the server has', async () => {
  const show = await cli('rules show NoImap');
  expect(show.out).toMatch(
    /^name: NoImap\neffect: DENY\nactions: IMAP, POP3\ndescription: both\nrevision: 2\n/,
  );
  const gone = await cli('rules show NoImap', GONE);
  expect(gone.code).toBe(5);
  const { out, world } = await cli('rules delete NoImap --revision 2');
  expect(out).toMatch(/^NoImap: deleted \(DENY, actions: IMAP, POP3\)/);
  expect(new Headers(world.requests[0]?.headers).get('if-match')).toBe('"2"');
});

test('roles are made by whom they may open, and listed so', async () => {
  const answer = server([], { '/v1/impersonation-roles': { roles: [ROLE] } });
  const made = await cli(
    'roles put auditors --type READ_ONLY --allow-everybody --deny ceo@acme.example',
    answer,
  );
  expect(made.out).toBe(
    'auditors (revision 3): auditors, READ_ONLY, ALLOW everybody; DENY ceo@acme.example\n',
  );
  expect(JSON.parse(made.world.requests[0]?.body ?? '')).toEqual({
    id: 'auditors',
    name: 'auditors',
    type: 'READ_ONLY',
    rules: ROLE.rules,
  });
  expect((await cli('roles list', answer)).out).toMatch(
    /auditors +Auditors +READ_ONLY .*ALLOW everybody; DENY ceo@acme\.example/,
  );
  expect((await cli('roles put r --type READ_ONLY', answer)).err).toMatch(
    /--allow or --allow-everybody is missing/,
  );
});

function deviceServer(request: SeenRequest): Response {
  if (request.url.pathname !== '/v1/device-effect') return server([], {})(request);
  const matched = [{ id: 'x', name: 'X', effect: 'DENY' }];
  return Response.json({ effect: 'DENY', rule: 'x', matched });
}

test('device rules and overrides are put and tried', async () => {
  const rule = await cli(
    'devices put x --effect DENY --os Android --not-type iPhone',
    deviceServer,
  );
  expect(JSON.parse(rule.world.requests[0]?.body ?? '')).toEqual({
    id: 'x',
    name: 'x',
    effect: 'DENY',
    deviceOperatingSystems: ['Android'],
    notDeviceTypes: ['iPhone'],
  });
  const tried = await cli('devices test --user ann --os Android', deviceServer);
  expect([tried.code, tried.out]).toEqual([1, 'DENY: by the rule x; rules that match: x (DENY)\n']);
  const override = await cli(
    'device-overrides put ann@acme.example:AB1 --effect ALLOW',
    deviceServer,
  );
  expect(override.world.requests[0]?.url.pathname).toBe(
    '/v1/mobile-device-overrides/ann%40acme.example%3AAB1',
  );
  expect(override.out).toBe('ann@acme.example:AB1 (revision 3): ALLOW\n');
  expect((await cli('device-overrides put ann --effect ALLOW', deviceServer)).err).toMatch(
    /expected a login and a device/,
  );
});
