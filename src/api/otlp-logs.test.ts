import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { BEARER, Gate, startWorld, stopWorlds, type World } from '../../test/e2e/api-world.ts';
import { JournalError, type JournalErrorCode } from '../journal/journal.ts';
import type { OtlpLogs } from './otlp-logs.ts';

afterEach(stopWorlds);

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** Takes each byte of a body as a record: `a` becomes an event, `x` is refused. */
function playedLogs(keep: OtlpLogs['keep'] = async () => 1): OtlpLogs {
  return {
    keep,
    take: async (body) => {
      const records = body.toString('latin1').split('');
      if (records.includes('!')) return { ok: false, tooLarge: false, reason: 'an exclamation' };
      if (records.includes('*')) return { ok: false, tooLarge: true, reason: 'too many' };
      const count = (letter: string) => records.filter((record) => record === letter).length;
      const rejectedCount = count('x');
      const rejected = rejectedCount > 0 ? ['record 1: is x'] : [];
      const events = Array.from({ length: count('a') }, () => ({}));
      return { ok: true, events, rejectedCount, rejected };
    },
  };
}

async function post(world: World, body: string | Buffer, headers: Record<string, string>) {
  const sent = { ...BEARER, ...headers };
  const answer = await fetch(`${world.url}/v1/logs`, { method: 'POST', headers: sent, body });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, headers: answer.headers, bytes, text: bytes.toString() };
}

test('records are acknowledged once they are durable, in the encoding of the request', async () => {
  const durable = new Gate();
  const kept: number[] = [];
  const keep = async (events: readonly object[]): Promise<number> => {
    await durable.opened;
    return kept.push(events.length);
  };
  const world = await startWorld({ otlp: playedLogs(keep) });
  let answered = false;
  const waiting = post(world, 'aa', PROTOBUF);
  void waiting.then(() => (answered = true));
  await expect.poll(() => world.server.status().requestsInFlight).toBe(1);
  await new Promise(setImmediate);
  expect(answered).toBe(false);
  durable.open();
  const answer = await waiting;
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/x-protobuf');
  expect(answer.bytes).toHaveLength(0);
  const json = await post(world, gzipSync('a'), { ...JSON_TYPE, 'content-encoding': 'gzip' });
  expect([json.status, json.text]).toEqual([200, '{}\n']);
  expect(kept).toEqual([2, 1]);
  expect(world.server.status().otlp).toMatchObject({ seen: 3, events: 3, rejected: 0 });
});

test('refused records are counted in the answer', async () => {
  const world = await startWorld({ otlp: playedLogs() });
  const json = await post(world, 'xxa', JSON_TYPE);
  expect(json.status).toBe(200);
  expect(JSON.parse(json.text)).toEqual({
    partialSuccess: { rejectedLogRecords: '2', errorMessage: 'record 1: is x' },
  });
  const { bytes } = await post(world, 'x', PROTOBUF);
  const message = Buffer.from('record 1: is x');
  const partial = Buffer.concat([Buffer.from([0x08, 1, 0x12, message.length]), message]);
  expect(bytes).toEqual(Buffer.concat([Buffer.from([0x0a, partial.length]), partial]));
  expect(world.server.status().otlp).toMatchObject({ seen: 4, events: 1, rejected: 3 });
});

test('what is no request is refused with a Status', async () => {
  const world = await startWorld({ otlp: playedLogs() });
  const json = await post(world, '!', JSON_TYPE);
  expect(json.status).toBe(400);
  expect(JSON.parse(json.text)).toEqual({
    code: 3,
    message: 'the body is no ExportLogsServiceRequest: an exclamation',
  });
  const { status, bytes } = await post(world, '*', PROTOBUF);
  expect(status).toBe(413);
  expect(bytes).toEqual(Buffer.concat([Buffer.from([0x08, 3, 0x12, 8]), Buffer.from('too many')]));
  expect((await post(world, 'a', { 'content-type': 'text/plain' })).status).toBe(415);
  const brotli = await post(world, 'a', { ...JSON_TYPE, 'content-encoding': 'br' });
  expect(brotli.status).toBe(415);
  const stranger = await post(world, 'a', { ...JSON_TYPE, authorization: 'Bearer no' });
  expect([stranger.status, JSON.parse(stranger.text)]).toMatchObject([401, { code: 16 }]);
  expect((await fetch(`${world.url}/v1/logs`)).status).toBe(405);
});

test.each([
  ['disk-full', 503],
  ['overloaded', 429],
  ['closed', 503],
] as const)(
  'of a journal that is %s the exporter hears %i, and tries again',
  async (code, status) => {
    const keep = (): Promise<number> =>
      Promise.reject(new JournalError(code satisfies JournalErrorCode, 'not now'));
    const world = await startWorld({ otlp: playedLogs(keep) });
    const answer = await post(world, 'a', PROTOBUF);
    expect(answer.status).toBe(status);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(world.server.status().otlp).toMatchObject({ events: 0 });
  },
);

test('events that are too large for one batch are refused', async () => {
  const world = await startWorld({
    otlp: playedLogs(() => Promise.reject(new RangeError('17 bytes; the limit is 16'))),
  });
  expect((await post(world, 'a', JSON_TYPE)).status).toBe(413);
});
