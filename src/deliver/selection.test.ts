import { expect, test } from 'vitest';
import type { AuditEvent } from '../event/audit-event.ts';
import { createSelection, type Selection, type SelectionSettings } from './selection.ts';

const SIGN_IN = {
  log_type: 'AUTHENTICATION_LOGS',
  event_timestamp: 1_795_435_200_000,
  request_id: 'r1',
  user_id: 'ann@acme.example',
  protocol: 'IMAP',
  source_ip: '192.0.2.7',
  auth_successful: true,
  extra: { site: 'north' },
} as unknown as AuditEvent;

const EMAIL = {
  log_type: 'EMAIL_EVENT_LOGS',
  event_timestamp: 1_795_435_200_000,
  event: { eventName: 'OUTGOING_EMAIL_SENT', subject: 'Salary', recipients: ['a@x', 'b@x'] },
} as unknown as AuditEvent;

function selection(settings: Partial<SelectionSettings>): Selection {
  return createSelection({ logType: 'AUTHENTICATION_LOGS', hashKey: 'secret', ...settings });
}

test('an event leaves as WorkMail writes it: in its order, without its log type', () => {
  const record = selection({})(SIGN_IN, 7);
  expect(record).toMatchObject({
    position: 7,
    timestampMs: 1_795_435_200_000,
    logType: 'AUTHENTICATION_LOGS',
  });
  expect(Object.keys(record?.fields ?? {})).toEqual([
    'event_timestamp',
    'request_id',
    'user_id',
    'protocol',
    'source_ip',
    'auth_successful',
    'site',
  ]);
  expect(selection({})(EMAIL, 8)).toBeUndefined();
});

test('the fields that were asked for leave, in that order', () => {
  const fields = ['user_id', 'event_timestamp', 'impersonator_id'];
  const record = selection({ recordFields: fields })(SIGN_IN, 7);
  expect(Object.entries(record?.fields ?? {})).toEqual([
    ['user_id', 'ann@acme.example'],
    ['event_timestamp', 1_795_435_200_000],
  ]);
  const ofEmail = selection({ logType: 'EMAIL_EVENT_LOGS', recordFields: ['event.subject'] });
  expect(ofEmail(EMAIL, 7)?.fields).toEqual({ 'event.subject': 'Salary' });
});

test('a filter chooses by what the event is, not by what leaves of it', () => {
  const failed = selection({ filter: 'auth_successful = 0' });
  expect(failed(SIGN_IN, 7)).toBeUndefined();
  const byAddress = selection({
    filter: 'filter isIpInSubnet(source_ip, "192.0.2.0/24")',
    recordFields: ['user_id'],
    fieldTreatments: [{ field: 'source_ip', how: 'remove' }],
  });
  expect(byAddress(SIGN_IN, 7)?.fields).toEqual({ user_id: 'ann@acme.example' });
  expect(() => selection({ filter: 'md5(user_id) = "x"' })).toThrow(/needs the engine/);
});

function treat(how: 'remove' | 'hash' | 'mask'): unknown {
  const fieldTreatments = ['event.subject', 'event.recipients'].map((field) => ({ field, how }));
  return selection({ logType: 'EMAIL_EVENT_LOGS', fieldTreatments })(EMAIL, 1)?.fields['event'];
}

function hashOf(hashKey: string): unknown {
  const fieldTreatments = [{ field: 'user_id', how: 'hash' }] as const;
  return selection({ hashKey, fieldTreatments })(SIGN_IN, 1)?.fields['user_id'];
}

test('fields are removed, masked or hashed, wherever they are', () => {
  expect(treat('remove')).toEqual({ eventName: 'OUTGOING_EMAIL_SENT' });
  expect(treat('mask')).toMatchObject({ subject: '***', recipients: ['***', '***'] });
  const hashed = treat('hash') as { subject: string; recipients: string[] };
  expect(hashed.subject).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(hashed.recipients).size).toBe(2);
});

test('a hash is the same for the same value, and another one with another key', () => {
  expect(hashOf('one')).toBe(hashOf('one'));
  expect(hashOf('one')).not.toBe(hashOf('two'));
});

test('of a sample leaves one in so many, always the same ones, spread over any pattern', () => {
  const sampled = selection({ sampleOneIn: 10 });
  const positions = Array.from({ length: 100_000 }, (_, position) => position);
  const left = positions.filter((position) => sampled(SIGN_IN, position) !== undefined);
  expect(left.length).toBeGreaterThan(9_000);
  expect(left.length).toBeLessThan(11_000);
  for (const rest of [0, 1, 2, 3, 4]) {
    const share = left.filter((position) => position % 5 === rest).length / left.length;
    expect(share).toBeGreaterThan(0.15);
  }
  const half = selection({ sampleOneIn: 2 });
  const even = positions.filter((at) => at % 2 === 0 && half(SIGN_IN, at) !== undefined);
  expect(even.length).toBeGreaterThan(24_000);
  expect(even.length).toBeLessThan(26_000);
  expect(left).toEqual(positions.filter((position) => sampled(SIGN_IN, position) !== undefined));
});
