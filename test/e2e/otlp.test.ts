// Log records of OpenTelemetry, posted to the built server: durable when answered, and found by a query.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, temporaryDirectory, until, type RunningServer } from './running-server.ts';

const PROTOBUF = readFileSync(join(import.meta.dirname, '..', 'corpus', 'otlp', 'request.binpb'));
const directory = temporaryDirectory();
let server: RunningServer;

beforeAll(async () => {
  server = await startServer(directory.path);
});
afterAll(async () => {
  await server?.stop();
  directory.remove();
});

function post(body: Buffer | string, headers: Record<string, string>): Promise<Response> {
  const authorization = `Bearer ${server.token}`;
  return fetch(`${server.url}/v1/logs`, {
    method: 'POST',
    headers: { authorization, ...headers },
    body,
  });
}

function attribute(key: string, value: object): object {
  return { key, value };
}

test('records that say their log type are events, over a kill', async () => {
  const record = {
    timeUnixNano: `${Date.now()}000000`,
    attributes: [
      attribute('log_type', { stringValue: 'AUTHENTICATION_LOGS' }),
      attribute('user', { stringValue: 'otto' }),
      attribute('auth_successful', { boolValue: false }),
    ],
  };
  const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });
  const answer = await post(body, { 'content-type': 'application/json' });
  expect([answer.status, await answer.json()]).toEqual([200, {}]);
  await server.stop('SIGKILL');
  server = await startServer(directory.path);
  const rows = await until(
    async () => {
      const found = await server.query('fields user, auth_successful | filter user = "otto"');
      return found.length > 0 ? found : undefined;
    },
    30_000,
    () => server.log(),
  );
  expect(rows).toMatchObject([{ user: 'otto', auth_successful: '0' }]);
});

test("a real exporter's protobuf, packed; what is refused is told, and what is no request", async () => {
  const type = { 'content-type': 'application/x-protobuf' };
  const answer = await post(gzipSync(PROTOBUF), { ...type, 'content-encoding': 'gzip' });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    'application/x-protobuf',
  ]);
  // partial_success, of two records that no mapping file is for
  expect(Buffer.from(await answer.arrayBuffer()).subarray(2, 4)).toEqual(Buffer.of(8, 2));
  expect((await post(PROTOBUF.subarray(0, 99), type)).status).toBe(400);
  expect((await post('{', { 'content-type': 'application/json' })).status).toBe(400);
  expect((await post('x', { 'content-type': 'text/plain' })).status).toBe(415);
  expect((await post('{}', { authorization: 'Bearer wrong' })).status).toBe(401);
});
