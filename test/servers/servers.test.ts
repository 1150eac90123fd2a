// The private mail servers themselves: what the other tests and the demo stand on.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { until } from '../e2e/running-server.ts';
import { SignInRefused } from './clients/account.ts';
import { openImap, withImap } from './clients/imap.ts';
import { fetchByPop3 } from './clients/pop3.ts';
import { activateScript } from './clients/sieve.ts';
import { sendLetter } from './clients/smtp.ts';
import { mailServersDirectory, startMailServers, type MailServers } from './mail-servers.ts';
import { NORDLYS, userNamed } from './organization.ts';
import { membersOf, stopGroup } from './process-group.ts';

const ALICE = userNamed(NORDLYS, 'alice');
const BOB = userNamed(NORDLYS, 'bob');
const CLIENT = { name: 'TestClient', version: '1' };
const WAIT_MS = 20_000;

const ending: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  while (ending.length > 0) await ending.pop()?.();
});

async function started(options: Parameters<typeof startMailServers>[0] = {}): Promise<MailServers> {
  const servers = await startMailServers(options);
  ending.push(() => servers.stop());
  return servers;
}

/** What Dovecot asked and told, as it came. */
interface Told {
  readonly command: string;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Answers every question with yes and remembers it. */
async function listeningPolicy(): Promise<{ url: string; told: Told[] }> {
  const told: Told[] = [];
  const server: Server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      const command = new URL(request.url ?? '', 'http://localhost').searchParams.get('command');
      const body = JSON.parse(text) as Told['body'];
      told.push({ command: command ?? '', authorization: request.headers.authorization, body });
      response.setHeader('content-type', 'application/json').end('{"status":0}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ending.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/policy`, told };
}

test('a client behind the load balancer is known by its own address, in all protocols', async () => {
  const policy = await listeningPolicy();
  const endpoint = { policyUrl: policy.url, bearerToken: 'a-token' };
  const servers = await started({ endpoint });
  const { certificateFile, balancer, dovecot, postfix } = servers;
  const through = async (
    targetPort: number,
    sourceAddress: string,
    version: 1 | 2,
  ): Promise<{ port: number; certificateFile: string }> => ({
    port: await balancer.port({ targetPort, sourceAddress, version }),
    certificateFile,
  });
  const letter = { from: ALICE.login, to: [BOB.login], subject: 'Hello', text: 'Hello.\n' };

  for (const version of [1, 2] as const) {
    const imap = await through(dovecot.ports.imapProxy, `198.51.100.${version}`, version);
    await withImap(imap, ALICE, CLIENT, (client) => client.list());
    await fetchByPop3(
      await through(dovecot.ports.pop3Proxy, `198.51.100.1${version}`, version),
      BOB,
    );
    const sieve = await through(dovecot.ports.sieveProxy, `198.51.100.2${version}`, version);
    await activateScript(sieve, BOB, 'script', 'keep;\n');
    const submission = await through(
      postfix.ports.submissionProxy,
      `198.51.100.3${version}`,
      version,
    );
    await sendLetter(submission, letter, ALICE);
  }
  const six = await through(dovecot.ports.imapProxy, '2001:db8::1:2', 2);
  await withImap(six, ALICE, CLIENT, (client) => client.noop());

  const reports = await until(
    () => {
      const found = policy.told.filter(({ command }) => command === 'report');
      return found.length >= 9 ? found : undefined;
    },
    WAIT_MS,
    () => `only these came: ${JSON.stringify(policy.told)}`,
  );
  const seen = reports.map(({ body }) => `${String(body['protocol'])} ${String(body['remote'])}`);
  expect(seen.toSorted()).toEqual([
    'imap 198.51.100.1',
    'imap 198.51.100.2',
    'imap 2001:db8::1:2',
    'pop3 198.51.100.11',
    'pop3 198.51.100.12',
    'sieve 198.51.100.21',
    'sieve 198.51.100.22',
    'smtp 198.51.100.31',
    'smtp 198.51.100.32',
  ]);
  expect(new Set(policy.told.map(({ authorization }) => authorization))).toEqual(
    new Set(['Bearer a-token']),
  );
  // One question and one report for each attempt.
  expect(policy.told.filter(({ command }) => command === 'allow')).toHaveLength(9);
  expect(reports).toHaveLength(9);
  const audit = readFileSync(dovecot.auditLog, 'utf8');
  expect(audit).toContain('"remote_ip":"198.51.100.2"');
  expect(audit).toContain('rip=198.51.100.11');
  expect(audit).not.toContain('"cmd_name":"NOOP"');
  const mail = readFileSync(postfix.mailLog, 'utf8');
  expect(mail).toContain('client=unknown[198.51.100.31], sasl_method=PLAIN');
  expect(mail).toContain('info: header Subject: Hello from unknown[198.51.100.32]');
});

test('two sets of servers run beside each other, and leave nothing when they stop', async () => {
  const [first, second] = await Promise.all([started(), started()]);
  for (const servers of [first, second]) {
    const endpoint = { port: servers.dovecot.ports.imap, certificateFile: servers.certificateFile };
    await withImap(endpoint, ALICE, CLIENT, (client) => client.list());
    const wrong = openImap(endpoint, { ...ALICE, password: 'wrong' }, CLIENT);
    await expect(wrong).rejects.toThrow(SignInRefused);
  }
  await Promise.all([first.stop(), second.stop()]);
  for (const servers of [first, second]) {
    expect(existsSync(servers.directory)).toBe(false);
    expect(servers.groups.flatMap(({ id }) => membersOf(id))).toEqual([]);
  }
});

test('a start that fails says why and leaves nothing', async () => {
  const directory = mailServersDirectory();
  ending.push(() => rmSync(directory, { recursive: true, force: true }));
  const broken = startMailServers({ directory, extraDovecot: 'no_such_setting = yes\n' });
  await expect(broken).rejects.toThrow(/no_such_setting/);
  const late = startMailServers({ directory, extraPostfix: 'inet_interfaces = 203.0.113.1\n' });
  await expect(late).rejects.toThrow(/Postfix refuses/);
  expect(processesUsing(directory)).toEqual([]);
});

/** The command lines that name the directory. */
function processesUsing(directory: string): string[] {
  const list = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  return list.split('\n').filter((line) => line.includes(directory));
}

test('what was started ends with the process that started it, even when that is killed', async () => {
  const directory = mailServersDirectory();
  ending.push(() => rmSync(directory, { recursive: true, force: true }));
  const path = (name: string): string => join(directory, name);
  const source = join(import.meta.dirname, 'process-group.ts');
  const options = ['--ignoreConfig', '--target', 'es2023', '--module', 'nodenext'];
  execFileSync('npx', ['tsc', ...options, '--types', 'node', '--outDir', directory, source]);
  writeFileSync(path('package.json'), '{"type":"module"}');
  const starter = `import { startGroup, stopGroup } from './process-group.js';
const start = () =>
  startGroup({ name: 'a', command: 'sleep', args: ['600'], outputFile: '${path('output')}' });
const [stopped, ...kept] = [start(), start(), start()];
await stopGroup(stopped.id);
console.log(kept.map(({ id }) => id).join(' '));
setInterval(() => undefined, 1000);
`;
  writeFileSync(path('starter.js'), starter);
  const child = spawn(process.execPath, [path('starter.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const groups = String(line).trim().split(' ').map(Number);
  expect(groups.map((id) => membersOf(id).length > 0)).toEqual([true, true]);
  child.kill('SIGKILL');
  await until(
    () => (groups.every((id) => !existsSync(`/proc/${id}/exe`)) ? true : undefined),
    WAIT_MS,
    () => `of ${groups.join(', ')} some still run`,
  );
  for (const id of groups) await stopGroup(id);
});
