import { expect, test } from 'vitest';
import {
  admitRecord,
  EVENT_TIMESTAMP_AHEAD_MAX_MS,
  JSON_DEPTH_MAX,
  RECORD_FIELDS_MAX,
} from './admit.ts';
import { LOG_TYPES } from './log-type.ts';

const NOW = 1_795_401_684_000;
const AUTH = {
  log_type: 'AUTHENTICATION_LOGS',
  event_timestamp: NOW,
  user: 'bob',
  protocol: 'IMAP',
  auth_successful: false,
};

function admit(record: unknown): ReturnType<typeof admitRecord> {
  return admitRecord(JSON.stringify(record), NOW);
}

function reasonFor(record: unknown): string {
  const admission = admit(record);
  if (admission.ok) throw new Error(`admitted: ${admission.line}`);
  return admission.reason;
}

function recordFrom(record: unknown): unknown {
  const admission = admit(record);
  if (!admission.ok) throw new Error(admission.reason);
  return JSON.parse(admission.line);
}

test('a record with declared fields is taken, in canonical order', () => {
  const { log_type, ...rest } = AUTH;
  const admission = admit({ ...Object.fromEntries(Object.entries(rest).reverse()), log_type });
  expect(admission).toEqual({
    ok: true,
    line: `{"log_type":"AUTHENTICATION_LOGS","event_timestamp":${NOW},"user":"bob","protocol":"IMAP","auth_successful":false}\n`,
  });
});

test('further fields are kept beside the declared ones', () => {
  expect(recordFrom({ ...AUTH, country: 'NO', risk: { score: 3 }, extra: 1 })).toEqual({
    ...AUTH,
    extra: { country: 'NO', risk: { score: 3 }, extra: 1 },
  });
});

test('further fields inside the event object of an email event stay inside it', () => {
  const record = {
    log_type: 'EMAIL_EVENT_LOGS',
    event_timestamp: NOW,
    event: { eventName: 'OUTGOING_EMAIL_SENT', recipient: 'x@example.org', hops: 2 },
  };
  expect(recordFrom(record)).toEqual({
    ...record,
    event: { eventName: 'OUTGOING_EMAIL_SENT', recipient: 'x@example.org', extra: { hops: 2 } },
  });
});

test('null counts as absent', () => {
  expect(recordFrom({ ...AUTH, source_ip: null, note: null })).toEqual(AUTH);
  expect(reasonFor({ ...AUTH, auth_successful: null })).toBe('field auth_successful is missing');
});

test.each([
  ['not JSON', 'nonsense', /^not JSON: /],
  ['an array', '[]', /expected a JSON object, found \[\]/],
  ['no log type', '{}', /field log_type is missing: expected one of AUTHENTICATION_LOGS, /],
  [
    'a near log type',
    '{"log_type":"MAILBOX_ACCESS_LOGS"}',
    /did you mean WORKMAIL_MAILBOX_ACCESS_LOGS\?/,
  ],
  ['a log type of another kind', '{"log_type":7}', /field log_type: expected one of .*, found 7/],
])('%s is refused', (_name, text, reason) => {
  expect(admitRecord(text, NOW)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
});

test.each([
  [
    'event_timestamp',
    '2026-11-23',
    'expected a whole number of milliseconds since 1970, found "2026-11-23"',
  ],
  ['event_timestamp', 1_795_401_684, 'which is before September 2001: is it in seconds?'],
  ['event_timestamp', NOW + EVENT_TIMESTAMP_AHEAD_MAX_MS + 1, 'more than two hours in the future'],
  ['auth_successful', 'no', 'expected true or false, found "no"'],
  ['auth_successful', 0, 'expected true or false, found 0'],
  ['user', 5, 'expected a string, found 5'],
  ['source_port', 1.5, 'expected a whole number, found 1.5'],
  ['source_port', 2 ** 53, 'expected a whole number'],
])('%s = %s is refused', (field, value, reason) => {
  const found = reasonFor({ ...AUTH, [field]: value });
  expect(found).toContain(`field ${field}: `);
  expect(found).toContain(reason);
});

test('an event two hours ahead is still taken', () => {
  const late = { ...AUTH, event_timestamp: NOW + EVENT_TIMESTAMP_AHEAD_MAX_MS };
  expect(recordFrom(late)).toEqual(late);
});

test('a closed vocabulary is checked per log type', () => {
  const access = { log_type: 'WORKMAIL_MAILBOX_ACCESS_LOGS', event_timestamp: NOW, action: 'peek' };
  expect(reasonFor(access)).toMatch(/^field action: expected one of read, .*, found "peek"$/);
  const token = { ...access, log_type: 'WORKMAIL_PERSONAL_ACCESS_TOKEN_LOGS', action: 'read' };
  expect(reasonFor(token)).toBe('field action: expected one of create, delete, found "read"');
});

test('limits: fields and depth', () => {
  const many = Object.fromEntries(
    Array.from({ length: RECORD_FIELDS_MAX }, (_, i) => [`f${i}`, i]),
  );
  expect(reasonFor({ ...AUTH, ...many })).toBe(`more than ${RECORD_FIELDS_MAX} fields`);
  const nest = (levels: number): unknown => (levels === 0 ? 1 : { in: nest(levels - 1) });
  expect(reasonFor({ ...AUTH, deep: nest(JSON_DEPTH_MAX + 1) })).toContain('nested deeper than');
  expect(recordFrom({ ...AUTH, deep: nest(JSON_DEPTH_MAX) })).toBeDefined();
  const bomb = `${'['.repeat(5000)}${']'.repeat(5000)}`;
  const text = JSON.stringify(AUTH).replace('}', `,"deep":${bomb}}`);
  expect(admitRecord(text, NOW).ok).toBe(false);
});

test('half a surrogate pair becomes a replacement character, an escaped backslash stays', () => {
  const text = JSON.stringify(AUTH).replace('"bob"', String.raw`"a\ud800b\\ud800\ud83d\ude00"`);
  const admission = admitRecord(text, NOW);
  expect(admission.ok && admission.line).toContain(String.raw`"user":"a`);
  expect(admission.ok && JSON.parse(admission.line)).toMatchObject({ user: 'a\ufffdb\\ud800😀' });
});

test('keys that mean something to JavaScript are only keys', () => {
  const text = JSON.stringify(AUTH).replace('{', '{"__proto__":{"a":1},"constructor":"x",');
  const admission = admitRecord(text, NOW);
  expect(admission.ok && admission.line).toContain(
    '"extra":{"__proto__":{"a":1},"constructor":"x"}',
  );
});

test('no line of the journal starts like a seal', () => {
  for (const log_type of LOG_TYPES) {
    const admission = admit({ _seal: {}, log_type, event_timestamp: NOW, auth_successful: true });
    if (admission.ok) expect(admission.line.startsWith('{"log_type":')).toBe(true);
  }
});

test('a record from outside cannot amend another', () => {
  expect(reasonFor({ ...AUTH, revision_key: 'k' })).toBe(
    'field revision_key: is set by Mailtrail alone: leave it out or give it another name',
  );
  expect(recordFrom({ ...AUTH, revision: 2 })).toMatchObject({ revision: 2 });
});
