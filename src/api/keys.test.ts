import { afterEach, expect, test } from 'vitest';
import { KEYS, startWorld, stopWorlds } from '../../test/e2e/api-world.ts';
import { startKeysWorld } from '../../test/api/keys-world.ts';
import { DOCUMENTS_MAX } from '../state/limits.ts';

afterEach(stopWorlds);

test('a key is made, opens, is listed without its secrets, and opens nothing when revoked', async () => {
  const keys = await startKeysWorld();
  const made = await keys.ask('POST', '/v1/keys', { name: 'grafana', access: 'read-only' });
  expect(made.status).toBe(201);
  expect(made.headers.get('cache-control')).toBe('no-store');
  expect(made.body).toEqual({
    accessKeyId: expect.stringMatching(/^MTAK[A-Z2-7]{16}$/),
    secretAccessKey: expect.stringMatching(/^.{40}$/),
    bearerToken: expect.stringMatching(/^.{43}$/),
    name: 'grafana',
    access: 'read-only',
    createdTime: keys.nowMs,
    revocable: true,
  });
  const key = made.body as never as typeof KEYS;
  expect((await keys.ask('GET', '/v1/groups', undefined, key)).status).toBe(200);
  expect((await keys.signed('GET', '/v1/groups', '', key)()).status).toBe(200);
  const { keys: listed } = (await keys.ask('GET', '/v1/keys')).body;
  expect(listed).toEqual([
    { accessKeyId: KEYS.accessKeyId, name: 'administrator', access: 'admin', revocable: false },
    {
      accessKeyId: key.accessKeyId,
      name: 'grafana',
      access: 'read-only',
      createdTime: keys.nowMs,
      lastUsedTime: Date.UTC(2026, 10, 23, 12),
      revocable: true,
    },
  ]);
  const revoked = await keys.ask('DELETE', `/v1/keys/${key.accessKeyId}`);
  expect(revoked).toMatchObject({ status: 200, body: { name: 'grafana' } });
  expect((await keys.ask('GET', '/v1/groups', undefined, key)).status).toBe(401);
  expect((await keys.signed('GET', '/v1/groups', '', key)()).status).toBe(401);
  const again = await keys.ask('DELETE', `/v1/keys/${key.accessKeyId}`);
  expect(again).toMatchObject({
    status: 404,
    body: { error: { code: 'ResourceNotFoundException' } },
  });
});

test('each change of keys is an event that says who, and no secret', async () => {
  const keys = await startKeysWorld();
  const key = await keys.create('feed', 'ingest-only');
  await keys.ask('DELETE', `/v1/keys/${key.accessKeyId}`);
  const shown = { name: 'feed', access: 'ingest-only', secretAccessKey: '***', bearerToken: '***' };
  const by = { user_id: KEYS.accessKeyId, user_agent: 'test/1', source_ip: '127.0.0.1' };
  expect(keys.recorded).toMatchObject([
    { ...by, event_name: 'CreateApiKey', resource: key.accessKeyId, after: shown },
    { ...by, event_name: 'DeleteApiKey', resource: key.accessKeyId, before: shown },
  ]);
  const text = JSON.stringify(keys.recorded) + keys.log.join('\n');
  expect(text).not.toContain(key.secretAccessKey);
  expect(text).not.toContain(key.bearerToken);
});

test('what cannot be made or revoked is refused with what to do', async () => {
  const keys = await startKeysWorld();
  await keys.create('feed', 'ingest-only');
  const refusals: [unknown, number, string][] = [
    ['{', 400, 'the body is not JSON'],
    ['[]', 400, 'expected object'],
    [{ name: 'x' }, 400, 'access: expected one of admin, read-only, ingest-only'],
    [{ name: 'x', access: 'root' }, 400, 'access: expected one of'],
    [{ name: ' x', access: 'admin' }, 400, 'name: expected 1 to 64'],
    [{ name: 'x'.repeat(65), access: 'admin' }, 400, 'name: expected 1 to 64'],
    [{ name: 'x', access: 'admin', more: 1 }, 400, 'more'],
    [{ name: 'feed', access: 'admin' }, 409, 'there is a key "feed" already'],
    [{ name: 'administrator', access: 'admin' }, 409, 'already'],
  ];
  for (const [body, status, message] of refusals) {
    const answer = await keys.ask('POST', '/v1/keys', body);
    expect(answer.status).toBe(status);
    expect(answer.body.error?.['message']).toContain(message);
  }
  const own = await keys.ask('DELETE', `/v1/keys/${KEYS.accessKeyId}`);
  expect(own).toMatchObject({ status: 403, body: { error: { code: 'AccessDeniedException' } } });
  expect(own.body.error?.['message']).toContain('DATA/credentials');
  expect((await keys.ask('PUT', '/v1/keys')).status).toBe(405);
  expect((await keys.ask('GET', '/v1/keys/MTAKX')).status).toBe(405);
  expect(keys.recorded).toHaveLength(1);
});

test('there are not more keys than there may be', async () => {
  const keys = await startKeysWorld();
  const value = { name: '', access: 'admin', secretAccessKey: '', createdAtMs: 1 } as const;
  await keys.state.change({ userId: 'local' }, () => ({
    eventName: 'e',
    eventSource: 'mailtrail',
    resource: 'r',
    changes: Array.from({ length: DOCUMENTS_MAX['api-key'] }, (_, n) => ({
      kind: 'api-key' as const,
      id: `k${n}`,
      value: { ...value, bearerToken: `t${n}` },
    })),
  }));
  const answer = await keys.ask('POST', '/v1/keys', { name: 'more', access: 'admin' });
  expect(answer).toMatchObject({
    status: 422,
    body: { error: { code: 'LimitExceededException' } },
  });
});

test('the last use is noted once an hour, without an event', async () => {
  const keys = await startKeysWorld();
  const key = await keys.create('feed', 'read-only');
  const lastUsed = (): number | undefined =>
    keys.state.get('api-key', key.accessKeyId)?.lastUsedAtMs;
  const use = (): Promise<unknown> => keys.ask('GET', '/v1/groups', undefined, key);
  await use();
  const hourMs = Date.UTC(2026, 10, 23, 12);
  await expect.poll(lastUsed).toBe(hourMs);
  const { version } = keys.state;
  await use();
  keys.nowMs = hourMs + 3_599_999;
  await use();
  expect(keys.state.version).toBe(version);
  keys.nowMs = hourMs + 3_600_000;
  await use();
  await expect.poll(lastUsed).toBe(hourMs + 3_600_000);
  expect(keys.recorded).toHaveLength(1);
});

test('without a state there is the key of the file alone', async () => {
  const world = await startWorld();
  const headers = { authorization: `Bearer ${KEYS.bearerToken}` };
  const listed = await fetch(`${world.url}/v1/keys`, { headers });
  expect(((await listed.json()) as { keys: unknown[] }).keys).toHaveLength(1);
  const body = JSON.stringify({ name: 'x', access: 'admin' });
  const made = await fetch(`${world.url}/v1/keys`, { method: 'POST', headers, body });
  expect(made.status).toBe(503);
});
