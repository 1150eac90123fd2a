// What a decision costs who signs in: Dovecot asking Mailtrail, whose answer waits for its record on disk,
// beside Dovecot asking a server that says yes and does nothing; and one that asks nobody. In turns, so that
// what else the machine does falls on all alike.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startServer, temporaryDirectory } from '../test/e2e/running-server.ts';
import { signIn } from '../test/servers/clients/sign-in.ts';
import { startMailServers, type MailServers } from '../test/servers/mail-servers.ts';
import { NORDLYS, userNamed } from '../test/servers/organization.ts';
import { figure, median, percentile } from './measure.ts';

const SIGN_INS = 400;
/** Before it is measured: processes are started and connections made. */
const WARM_UP = 40;

/** A policy server that says yes, in a process of its own as Mailtrail is. */
const EMPTY_SERVER = `
const server = require('node:http').createServer((request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/json').end('{"status":0,"msg":""}');
  });
});
server.keepAliveTimeout = 75000;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

async function emptyServer(): Promise<{ url: string; stop(): void }> {
  const child = spawn(process.execPath, ['-e', EMPTY_SERVER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    url: `http://127.0.0.1:${String(line).trim()}/dovecot/policy`,
    stop: () => child.kill('SIGKILL'),
  };
}

interface Measured {
  readonly name: string;
  readonly servers: MailServers;
  readonly latencies: number[];
}

const ALICE = userNamed(NORDLYS, 'alice');

async function signInOnce({ servers, latencies }: Measured): Promise<void> {
  const from = performance.now();
  const { granted, reply } = await signIn('IMAP', servers.dovecot.ports.imap, ALICE);
  latencies.push(performance.now() - from);
  if (!granted) throw new Error(`the sign-in was refused: ${reply}`);
}

export async function run(): Promise<void> {
  const ending: (() => Promise<unknown> | void)[] = [];
  try {
    const data = temporaryDirectory();
    ending.push(() => data.remove());
    const mailtrail = await startServer(data.path);
    ending.push(() => mailtrail.stop());
    const empty = await emptyServer();
    ending.push(() => empty.stop());
    const endpoints = [
      { name: 'asking nobody' },
      { name: 'an empty server', policyUrl: empty.url },
      { name: 'Mailtrail', policyUrl: `${mailtrail.url}/dovecot/policy` },
    ];
    const measured: Measured[] = [];
    for (const { name, policyUrl } of endpoints) {
      const servers = await startMailServers(
        policyUrl === undefined ? {} : { endpoint: { policyUrl, bearerToken: mailtrail.token } },
      );
      ending.push(() => servers.stop());
      measured.push({ name, servers, latencies: [] });
    }
    for (let n = 0; n < WARM_UP + SIGN_INS; n++) {
      for (const each of measured) {
        await signInOnce(each);
        if (n < WARM_UP) each.latencies.length = 0;
      }
    }
    for (const { name, latencies } of measured) {
      const shown = `${median(latencies).toFixed(2)} / ${percentile(latencies, 0.99).toFixed(2)}`;
      figure(`a sign-in by IMAP, ${name}, p50 / p99 (ms)`, shown);
    }
    const [, other, own] = measured;
    if (other === undefined || own === undefined) return;
    const ratio = median(own.latencies) / median(other.latencies);
    figure('Mailtrail to the empty server, medians', ratio.toFixed(2));
  } finally {
    while (ending.length > 0) await ending.pop()?.();
  }
}
