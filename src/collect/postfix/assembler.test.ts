// Messages told from beginning to end: what is refused, given up, expired, read by the milter.
import { beforeEach, expect, test } from 'vitest';
import { assemble } from '../../../test/collect/assemble.ts';
import type { AuditEvent } from '../../event/audit-event.ts';
import { createMessageContentsJoin, type MessageContents } from '../message-contents.ts';
import { type Clock } from '../../platform/clock.ts';
import { PostfixAssembler, type PostfixAssemblerOptions } from './assembler.ts';

process.env['TZ'] = 'UTC';
const NOW_MS = Date.UTC(2026, 10, 24);
const QID = '4jXwF05NJdzJ9ZJ';
const clock: Clock = { now: () => NOW_MS, after: () => ({ cancel: () => undefined }) };
let contents = createMessageContentsJoin(clock);

beforeEach(() => {
  contents = createMessageContentsJoin(clock);
});

function line(program: string, text: string, pid = 1): string {
  return `Nov 23 05:56:41 mail postfix/${program}[${pid}]: ${text}`;
}

function told(
  lines: readonly string[],
  options: Partial<PostfixAssemblerOptions> = {},
): AuditEvent[] {
  const assembler = new PostfixAssembler({ now: () => NOW_MS, lmtpTold: () => true, ...options });
  const { events, rejected } = assemble(assembler, `${lines.join('\n')}\n`);
  expect(rejected).toEqual([]);
  return events;
}

const RECEIVED = [
  line('smtpd', `${QID}: client=mx.partner.test[192.0.2.1]`),
  line('cleanup', `${QID}: message-id=<m@partner.test>`),
];
const QUEUED = line('qmgr', `${QID}: from=<a@partner.test>, size=869, nrcpt=1 (queue active)`);
const SUBMITTED = line(
  'submission/smtpd',
  `${QID}: client=unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=alice@x.test`,
);

function read(more: Partial<MessageContents> = {}): MessageContents {
  return {
    queueId: QID,
    timeMs: NOW_MS,
    sender: 'a@partner.test',
    recipients: ['bob@x.test', 'team@x.test'],
    authenticationResults: [],
    attachments: [],
    ...more,
  };
}

test('what the milter read is told with the message, whole and at once', () => {
  contents.offer(
    read({
      subject: 'A subject longer than header_checks would log',
      from: 'ann@partner.test',
      attachments: [
        { path: 'offer.pdf', type: 'application/pdf' },
        { path: 'Fwd: old/old.txt', type: 'text/plain' },
      ],
    }),
  );
  expect(told([...RECEIVED, QUEUED], { contents })).toMatchObject([
    {
      event: {
        eventName: 'ORGANIZATION_EMAIL_RECEIVED',
        recipients: ['bob@x.test', 'team@x.test'],
        from: 'ann@partner.test',
        subject: 'A subject longer than header_checks would log',
      },
      attachments: ['offer.pdf', 'Fwd: old/old.txt'],
    },
  ]);
});

const RESULTS =
  'mx.x.test; spf=pass; dkim=none; dmarc=fail (p=reject dis=quarantine) header.from=partner.test';

test.each([
  ['our milter', () => contents.offer(read({ authenticationResults: [RESULTS] })), []],
  [
    'header_checks',
    () => undefined,
    [
      line(
        'cleanup',
        `${QID}: info: header Authentication-Results: ${RESULTS} from mx.partner.test[192.0.2.1]; from=<a@partner.test> to=<bob@x.test> proto=ESMTP helo=<mx.partner.test>`,
      ),
    ],
  ],
])('the verdicts of a trusted filter, seen by %s', (_, prepare, lines) => {
  prepare();
  const events = told([...RECEIVED, ...lines, QUEUED], { contents, authservIds: ['mx.x.test'] });
  expect(events).toMatchObject([
    {
      event: {
        eventName: 'ORGANIZATION_EMAIL_RECEIVED',
        spfVerdict: 'PASS',
        dkimVerdict: 'NONE',
        dmarcVerdict: 'FAIL',
        dmarcPolicy: 'REJECT',
      },
    },
    { event: { eventName: 'DMARC_POLICY_APPLIED', policy: 'QUARANTINE' } },
  ]);
});

test('verdicts that a stranger wrote are not believed', () => {
  contents.offer(read({ authenticationResults: [RESULTS] }));
  const [received, ...others] = told([...RECEIVED, QUEUED], { contents, authservIds: ['other'] });
  expect(received).not.toHaveProperty('event.spfVerdict');
  expect(others).toEqual([]);
});

test('a filter that refuses by DMARC has applied the policy', () => {
  const text = `${QID}: milter-reject: END-OF-MESSAGE from mx.partner.test[192.0.2.1]: 5.7.1 rejected by DMARC policy for partner.test; from=<a@partner.test> to=<bob@x.test> proto=ESMTP helo=<h>`;
  expect(told([...RECEIVED, line('cleanup', text)])).toMatchObject([
    { event: { eventName: 'INCOMING_EMAIL_REJECTED', recipient: 'bob@x.test' }, dsn: '5.7.1' },
    { event: { eventName: 'DMARC_POLICY_APPLIED', policy: 'REJECT' } },
  ]);
});

function deferred(to: string): string {
  const end = 'dsn=4.4.1, status=deferred (no answer)';
  return line('smtp', `${QID}: to=<${to}>, relay=none, delay=1, delays=1/0/0/0, ${end}`);
}

test('recipients that are tried late amend the message, once', () => {
  const assembler = new PostfixAssembler({ now: () => NOW_MS, lmtpTold: () => true });
  const out: AuditEvent[] = [];
  const queued = QUEUED.replace('nrcpt=1', 'nrcpt=2');
  let at = 0;
  const take = (text: string): void => {
    const bytes = Buffer.from(text);
    assembler.take(bytes, 0, bytes.length, at, true, out);
    at += bytes.length + 1;
  };
  for (const text of [...RECEIVED, queued, deferred('bob@x.test')]) take(text);
  assembler.holdings.release(Infinity, out);
  for (const text of [
    deferred('carol@x.test'),
    deferred('carol@x.test'),
    line('qmgr', `${QID}: removed`),
  ]) {
    take(text);
  }
  const received = out.filter(
    (event) => event.log_type === 'EMAIL_EVENT_LOGS' && event.event.recipients !== undefined,
  );
  expect(received).toMatchObject([
    { event: { recipients: ['bob@x.test'] } },
    { event: { recipients: ['bob@x.test', 'carol@x.test'] }, revision: 2 },
  ]);
  expect(received[0]?.revision_key).toBe(received[1]?.revision_key);
});

test('a message that expires bounces for those it never reached, and only for them', () => {
  const attempt = (to: string, end: string): string =>
    line('smtp', `${QID}: to=<${to}>, relay=none, delay=1, delays=1/0/0/0, ${end}`);
  const events = told([
    SUBMITTED,
    QUEUED.replace('nrcpt=1', 'nrcpt=2'),
    attempt('x@far.test', 'dsn=4.4.1, status=deferred (no answer)'),
    attempt('y@far.test', 'dsn=4.4.1, status=deferred (no answer)'),
    attempt('y@far.test', 'dsn=2.0.0, status=sent (250 ok)'),
    line('qmgr', `${QID}: from=<a@partner.test>, status=expired, returned to sender`),
  ]);
  expect(events.at(-1)).toMatchObject({
    user_id: 'alice@x.test',
    event: {
      eventName: 'OUTGOING_EMAIL_BOUNCED',
      destination: 'x@far.test',
      bouncedRecipient: { emailAddress: 'x@far.test', reason: 'no answer', status: '4.4.1' },
    },
  });
  const names = events.map((event) =>
    event.log_type === 'EMAIL_EVENT_LOGS' ? event.event.eventName : event.log_type,
  );
  expect(names.filter((name) => name === 'OUTGOING_EMAIL_BOUNCED')).toHaveLength(1);
});

test('a mailbox that is to be tried again is an attempt of its own kind', () => {
  const text = `${QID}: to=<bob@x.test>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (connect to 127.0.0.1[127.0.0.1]:24: Connection refused)`;
  expect(told([...RECEIVED, QUEUED, line('lmtp', text)])[1]).toMatchObject({
    event: { eventName: 'INCOMING_EMAIL_DELIVERY_ATTEMPT_FAILED', recipient: 'bob@x.test' },
  });
});

const LOST = line(
  'submission/smtpd',
  'lost connection after DATA (17 bytes) from unknown[192.0.2.7]',
);

test('a submission that was given up is told once, by the log or by the milter', () => {
  expect(told([SUBMITTED, LOST], { contents })).toMatchObject([
    { action: 'abort_sending_email', user_id: 'alice@x.test', request_id: QID },
  ]);
  const abort = { queueId: QID, saslUser: 'alice@x.test', timeMs: NOW_MS };
  expect(contents.settleAbort('milter', abort)).toBe(false);
});

const DISCONNECT = line(
  'submission/smtpd',
  'disconnect from unknown[192.0.2.7] ehlo=2 auth=1 mail=1 rcpt=1 rset=1 quit=1 commands=7',
);
const MESSAGE_ID = line('cleanup', `${QID}: message-id=<m@x>`);

test.each([
  ['while its text came, after the headers', [SUBMITTED, MESSAGE_ID, LOST]],
  ['by RSET or QUIT before its text', [SUBMITTED, DISCONNECT]],
  ['before its text, the connection broke', [SUBMITTED, LOST.replace('DATA (17 bytes)', 'RCPT')]],
  ['for another one', [SUBMITTED, SUBMITTED.replace(QID, '4jXwF05NJdzJ9ZK'), MESSAGE_ID]],
  [
    'after one of two recipients was refused',
    [
      SUBMITTED,
      SUBMITTED.replace('client=', 'reject: RCPT from unknown[192.0.2.7]: 550 5.1.1 no; x='),
      DISCONNECT,
    ],
  ],
])('a message that was given up %s is told once', (_, lines) => {
  const events = told([...lines, DISCONNECT, DISCONNECT]);
  const aborts = events.filter((event) => 'action' in event && event.request_id === QID);
  expect(aborts).toMatchObject([{ action: 'abort_sending_email', user_id: 'alice@x.test' }]);
});

test.each([
  ['one that was complete and not queued yet', [SUBMITTED, MESSAGE_ID, DISCONNECT]],
  [
    'one whose answer was lost',
    [SUBMITTED, MESSAGE_ID, LOST.replace('DATA (17 bytes)', 'END-OF-MESSAGE')],
  ],
  [
    'one that was refused',
    [SUBMITTED.replace('client=', 'reject: DATA from unknown[192.0.2.7]: 554 5.7.1 no; x='), LOST],
  ],
  [
    'one of nobody',
    [
      line('smtpd', `${QID}: client=unknown[192.0.2.7]`),
      line('smtpd', 'lost connection after DATA (17 bytes) from unknown[192.0.2.7]'),
    ],
  ],
  ['one that was queued', [SUBMITTED, MESSAGE_ID, QUEUED, LOST]],
])('no abort is told of %s', (_, lines) => {
  const events = told(lines, { contents });
  expect(JSON.stringify(events)).not.toContain('abort_sending_email');
});

function onOther(text: string): string {
  return text.replace(' mail ', ' mail2 ');
}

test('equal queue ids of two servers in one log are two messages', () => {
  const events = told([
    ...RECEIVED,
    onOther(line('smtpd', `${QID}: client=unknown[198.51.100.9]`)),
    onOther(QUEUED.replace('a@partner.test', 'z@far.test')),
    QUEUED,
  ]);
  expect(events).toMatchObject([
    { server_name: 'mail2', source_ip: '198.51.100.9', event: { from: 'z@far.test' } },
    { server_name: 'mail', source_ip: '192.0.2.1', event: { from: 'a@partner.test' } },
  ]);
});

function at(time: string, text: string): string {
  return text.replace(/^.{15}/, `Oct 25 ${time}`);
}

test('of an hour that comes twice, a backlog is read in its order', () => {
  // On 25 October 2026 at 03:00 clocks in Berlin are put back to 02:00.
  process.env['TZ'] = 'Europe/Berlin';
  try {
    const [client = '', id = ''] = RECEIVED;
    const events = told([at('02:59:50', client), at('02:00:01', id), at('02:00:02', QUEUED)]);
    expect(events).toMatchObject([{ event_timestamp: Date.UTC(2026, 9, 25, 1, 0, 2) }]);
  } finally {
    process.env['TZ'] = 'UTC';
  }
});

test('what is refused on a connection in which somebody handed in before is his', () => {
  const refused =
    'NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 553 5.7.1 <root@x.test>: Sender address rejected: not owned by user alice@x.test; from=<root@x.test> to=<c@far.test> proto=ESMTP helo=<h>';
  const before = line('submission/smtpd', refused);
  const [first] = told([before]);
  expect(first).not.toHaveProperty('user_id');
  const events = told([SUBMITTED, MESSAGE_ID, QUEUED, before, line('smtpd', refused, 2)]);
  expect(events.slice(0, 2)).toMatchObject([
    {
      event: { eventName: 'OUTGOING_EMAIL_REJECTED' },
      user_id: 'alice@x.test',
      sign_in_id: QID,
    },
    { event: { eventName: 'INCOMING_EMAIL_REJECTED' } },
  ]);
  expect(events[1]).not.toHaveProperty('user_id');
});
