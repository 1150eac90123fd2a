// The built command line against a running server, as an administrator uses it.
import { execFileSync, spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  MAIN,
  startServer,
  temporaryDirectory,
  until,
  type RunningServer,
} from './running-server.ts';

const directory = temporaryDirectory();
const data = join(directory.path, 'data');
let server: RunningServer;

const FAILED = [
  { user: 'bob', source_ip: '203.0.113.7', protocol: 'IMAP', auth_successful: false },
  { user: 'carol, "the" boss', source_ip: '203.0.113.7', protocol: 'SMTP', auth_successful: false },
  { user: '\u001b[2Jmallory', source_ip: '203.0.113.8', protocol: 'POP3', auth_successful: false },
];
const FIELDS = 'fields user, source_ip, protocol, auth_successful | filter auth_successful = 0';

/** The program's environment: nothing of the tester's own keys and settings. */
function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, MAILTRAIL_ENDPOINT: server.url, ...more };
}

function run(...args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [MAIN, ...args, '--data', data], {
    encoding: 'utf8',
    env: environment(),
    timeout: 60_000,
  });
}

beforeAll(async () => {
  server = await startServer(data);
  const lines = FAILED.map((event, index) =>
    JSON.stringify({
      log_type: 'AUTHENTICATION_LOGS',
      event_timestamp: Date.now() - 1000 + index,
      ...event,
    }),
  );
  const response = await server.post(lines.join('\n'));
  expect(response.status, await response.text()).toBe(200);
  await until(
    async () => ((await server.query(FIELDS)).length === FAILED.length ? true : undefined),
    30_000,
    () => `the events did not arrive\n${server.log()}`,
  );
});

afterAll(async () => {
  expect(await server.stop()).toBe(0);
  directory.remove();
});

test('the key is made with mode 0600, and requests signed with it are taken', () => {
  expect(statSync(join(data, 'credentials')).mode & 0o777).toBe(0o600);
  const { status, stdout, stderr } = run('query', `${FIELDS} | sort @timestamp asc`);
  expect(status, stderr).toBe(0);
  expect(stderr).toBe('');
  const [header = '', rule = '', ...rows] = stdout.trimEnd().split('\n');
  expect(header).toMatch(/^user +source_ip +protocol +auth_successful$/);
  expect(rule).toMatch(/^─[─ ]+$/);
  expect(rows).toHaveLength(3);
  expect(rows[0]).toMatch(/^bob +203\.0\.113\.7 +IMAP +0$/);
  expect(rows[2]).toContain(String.raw`\x1b[2Jmallory`);
});

function ask(format: string): string {
  return run('query', `${FIELDS} | sort @timestamp asc`, '--output', format).stdout;
}

test('every format says the same', () => {
  const rows = JSON.parse(ask('json')) as Record<string, string>[];
  expect(rows.map(({ user }) => user)).toEqual(FAILED.map(({ user }) => user));
  expect(rows.every((row) => row['auth_successful'] === '0')).toBe(true);
  const lines = ask('ndjson').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(rows);
  const csv = ask('csv');
  expect(csv).toMatch(/^user,source_ip,protocol,auth_successful\r\n/);
  expect(csv).toContain('"carol, ""the"" boss",203.0.113.7,SMTP,0\r\n');
  expect(csv).toContain('\u001b[2Jmallory');
});

test('a short group, a time range, a limit', () => {
  const one = run('query', FIELDS, '-g', 'authentication', '--limit', '1', '-o', 'ndjson');
  expect(one.stdout.trimEnd().split('\n')).toHaveLength(1);
  const other = run('query', FIELDS, '-g', 'management', '--fail-on-empty');
  expect(other.status).toBe(1);
  expect(other.stderr).toContain('No events matched in /mailtrail/default/management');
  expect(run('query', FIELDS, '--start', '2d', '--end', '1d', '--fail-on-empty').status).toBe(1);
  expect(run('query', FIELDS, '-g', 'nothing').status).toBe(5);
});

test('a mistake in the query ends with 2 and shows its place', () => {
  const { status, stdout, stderr } = run('query', 'fields user | filtr user = 1');
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(
    /^mailtrail: the query: .+\n {2}fields user \| filtr user = 1\n {2} +\^+\n$/,
  );
});

test('groups, tail and journal verify', () => {
  const groups = run('groups');
  expect(groups.stdout).toMatch(/^authentication +3 /m);
  const tail = run('tail', '-g', 'authentication', '-n', '1');
  expect(tail.stdout).toMatch(/^\S+ \S+ authentication \{.*\\u001b\[2Jmallory.*\}\n$/);
  const verify = run('journal', 'verify');
  expect(verify.status, verify.stdout).toBe(0);
});

test('tail -f shows what arrives and ends with 130 when interrupted', async () => {
  const args = [MAIN, 'tail', '-f', '--filter', "user = 'late'", '-o', 'ndjson', '--data', data];
  const child = spawn(process.execPath, args, { env: environment() });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  let asked = 0;
  await until(
    async () => {
      // sent again until the tail has begun: what came before it is not shown
      if (asked++ % 10 === 0) {
        const event = { log_type: 'AUTHENTICATION_LOGS', event_timestamp: Date.now() };
        await server.post(JSON.stringify({ ...event, user: 'late', auth_successful: true }));
      }
      return out.includes('\n') ? true : undefined;
    },
    30_000,
    () => `tail -f showed nothing\n${server.log()}`,
  );
  const [first = ''] = out.split('\n');
  expect(JSON.parse(first)).toMatchObject({
    '@message': expect.stringContaining('late') as string,
  });
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
});

test('a reader that leaves early is no error', () => {
  const command = `"${process.execPath}" "${MAIN}" query 'fields @message | limit 10000' -o ndjson --data "${data}" | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const result = spawnSync('bash', ['-c', command], { encoding: 'utf8', env: environment() });
  expect(result.stderr).toBe('');
  expect(result.stdout.trimEnd().split('\n').at(-1)).toBe('0');
});

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}

test('a server that is not there and a wrong key are told apart', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const closed = spawnSync(process.execPath, [MAIN, 'groups', '--data', data], {
    encoding: 'utf8',
    env: environment({ MAILTRAIL_ENDPOINT: url }),
  });
  expect(closed.status).toBe(6);
  expect(closed.stderr).toContain(`no server answers at ${url}`);
  const stranger = spawnSync(process.execPath, [MAIN, 'groups'], {
    encoding: 'utf8',
    env: environment({ AWS_ACCESS_KEY_ID: 'MTAKWRONG', AWS_SECRET_ACCESS_KEY: 'wrong' }),
  });
  expect(stranger.status).toBe(4);
  expect(stranger.stderr).toContain('the key is that of $AWS_ACCESS_KEY_ID');
});

test('what print-config prints is what doctor asks for, by the real doveconf', () => {
  const printed = run('print-config', 'dovecot', '--endpoint-url', server.url);
  expect(printed.status, printed.stderr).toBe(0);
  const doveconf = ['/usr/bin/doveconf', '/usr/sbin/doveconf'].find((path) => existsSync(path));
  expect(doveconf, 'Dovecot must be installed for the system tests').toBeDefined();
  // The host's own Dovecot stays as it is: a doveconf of our own reads what was printed.
  const file = join(directory.path, 'dovecot.conf');
  writeFileSync(file, printed.stdout, { mode: 0o600 });
  const shim = join(directory.path, 'doveconf');
  writeFileSync(shim, `#!/bin/sh\nexec ${doveconf} -c ${file} "$@"\n`);
  chmodSync(shim, 0o755);
  execFileSync(shim, ['-n']);
  const { stdout } = spawnSync(process.execPath, [MAIN, 'doctor', '-o', 'json', '--data', data], {
    encoding: 'utf8',
    env: environment({ PATH: `${directory.path}:${process.env['PATH'] ?? ''}` }),
  });
  const checks = JSON.parse(stdout) as { area: string; status: string; message: string }[];
  const about = (area: string): object[] => checks.filter((check) => check.area === area);
  expect(about('server')).toContainEqual(expect.objectContaining({ status: 'ok' }));
  for (const area of ['software', 'configuration', 'data directory', 'admin key']) {
    for (const check of about(area)) expect(check).toMatchObject({ status: 'ok' });
  }
  const wiring = about('Dovecot');
  expect(wiring.length).toBeGreaterThan(3);
  for (const check of wiring) {
    // The server listens on a port of this test's own, the configuration does not know it.
    const moved = JSON.stringify(check).includes('asks about sign-ins');
    if (!moved) expect(check).toMatchObject({ status: 'ok' });
  }
});
