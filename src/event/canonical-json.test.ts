import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { journalLine } from './journal-line.ts';
import { logGroupName, LOG_TYPES, logTypeOfGroup } from './log-type.ts';

test("a record leaves in WorkMail's key order, without its log type, further fields last", () => {
  const json = canonicalJson({
    log_type: 'ACCESS_CONTROL_LOGS',
    access_granted: false,
    rule_id: 'BlockImapOutside',
    source_ip: '203.0.113.7',
    user_id: 'carol@nordlys-biotech.example',
    event_timestamp: 1_795_401_684_000,
    extra: { country: 'NO' },
  });
  expect(json).toBe(
    '{"event_timestamp":1795401684000,"user_id":"carol@nordlys-biotech.example","source_ip":"203.0.113.7",' +
      '"rule_id":"BlockImapOutside","access_granted":false,"country":"NO"}',
  );
});

test('an email event keeps its envelope, with further fields where they were', () => {
  const event = {
    recipient: 'x@example.org',
    eventName: 'OUTGOING_EMAIL_SENT' as const,
    extra: { hops: 2 },
  };
  const json = canonicalJson({
    log_type: 'EMAIL_EVENT_LOGS',
    event,
    traceId: 't1',
    event_timestamp: 1,
    dsn: '2.0.0',
  });
  expect(json).toBe(
    '{"event_timestamp":1,"traceId":"t1","event":{"eventName":"OUTGOING_EMAIL_SENT","recipient":"x@example.org","hops":2},"dsn":"2.0.0"}',
  );
});

test('a journal line is one line whatever its values hold', () => {
  const line = journalLine({
    log_type: 'AUTHENTICATION_LOGS',
    event_timestamp: 1,
    auth_successful: false,
    user: 'a\nb\u0000\u2028"',
  });
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(JSON.parse(line)).toMatchObject({ user: 'a\nb\u0000\u2028"' });
});

test('log groups and log types lead to each other', () => {
  expect(logGroupName('nordlys', 'WORKMAIL_MAILBOX_ACCESS_LOGS')).toBe(
    '/mailtrail/nordlys/mailbox-access',
  );
  for (const logType of LOG_TYPES) {
    expect(logTypeOfGroup('nordlys', logGroupName('nordlys', logType))).toBe(logType);
  }
  expect(logTypeOfGroup('nordlys', '/mailtrail/other/authentication')).toBeUndefined();
});
