import { expect, test } from 'vitest';
import { KEY_ENV, NOW_MS, refusal, runCli, type FakeOptions } from '../../test/cli/fake-world.ts';
import { parseCredentials } from '../config/credentials.ts';

const ADMINISTRATOR = {
  accessKeyId: 'MTAKADMIN',
  name: 'administrator',
  access: 'admin',
  revocable: false,
};
const GRAFANA = {
  accessKeyId: 'MTAKGRAFANA',
  name: 'grafana',
  access: 'read-only',
  createdTime: NOW_MS - 86_400_000,
  lastUsedTime: NOW_MS - 3 * 3_600_000,
  revocable: true,
};
const FEED = {
  ...GRAFANA,
  accessKeyId: 'MTAKFEED',
  name: 'feed',
  access: 'ingest-only',
  lastUsedTime: undefined,
};
const SECRETS = { secretAccessKey: 'the-secret', bearerToken: 'the-token' };

function keys(argv: readonly string[], more: FakeOptions = {}): ReturnType<typeof runCli> {
  return runCli(['keys', ...argv], {
    env: KEY_ENV,
    answer: ({ method }) =>
      method === 'POST'
        ? Response.json({ ...GRAFANA, ...SECRETS }, { status: 201 })
        : Response.json(method === 'GET' ? { keys: [ADMINISTRATOR, GRAFANA, FEED] } : GRAFANA),
    ...more,
  });
}

test('a new key is printed as a credentials file that can be used as it is', async () => {
  const { code, out, err, world } = await keys(['create', 'grafana']);
  expect(code).toBe(0);
  expect(world.requests[0]).toMatchObject({ method: 'POST' });
  expect(JSON.parse(world.requests[0]?.body ?? '')).toEqual({
    name: 'grafana',
    access: 'read-only',
  });
  expect(parseCredentials(out, 'grafana.credentials')).toEqual({
    accessKeyId: 'MTAKGRAFANA',
    ...SECRETS,
  });
  expect(err).toBe('Made the key MTAKGRAFANA (grafana, read-only).\n');
  const json = await keys(['create', 'grafana', '--access', 'admin', '-o', 'json']);
  expect(JSON.parse(json.out)).toMatchObject(SECRETS);
  expect(json.world.requests[0]?.body).toContain('"admin"');
});

test('keys for people and for programs', async () => {
  const { out } = await keys(['list']);
  expect(out.split('\n').slice(0, 5)).toEqual([
    expect.stringMatching(/^name +access key id +access +made +last used$/),
    expect.stringMatching(/^─/),
    expect.stringMatching(/^administrator +MTAKADMIN +admin *$/),
    expect.stringMatching(/^grafana +MTAKGRAFANA +read-only +2026-11-22 +3 h ago$/),
    expect.stringMatching(/^feed +MTAKFEED +ingest-only +2026-11-22 +never$/),
  ]);
  expect(JSON.parse((await keys(['list', '-o', 'json'])).out)).toMatchObject([
    { accessKeyId: 'MTAKADMIN', revocable: 'false' },
    { accessKeyId: 'MTAKGRAFANA', lastUsedTime: '2026-11-23T09:00:00.000Z' },
    { name: 'feed', lastUsedTime: '' },
  ]);
});

test.each(['grafana', 'MTAKGRAFANA'])('a key is revoked by %s', async (named) => {
  const { code, out, world } = await keys(['revoke', named]);
  expect(code).toBe(0);
  expect(out).toBe('Revoked the key MTAKGRAFANA (grafana, read-only).\n');
  expect(world.requests[1]?.method).toBe('DELETE');
  expect(world.requests[1]?.url.pathname).toBe('/v1/keys/MTAKGRAFANA');
});

test('a dry run changes nothing', async () => {
  const { out, world } = await keys(['revoke', 'grafana', '--dry-run']);
  expect(out).toBe('Would revoke the key MTAKGRAFANA (grafana, read-only).\n');
  expect(world.requests.map(({ method }) => method)).toEqual(['GET']);
  const json = await keys(['revoke', 'grafana', '--dry-run', '-o', 'json']);
  expect(JSON.parse(json.out)).toMatchObject({ name: 'grafana', revoked: false });
});

test('what cannot be revoked, and what may not be asked', async () => {
  const unknown = await keys(['revoke', 'grafanna']);
  expect(unknown).toMatchObject({ code: 5 });
  expect(unknown.err).toContain(
    'there is no key "grafanna"; there are administrator, grafana, feed',
  );
  const own = await keys(['revoke', 'administrator', '--dry-run']);
  expect(own).toMatchObject({ code: 4 });
  expect(own.err).toContain('DATA/credentials');
  const denied = await keys(['list'], {
    answer: () => refusal(403, { code: 'AccessDeniedException', message: 'the key is read-only' }),
  });
  expect(denied).toMatchObject({ code: 4 });
  expect(denied.err).toContain('the key is read-only; the key is that of $AWS_ACCESS_KEY_ID');
  const taken = await keys(['create', 'x'], {
    answer: () => refusal(409, { code: 'ResourceAlreadyExistsException', message: 'there is one' }),
  });
  expect(taken).toMatchObject({ code: 1, out: '' });
  expect((await keys(['create', 'x', '--access', 'root'])).code).toBe(2);
});
