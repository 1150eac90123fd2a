import { expect, test } from 'vitest';
import type { AuditEvent } from '../../event/audit-event.ts';
import { DovecotServers, serverOf, SERVERS_CARRIED_BYTES_MAX, SERVERS_MAX } from './servers.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 12);

test.each([
  ['Nov 23 02:42:19 mx1 dovecot: imap-login: Login: x', 'mx1'],
  ['Nov  3 02:42:19 mx1.example.test dovecot[12]: x', 'mx1.example.test'],
  ['2026-11-23T02:42:19.123456+01:00 mx1 dovecot: x', 'mx1'],
  ['2026-11-23 02:42:19 mx1 dovecot: x', 'mx1'],
  ['2026-11-23T02:42:19Z 2001:db8::1 dovecot: x', '2001:db8::1'],
  ['2026-11-23T02:42:19 imap(alice)<1><s>: Info: x', ''],
  ['Nov 23 02:42:19 imap-login: Info: Login: x dovecot: y', ''],
  ['2026-11-23T02:42:19+0000 stats: Info: {"event":"x"}', ''],
  ['Nov 23 02:42:19 mx1 dovecotx: x', ''],
  ['Nov 23 02:42:19 mx1 postfix/smtpd[1]: x', ''],
  ['{"event":"x","hostname":"mx1"}', ''],
  ['2026-', ''],
  ['Nov', ''],
  ['', ''],
])('%j was written by %j', (line, host) => {
  const bytes = Buffer.from(`${line}\nNov 23 02:42:19 next dovecot: x\n`);
  expect(serverOf(bytes, 0, line.length)).toBe(host);
});

class Log {
  readonly servers = new DovecotServers({ now: () => NOW_MS, sharedPrefixes: [] });
  readonly told: AuditEvent[] = [];
  #at = 0;

  event(host: string, event: string, fields: object): void {
    const time = '2026-11-23T11:59:59.000000Z';
    const json = { event, hostname: host, start_time: time, end_time: time, fields };
    const head = `2026-11-23T11:59:59.000000+00:00 ${host} dovecot: stats: `;
    const line = Buffer.from(`${head}${JSON.stringify(json)}`);
    this.servers.take(line, 0, line.length, this.#at, true, this.told);
    this.#at += line.length + 1;
  }

  /** Somebody signs in as a user, by a master password. */
  impersonate(host: string, session: string, user: string): void {
    this.event(host, 'auth_request_finished', {
      success: 'yes',
      session,
      service: 'imap',
      user,
      login_user: user,
      master_user: `master@${host}`,
      remote_ip: '192.0.2.1',
    });
  }

  create(host: string, session: string, user: string): void {
    this.event(host, 'imap_command_finished', {
      session,
      user,
      cmd_name: 'CREATE',
      cmd_args: 'Folder',
      tagged_reply_state: 'OK',
      tagged_reply: 'OK Create completed',
    });
  }

  impersonators(): (string | undefined)[] {
    this.servers.holdings.release(Infinity, this.told);
    return this.told
      .filter((event) => event.log_type === 'WORKMAIL_MAILBOX_ACCESS_LOGS')
      .map((event) => event.impersonator_id);
  }
}

test('equal sessions of two servers are two, also after a restart without their lines', () => {
  const before = new Log();
  before.impersonate('mx1', 'S1', 'alice');
  before.impersonate('mx2', 'S1', 'bob');
  const log = new Log();
  log.servers.restore(JSON.parse(JSON.stringify(before.servers.carry())));
  for (const each of [before, log]) {
    each.create('mx1', 'S1', 'alice');
    each.create('mx2', 'S1', 'bob');
    expect(each.impersonators()).toEqual(['master@mx1', 'master@mx2']);
  }
});

test(`${SERVERS_MAX} servers are told apart; the one that was silent longest is forgotten`, () => {
  const log = new Log();
  for (let n = 0; n < SERVERS_MAX; n++) log.impersonate(`mx${n}`, 'S1', 'alice');
  log.create('mx0', 'S1', 'alice');
  log.create('one-more', 'S1', 'alice');
  expect(log.servers.size).toBe(SERVERS_MAX);
  log.create('mx0', 'S1', 'alice');
  log.create('mx2', 'S1', 'alice');
  log.create('mx1', 'S1', 'alice');
  expect(log.impersonators()).toEqual([
    'master@mx0',
    undefined,
    'master@mx0',
    'master@mx2',
    undefined,
  ]);
});

test(`a checkpoint carries of all servers at most ${SERVERS_CARRIED_BYTES_MAX} bytes, the newest ones`, () => {
  const log = new Log();
  const long = 'u'.repeat(2_000);
  for (let n = 0; n < SERVERS_MAX; n++) log.impersonate(`mx${n}`, 'S1', long);
  const carried = log.servers.carry();
  const bytes = JSON.stringify(carried).length;
  expect(bytes).toBeGreaterThan(SERVERS_CARRIED_BYTES_MAX / 2);
  expect(bytes).toBeLessThan(SERVERS_CARRIED_BYTES_MAX + 100);
  expect(JSON.stringify(carried)).toContain(`"mx${SERVERS_MAX - 1}"`);
});

test.each([undefined, null, 7, 'x', { servers: [1, ['a'], [2, {}]] }, { log: 1, servers: 2 }])(
  'what is carried and makes no sense is ignored: %j',
  (carried) => {
    const log = new Log();
    log.servers.restore(carried);
    log.create('mx1', 'S1', 'alice');
    expect(log.impersonators()).toEqual([undefined]);
  },
);
