// Messages that are one message, or about another: content filters, aliases, Sieve, bounces.
import { expect, test } from 'vitest';
import { assemble } from '../../../test/collect/assemble.ts';
import type { AuditEvent } from '../../event/audit-event.ts';
import type { EmailEventRecord } from '../../event/email-event.ts';
import { PostfixAssembler, type PostfixAssemblerOptions } from './assembler.ts';
import { ENDED_MAX, MESSAGES_MAX, Messages, SAME_MESSAGE_ID_MAX, traceIdOf } from './messages.ts';

process.env['TZ'] = 'UTC';
const NOW_MS = Date.UTC(2026, 10, 24);
const [FIRST, SECOND, THIRD] = ['4jXwF05NJdzJ9ZJ', '4jXwF05PJdzJ9ZK', '4jXwF05QJdzJ9ZL'] as const;
const TRACE = traceIdOf('mail', FIRST);

function line(program: string, text: string): string {
  return `Nov 23 05:56:41 mail postfix/${program}[1]: ${text}`;
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

/** What each event says: its name, whose trace, about whose. */
function story(events: readonly AuditEvent[]): string[] {
  const names = new Map([FIRST, SECOND, THIRD].map((id, n) => [traceIdOf('mail', id), `${n + 1}`]));
  return events.map((event) => {
    const { event: details, traceId = '', related_trace_id: about } = event as EmailEventRecord;
    const related = about === undefined ? '' : ` about ${names.get(about)}`;
    return `${names.get(traceId)} ${details.eventName}${related}`;
  });
}

function begun(id: string, client: string, messageId = '<m@x>'): string[] {
  return [
    line('smtpd', `${id}: client=${client}`),
    line('cleanup', `${id}: message-id=${messageId}`),
  ];
}

function queued(id: string, sender = 'a@partner.test'): string {
  return line('qmgr', `${id}: from=<${sender}>, size=1, nrcpt=1 (queue active)`);
}

function sent(program: string, id: string, to: string, relay: string, response: string): string {
  return line(
    program,
    `${id}: to=<${to}>, relay=${relay}, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (${response})`,
  );
}

const OUTSIDE = 'mx.partner.test[192.0.2.1]';
const HERE = 'localhost[127.0.0.1]';
const FILTER = '127.0.0.1[127.0.0.1]:10024';
const INTO_MAILBOX = '250 2.0.0 <bob@x.test> 4EneODWpA2tuNQAAg+zDdQ Saved';

test('a content filter hands the message in again', () => {
  const answer = `250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as ${SECOND}`;
  const events = told(
    [
      ...begun(FIRST, OUTSIDE),
      queued(FIRST),
      ...begun(SECOND, HERE),
      queued(SECOND),
      sent('amavis/smtp', FIRST, 'bob@x.test', FILTER, answer),
      line('qmgr', `${FIRST}: removed`),
      sent('lmtp', SECOND, 'bob@x.test', '127.0.0.1[127.0.0.1]:24', INTO_MAILBOX),
    ],
    { lmtpTold: () => false },
  );
  expect(story(events)).toEqual(['1 ORGANIZATION_EMAIL_RECEIVED', '1 MAILBOX_EMAIL_DELIVERED']);
});

const ALICE = 'unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=alice@x.test';

test("through two filters a message stays its sender's", () => {
  const events = told([
    ...begun(FIRST, ALICE),
    queued(FIRST, 'alice@x.test'),
    ...begun(
      SECOND,
      `${HERE}, orig_queue_id=${FIRST}, orig_client=unknown[192.0.2.7]`,
      '<changed@x>',
    ),
    queued(SECOND, 'alice@x.test'),
    sent('smtp', FIRST, 'z@y.test', FILTER, `250 2.0.0 Ok: queued as ${SECOND}`),
    line('qmgr', `${FIRST}: removed`),
    ...begun(THIRD, HERE, '<changed@x>'),
    queued(THIRD, 'alice@x.test'),
    sent('smtp', SECOND, 'z@y.test', FILTER, `250 2.0.0 Ok: queued as ${THIRD}`),
    line('qmgr', `${SECOND}: removed`),
    sent('smtp', THIRD, 'z@y.test', 'mx.y.test[192.0.2.9]:25', '250 ok'),
  ]);
  const [submitted, , outside] = events as EmailEventRecord[];
  expect(story([submitted, outside] as AuditEvent[])).toEqual([
    '1 OUTGOING_EMAIL_SUBMITTED',
    '1 OUTGOING_EMAIL_SENT',
  ]);
  expect(events).toHaveLength(3);
  const own = { user_id: 'alice@x.test', sign_in_id: FIRST, source_ip: '192.0.2.7' };
  expect(submitted).toMatchObject(own);
  expect(outside).toMatchObject({ ...own, queue_id: THIRD });
});

test('what a filter says of a message that is not in the queue is not believed', () => {
  const events = told([
    ...begun(SECOND, `${HERE}, orig_queue_id=${FIRST}, orig_client=a[192.0.2.1]`),
    queued(SECOND),
    sent('virtual', SECOND, 'bob@x.test', 'virtual', 'delivered to maildir'),
  ]);
  expect(story(events)).toEqual(['2 ORGANIZATION_EMAIL_RECEIVED', '2 MAILBOX_EMAIL_DELIVERED']);
});

test('a filter that changed the Message-ID is known by its answer', () => {
  const events = told([
    ...begun(FIRST, OUTSIDE),
    queued(FIRST),
    ...begun(SECOND, HERE, '<other@x>'),
    queued(SECOND),
    sent('smtp', FIRST, 'bob@x.test', FILTER, `250 2.0.0 Ok: queued as ${SECOND}`),
    sent('smtp', SECOND, 'bob@far.test', 'mx.far.test[198.51.100.1]:25', '250 ok'),
  ]);
  expect(story(events)).toEqual(['1 ORGANIZATION_EMAIL_RECEIVED', '1 OUTGOING_EMAIL_SENT']);
});

test('an alias of local(8) is an applied rule, and the message goes on', () => {
  const events = told([
    ...begun(FIRST, OUTSIDE),
    queued(FIRST),
    line('cleanup', `${SECOND}: message-id=<m@x>`),
    sent('local', FIRST, 'team@x.test', 'local', `forwarded as ${SECOND}`),
    queued(SECOND),
    sent('smtp', SECOND, 'bob@far.test', 'mx.far.test[198.51.100.1]:25', '250 ok'),
  ]);
  expect(story(events)).toEqual([
    '1 ORGANIZATION_EMAIL_RECEIVED',
    '1 RULE_APPLIED',
    '1 OUTGOING_EMAIL_SENT',
  ]);
});

test('what a stranger sends, or another server answers, joins nothing', () => {
  const events = told([
    ...begun(FIRST, OUTSIDE),
    queued(FIRST),
    ...begun(SECOND, OUTSIDE),
    queued(SECOND),
    ...begun(THIRD, HERE, '<third@x>'),
    queued(THIRD),
    sent('smtp', FIRST, 'b@far.test', 'far[198.51.100.1]:25', `250 Ok: queued as ${THIRD}`),
    sent('smtp', SECOND, 'b@far.test', 'far[198.51.100.1]:25', `250 Ok: queued as ${FIRST}`),
    sent('lmtp', THIRD, 'bob@x.test', '127.0.0.1[127.0.0.1]:24', INTO_MAILBOX),
  ]);
  expect(story(events)).toEqual([
    '1 ORGANIZATION_EMAIL_RECEIVED',
    '1 OUTGOING_EMAIL_SENT',
    '2 ORGANIZATION_EMAIL_RECEIVED',
    '2 OUTGOING_EMAIL_SENT',
    '3 ORGANIZATION_EMAIL_RECEIVED',
  ]);
});

test('of two open messages with one Message-ID none is guessed', () => {
  const events = told([
    ...begun(FIRST, OUTSIDE),
    queued(FIRST),
    ...begun(SECOND, OUTSIDE),
    queued(SECOND),
    ...begun(THIRD, HERE),
    queued(THIRD),
    sent('smtp', THIRD, 'b@far.test', 'far[198.51.100.1]:25', '250 ok'),
  ]);
  expect(story(events).filter((each) => each.startsWith('3'))).toEqual([
    '3 OUTGOING_EMAIL_SUBMITTED',
    '3 OUTGOING_EMAIL_SENT',
  ]);
});

test.each(['sender non-delivery', 'sender delay', 'postmaster non-delivery'])(
  'a %s notification is about its message',
  (kind) => {
    const delivered = new Map<string, unknown>();
    const events = told(
      [
        ...begun(FIRST, OUTSIDE),
        line('cleanup', `${SECOND}: message-id=<${SECOND}@mail>`),
        line('bounce', `${FIRST}: ${kind} notification: ${SECOND}`),
        queued(SECOND, ''),
        sent('lmtp', SECOND, 'bob@x.test', '127.0.0.1[127.0.0.1]:24', INTO_MAILBOX),
        sent('smtp', SECOND, 'a@partner.test', 'mx.partner.test[192.0.2.1]:25', '250 ok'),
      ],
      { traces: { delivered: (id: string, trace: unknown) => delivered.set(id, trace) } as never },
    );
    expect(story(events)).toEqual(['2 OUTGOING_EMAIL_SENT about 1']);
    expect(delivered.get('4EneODWpA2tuNQAAg+zDdQ')).toMatchObject({ relatedTraceId: TRACE });
  },
);

const REPLY = '<dovecot-sieve-1795428226-544746-0@mail>';

test('an automatic reply of Sieve is about the one message of that sender', () => {
  const events = told([
    ...begun(FIRST, OUTSIDE),
    queued(FIRST),
    ...begun(SECOND, HERE, REPLY),
    sent('lmtp', FIRST, 'bob@x.test', '127.0.0.1[127.0.0.1]:24', INTO_MAILBOX),
    line('qmgr', `${FIRST}: removed`),
    queued(SECOND, ''),
    sent('smtp', SECOND, 'a@partner.test', 'mx.partner.test[192.0.2.1]:25', '250 ok'),
  ]);
  expect(story(events)).toEqual([
    '1 ORGANIZATION_EMAIL_RECEIVED',
    '2 OUTGOING_EMAIL_SUBMITTED about 1',
    '2 OUTGOING_EMAIL_SENT about 1',
  ]);
});

test.each([
  ['another recipient', HERE, REPLY, 'z@partner.test'],
  ['another Message-ID', HERE, '<x@y>', 'a@partner.test'],
  ['another host', OUTSIDE, REPLY, 'a@partner.test'],
])('a message with %s is no such reply', (_, client, messageId, to) => {
  const events = told([
    ...begun(FIRST, OUTSIDE),
    queued(FIRST),
    ...begun(SECOND, client, messageId),
    queued(SECOND, ''),
    sent('smtp', SECOND, to, 'mx.partner.test[192.0.2.1]:25', '250 ok'),
  ]);
  expect(story(events).filter((each) => each.includes('about'))).toEqual([]);
});

test('a message that an administrator put back into the queue is not a new one', () => {
  const events = told([
    ...begun(FIRST, OUTSIDE),
    queued(FIRST),
    line('pickup', `${SECOND}: uid=0 from=<a@partner.test> orig_id=${FIRST}`),
    queued(SECOND),
    sent('smtp', SECOND, 'b@far.test', 'far[198.51.100.1]:25', '250 ok'),
  ]);
  expect(story(events)).toEqual(['1 OUTGOING_EMAIL_SENT', '1 ORGANIZATION_EMAIL_RECEIVED']);
});

test('a message that an administrator deleted', () => {
  const events = told([
    ...begun(FIRST, OUTSIDE),
    queued(FIRST),
    line('postsuper', `${FIRST}: removed`),
    line('postsuper', 'Deleted: 1 message'),
  ]);
  expect(story(events)).toEqual(['1 ORGANIZATION_EMAIL_RECEIVED', '1 QUEUED_EMAIL_REMOVED']);
});

test('the transport discard throws away, which is no delivery', () => {
  const events = told([
    ...begun(FIRST, OUTSIDE),
    queued(FIRST),
    sent('discard', FIRST, 'spam@x.test', 'none', 'x.test'),
  ]);
  expect(story(events)).toEqual(['1 ORGANIZATION_EMAIL_RECEIVED', '1 RULE_APPLIED']);
});

test(`${MESSAGES_MAX} messages are remembered, and of those that left the last ${ENDED_MAX}`, () => {
  const messages = new Messages();
  for (let n = 0; n < MESSAGES_MAX + 5; n++) messages.begin(`Q${n}`, 'mail', n);
  expect(messages.size).toBe(MESSAGES_MAX);
  expect(messages.find('Q4', 'mail')).toBeUndefined();
  expect(messages.find('Q5', 'mail')).toBeDefined();
  for (let n = 5; n < ENDED_MAX + 6; n++) {
    messages.use(`Q${n}`, 'mail', n).sender = 'A@x';
    messages.end(`Q${n}`, 'mail', n);
  }
  expect(messages.sentBy('a@x', 'mail')).toHaveLength(ENDED_MAX);
});

test(`${SAME_MESSAGE_ID_MAX} open messages of one Message-ID are looked at, and forgotten with it`, () => {
  const messages = new Messages();
  for (let n = 0; n < SAME_MESSAGE_ID_MAX + 5; n++) {
    messages.identify(messages.begin(`Q${n}`, 'mail', n), '<m@x>');
  }
  const last = messages.begin('LAST', 'mail', 99);
  messages.identify(last, '<m@x>');
  expect(messages.namesakes(last)).toHaveLength(SAME_MESSAGE_ID_MAX);
  for (let n = 0; n < SAME_MESSAGE_ID_MAX; n++) messages.end(`Q${n}`, 'mail', 100);
  expect(messages.namesakes(last)).toHaveLength(0);
});
