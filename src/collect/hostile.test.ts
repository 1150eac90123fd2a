// What strangers can write into a log (user names, subjects, folder names, client names, HELO) must
// stay inside its field, whatever it looks like; and no line, however broken, stops the others.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assemble } from '../../test/collect/assemble.ts';
import { journalLine } from '../event/journal-line.ts';
import { DovecotServers } from './dovecot/servers.ts';
import { HELD_MAX } from './holdings.ts';
import { SESSIONS_MAX } from './dovecot/sessions.ts';
import type { Assembler } from './log-collector.ts';
import { MESSAGES_MAX } from './postfix/messages.ts';
import { PostfixAssembler } from './postfix/assembler.ts';

process.env['TZ'] = 'UTC';
const NOW_MS = Date.UTC(2026, 10, 24);
const dovecot = (): DovecotServers =>
  new DovecotServers({ now: () => NOW_MS, sharedPrefixes: ['shared/'] });
const postfix = (): PostfixAssembler =>
  new PostfixAssembler({ now: () => NOW_MS, lmtpTold: () => false });

function eventLine(event: string, fields: Record<string, unknown>, service = 'imap'): string {
  const body = {
    event,
    hostname: 'mx',
    start_time: '2026-11-23T05:56:11.008700Z',
    end_time: '2026-11-23T05:56:11.030044Z',
    categories: [`service:${service}`],
    fields: { session: 'S1', user: 'alice@example.test', remote_ip: '203.0.113.7', ...fields },
  };
  return `2026-11-23T05:56:11 stats: Info: ${JSON.stringify(body)}\n`;
}
const forged = eventLine('auth_request_finished', {
  user: 'forged',
  original_user: 'forged',
  success: 'yes',
}).slice(0, -1);
const forgedJson = forged.slice(forged.indexOf('{'));
const PREFIX = '2026-11-23T05:56:11 imap(alice@example.test)<1><S1>{rip=1.2.3.4,auth=x}: Info: ';

test.each([
  `2026-11-23T05:56:11 imap-login: Info: ID sent: name=x stats: Info: ${forgedJson}: user=<>, session=<S1>`,
  `${PREFIX}ID sent: name=stats: Info: ${forgedJson}`,
  `${PREFIX}save: box=stats: ${forgedJson}, uid=1`,
  `Nov 23 05:56:11 host dovecot: imap(a)<1><S1>: stats: ${forgedJson}`,
  `Nov 23 05:56:11 host dovecot: auth: policy(dovecot: stats: ${forgedJson}`,
  `Nov 23 05:56:11 mail postfix/cleanup[1]: 4jXwF05NJdzJ9ZJ: info: header Subject: stats: ${forgedJson}`,
  `Nov 23 05:56:11 mail postfix/cleanup[1]: 4jXwF05NJdzJ9ZJ: info: header Subject: dovecot: stats: Info: ${forgedJson}`,
  `Nov 23 05:56:11 mail postfix/smtpd[1]: connect from dovecot: stats: ${forgedJson}`,
])('an event line is not made of another line: %s', (line) => {
  expect(assemble(dovecot(), `${line}\n`).events).toEqual([]);
});

const EVIL = [
  ', flags=(\\Deleted), uid=99, msgid=<forged@evil>, subject=forged',
  '", "user":"root", "x":"',
  'a\nb\r\n2026-11-23T05:56:11 stats: Info: {"event":"x"}',
  '\u001b[2J\u001b]0;owned\u0007',
  '\u0000\ud800',
  ') (\\Seen) 1:* "INBOX"',
  '<451 byte literal>',
  'INBOX/;UID=99',
];

test.each(EVIL)('a folder, a user and a client called %j', (evil) => {
  const lines = [
    eventLine(
      'auth_request_finished',
      {
        user: evil,
        original_user: evil,
        service: 'imap',
        success: 'yes',
        client_id: `"name" ${JSON.stringify(evil)}`,
      },
      'auth',
    ),
    eventLine('imap_command_finished', {
      cmd_name: 'CREATE',
      cmd_args: JSON.stringify(evil),
      mailbox: evil,
      tagged_reply_state: 'NO',
      tagged_reply: `NO ${evil}`,
    }),
    eventLine('imap_command_finished', {
      cmd_name: 'UID STORE',
      cmd_args: '7 +FLAGS (\\Seen)',
      mailbox: evil,
      tagged_reply_state: 'OK',
      tagged_reply: 'OK',
    }),
  ].join('');
  const { events, rejected } = assemble(dovecot(), lines);
  expect(rejected).toEqual([]);
  expect(events).toMatchObject([
    { log_type: 'AUTHENTICATION_LOGS', user: evil, auth_successful: true },
    { action: 'create', folder_path: evil, action_allowed: false, user_id: 'alice@example.test' },
    {
      action: 'update_read_state',
      folder_path: evil,
      item_id: `${evil.replace(/[%;\p{Cc}]/gu, encodeURIComponent)}/;UID=7`,
      action_allowed: true,
    },
  ]);
  for (const event of events) expect(journalLine(event).split('\n')).toHaveLength(2);
});

test.each([
  'save: box=x, uid=9, msgid=<a>, size=1, vsize=1, from=f, subject=s, flags=(), uid=1, msgid=<real>, size=2, vsize=2, from=g, subject=t, flags=()',
  'copy from a: box=b: box=INBOX, uid=1, msgid=<m>, size=1, vsize=1, from=f, subject=s, flags=()',
])('a mail_log line that can be read in two ways is not used: %s', (text) => {
  const append = eventLine('imap_command_finished', {
    cmd_name: 'APPEND',
    cmd_args: 'INBOX',
    mailbox: 'INBOX',
    tagged_reply_state: 'OK',
    tagged_reply: 'OK [APPENDUID 1 1] done',
  });
  const [event] = assemble(dovecot(), `${PREFIX}${text}\n${append}`).events;
  expect(event).toMatchObject({ action: 'create', item_id: 'INBOX/;UID=1' });
  expect(event).not.toHaveProperty('message_id');
});

test('a subject that looks like the rest of a mail_log line stays a subject or is left out', () => {
  const subject = 'x, flags=(\\Deleted)';
  const text = `save: box=INBOX, uid=1, msgid=<m@x>, size=1, vsize=1, from=f, subject=${subject}, flags=(\\Seen)`;
  const append = eventLine('imap_command_finished', {
    cmd_name: 'APPEND',
    cmd_args: 'INBOX',
    mailbox: 'INBOX',
    tagged_reply_state: 'OK',
    tagged_reply: 'OK [APPENDUID 1 1] done',
  });
  expect(assemble(dovecot(), `${PREFIX}${text}\n${append}`).events).toMatchObject([
    { message_id: '<m@x>', subject },
  ]);
});

const POSTFIX_TIME = 'Nov 23 05:56:52 mail postfix';
const SUBMITTED = [
  `${POSTFIX_TIME}/submission/smtpd[1]: 4jXwF55qVCzJ9ZN: client=unknown[203.0.113.7], sasl_method=PLAIN, sasl_username=alice@example.test`,
  `${POSTFIX_TIME}/cleanup[1]: 4jXwF55qVCzJ9ZN: message-id=<m@x>`,
];
const QUEUED = `${POSTFIX_TIME}/qmgr[1]: 4jXwF55qVCzJ9ZN: from=<alice@example.test>, size=1, nrcpt=1 (queue active)`;
const subjectLine = (subject: string, helo = 'c'): string =>
  `${POSTFIX_TIME}/cleanup[1]: 4jXwF55qVCzJ9ZN: info: header Subject: ${subject} from unknown[203.0.113.7]; from=<alice@example.test> to=<x@sink.test> proto=ESMTP helo=<${helo}>`;

test.each([
  'x from unknown[1.2.3.4]; from=<a@b> to=<victim@x> proto=ESMTP helo=<h>',
  'status=sent (250 ok)',
  `${POSTFIX_TIME}/qmgr[1]: 4jXwF55qVCzJ9ZN: from=<root>, size=1, nrcpt=1 (queue active)`,
  '\u001b[31m',
])('a Postfix subject %j stays a subject', (subject) => {
  const { events } = assemble(
    postfix(),
    [...SUBMITTED, subjectLine(subject), QUEUED, ''].join('\n'),
  );
  expect(events).toMatchObject([
    {
      event: {
        eventName: 'OUTGOING_EMAIL_SUBMITTED',
        subject,
        from: 'alice@example.test',
      },
    },
    { action: 'submit_email_for_sending', subject, user_id: 'alice@example.test' },
  ]);
});

test('a HELO that looks like the end of the line costs the header, and forges nothing', () => {
  const lines = [
    ...SUBMITTED,
    subjectLine('s', 'x> from unknown[1.2.3.4]; from=<a@b> to=<victim@x> proto=ESMTP helo=<h'),
    QUEUED,
    '',
  ];
  const { events } = assemble(postfix(), lines.join('\n'));
  expect(JSON.stringify(events)).not.toContain('"victim@x"');
});

test('a SASL user name brings no fields of its own', () => {
  const line = `${POSTFIX_TIME}/submission/smtpd[1]: 4jXwF55qVCzJ9ZN: client=unknown[203.0.113.7], sasl_method=PLAIN, sasl_username=eve, client=unknown[10.0.0.1]`;
  const { events } = assemble(postfix(), [line, subjectLine('s'), QUEUED, ''].join('\n'));
  expect(events[0]).toMatchObject({
    source_ip: '203.0.113.7',
    user_id: 'eve, client=unknown[10.0.0.1]',
  });
});

test('more sessions, messages and half-known events than the limits: memory stays bounded', () => {
  const d = dovecot();
  const lines: string[] = [];
  for (let n = 0; n < SESSIONS_MAX + 100; n++) {
    lines.push(
      eventLine(
        'auth_request_finished',
        {
          session: `S${n}`,
          original_user: 'a',
          service: 'imap',
          success: 'yes',
          master_user: 'admin',
          client_id: '"name" "x"',
        },
        'auth',
      ),
    );
  }
  for (let n = 0; n < HELD_MAX + 100; n++) {
    lines.push(
      eventLine('mail_opened', {
        session: `S${n}`,
        cmd_name: 'UID FETCH',
        reason_code: ['imap:fetch_body'],
        mailbox: 'INBOX',
        uid: 1,
      }),
    );
  }
  const events: unknown[] = [];
  const bytes = Buffer.from(lines.join(''));
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    d.take(bytes, start, end, start, true, events as never);
    start = end + 1;
  }
  expect(d.holdings.size).toBe(HELD_MAX);
  expect(events).toHaveLength(SESSIONS_MAX + 100 + 100);
  expect(
    JSON.stringify(d.carry()).length + JSON.stringify(d.holdings.mark(start)).length,
  ).toBeLessThan(64 * 1024);
  const p = postfix();
  for (let n = 0; n < MESSAGES_MAX + 10; n++) {
    const id = (n + 0x100000).toString(16).toUpperCase();
    p.take(
      Buffer.from(`${POSTFIX_TIME}/smtpd[1]: ${id}: client=unknown[203.0.113.7]`),
      0,
      75 + id.length - 6,
      n,
      true,
      events as never,
    );
  }
  expect(events).toHaveLength(SESSIONS_MAX + 200);
});

const CORPUS = join(import.meta.dirname, '..', '..', 'test', 'corpus');
const LINES = ['dovecot', 'postfix'].flatMap((server) =>
  readdirSync(join(CORPUS, server))
    .filter((name) => name.endsWith('.log'))
    .flatMap((name) => readFileSync(join(CORPUS, server, name), 'utf8').split('\n')),
);

test('cut, mixed and mutated lines never throw, and what comes of them is a whole record', () => {
  const line = fc.integer({ min: 0, max: LINES.length - 1 }).map((n) => LINES[n] ?? '');
  const mutated = fc
    .tuple(
      line,
      line,
      fc.nat(2000),
      fc.nat(2000),
      fc.constantFrom('', '"', '\u0000', '}', ', ', '\u{1f600}', ...EVIL),
    )
    .map(
      ([a, b, cutA, cutB, between]) =>
        a.slice(0, cutA) + between.replaceAll('\n', ' ') + b.slice(cutB),
    );
  const junk = fc
    .uint8Array({ maxLength: 200 })
    .map((bytes) => Buffer.from(bytes).toString('latin1'));
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 5, arbitrary: mutated }, { weight: 2, arbitrary: line }, junk), {
        maxLength: 30,
      }),
      (lines) => {
        for (const assembler of [dovecot(), postfix()] as Assembler[]) {
          const { events } = assemble(assembler, Buffer.from(`${lines.join('\n')}\n`));
          for (const event of events) {
            const record = JSON.parse(journalLine(event)) as Record<string, unknown>;
            expect(Number.isFinite(record['event_timestamp'])).toBe(true);
          }
        }
      },
    ),
    { numRuns: 400 },
  );
});
