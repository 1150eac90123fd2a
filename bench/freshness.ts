// From a line in Dovecot's log to a row in a query's answer.
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer, temporaryDirectory, until } from '../test/e2e/running-server.ts';
import { figure, percentile } from './measure.ts';

const LINES = 150;
const PAUSE_MS = 200;

/** A sign-in as Dovecot 2.3 logs it: through its `log` event exporter, and by the process that took it. */
function signIn(session: string): string {
  const now = new Date();
  const event = {
    event: 'auth_request_finished',
    hostname: 'mx1',
    start_time: now.toISOString(),
    end_time: now.toISOString(),
    categories: ['service:auth', 'auth'],
    fields: {
      user: 'bob@nordlys-biotech.example',
      original_user: 'bob@nordlys-biotech.example',
      service: 'imap',
      session,
      mechanism: 'PLAIN',
      transport: 'TLS',
      remote_ip: '203.0.113.7',
      remote_port: 40492,
      policy_result: 'ok',
      success: 'yes',
    },
  };
  const time = now.toISOString().slice(0, 19);
  const login =
    'user=<bob@nordlys-biotech.example>, orig=<bob@nordlys-biotech.example>, ' +
    'auth_user=<bob@nordlys-biotech.example>, method=PLAIN, rip=203.0.113.7, rport=40492, ' +
    `lip=192.0.2.1, lport=993, mpid=11234, TLS, listener=imap, session=<${session}>`;
  return `${time} stats: Info: ${JSON.stringify(event)}\n${time} imap-login: Info: Login: ${login}\n`;
}

export async function run(): Promise<void> {
  const directory = temporaryDirectory();
  const log = join(directory.path, 'dovecot.log');
  const config = join(directory.path, 'mailtrail.yaml');
  writeFileSync(log, '');
  writeFileSync(config, `dovecot:\n  logs: [${log}]\n`);
  const server = await startServer(join(directory.path, 'data'), {
    arguments: ['--config', config],
  });
  const latencies: number[] = [];
  try {
    for (let i = 0; i < LINES; i++) {
      const session = `fresh${i}`;
      const from = performance.now();
      appendFileSync(log, signIn(session));
      await until(
        async () => {
          const rows = await server.query(`fields user | filter request_id = '${session}'`);
          return rows.length > 0 ? true : undefined;
        },
        30_000,
        () => `the line did not become a row\n${server.log()}`,
      );
      latencies.push(performance.now() - from);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    const show = (share: number): string => percentile(latencies, share).toFixed(0);
    figure(
      'log line to queryable, p50 / p99 / max (ms)',
      `${show(0.5)} / ${show(0.99)} / ${show(1)}`,
    );
  } finally {
    await server.stop();
    directory.remove();
  }
}
