import { expect, test } from 'vitest';
import { discoveredFields, logRecord } from './event-fields.ts';
import { FIELD_DEPTH_MAX, FIELDS_MAX } from './limits.ts';

function fields(value: unknown): Record<string, string> {
  return Object.fromEntries(discoveredFields(JSON.stringify(value)));
}

function nested(depth: number): string {
  return `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
}

test('nested maps and lists are flattened, booleans are 1 and 0, nothing is no field', () => {
  expect(
    fields({ a: { b: [1, { c: 'x' }] }, t: true, f: false, n: null, '@k': 'y', e: {} }),
  ).toEqual({
    'a.b.0': '1',
    'a.b.1.c': 'x',
    t: '1',
    f: '0',
    '@@k': 'y',
  });
});

test.each(['text', '[1]', '"a"', '', '{'])('%j has no fields', (message) => {
  expect(discoveredFields(message).size).toBe(0);
});

test('so many fields are found, and so deep', () => {
  const wide = Object.fromEntries(Array.from({ length: FIELDS_MAX + 9 }, (_, n) => [`f${n}`, n]));
  expect(Object.keys(fields(wide))).toHaveLength(FIELDS_MAX);
  expect(discoveredFields(nested(FIELD_DEPTH_MAX)).size).toBe(1);
  expect(discoveredFields(nested(FIELD_DEPTH_MAX + 1)).size).toBe(0);
  expect(discoveredFields(nested(100_000)).size).toBe(0);
});

test('a record has the system fields beside those of its message', () => {
  const event = {
    groupId: 'g',
    stream: 's',
    timeMs: 0,
    ingestionMs: 1,
    position: 2,
    message: '{"a":1}',
  };
  expect(logRecord(event, '000000000000', '/app')).toEqual({
    a: '1',
    '@message': '{"a":1}',
    '@timestamp': '1970-01-01 00:00:00.000',
    '@ingestionTime': '1970-01-01 00:00:00.001',
    '@logStream': 's',
    '@log': '000000000000:/app',
  });
});
