// Real lines of both servers and the exact events they become. The expected events were read one by
// one against what the clients had done; a change of a golden file is a change of behaviour.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { assemble, goldenOf } from '../../test/collect/assemble.ts';
import { unrevised } from '../../test/collect/visible.ts';
import { admitRecord } from '../event/admit.ts';
import type { AuditEvent } from '../event/audit-event.ts';
import { DovecotServers } from './dovecot/servers.ts';
import type { Assembler } from './log-collector.ts';
import { PostfixAssembler } from './postfix/assembler.ts';

// Postfix writes local time without a zone.
process.env['TZ'] = 'UTC';

const CORPUS = join(import.meta.dirname, '..', '..', 'test', 'corpus');
const RECORDED_MS = Date.UTC(2026, 10, 24);

const MAKERS: Readonly<Record<string, () => Assembler>> = {
  dovecot: () => new DovecotServers({ now: () => RECORDED_MS, sharedPrefixes: ['shared/'] }),
  postfix: () => new PostfixAssembler({ now: () => RECORDED_MS, lmtpTold: () => true }),
  // Where there is no Dovecot that tells of deliveries and sign-ins.
  'postfix-alone': () =>
    new PostfixAssembler({
      now: () => RECORDED_MS,
      lmtpTold: () => false,
      tellsSignIns: () => true,
      journalAddresses: ['Journal@pipe.example.test'],
    }),
};

const CASES = Object.keys(MAKERS).flatMap((server) =>
  readdirSync(join(CORPUS, server))
    .filter((name) => name.endsWith('.log'))
    .map((name) => [server, name] as const),
);

function eventsOf(server: string, name: string): AuditEvent[] {
  const assembler = MAKERS[server]?.();
  if (assembler === undefined) throw new Error(server);
  const { events, rejected } = assemble(assembler, readFileSync(join(CORPUS, server, name)));
  expect(rejected).toEqual([]);
  return events;
}

test.each(CASES)('%s/%s becomes exactly the expected events', async (server, name) => {
  const golden = join(CORPUS, server, name.replace(/\.log$/, '.json'));
  await expect(goldenOf(eventsOf(server, name))).toMatchFileSnapshot(golden);
});

test.each(CASES)('%s/%s: every event passes the front door', (server, name) => {
  for (const event of eventsOf(server, name)) {
    // Only collectors may say that an event will be amended.
    const record = JSON.stringify(unrevised(event));
    expect(admitRecord(record, RECORDED_MS)).toMatchObject({ ok: true });
  }
});

test('syslog framing, bare JSON and other time stamps give the same events', () => {
  const log = readFileSync(join(CORPUS, 'dovecot', 'mailbox.log'), 'utf8');
  const expected = goldenOf(eventsOf('dovecot', 'mailbox.log').map(unrevised));
  const framings: ((line: string) => string)[] = [
    (line) => line.replace(/^\S+ /, 'Nov 23 02:42:19 '),
    (line) => line.replace(/^\S+ /, 'Nov  3 02:42:19 host dovecot: '),
    (line) => line.replace(/^\S+ /, 'Nov  3 02:42:19 host dovecot[12]: ').replace(': Info: ', ': '),
    (line) => line.replace(/^\S+ /, '2026-11-23T02:42:19.123456+00:00 host dovecot: '),
    (line) => line.replace(/^\S+ stats: Info: /, ''),
  ];
  for (const frame of framings) {
    const framed = log
      .split('\n')
      .map((line) => (line === '' ? line : frame(line)))
      .join('\n');
    const assembler = MAKERS['dovecot']?.();
    if (assembler === undefined) throw new Error('no assembler');
    expect(goldenOf(assemble(assembler, framed).events.map(unrevised))).toBe(expected);
  }
});
