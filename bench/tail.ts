// A backlog of Dovecot's JSON lines read by the running program: from file to journal, durable.
import { closeSync, openSync, writeSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer, temporaryDirectory, until } from '../test/e2e/running-server.ts';
import { cpuSeconds, figure } from './measure.ts';

const LINES = 600_000;

/** One message read by IMAP: the event of the message, then the command's. */
function readLines(n: number): string {
  const user = `user${(n * 7919) % 5000}@nordlys-biotech.example`;
  const time = '2026-11-23T06:00:00.000000Z';
  const fields = {
    user,
    session: `N2nC${(n >> 4).toString(36).padStart(8, '0')}AAAB`,
    remote_ip: `203.0.113.${n % 250}`,
    remote_port: 40_000 + (n % 20_000),
    local_ip: '192.0.2.25',
    local_port: 993,
    mailbox: 'INBOX',
  };
  const line = (event: string, more: object): string =>
    `2026-11-23T06:00:00+0000 stats: Info: ${JSON.stringify({
      event,
      hostname: 'mx1',
      start_time: time,
      end_time: time,
      categories: ['imap', 'service:imap'],
      fields: { ...fields, ...more },
    })}\n`;
  const uid = (n % 900) + 1;
  const reason_code = ['imap:cmd_uid_fetch', 'imap:fetch_body'];
  return (
    line('mail_opened', { cmd_name: 'UID FETCH', uid, seq: uid, reason_code }) +
    line('imap_command_finished', {
      cmd_name: 'UID FETCH',
      cmd_args: `${uid} (BODY.PEEK[])`,
      tagged_reply_state: 'OK',
      tagged_reply: 'OK Fetch completed.',
      reason_code,
    })
  );
}

function writeBacklog(path: string): void {
  const file = openSync(path, 'w');
  for (let n = 0; n < LINES / 2; n += 1000) {
    let text = '';
    for (let i = n; i < n + 1000; i++) text += readLines(i);
    writeSync(file, text);
  }
  closeSync(file);
}

interface Status {
  readonly journal: { readonly end: number };
  readonly collectors: readonly { readonly name: string; readonly seen: number }[];
}

export async function run(): Promise<void> {
  const directory = temporaryDirectory();
  const log = join(directory.path, 'dovecot.log');
  const config = join(directory.path, 'mailtrail.yaml');
  writeBacklog(log);
  writeFileSync(config, `dovecot:\n  logs: [${log}]\npostfix:\n  logs: []\n`);
  const from = performance.now();
  const server = await startServer(join(directory.path, 'data'), {
    arguments: ['--config', config],
    waitForStore: false,
  });
  try {
    const headers = { authorization: `Bearer ${server.token}` };
    await until(
      async () => {
        const response = await fetch(`${server.url}/v1/status`, { headers });
        const status = (await response.json()) as Status;
        return status.journal.end >= LINES / 2 ? true : undefined;
      },
      120_000,
      () => `the backlog was not read\n${server.log()}`,
    );
    const seconds = (performance.now() - from) / 1000;
    figure('lines/s, start of the program included', Math.round(LINES / seconds));
    figure(
      'processor (µs a line)',
      ((cpuSeconds(server.process.pid ?? 0) * 1e6) / LINES).toFixed(1),
    );
  } finally {
    await server.stop();
    directory.remove();
  }
}
