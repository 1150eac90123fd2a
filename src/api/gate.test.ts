import { afterEach, expect, test } from 'vitest';
import { stopWorlds } from '../../test/e2e/api-world.ts';
import { startKeysWorld, type KeysWorld, type Secrets } from '../../test/api/keys-world.ts';
import { DOCUMENT_PATHS } from './access-control/documents-endpoint.ts';
import { accessRefusal, permissionFor } from './access.ts';
import { REFUSALS_RECORDED_BURST } from './limits.ts';
import { REST_ROUTES } from './rest.ts';

afterEach(stopWorlds);

const QUERY = { query: 'fields user' };
const LINE = JSON.stringify({
  log_type: 'AUTHENTICATION_LOGS',
  event_timestamp: Date.UTC(2026, 10, 23, 12),
  user: 'ann',
  auth_successful: true,
});
/** All of these requests are refused. */
function no(requests: object): object {
  return Object.fromEntries(Object.keys(requests).map((request) => [request, 403]));
}

/** What each key is answered, by request. */
async function statuses(keys: KeysWorld, key: Secrets): Promise<Record<string, number>> {
  const asked: [string, string, unknown][] = [
    ['POST', '/v1/events', LINE],
    ['POST', '/dovecot/policy?command=allow', {}],
    ['POST', '/dovecot/policy&command=allow', {}],
    ['POST', '/v1/query', QUERY],
    ['GET', '/v1/groups', undefined],
    ['GET', '/v1/status', undefined],
    ['GET', '/v1/keys', undefined],
    ['POST', '/v1/keys', { name: `by ${key.accessKeyId}`, access: 'admin' }],
    ['DELETE', '/v1/keys/MTAKNONE', undefined],
  ];
  const found: Record<string, number> = {};
  for (const [method, path, body] of asked) {
    found[`${method} ${path}`] = (await keys.ask(method, path, body, key)).status;
  }
  return found;
}

test('a key may what its access says, and nothing else', async () => {
  const keys = await startKeysWorld();
  const feeds = {
    'POST /v1/events': 200,
    'POST /dovecot/policy?command=allow': 200,
    'POST /dovecot/policy&command=allow': 200,
  };
  const questions = { 'POST /v1/query': 200, 'GET /v1/groups': 200, 'GET /v1/status': 200 };
  const changes = { 'GET /v1/keys': 200, 'POST /v1/keys': 201, 'DELETE /v1/keys/MTAKNONE': 404 };
  const admin = await keys.create('root', 'admin');
  expect(await statuses(keys, admin)).toEqual({ ...feeds, ...questions, ...changes });
  const reader = await keys.create('reader', 'read-only');
  expect(await statuses(keys, reader)).toEqual({ ...no(feeds), ...questions, ...no(changes) });
  const feed = await keys.create('feed', 'ingest-only');
  expect(await statuses(keys, feed)).toEqual({ ...feeds, ...no(questions), ...no(changes) });
});

test('a refusal names what the key may do; one of a change is an event', async () => {
  const keys = await startKeysWorld();
  const reader = await keys.create('reader', 'read-only');
  const feed = await keys.create('feed', 'ingest-only');
  const denied = await keys.ask('DELETE', '/v1/keys/MTAKX', undefined, reader);
  expect(denied.body.error).toEqual({
    code: 'AccessDeniedException',
    message:
      'the key "reader" is read-only: it may ask and export, and nothing else; DELETE /v1/keys/MTAKX takes another key ("mailtrail keys create")',
  });
  await keys.ask('POST', '/v1/query', QUERY, feed);
  await expect.poll(() => keys.recorded.length).toBe(3);
  expect(keys.recorded[2]).toMatchObject({
    user_id: reader.accessKeyId,
    event_name: 'DELETE /v1/keys/MTAKX',
    event_source: 'mailtrail',
    source_ip: '127.0.0.1',
    resource: '/v1/keys/MTAKX',
    error_code: 'AccessDeniedException',
    error_message: denied.body.error?.['message'],
  });
});

test('who has not the secret makes no event by being refused', async () => {
  const keys = await startKeysWorld();
  const reader = await keys.create('reader', 'read-only');
  const thief = { ...reader, secretAccessKey: 'guessed', bearerToken: 'guessed' };
  expect((await keys.ask('DELETE', '/v1/keys/MTAKX', undefined, thief)).status).toBe(401);
  expect((await keys.signed('DELETE', '/v1/keys/MTAKX', '', thief)()).status).toBe(403);
  expect(keys.recorded).toHaveLength(1);
});

test('refusals are recorded up to a rate, and the others counted', async () => {
  const keys = await startKeysWorld();
  const reader = await keys.create('reader', 'read-only');
  const deny = (): Promise<unknown> => keys.ask('DELETE', '/v1/keys/x', undefined, reader);
  for (let n = 0; n < REFUSALS_RECORDED_BURST + 5; n++) await deny();
  await expect.poll(() => keys.recorded.length).toBe(1 + REFUSALS_RECORDED_BURST);
  keys.nowMs += 1000;
  await deny();
  await expect.poll(() => keys.recorded.length).toBe(2 + REFUSALS_RECORDED_BURST);
  expect(keys.recorded.at(-1)?.['error_message']).toContain('(5 more were refused before)');
});

test('a refusal that the journal does not take is a refusal all the same', async () => {
  const keys = await startKeysWorld();
  const reader = await keys.create('reader', 'read-only');
  keys.refusing = 'disk full';
  expect((await keys.ask('DELETE', '/v1/keys/x', undefined, reader)).status).toBe(403);
  await expect.poll(() => keys.log.join('\n')).toContain('a refusal could not be recorded');
});

test('a signed request that changes something counts once', async () => {
  const keys = await startKeysWorld();
  const send = keys.signed('POST', '/v1/keys', JSON.stringify({ name: 'one', access: 'admin' }));
  const first = await send();
  expect(first.status).toBe(201);
  await keys.ask('DELETE', `/v1/keys/${String(first.body['accessKeyId'])}`);
  const replayed = await send();
  expect(replayed).toMatchObject({ status: 429, body: { error: { code: 'ThrottlingException' } } });
  expect(replayed.headers.get('retry-after')).toBe('1');
  expect(keys.waited).toContain(1000);
  expect(keys.state.count('api-key')).toBe(0);
  const events = keys.signed('POST', '/v1/events', LINE);
  expect([(await events()).status, (await events()).status]).toEqual([200, 429]);
  expect(keys.world.lines).toHaveLength(1);
});

test('the same request, signed a second later, is another one', async () => {
  const keys = await startKeysWorld();
  expect((await keys.signed('POST', '/v1/events', LINE)()).status).toBe(200);
  expect((await keys.signed('POST', '/v1/events', LINE)()).status).toBe(429);
  keys.nowMs += 1000;
  expect((await keys.signed('POST', '/v1/events', LINE)()).status).toBe(200);
});

test('what only asks may be sent again, whoever may ask, and its refusal is no event', async () => {
  const keys = await startKeysWorld();
  const look = keys.signed('GET', '/v1/keys', '');
  expect([(await look()).status, (await look()).status]).toEqual([200, 200]);
  const reader = await keys.create('reader', 'read-only');
  expect((await keys.ask('GET', '/v1/keys', undefined, reader)).status).toBe(403);
  expect(keys.recorded).toHaveLength(1);
  const send = keys.signed('POST', '/v1/query', JSON.stringify(QUERY));
  expect([(await send()).status, (await send()).status]).toEqual([200, 200]);
});

test('every path of the API has its entry; a path without one takes an administrator', () => {
  for (const [path, { open, methods }] of REST_ROUTES) {
    if (open) continue;
    const looks = methods.includes('GET');
    expect(permissionFor(path, looks), path).toBe(path === '/v1/keys' ? 'admin' : 'read');
  }
  for (const path of Object.keys(DOCUMENT_PATHS)) {
    expect(permissionFor(`${path}/x`, true)).toBe('read');
    expect(permissionFor(`${path}/x`, false)).toBe('admin');
  }
  expect(permissionFor('/v1/keys/MTAKX', true)).toBe('admin');
  expect(permissionFor('/v1/events', false)).toBe('ingest');
  expect(permissionFor('/v1/new', true)).toBe('admin');
  expect(permissionFor('/', false)).toBe('admin');
  const administrator = { name: 'administrator', access: 'admin' } as const;
  for (const permission of ['read', 'ingest', 'admin'] as const) {
    expect(accessRefusal(administrator, permission, 'x')).toBeUndefined();
  }
});
