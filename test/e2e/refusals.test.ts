// What the built program says when it cannot do its work: one clear message, and nothing lost.
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { MAIN, startServer, temporaryDirectory, until } from './running-server.ts';

const directory = temporaryDirectory();
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Runs the program to its end; for starts that must fail. */
function run(...args: string[]): { status: number | null; stderr: string; stdout: string } {
  return spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, NO_COLOR: '1' },
  });
}

/** A new data directory of this test's own. */
function dataDirectory(name: string): string {
  const path = join(directory.path, name);
  mkdirSync(path, { recursive: true });
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function signIn(user: string): string {
  return `{"log_type":"AUTHENTICATION_LOGS","event_timestamp":${Date.now()},"user":"${user}","auth_successful":false}`;
}

async function countEvents(server: Awaited<ReturnType<typeof startServer>>): Promise<number> {
  const [row] = await server.query('stats count(*) as n', {
    logGroups: ['/mailtrail/default/authentication'],
  });
  return Number(row?.['n'] ?? 0);
}

test('bad lines are refused by number and reason, and nothing of the request is taken', async () => {
  const server = await startServer(dataDirectory('lines'));
  cleanups.push(() => server.stop());
  const body = [signIn('a'), '{"log_type":"AUTHENTICATION_LOGS"', signIn('b'), '{"log_type":"X"}'];
  const refused = await server.post(body.join('\n'));
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({
    accepted: 0,
    rejected: [
      { line: 2, reason: expect.stringContaining('not JSON') },
      { line: 4, reason: expect.stringContaining('field log_type: expected one of') },
    ],
  });
  const partly = await server.post(body.join('\n'), '?partial=true');
  expect(partly.status).toBe(200);
  expect(await partly.json()).toMatchObject({ accepted: 2, rejected: [{ line: 2 }, { line: 4 }] });
  await until(
    async () => ((await countEvents(server)) === 2 ? true : undefined),
    10_000,
    () => `expected two events\n${server.log()}`,
  );
});

test('a configuration with mistakes is refused with their places', () => {
  const file = join(dataDirectory('config'), 'mailtrail.yaml');
  writeFileSync(
    file,
    'organisation:\n  name: nordlys\nserver:\n  listen: nowhere\naccess:\n  rules:\n    - {name: A, effect: PERHAPS}\n',
  );
  for (const args of [
    ['config', 'check', '--config', file],
    ['serve', '--config', file],
  ]) {
    const { status, stderr, stdout } = run(...args);
    const said = stderr + stdout;
    expect(status, said).toBe(3);
    expect(said).toContain(`${file}:1:1`);
    expect(said).toContain('did you mean "organization"?');
    expect(said).toContain(`${file}:4:`);
    expect(said).toContain(`${file}:7:`);
    expect(said).not.toContain('    at ');
  }
});

test('two servers cannot share a data directory', async () => {
  const data = dataDirectory('shared');
  const server = await startServer(data, { waitForStore: false });
  cleanups.push(() => server.stop());
  const second = run('serve', '--data', data, '--listen', '127.0.0.1:0');
  expect(second.status).toBe(1);
  expect(second.stderr).toContain(data);
  expect(second.stderr).toContain(`process ${server.process.pid}`);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

test('a port in use is named, with what to do', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => blocker.once('listening', resolve));
  cleanups.push(() => blocker.close());
  const { port } = blocker.address() as { port: number };
  const { status, stderr } = run(
    'serve',
    '--data',
    dataDirectory('port'),
    '--listen',
    `127.0.0.1:${port}`,
  );
  expect(status).toBe(1);
  expect(stderr).toContain(`127.0.0.1:${port}`);
  expect(stderr).toContain('--listen');
  expect(stderr).not.toContain('    at ');
});

test('a public address without TLS is refused unless it is asked for', () => {
  const { status, stderr } = run(
    'serve',
    '--data',
    dataDirectory('public'),
    '--listen',
    '0.0.0.0:0',
  );
  expect(status).not.toBe(0);
  expect(stderr).toContain('--allow-public-without-tls');
});

test('a read-only data directory is named', () => {
  const data = dataDirectory('read-only');
  // a read-only mount holds for root too, which permissions do not
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=1m', 'tmpfs', data]);
  cleanups.push(() => execFileSync('umount', ['-l', data]));
  const { status, stderr } = run('serve', '--data', data, '--listen', '127.0.0.1:0');
  expect(status).toBe(1);
  expect(stderr).toContain(data);
  expect(stderr).toMatch(/read-only/i);
  expect(stderr).not.toContain('    at ');
});

test('a full disk: new events are refused, queries go on, events are taken again when there is room', async () => {
  const data = dataDirectory('full');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=320m', 'tmpfs', data]);
  cleanups.push(() => execFileSync('umount', ['-l', data]));
  const server = await startServer(data);
  cleanups.push(() => server.stop());
  expect((await server.post(signIn('before'))).status).toBe(200);
  await until(
    async () => ((await countEvents(server)) === 1 ? true : undefined),
    10_000,
    () => `the event did not become a row\n${server.log()}`,
  );

  const ballast = join(data, 'ballast');
  const chunk = Buffer.alloc(1024 * 1024, 1);
  expect(() => {
    for (;;) appendFileSync(ballast, chunk);
  }).toThrow('ENOSPC');
  let acknowledged = 1;
  const refusal = await until(
    async () => {
      const response = await server.post(signIn(`during${acknowledged}`));
      if (response.status !== 200) return response;
      acknowledged++;
      return undefined;
    },
    30_000,
    () => `the full disk was not noticed\n${server.log()}`,
  );
  expect(refusal.status).toBe(507);
  expect(refusal.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(JSON.stringify(await refusal.json())).toContain(data);
  expect(await countEvents(server)).toBeGreaterThanOrEqual(1);
  const ready = await fetch(`${server.url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toContain('journal');

  rmSync(ballast);
  await until(
    async () => {
      const response = await server.post(signIn('after'));
      if (response.status === 200) acknowledged++;
      return response.status === 200 ? true : undefined;
    },
    30_000,
    () => `no events were taken after room was made\n${server.log()}`,
  );
  await until(
    async () => ((await countEvents(server)) === acknowledged ? true : undefined),
    30_000,
    () => `the store does not hold the ${acknowledged} acknowledged events\n${server.log()}`,
  );
  expect(await server.stop()).toBe(0);
  expect(run('journal', 'verify', '--data', data).status).toBe(0);
});

test('SIGTERM drains and exits 0; SIGHUP keeps the old configuration when the new one is bad', async () => {
  const folder = dataDirectory('signals');
  const file = join(folder, 'mailtrail.yaml');
  writeFileSync(file, 'access:\n  rules:\n    - {name: NoPop, effect: DENY, actions: [POP3]}\n');
  const server = await startServer(join(folder, 'data'), { arguments: ['--config', file] });
  const ask = async (): Promise<number> => {
    const response = await fetch(`${server.url}/dovecot/policy?command=allow`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' },
      body: '{"login":"bob","user":"bob","remote":"192.0.2.1","protocol":"pop3","session_id":"s1"}',
    });
    return ((await response.json()) as { status: number }).status;
  };
  expect(await ask()).toBe(-1);
  writeFileSync(file, 'access:\n  rules: [{nam: x}]\n');
  server.process.kill('SIGHUP');
  await until(
    () => (server.log().includes(`${file}:2:`) ? true : undefined),
    10_000,
    () => `the bad configuration was not told\n${server.log()}`,
  );
  expect(await ask()).toBe(-1);
  writeFileSync(file, 'access:\n  rules: []\n');
  server.process.kill('SIGHUP');
  await until(
    async () => ((await ask()) === 0 ? true : undefined),
    10_000,
    () => `the good configuration was not taken\n${server.log()}`,
  );
  expect(await server.stop('SIGTERM')).toBe(0);
});
