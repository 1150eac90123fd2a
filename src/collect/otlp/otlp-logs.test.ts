import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryIntake } from '../../../test/collect/memory-intake.ts';
import { systemClock } from '../../platform/clock.ts';
import { createLog } from '../../platform/log.ts';
import { readMappingFile } from '../mapping/mapping-file.ts';
import { MappingSet } from '../mapping/mapping-set.ts';
import {
  OTLP_DEPTH_MAX,
  OTLP_JSON_BYTES_MAX,
  OTLP_RECORDS_MAX,
  OTLP_VALUES_MAX,
} from './limits.ts';
import { createOtlpLogs, type OtlpOutcome } from './otlp-logs.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
/** What the exporters of OpenTelemetry's JavaScript SDK (0.218.0) sent for the same five records. */
const EXPORTED = join(ROOT, 'test', 'corpus', 'otlp');
const TIME_MS = Date.UTC(2026, 10, 23, 12, 0, 0, 123);

const SIGN_IN = `name: signin
mappings:
  - name: attempt
    when: { is: { event_name: signin } }
    parse: json
    log_type: AUTHENTICATION_LOGS
    fields:
      event_timestamp: '@time'
      user: body.who
      auth_successful: body.ok
      source_ip: attributes.client.address
`;

function setOf(text: string, path: string): MappingSet {
  const result = readMappingFile(text, path);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return new MappingSet(result.file);
}

const exim = join(ROOT, 'examples', 'mappings', 'exim.yaml');
const SETS = new Map([
  ['exim', setOf(readFileSync(exim, 'utf8'), exim)],
  ['signin', setOf(SIGN_IN, 'signin.yaml')],
]);

function feed(intake = new MemoryIntake()) {
  const log = createLog(() => {}, { level: 'debug', now: Date.now });
  return createOtlpLogs({ sets: SETS, intake, clock: { ...systemClock, now: () => TIME_MS }, log });
}

function good(outcome: OtlpOutcome) {
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome;
}

function bad(outcome: OtlpOutcome) {
  if (outcome.ok) throw new Error('taken');
  return outcome;
}

/** A length-delimited field. */
function field(number: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest >= 0x80; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length, rest]), bytes]);
}

const text = (value: string): Buffer => field(1, value);
const attribute = (key: string, value: Buffer): Buffer => field(6, field(1, key), field(2, value));
const requestOf = (...records: readonly Buffer[]): Buffer =>
  field(1, field(2, ...records.map((record) => field(2, record))));
const YES = Buffer.from([0x10, 1]);
const GOOD = Buffer.concat([
  Buffer.from([0x09]),
  Buffer.from(new BigUint64Array([BigInt(TIME_MS) * 1_000_000n]).buffer),
  attribute('log_type', text('AUTHENTICATION_LOGS')),
  attribute('user', text('ann')),
  attribute('auth_successful', YES),
]);

const jsonOf = (...logRecords: readonly object[]): Buffer =>
  Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }));

test.each([
  ['json', 'exporter.json'],
  ['protobuf', 'exporter.binpb'],
] as const)('what the real exporter sends as %s becomes events', async (encoding, name) => {
  const outcome = good(await feed().take(readFileSync(join(EXPORTED, name)), encoding));
  expect(outcome.events).toMatchObject([
    {
      log_type: 'AUTHENTICATION_LOGS',
      event_timestamp: TIME_MS,
      user: `${encoding}@example.test`,
      auth_successful: true,
      source_ip: '192.0.2.7',
      extra: { 'x.count': 42, 'x.ratio': 0.5, 'x.list': ['a', 'b'], 'x.map': { deep: true } },
    },
    { log_type: 'EMAIL_EVENT_LOGS', queue_id: '1xVT1A-000001-18' },
    {
      event_timestamp: TIME_MS,
      user: 'ann@example.test',
      auth_successful: false,
      source_ip: '192.0.2.9',
    },
  ]);
  expect(outcome.rejectedCount).toBe(2);
  expect(outcome.rejected[1]).toMatch(/^record 5: no mapping file is for it/);
  expect(outcome.rejected[0]).toMatch(/^record 2: field log_type: expected one of .*NO_SUCH_LOGS/);
});

test('a record that is broken is refused alone', async () => {
  const broken = [
    field(6, field(1, 'a')).subarray(0, 3), // cut
    Buffer.from([0x0b]), // a group
    Buffer.from([0x02, 0]), // field number 0
    Buffer.concat([Buffer.from([0x50]), Buffer.alloc(11, 0xff)]), // an endless number
    Buffer.from([0x08, 1]), // a time that is no 64 bits
    attribute('user', field(1, Buffer.from([0xff]))), // not UTF-8
    Buffer.concat([GOOD, attribute('user', text('eve'))]), // one key twice
  ];
  const outcome = good(await feed().take(requestOf(GOOD, ...broken, GOOD), 'protobuf'));
  expect(outcome.events).toHaveLength(2);
  expect(outcome.rejected.map((reason) => reason.replace(/^record \d+: /, ''))).toEqual([
    expect.stringContaining('bytes has'),
    'field 1 has the unknown wire type 3',
    'a field has the number 0',
    'a number is longer than 10 bytes',
    'field 1: expected 64 bits, found integer',
    'field 1: not valid UTF-8',
    'the key "user" is there twice',
  ]);
});

test('a broken JSON record is refused alone', async () => {
  const attributes = [
    { key: 'log_type', value: { stringValue: 'AUTHENTICATION_LOGS' } },
    { key: 'user', value: { stringValue: 'ann' } },
    { key: 'auth_successful', value: { boolValue: true } },
  ];
  const record = { timeUnixNano: `${TIME_MS}000000`, attributes, unknown: 1, body: null };
  const outcome = good(
    await feed().take(
      jsonOf(
        record,
        { timeUnixNano: 'soon' },
        { traceId: 'xyz' },
        { attributes: [{ key: 7 }] },
        { body: { intValue: '1e3' } },
        [],
        { ...record, attributes: [...attributes, attributes[1]] },
        record,
      ),
      'json',
    ),
  );
  expect(outcome.events).toHaveLength(2);
  expect(outcome.rejected).toEqual([
    'record 2: timeUnixNano: expected an integer, found "\\"soon\\""',
    'record 3: traceId: expected hex, found "xyz"',
    'record 4: key: expected a string',
    'record 5: intValue: expected an integer, found "\\"1e3\\""',
    'record 6: logRecords: expected an object',
    'record 7: the key "user" is there twice',
  ]);
});

test('what is no request is refused as a whole, with the reason', async () => {
  const logs = feed();
  const reason = async (body: string | Buffer, encoding: 'json' | 'protobuf') =>
    bad(await logs.take(Buffer.from(body), encoding)).reason;
  expect(await reason('[]', 'json')).toBe('the body: expected an object');
  expect(await reason('{', 'json')).toMatch(/^not JSON/);
  expect(await reason(Buffer.from([0x22, 0xff, 0x22]), 'json')).toBe('not valid UTF-8');
  expect(await reason('{"resourceLogs":{}}', 'json')).toBe('resourceLogs: expected an array');
  expect(await reason('{"resourceLogs":[]}', 'protobuf')).toMatch(/unknown wire type|bytes has/);
});

test('values are bounded in number and depth, records in number, JSON in bytes', async () => {
  const logs = feed();
  const many = field(5, field(5, Buffer.concat(Array(OTLP_VALUES_MAX).fill(field(1)) as Buffer[])));
  let deep = text('x');
  for (let level = 0; level < OTLP_DEPTH_MAX; level++) deep = field(5, field(1, deep));
  const outcome = good(await logs.take(requestOf(many, field(5, deep), GOOD), 'protobuf'));
  expect(outcome.rejected).toEqual([
    `record 1: more than ${OTLP_VALUES_MAX} values`,
    `record 2: nested deeper than ${OTLP_DEPTH_MAX} levels`,
  ]);
  expect(outcome.events).toHaveLength(1);
  const records = requestOf(...(Array(OTLP_RECORDS_MAX + 1).fill(Buffer.alloc(0)) as Buffer[]));
  expect(bad(await logs.take(records, 'protobuf')).tooLarge).toBe(true);
  const long = Buffer.alloc(OTLP_JSON_BYTES_MAX + 1, 0x20);
  expect(bad(await logs.take(long, 'json')).tooLarge).toBe(true);
});

test('keys of a stranger stay keys, and attributes cannot pass for what OTLP says', async () => {
  const attributes = [
    { key: '__proto__', value: { stringValue: 'x' } },
    { key: 'event_name', value: { stringValue: 'signin' } },
  ];
  const body = { stringValue: 'x' };
  const outcome = good(await feed().take(jsonOf({ attributes, body }), 'json'));
  expect(outcome).toMatchObject({ events: [], rejectedCount: 1 });
});

test('any change of a request is taken or refused, and never throws', async () => {
  const logs = feed();
  const request = readFileSync(join(EXPORTED, 'exporter.binpb'));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(request.length - 1), fc.nat(255)), { maxLength: 8 }),
      fc.nat(request.length),
      async (changes, length) => {
        const body = Buffer.from(request.subarray(0, length));
        for (const [at, byte] of changes) if (at < length) body[at] = byte;
        for (const encoding of ['protobuf', 'json'] as const) {
          expect(typeof (await logs.take(body, encoding)).ok).toBe('boolean');
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('a body that says its log type is an event', async () => {
  const fields = {
    log_type: { stringValue: 'AUTHENTICATION_LOGS' },
    auth_successful: { boolValue: true },
  };
  const values = Object.entries(fields).map(([key, value]) => ({ key, value }));
  const record = { timeUnixNano: `${TIME_MS}000000`, body: { kvlistValue: { values } } };
  expect(good(await feed().take(jsonOf(record), 'json')).events).toMatchObject([
    { log_type: 'AUTHENTICATION_LOGS', event_timestamp: TIME_MS, auth_successful: true },
  ]);
});
