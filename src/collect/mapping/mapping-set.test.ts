import { expect, test } from 'vitest';
import type { AuditEvent } from '../../event/audit-event.ts';
import { formatProblem } from '../../config/raw-tree.ts';
import { EVENT_LINE_BYTES_MAX } from '../http/admit-batch.ts';
import type { ForeignRecord } from './foreign-record.ts';
import {
  EACH_MAX,
  EVENTS_PER_RECORD_MAX,
  JSON_BYTES_MAX,
  KEY_VALUES_MAX,
  PARTS_MAX,
  TEXT_LENGTH_MAX,
} from './limits.ts';
import { readMappingFile } from './mapping-file.ts';
import { MappingFeed, MappingSet } from './mapping-set.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 12);

function setOf(text: string): MappingSet {
  const result = readMappingFile(text, 'm.yaml');
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return new MappingSet(result.file);
}

function record(
  content: ForeignRecord['content'],
  more: Partial<ForeignRecord> = {},
): ForeignRecord {
  return { source: 'file', receivedMs: NOW_MS, content, ...more };
}

/** A set of one mapping of key=value lines to email events, with these fields. */
function fields(lines: string, parse = 'key=value'): MappingSet {
  const own = lines
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n');
  return setOf(`name: x
mappings:
  - name: m
    parse: ${parse}
    log_type: EMAIL_EVENT_LOGS
    fields:
      event.eventName: { constant: OUTGOING_EMAIL_SENT }
${own}
`);
}

function only(set: MappingSet, content: ForeignRecord['content']): AuditEvent {
  const { events, refusals } = set.take(record(content));
  expect(refusals).toEqual([]);
  expect(events).toHaveLength(1);
  return events[0] as AuditEvent;
}

function reason(set: MappingSet, content: ForeignRecord['content']): string | undefined {
  const { events, refusals } = set.take(record(content));
  expect(events).toEqual([]);
  return refusals[0]?.reason;
}

test('every source and step of an expression', () => {
  const set = fields(`traceId: id
queue_id: { firstOf: [none, { path: id, then: upper }] }
message_size: { path: size, then: number }
event.recipients: { path: to, then: { split: "," } }
event.recipient: { path: to, then: [{ split: ",", take: -1 }, lower] }
event.reason: { join: [a, b, none], with: " and " }
event.bouncedRecipient: { object: { emailAddress: a, status: none } }
event.from: { path: from, then: { extract: "<(.*)>" } }
event.folder: { path: kind, then: { lookup: { i: INBOX }, otherwise: Other } }
event.messageTimestamp: { path: at, then: { time: iso } }
event.messageId: { path: id, then: { format: "<{}>" } }
event.subject: { path: empty, then: { format: "<{}>" } }
relay: { path: empty }
dsn: { constant: 2.0.0 }`);
  const line =
    'id=q1 size=12 to=A@x,B@y a=one b="two three" from="Ann <ann@x>" kind=i at=2026-11-23T10:00:00Z empty=';
  expect(only(set, line)).toEqual({
    log_type: 'EMAIL_EVENT_LOGS',
    event_timestamp: NOW_MS,
    traceId: 'q1',
    queue_id: 'Q1',
    message_size: 12,
    dsn: '2.0.0',
    event: {
      eventName: 'OUTGOING_EMAIL_SENT',
      recipients: ['A@x', 'B@y'],
      recipient: 'b@y',
      from: 'ann@x',
      reason: 'one and two three',
      messageId: '<q1>',
      bouncedRecipient: { emailAddress: 'one' },
      folder: 'INBOX',
      messageTimestamp: Date.UTC(2026, 10, 23, 10),
    },
  });
});

test('what is not plainly of the field is refused, each field by its name', () => {
  const set = fields(
    'message_size: size\nlocal_uid: { path: uid, then: number }\nevent.recipient: to',
  );
  expect(reason(set, 'size=12k uid=x to=a@x')).toBe(
    'field message_size: expected a whole number, found "12k"; field local_uid: expected a whole number, found "x"',
  );
  const json = fields('event.recipient: to', 'json');
  expect(reason(json, { to: { a: 1 } })).toBe(
    'field event.recipient: expected a text, found {"a":1}',
  );
  expect(only(json, '{"to":["a@x"]}')).toMatchObject({ event: { recipient: 'a@x' } });
});

test('the front door has the last word', () => {
  const at = 'event_timestamp: { path: at, then: { time: seconds } }';
  expect(reason(fields(at), 'at=12345')).toContain('field event_timestamp');
  expect(reason(fields(at), `at=${NOW_MS / 1000 + 86_400}`)).toContain('two hours in the future');
});

test('paths go through objects, lists, and keys with dots', () => {
  const set = fields(
    'event.recipient: to.1.address\nrelay: net.peer.name\nevent.from: a.b',
    'json',
  );
  const event = only(set, {
    to: [{}, { address: 'b@y' }],
    'net.peer': { name: 'mx' },
    a: { b: 'ann@x' },
    'a.b': 'bob@x',
  });
  expect(event).toMatchObject({ relay: 'mx', event: { recipient: 'b@y', from: 'bob@x' } });
  expect(
    only(set, JSON.parse('{"__proto__":{"b":1},"constructor":{}}') as object as never),
  ).not.toHaveProperty('relay');
});

test('a line that says a key twice is refused, and what is quoted cannot add a key', () => {
  const set = fields('event.subject: subject\nevent.from: from');
  expect(only(set, 'from=a@x subject="hi from=b@y \\" from=c"')).toMatchObject({
    event: { from: 'a@x', subject: 'hi from=b@y " from=c' },
  });
  expect(reason(set, 'from=a@x subject=hi from=b@y')).toBe(
    'from is there twice with different values',
  );
  expect(only(set, 'from=<a@x> subject=<x> from=<a@x>')).toMatchObject({ event: { from: 'a@x' } });
  expect(reason(set, 'from="a@x')).toBe('the value of from does not end');
  const many = Array.from({ length: KEY_VALUES_MAX + 1 }, (_, i) => `k${i}=1`).join(' ');
  expect(reason(set, many)).toBe(`more than ${KEY_VALUES_MAX} fields`);
});

test('a text is split into so many parts, the last of which has the rest', () => {
  const set = fields('event.recipients: { path: to, then: { split: "," } }');
  const to = Array.from({ length: PARTS_MAX + 5 }, (_, i) => `u${i}`).join(',');
  const { event } = only(set, `to=${to}`) as unknown as { event: { recipients: string[] } };
  expect(event.recipients).toHaveLength(PARTS_MAX);
  expect(event.recipients.at(-1)).toBe(
    to
      .split(',')
      .slice(PARTS_MAX - 1)
      .join(','),
  );
});

const TWO = `name: two
programs: [p, q]
mappings:
  - name: nothing
    when: { line: '^debug' }
    parse: { regex: '.' }
    log_type: none
  - name: first
    when: { program: p, has: user, is: { how: [ok, yes] } }
    parse: key=value
    continue: true
    log_type: AUTHENTICATION_LOGS
    fields: { user: user, auth_successful: { constant: "true" }, server_name: "@host" }
  - name: second
    when: { source: [file, syslog] }
    parse: key=value
    log_type: AUTHENTICATION_LOGS
    fields: { user_id: user, auth_successful: { constant: "true" }, event_timestamp: "@time" }
    extra: { raw: "@line" }
`;

test('conditions, records that are no event, and several events of one record', () => {
  const set = setOf(TWO);
  const names = (content: string, more?: Partial<ForeignRecord>): string[] =>
    set.map(record(content, more)).map(({ mapping }) => mapping);
  expect(names('debug user=a')).toEqual(['nothing']);
  expect(set.take(record('debug user=a'))).toEqual({ taken: true, events: [], refusals: [] });
  expect(names('user=a how=ok', { program: 'p' })).toEqual(['first', 'second']);
  expect(names('user=a how=no', { program: 'p' })).toEqual(['second']);
  expect(names('how=ok', { program: 'p' })).toEqual(['second']);
  expect(names('user=a how=ok', { program: 'q' })).toEqual(['second']);
  expect(names('user=a how=ok', { program: 'other' })).toEqual([]);
  expect(names('user=a how=ok', { source: 'http' })).toEqual([]);
  const timeMs = NOW_MS - 5000;
  const more = { program: 'p', host: 'mx', timeMs };
  expect(set.take(record('user=a how=ok', more)).events).toMatchObject([
    { event_timestamp: timeMs, user: 'a', server_name: 'mx' },
    { event_timestamp: timeMs, user_id: 'a', extra: { raw: 'user=a how=ok' } },
  ]);
});

test('the first set that a record is for takes it', () => {
  const feed = new MappingFeed([setOf(TWO), fields('event.from: user')]);
  expect(feed.take(record('user=a', { program: 'z' })).events[0]?.log_type).toBe(
    'EMAIL_EVENT_LOGS',
  );
  expect(feed.take(record('user=a', { program: 'q' })).events[0]?.log_type).toBe(
    'AUTHENTICATION_LOGS',
  );
  expect(feed.take(record({ user: 'a' }, { program: 'z' }))).toEqual({
    taken: false,
    events: [],
    refusals: [],
  });
});

test('records in a record: a bad one does not stop the good one beside it', () => {
  const set = setOf(`name: hook
each: events
mappings:
  - name: m
    log_type: AUTHENTICATION_LOGS
    fields: { user: data.user, auth_successful: ok }
`);
  const events = [
    { data: { user: 'a' }, ok: true },
    5,
    { ok: 'maybe' },
    { data: { user: 'b' }, ok: false },
  ];
  const outcome = set.take(record({ events }));
  expect(outcome.events).toMatchObject([{ user: 'a' }, { user: 'b', auth_successful: false }]);
  expect(outcome.refusals).toEqual([
    { mapping: 'hook/*', reason: 'events.1 is no object' },
    {
      mapping: 'hook/m',
      reason: expect.stringContaining('field auth_successful: expected true or false'),
    },
  ]);
  const many = { events: Array.from({ length: EACH_MAX + 1 }, () => ({})) };
  expect(set.take(record(many)).refusals[0]?.reason).toContain(`at most ${EACH_MAX}`);
});

test('a line that is too long is refused before any pattern sees it', () => {
  const set = fields('event.from: from', "{ regex: '^(?<from>(a+)+)$' }");
  expect(only(set, 'aaa')).toMatchObject({ event: { from: 'aaa' } });
  // A backtracking engine would not come back from this one.
  expect(set.take(record(`${'a'.repeat(TEXT_LENGTH_MAX - 1)}b`)).taken).toBe(false);
  expect(reason(set, 'a'.repeat(TEXT_LENGTH_MAX + 1))).toBe(
    `the line has ${TEXT_LENGTH_MAX + 1} characters; at most ${TEXT_LENGTH_MAX} are read`,
  );
});

test('a line of JSON, and what becomes of it, have a limit', () => {
  const set = fields('event.subject: s\nevent.reason: s', 'json');
  const room = JSON_BYTES_MAX - '{"s":""}'.length;
  expect(reason(set, `{"s":"${'a'.repeat(room + 1)}"}`)).toBe(
    `the line has ${JSON_BYTES_MAX + 1} bytes; at most ${JSON_BYTES_MAX} are read`,
  );
  expect(reason(set, `{"s":"${'a'.repeat(room)}"}`)).toBe(
    `the event is longer than ${EVENT_LINE_BYTES_MAX} bytes as a journal line`,
  );
});

function going(index: number): string {
  return `  - name: m${index}
    parse: key=value
    continue: true
    log_type: EMAIL_EVENT_LOGS
    fields: { event.eventName: { constant: OUTGOING_EMAIL_SENT }, event.from: from }
`;
}

test('a record becomes so many events', () => {
  const mappings = Array.from({ length: EVENTS_PER_RECORD_MAX + 1 }, (_, index) => going(index));
  const set = setOf(`name: many\nmappings:\n${mappings.join('')}`);
  expect(set.take(record('from=a@x')).events).toHaveLength(EVENTS_PER_RECORD_MAX);
});
