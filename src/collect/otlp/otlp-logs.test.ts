import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryIntake } from '../../../test/collect/memory-intake.ts';
import type { Clock } from '../../platform/clock.ts';
import { readMappingFile } from '../mapping/mapping-file.ts';
import { MappingSet } from '../mapping/mapping-set.ts';
import { recordsOfJson, recordsOfProtobuf } from './export-request.ts';
import { createOtlpLogs, type OtlpLogs } from './otlp-logs.ts';
import { protobufBytes, PROTOBUF_DEPTH_MAX } from './protobuf-reader.ts';

// One request in both forms, as the exporters of OpenTelemetry for JavaScript 0.2xx send it.
const ROOT = join(import.meta.dirname, '..', '..', '..');
const PROTOBUF = readFileSync(join(ROOT, 'test', 'corpus', 'otlp', 'request.binpb'));
const JSON_TEXT = readFileSync(join(ROOT, 'test', 'corpus', 'otlp', 'request.json'), 'utf8');
const NOW_MS = Date.UTC(2026, 10, 23, 12);
const EXIM = join(ROOT, 'examples', 'mappings', 'exim.yaml');

function logs(): { readonly intake: MemoryIntake; readonly otlp: OtlpLogs } {
  const file = readMappingFile(readFileSync(EXIM, 'utf8'), EXIM);
  if (!file.ok) throw new Error('the example is wrong');
  const intake = new MemoryIntake();
  const clock = { now: () => NOW_MS } as Clock;
  const sets = new Map([['exim', new MappingSet(file.file)]]);
  return { intake, otlp: createOtlpLogs({ sets, intake, clock }) };
}

test('both forms hold the same records', () => {
  const records = recordsOfProtobuf(PROTOBUF);
  expect(records).toEqual(recordsOfJson(JSON_TEXT));
  expect(records).toHaveLength(4);
  expect(records[0]).toMatchObject({
    timeMs: 1_795_435_200_000,
    body: 'own form',
    attributes: { user: 'ann', auth_successful: false, source_port: 4711, ratio: 1.5 },
    resource: { 'service.name': 'exim', 'host.name': 'mx1' },
  });
  expect(records[1]?.body).toMatchObject({ list: [1, 'ä', { b: true }, null] });
});

test.each(['protobuf', 'json'] as const)(
  'in %s: own form, mapped, and what nothing is for',
  async (form) => {
    const { intake, otlp } = logs();
    const outcome = await otlp.take(form === 'json' ? Buffer.from(JSON_TEXT) : PROTOBUF, form);
    const reason = 'no mapping file is for it, and it has no log_type';
    expect(outcome).toEqual({ events: 3, rejected: 1, reason });
    expect(intake.journal.events).toMatchObject([
      { log_type: 'AUTHENTICATION_LOGS', user: 'ann', event_timestamp: 1_795_435_200_000 },
      { log_type: 'AUTHENTICATION_LOGS', user: 'bob', auth_successful: true },
      { log_type: 'EMAIL_EVENT_LOGS', queue_id: '1xVT1A-0001HU-1o' },
    ]);
    const answer = otlp.answer(outcome, form);
    if (form === 'json') {
      const partial = { rejectedLogRecords: '1', errorMessage: reason };
      expect(JSON.parse(String(answer))).toEqual({ partialSuccess: partial });
    } else {
      expect(answer).toEqual(
        protobufBytes(1, Buffer.concat([Buffer.of(8, 1), protobufBytes(2, Buffer.from(reason))])),
      );
    }
    expect(otlp.answer({ events: 1, rejected: 0 }, 'protobuf')).toHaveLength(0);
  },
);

test('an event that the front door would refuse is refused here', async () => {
  const { intake, otlp } = logs();
  const attributes = [{ key: 'log_type', value: { stringValue: 'AUTHENTICATION_LOGS' } }];
  const text = JSON.stringify({
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes }] }] }],
  });
  expect(await otlp.take(Buffer.from(text), 'json')).toMatchObject({
    events: 0,
    rejected: 1,
    reason: expect.stringContaining('event_timestamp') as string,
  });
  expect(intake.journal.events).toEqual([]);
});

test.each([
  '{',
  '{"resourceLogs":1}',
  '{"resourceLogs":[null]}',
  '{"resourceLogs":[{"scopeLogs":[{"logRecords":[1]}]}]}',
])('%s is refused', (text) => {
  expect(() => recordsOfJson(text)).toThrow(SyntaxError);
});

test('whatever bytes come, they are read or refused', () => {
  const changed = fc.tuple(fc.nat(PROTOBUF.length - 1), fc.nat(255), fc.nat(PROTOBUF.length));
  fc.assert(
    fc.property(fc.array(changed, { minLength: 1, maxLength: 4 }), (changes) => {
      let bytes = Buffer.from(PROTOBUF);
      for (const [at, byte, length] of changes) {
        bytes[at % Math.max(1, bytes.length)] = byte;
        bytes = bytes.subarray(0, Math.max(1, length));
      }
      try {
        recordsOfProtobuf(bytes);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
      }
    }),
  );
});

test('values that are nested too deep are refused', () => {
  let value = protobufBytes(1, Buffer.from('x'));
  for (let depth = 0; depth <= PROTOBUF_DEPTH_MAX; depth++) {
    value = protobufBytes(5, protobufBytes(1, value));
  }
  const request = protobufBytes(1, protobufBytes(2, protobufBytes(2, protobufBytes(5, value))));
  expect(() => recordsOfProtobuf(request)).toThrow('nested at most');
});
