// What other hosts send by syslog becomes events: sent by the real logger(1) and over TLS, received by
// the built program, also over kills of it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, until, type RunningServer } from '../e2e/running-server.ts';
import { freePorts } from './free-ports.ts';

const DEADLINE_MS = 30_000;
const EXIM = join(import.meta.dirname, '..', '..', 'examples', 'mappings', 'exim.yaml');
/** Postfix's lines of one rejected recipient. */
const REJECT =
  'NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 <z@x.test>: Relay access denied; from=<a@x.test> to=<z@x.test> proto=ESMTP helo=<h>';

let directory = '';
let server: RunningServer | undefined;
let ports: Record<'udp' | 'tcp' | 'tls', number>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'syslog-server-'));
  ports = await freePorts(['udp', 'tcp', 'tls'] as const);
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync('openssl', [...made, '-nodes', ...subject, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  const listeners = [
    { listen: `udp://127.0.0.1:${ports.udp}` },
    { listen: `tcp://127.0.0.1:${ports.tcp}`, mappings: ['exim'] },
    { listen: `tls://127.0.0.1:${ports.tls}`, cert, key },
  ];
  writeFileSync(
    join(directory, 'mailtrail.yaml'),
    `collectors: { mappings: [${JSON.stringify(EXIM)}], syslog: ${JSON.stringify(listeners)} }\n`,
  );
  await start();
});

afterEach(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const config = join(directory, 'mailtrail.yaml');
  server = await startServer(join(directory, 'data'), { arguments: ['--config', config] });
}

function logger(transport: readonly string[], tag: string, text: string): void {
  const options = ['--server', '127.0.0.1', '--id=7', ...transport, '--tag', tag];
  execFileSync('logger', [...options, text]);
}

function sent(to: string): string {
  return REJECT.replaceAll('z@x.test', `${to}@x.test`);
}

/** The recipients of the refusals that are known. */
async function refused(count: number): Promise<string[]> {
  const query = 'fields event.recipient as r | filter event.eventName = "INCOMING_EMAIL_REJECTED"';
  return await until(
    async () => {
      const rows = (await server?.query(`${query} | sort r asc`)) ?? [];
      return rows.length >= count ? rows.map((row) => row['r'] ?? '') : undefined;
    },
    DEADLINE_MS,
    () => server?.log() ?? '',
  );
}

test('by UDP, TCP and TLS, in the forms of RFC 3164 and RFC 5424, over a kill', async () => {
  const udp = ['--udp', '--port', String(ports.udp)];
  const tcp = ['--tcp', '--port', String(ports.tcp)];
  logger([...udp, '--rfc3164'], 'postfix/smtpd', sent('u3164'));
  logger([...udp, '--rfc5424'], 'postfix/smtpd', sent('u5424'));
  logger([...tcp, '--rfc5424', '--octet-count'], 'postfix/smtpd', sent('t5424'));
  logger([...tcp, '--rfc3164'], 'postfix/smtpd', sent('t3164'));
  expect(await refused(4)).toEqual(
    ['t3164', 't5424', 'u3164', 'u5424'].map((to) => `${to}@x.test`),
  );

  await server?.stop('SIGKILL');
  await start();
  const ca = readFileSync(join(directory, 'cert.pem'));
  const socket = connect({ host: '127.0.0.1', port: ports.tls, ca });
  await once(socket, 'secureConnect');
  const message = `<22>1 ${new Date().toISOString()} mx postfix/smtpd 7 - - ${sent('tls')}`;
  socket.end(`${Buffer.byteLength(message)} ${message}`);
  await once(socket, 'close');
  const all = ['t3164', 't5424', 'tls', 'u3164', 'u5424'].map((to) => `${to}@x.test`);
  expect(await refused(5)).toEqual(all);
});

test('lines of another program become events by the mapping file', async () => {
  const time = new Date().toISOString().replace('T', ' ').slice(0, 19);
  const line = `${time} +0000 1xVT1A-0001HU-1o <= eve@elsewhere.test H=(client.test) [192.0.2.9]:46726 P=esmtp S=454 id=m@x.test T="Hello" for ann@x.test`;
  logger(['--tcp', '--port', String(ports.tcp), '--rfc5424'], 'exim', line);
  const query =
    'fields event.eventName as name, queue_id | filter event.from = "eve@elsewhere.test"';
  const rows = await until(
    async () => {
      const found = await server?.query(query);
      return (found?.length ?? 0) > 0 ? found : undefined;
    },
    DEADLINE_MS,
    () => server?.log() ?? '',
  );
  expect(rows).toMatchObject([
    { name: 'ORGANIZATION_EMAIL_RECEIVED', queue_id: '1xVT1A-0001HU-1o' },
  ]);
});
