// The other commands that ask a server, and how the key is found.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  KEY_ENV,
  NOW_MS,
  queryAnswer,
  refusal,
  runCli,
  type FakeOptions,
} from '../../test/cli/fake-world.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mailtrail-cli-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const GROUPS = {
  groups: [
    {
      name: '/mailtrail/acme/authentication',
      logType: 'AUTHENTICATION_LOGS',
      events: 1200,
      storedBytes: 65_536,
      firstEventTime: NOW_MS - 301_000,
      lastEventTime: NOW_MS - 300_000,
      retentionDays: 365,
    },
    { name: '/mailtrail/acme/management', logType: 'MANAGEMENT_LOGS', events: 0, storedBytes: 0 },
  ],
};

function groups(argv: readonly string[], more: FakeOptions = {}): ReturnType<typeof runCli> {
  return runCli(['groups', ...argv], {
    env: KEY_ENV,
    answer: () => Response.json(GROUPS),
    ...more,
  });
}

test('groups for people and for programs', async () => {
  const { out, world } = await groups([]);
  expect(world.requests[0]).toMatchObject({ method: 'GET' });
  expect(world.requests[0]?.url.pathname).toBe('/v1/groups');
  expect(out.split('\n').slice(2, 4)).toEqual([
    'authentication    1200  64.0 KiB  2026-11-23   5 min ago   365 days',
    'management           0                                     for ever',
  ]);
  const json = JSON.parse((await groups(['-o', 'json'])).out) as unknown;
  expect(json).toMatchObject([
    { events: '1200', storedBytes: '65536', lastEventTime: '2026-11-23T11:55:00.000Z' },
    { name: '/mailtrail/acme/management', retentionDays: '' },
  ]);
});

const TAIL_ROWS = [2, 1].map((n) => ({
  '@timestamp': `2026-11-23 11:59:0${n}.000`,
  '@log': '000000000000:/mailtrail/acme/authentication',
  '@message': `{"user":"u${n}\u001b[2J"}`,
}));

test('tail prints the newest events, the newest last', async () => {
  const { code, out, world } = await runCli(['tail', '-n', '2', '--filter', 'a = 1 # x'], {
    env: KEY_ENV,
    answer: () => queryAnswer(['@timestamp', '@log', '@message'], TAIL_ROWS),
  });
  expect(code).toBe(0);
  expect(out).toBe(
    '2026-11-23 11:59:01.000 authentication {"user":"u1\\x1b[2J"}\n' +
      '2026-11-23 11:59:02.000 authentication {"user":"u2\\x1b[2J"}\n',
  );
  expect(JSON.parse(world.requests[0]?.body ?? '')).toMatchObject({
    query: 'fields @timestamp, @log, @message | filter a = 1 # x\n| sort @timestamp desc | limit 2',
  });
});

test('tail keeps so many events in memory and no more', async () => {
  const { world } = await runCli(['tail', '-n', '99999999'], {
    env: KEY_ENV,
    answer: () => queryAnswer(['@timestamp'], []),
  });
  expect(world.requests[0]?.body).toContain('| limit 10000"');
});

test('tail without events says where to look', async () => {
  const { code, err } = await runCli(['tail'], {
    env: KEY_ENV,
    answer: () => queryAnswer(['@timestamp'], []),
  });
  expect(code).toBe(0);
  expect(err).toContain('mailtrail doctor');
});

test('tail -f streams what arrives, until the server ends it', async () => {
  const lines = [
    { columns: ['@timestamp', '@log', '@message'] },
    { heartbeat: NOW_MS },
    Object.entries(TAIL_ROWS[0] ?? {}).map(([field, value]) => ({ field, value })),
    { truncated: { rowsMax: 1000 } },
  ];
  const { code, out, err, world } = await runCli(
    ['tail', '-f', '--filter', 'a = 1', '-g', '/mailtrail/acme/authentication', '-o', 'ndjson'],
    {
      env: KEY_ENV,
      answer: () => new Response(lines.map((line) => `${JSON.stringify(line)}\n`).join('')),
    },
  );
  expect(world.requests[0]?.url.search).toBe(
    '?filter=a+%3D+1&logGroup=%2Fmailtrail%2Facme%2Fauthentication',
  );
  expect(JSON.parse(out)).toEqual(TAIL_ROWS[0]);
  expect(err).toContain('More than 1000 events came at once');
  expect(code).toBe(6);
  expect(err).toContain('the server may have been stopped');
});

test('a mistake in a filter is shown in the filter', async () => {
  const { code, err } = await runCli(['tail', '-f', '--filter', 'a === 1'], {
    env: KEY_ENV,
    answer: () => refusal(400, { code: 'M', message: 'unexpected =', start: 3, end: 5 }),
  });
  expect(code).toBe(2);
  expect(err).toBe('mailtrail: the query: unexpected =\n  a === 1\n     ^^\n');
  const newest = await runCli(['tail', '--filter', 'a === 1'], {
    env: KEY_ENV,
    answer: () => refusal(400, { code: 'M', message: 'unexpected =', start: 46, end: 48 }),
  });
  expect(newest.err).toBe('mailtrail: the query: unexpected =\n  a === 1\n     ^^\n');
});

/** Writes a credentials file; its key id can be seen in the requests. */
function credentials(path: string, id: string, profile = 'default'): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `[${profile}]\naws_access_key_id = ${id}\naws_secret_access_key = s\n`);
  return path;
}

async function usedKey(argv: readonly string[], env: Record<string, string>): Promise<string> {
  const { world, err } = await groups(argv, { env: { XDG_STATE_HOME: directory, ...env } });
  const header = world.requests[0]?.headers.get('authorization') ?? err;
  return /Credential=(\w+)/.exec(header)?.[1] ?? header;
}

test('the key: --data, then variables, then the shared file, then the data directory', async () => {
  const shared = credentials(join(directory, 'shared'), 'SHARED');
  const audit = credentials(join(directory, 'audit'), 'AUDIT', 'audit');
  credentials(join(directory, 'mailtrail', 'credentials'), 'STATE');
  credentials(join(directory, 'data', 'credentials'), 'DATA');
  const file = { AWS_SHARED_CREDENTIALS_FILE: shared };
  expect(await usedKey(['--data', join(directory, 'data')], { ...KEY_ENV, ...file })).toBe('DATA');
  expect(await usedKey([], { ...KEY_ENV, ...file })).toBe('MTAKTEST');
  expect(await usedKey([], file)).toBe('SHARED');
  const profile = { AWS_SHARED_CREDENTIALS_FILE: audit, AWS_PROFILE: 'audit' };
  expect(await usedKey([], profile)).toBe('AUDIT');
  expect(await usedKey([], {})).toBe('STATE');
  expect(await usedKey([], { MAILTRAIL__DATA: join(directory, 'data') })).toBe('DATA');
});

test('a key that is not there or cannot be read ends with 4 and the way out', async () => {
  const missing = await groups(['--data', directory], { env: {} });
  expect(missing.code).toBe(4);
  expect(missing.err).toContain(`there is no ${directory}/credentials`);
  expect(missing.err).toContain('AWS_SHARED_CREDENTIALS_FILE');
  const half = await groups([], { env: { AWS_ACCESS_KEY_ID: 'A' } });
  expect(half.code).toBe(4);
  expect(half.err).toContain('AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY');
  mkdirSync(join(directory, 'credentials'));
  chmodSync(join(directory, 'credentials'), 0o000);
  const unreadable = await groups(['--data', directory], { env: {} });
  expect(unreadable.code).toBe(4);
  expect(unreadable.err).toContain('run this as the user of the server');
});
