// Keys and exports with the built program: made on the command line, used, revoked; over kill -9; a whole
// result in a file; and what of it the Management log tells.
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  MAIN,
  startServer,
  temporaryDirectory,
  until,
  type RunningServer,
} from './running-server.ts';

/** More than a query gives, and than one load brings. */
const EVENTS = 25_000;
const EVENTS_A_REQUEST = 5000;

const directory = temporaryDirectory();
const data = join(directory.path, 'data');
let server: RunningServer;

beforeAll(async () => {
  server = await startServer(data);
});

afterAll(async () => {
  expect(await server.stop()).toBe(0);
  directory.remove();
});

/** Runs the program, with the administrator's key or the one of a credentials file. */
function run(args: readonly string[], credentials?: string): SpawnSyncReturns<string> {
  const { PATH = '', HOME = '' } = process.env;
  return spawnSync(process.execPath, [MAIN, ...args, ...(credentials ? [] : ['--data', data])], {
    encoding: 'utf8',
    cwd: directory.path,
    env: {
      PATH,
      HOME,
      MAILTRAIL_ENDPOINT: server.url,
      ...(credentials !== undefined && { AWS_SHARED_CREDENTIALS_FILE: credentials }),
    },
    timeout: 120_000,
  });
}

function create(name: string, access: string): string {
  const { status, stdout, stderr } = run(['keys', 'create', name, '--access', access]);
  expect(status, stderr).toBe(0);
  const file = join(directory.path, `${name}.credentials`);
  writeFileSync(file, stdout, { mode: 0o600 });
  return file;
}

function listed(): Record<string, string>[] {
  return JSON.parse(run(['keys', 'list', '-o', 'json']).stdout) as Record<string, string>[];
}

async function management(name: string): Promise<Record<string, string>[]> {
  const query = 'fields user_id, resource, before, after, error_code | filter event_name = ';
  return server.query(`${query}"${name}"`, { logGroups: ['/mailtrail/default/management'] });
}

async function managementOf(name: string, count: number): Promise<Record<string, string>[]> {
  return until(
    async () => {
      const rows = await management(name);
      return rows.length >= count ? rows : undefined;
    },
    30_000,
    () => `${name} is not in the Management log\n${server.log()}`,
  );
}

test('a key of the command line does what it may, until it is revoked', async () => {
  const reader = create('reader', 'read-only');
  const feed = create('feed', 'ingest-only');
  expect(run(['query', 'fields user | limit 1'], reader).status).toBe(0);
  const denied = run(['query', 'fields user'], feed);
  expect(denied.status).toBe(4);
  expect(denied.stderr).toContain('the key "feed" is ingest-only: it may bring events');
  expect(run(['keys', 'create', 'mine', '--access', 'admin'], reader).status).toBe(4);
  const [refused] = await managementOf('POST /v1/keys', 1);
  expect(refused).toMatchObject({ error_code: 'AccessDeniedException' });
  expect(run(['keys', 'revoke', 'reader', '--dry-run']).stdout).toContain('Would revoke');
  expect(run(['query', 'fields user | limit 1'], reader).status).toBe(0);
  expect(run(['keys', 'revoke', 'reader']).status).toBe(0);
  expect(run(['query', 'fields user | limit 1'], reader).status).toBe(4);
  expect(listed().map(({ name }) => name)).toEqual(['administrator', 'feed']);
  const [deleted] = await managementOf('DeleteApiKey', 1);
  expect(JSON.parse(deleted?.['before'] ?? '')).toMatchObject({
    name: 'reader',
    secretAccessKey: '***',
    bearerToken: '***',
  });
});

test('keys outlive kill -9, and each has one event', async () => {
  const lasting = create('lasting', 'read-only');
  expect(await server.stop('SIGKILL')).toBe('SIGKILL');
  server = await startServer(data);
  expect(run(['query', 'fields user | limit 1'], lasting).status).toBe(0);
  expect(new Set(listed().map(({ name }) => name))).toEqual(
    new Set(['administrator', 'feed', 'lasting']),
  );
  const made = await managementOf('CreateApiKey', 3);
  const names = made.map(({ after = '{}' }) => (JSON.parse(after) as { name: string }).name);
  expect(names).toEqual(expect.arrayContaining(['feed', 'lasting', 'reader']));
  expect(names).toHaveLength(3);
});

test("the state and its secrets are in nobody else's reach", () => {
  expect(statSync(join(data, 'state')).mode & 0o777).toBe(0o700);
  expect(statSync(join(data, 'state', 'state.ndjson')).mode & 0o777).toBe(0o600);
});

test('an export is the whole result, and on record', async () => {
  for (let from = 0; from < EVENTS; from += EVENTS_A_REQUEST) {
    const lines = Array.from({ length: EVENTS_A_REQUEST }, (_, n) =>
      JSON.stringify({
        log_type: 'AUTHENTICATION_LOGS',
        event_timestamp: Date.now() - 1000,
        user: `u${from + n}`,
        auth_successful: true,
      }),
    );
    expect((await server.post(lines.join('\n'))).status).toBe(200);
  }
  await until(
    async () => {
      const [row] = await server.query('stats count(*) as n', {
        logGroups: ['/mailtrail/default/authentication'],
      });
      return row?.['n'] === String(EVENTS) ? true : undefined;
    },
    60_000,
    () => `the events did not arrive\n${server.log()}`,
  );
  const query = 'fields user';
  const where = ['-g', 'authentication'];
  expect(
    run(['query', query, ...where, '-o', 'ndjson'])
      .stdout.trimEnd()
      .split('\n'),
  ).toHaveLength(10_000);
  const exported = run(['export', query, ...where, '--to', 'users.ndjson', '--verbose']);
  expect(exported.status, exported.stderr).toBe(0);
  expect(exported.stderr).toContain(`${EVENTS} rows`);
  const text = readFileSync(join(directory.path, 'users.ndjson'), 'utf8');
  const users = text.trimEnd().split('\n');
  expect(new Set(users).size).toBe(EVENTS);
  const again = run(['export', query, ...where, '--to', 'users.ndjson']);
  expect(again.status).toBe(2);
  expect(again.stderr).toContain('--force');
  const csv = run(['export', `${query} | limit 3`, ...where, '-o', 'csv']);
  expect(csv.stdout.split('\r\n')).toHaveLength(5);
  const exports = await managementOf('Export', 2);
  expect(
    exports.map(({ after = '{}' }) => (JSON.parse(after) as { query: string }).query),
  ).toContain(query);
});
