// Sign-ins by SMTP where only Postfix's log tells of them.
import { expect, test } from 'vitest';
import { assemble } from '../../../test/collect/assemble.ts';
import type { AuditEvent } from '../../event/audit-event.ts';
import { PostfixAssembler, type PostfixAssemblerOptions } from './assembler.ts';

process.env['TZ'] = 'UTC';
const NOW_MS = Date.UTC(2026, 10, 24);
const ALICE = 'sasl_method=PLAIN, sasl_username=alice@x.test';

function line(program: string, text: string, pid = 1): string {
  return `Nov 23 05:56:41 mail postfix/${program}[${pid}]: ${text}`;
}

function smtpd(text: string, pid = 1): string {
  return line('submission/smtpd', text, pid);
}

function told(
  lines: readonly string[],
  options: Partial<PostfixAssemblerOptions> = { tellsSignIns: () => true },
): AuditEvent[] {
  const assembler = new PostfixAssembler({ now: () => NOW_MS, lmtpTold: () => true, ...options });
  const { events, rejected } = assemble(assembler, `${lines.join('\n')}\n`);
  expect(rejected).toEqual([]);
  return events;
}

function signIns(
  lines: readonly string[],
  options?: Partial<PostfixAssemblerOptions>,
): AuditEvent[] {
  return told(lines, options).filter(({ log_type }) => log_type === 'AUTHENTICATION_LOGS');
}

function refused(text: string): AuditEvent | undefined {
  const [event, ...more] = signIns([smtpd(`warning: mx.x.test[192.0.2.1]: SASL ${text}`)]);
  expect(more).toEqual([]);
  return event;
}

const WRONG = 'Invalid username or password';

test.each([
  [
    'of Postfix 3.6 and later',
    'PLAIN authentication failed: (reason unavailable), sasl_username=Alice@x.test',
    { user_id: 'alice@x.test', user: 'Alice@x.test', mechanism: 'PLAIN', reason: WRONG },
  ],
  [
    'of Postfix 3.5, whose last challenge is no reason',
    'LOGIN authentication failed: UGFzc3dvcmQ6',
    { mechanism: 'LOGIN', reason: WRONG },
  ],
  [
    'of Postfix 3.5, without any answer',
    'CRAM-MD5 authentication failed: ',
    { mechanism: 'CRAM-MD5', reason: WRONG },
  ],
  [
    'of a rule of ours',
    'PLAIN authentication failed: Denied by access control rule office, sasl_username=bob',
    {
      user_id: 'bob',
      user: 'bob',
      mechanism: 'PLAIN',
      reason: 'Denied by access control rule office',
      detail: 'policy_refused',
    },
  ],
  [
    'of a server that went away',
    'PLAIN authentication failed: Connection lost to authentication server, sasl_username=bob',
    {
      user_id: 'bob',
      user: 'bob',
      mechanism: 'PLAIN',
      reason: 'Connection lost to authentication server',
    },
  ],
  [
    'of a client whose answer could not be read, after it had named somebody',
    'PLAIN authentication failed: Invalid base64 data in initial response, sasl_username=bob',
    { mechanism: 'PLAIN', reason: 'Invalid base64 data in initial response' },
  ],
  [
    'without a name',
    'PLAIN authentication failed: (reason unavailable), sasl_username=(unavailable)',
    { mechanism: 'PLAIN', reason: WRONG },
  ],
  [
    'of a name that looks like more of the line',
    'PLAIN authentication failed: (reason unavailable), sasl_username=a, sasl_username=root@x.test',
    { user: 'a, sasl_username=root@x.test', mechanism: 'PLAIN', reason: WRONG },
  ],
  [
    'of a name that Postfix cut',
    `PLAIN authentication failed: (reason unavailable), sasl_username=${'x'.repeat(100)}`,
    { user: `${'x'.repeat(100)}...`, mechanism: 'PLAIN', reason: WRONG },
  ],
])('a refused attempt %s', (_, text, { reason, ...expected }) => {
  const { detail, ...fields } = { detail: undefined, ...expected };
  expect(refused(text)).toEqual({
    log_type: 'AUTHENTICATION_LOGS',
    event_timestamp: Date.UTC(2026, 10, 23, 5, 56, 41),
    request_id: expect.stringMatching(/^sign-in-[\w-]{16}$/) as string,
    ...fields,
    protocol: 'SMTP',
    source_ip: '192.0.2.1',
    method: 'basic',
    auth_successful: false,
    auth_failed_reason: reason,
    ...(detail !== undefined && { failure_detail: detail }),
    server_name: 'mail',
  });
});

test('an attempt that the client gave up is none', () => {
  expect(refused('LOGIN authentication aborted')).toBeUndefined();
});

test('two attempts of one moment have ids of their own', () => {
  const attempt = smtpd(
    'warning: unknown[192.0.2.1]: SASL PLAIN authentication failed: (reason unavailable), sasl_username=bob',
  );
  const ids = signIns([attempt, attempt]).map(({ request_id }) => request_id);
  expect(new Set(ids).size).toBe(2);
});

const TWO_MESSAGES = [
  smtpd('connect from unknown[192.0.2.7]'),
  smtpd(`4jXwF05NJdzJ9ZJ: client=unknown[192.0.2.7], ${ALICE}`),
  smtpd(`4jXwF05NJdzJ9ZK: client=unknown[192.0.2.7], ${ALICE}`),
  smtpd('disconnect from unknown[192.0.2.7] ehlo=1 auth=1 mail=2 rcpt=2 data=2 quit=1 commands=8'),
];

test('a successful one is told once for a connection, by the id of its first message', () => {
  expect(signIns(TWO_MESSAGES)).toMatchObject([
    { request_id: '4jXwF05NJdzJ9ZJ', user_id: 'alice@x.test', auth_successful: true },
  ]);
  expect(signIns([...TWO_MESSAGES, ...TWO_MESSAGES])).toHaveLength(2);
});

test.each<[string, Partial<PostfixAssemblerOptions>]>([
  ['nothing is said', {}],
  ['somebody else tells', { tellsSignIns: () => false }],
])('no sign-in is told where %s', (_, options) => {
  const failed = smtpd('warning: a[192.0.2.1]: SASL PLAIN authentication failed: no');
  expect(signIns([failed, ...TWO_MESSAGES], options)).toEqual([]);
});

const FILTERED = [
  line('back/smtpd', '4jXwF05NJdzJ9ZJ: client=localhost[127.0.0.1], orig_client=a[192.0.2.7]', 2),
  line('cleanup', '4jXwF05NJdzJ9ZJ: message-id=<m@x.test>'),
];
const ACCEPTED = smtpd(
  'proxy-accept: END-OF-MESSAGE: 250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4jXwF05NJdzJ9ZJ; from=<alice@x.test> to=<z@y.test> proto=ESMTP helo=<h> sasl_username=<alice@x.test>',
);
const QUEUED = line(
  'qmgr',
  '4jXwF05NJdzJ9ZJ: from=<alice@x.test>, size=869, nrcpt=1 (queue active)',
);
const SENT = line(
  'smtp',
  '4jXwF05NJdzJ9ZJ: to=<z@y.test>, relay=y[192.0.2.9]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 ok)',
);

test.each([
  ['before', [ACCEPTED, QUEUED]],
  ['after', [QUEUED, ACCEPTED]],
])('what a proxy filter passed on is of who signed in in front of it, accepted %s', (_, lines) => {
  const events = told([
    smtpd(`NOQUEUE: client=a[192.0.2.7], ${ALICE}`),
    ...FILTERED,
    ...lines,
    SENT,
  ]);
  const [signIn] = events;
  expect(signIn).toMatchObject({ log_type: 'AUTHENTICATION_LOGS', user_id: 'alice@x.test' });
  const own = {
    user_id: 'alice@x.test',
    source_ip: '192.0.2.7',
    sign_in_id: signIn?.request_id as string,
  };
  expect(events.slice(1)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ ...own, log_type: 'WORKMAIL_MAILBOX_ACCESS_LOGS' }),
      expect.objectContaining({
        ...own,
        event: expect.objectContaining({ eventName: 'OUTGOING_EMAIL_SUBMITTED' }) as unknown,
      }),
      expect.objectContaining({
        ...own,
        event: expect.objectContaining({ eventName: 'OUTGOING_EMAIL_SENT' }) as unknown,
      }),
    ]),
  );
  expect(events).toHaveLength(4);
});

test('what a proxy filter passed on from a stranger is received from where it came', () => {
  const events = told([
    smtpd('NOQUEUE: client=a[192.0.2.7]'),
    ...FILTERED,
    QUEUED,
    SENT.replace('/smtp[', '/virtual['),
  ]);
  expect(events.slice(0, 1)).toMatchObject([
    { event: { eventName: 'ORGANIZATION_EMAIL_RECEIVED' }, source_ip: '192.0.2.7' },
  ]);
});
