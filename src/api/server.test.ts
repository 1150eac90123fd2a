import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import {
  BEARER,
  eventLine,
  Gate,
  rawExchange,
  rowsOf,
  startWorld,
  stopWorlds,
} from '../../test/e2e/api-world.ts';
import type { Row } from '../store/event-store.ts';
import { HEADER_BYTES_MAX, REST_BODY_BYTES_MAX } from './limits.ts';
import { ListenError } from './listener.ts';

afterEach(stopWorlds);

test('health, readiness and version need no key', async () => {
  const world = await startWorld();
  const get = async (path: string, method = 'GET'): Promise<[number, unknown]> => {
    const response = await fetch(world.url + path, { method });
    const text = await response.text();
    expect(response.headers.get('x-request-id')).toBeTruthy();
    return [response.status, text === '' ? '' : JSON.parse(text)];
  };
  expect(await get('/healthz')).toEqual([200, { status: 'ok' }]);
  expect(await get('/healthz', 'HEAD')).toEqual([200, '']);
  expect(await get('/healthz?x=y')).toEqual([200, { status: 'ok' }]);
  expect(await get('/version')).toEqual([200, { name: 'mailtrail', version: '0.0.1' }]);
  expect(await get('/readyz')).toEqual([
    200,
    { ready: true, reasons: [{ component: 'store', ok: true }] },
  ]);
  world.ready = false;
  expect(await get('/readyz')).toEqual([
    503,
    { ready: false, reasons: [{ component: 'store', ok: false, reason: 'starting' }] },
  ]);
  expect((await get('/readyz', 'HEAD'))[0]).toBe(503);
});

test('groups and status', async () => {
  const world = await startWorld();
  const get = async (path: string): Promise<Record<string, unknown>> =>
    (await (await fetch(world.url + path, { headers: BEARER })).json()) as Record<string, unknown>;
  const { groups } = (await get('/v1/groups')) as { groups: unknown[] };
  expect(groups.slice(0, 2)).toEqual([
    {
      name: '/mailtrail/default/authentication',
      logType: 'AUTHENTICATION_LOGS',
      events: 3,
      storedBytes: 99,
      firstEventTime: 1,
      lastEventTime: 2,
    },
    {
      name: '/mailtrail/default/access-control',
      logType: 'ACCESS_CONTROL_LOGS',
      events: 0,
      storedBytes: 0,
    },
  ]);
  await fetch(`${world.url}/v1/status`);
  expect(await get('/v1/status')).toMatchObject({
    journal: { end: 0 },
    http: { requestsInFlight: 1, authenticationFailures: 1, feed: { name: 'http-events' } },
  });
});

test('unknown paths, wrong methods and strangers', async () => {
  const world = await startWorld();
  const ask = async (method: string, path: string, headers: Record<string, string> = BEARER) => {
    const response = await fetch(world.url + path, { method, headers });
    expect(response.headers.get('content-type')).toBe('application/json');
    const text = await response.text();
    const code = text === '' ? '' : (JSON.parse(text) as { error: { code: string } }).error.code;
    return [response.status, code, response.headers.get('allow')];
  };
  for (const path of [
    '/',
    '/nowhere',
    '/v1/events/',
    '/v1/../healthz/x',
    '/%00',
    '//healthz',
    '/V1/groups',
  ]) {
    expect(await ask('GET', path), path).toEqual([404, 'NotFound', null]);
  }
  expect(await ask('GET', '/v1/events')).toEqual([405, 'MethodNotAllowed', 'POST']);
  expect(await ask('HEAD', '/v1/events')).toEqual([405, '', 'POST']);
  expect(await ask('POST', '/healthz')).toEqual([405, 'MethodNotAllowed', 'GET, HEAD']);
  expect(await ask('OPTIONS', '/v1/query')).toEqual([405, 'MethodNotAllowed', 'POST']);
  for (const path of ['/v1/groups', '/v1/status', '/v1/tail']) {
    expect((await ask('GET', path, {})).slice(0, 2)).toEqual([401, 'MissingAuthenticationToken']);
  }
  expect((await ask('POST', '/v1/query', {}))[0]).toBe(401);
});

test('what is not HTTP is told so in JSON', async () => {
  const world = await startWorld();
  const cases: [string, RegExp][] = [
    ['\x16\x03\x01\x02\x00\x01\x00', /^HTTP\/1.1 400 .*BadRequest/s],
    ['GET / HTTP/9.9\r\n\r\n', /^HTTP\/1.1 400 .*BadRequest/s],
    [
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(HEADER_BYTES_MAX)}\r\n\r\n`,
      /^HTTP\/1.1 431 .*headers are longer/s,
    ],
    ['GET /healthz HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400 /],
    [
      'GET /healthz HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n',
      /^HTTP\/1.1 400 .*BadRequest/s,
    ],
    [
      'POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      /^HTTP\/1.1 400 /,
    ],
  ];
  for (const [bytes, expected] of cases) {
    expect(await rawExchange(world.port, Buffer.from(bytes, 'latin1')), bytes.slice(0, 40)).toMatch(
      expected,
    );
  }
  expect((await fetch(`${world.url}/healthz`)).status).toBe(200);
});

test('requests on one connection are answered in their order', async () => {
  const world = await startWorld();
  const line = `${eventLine('a')}\n`;
  const events = `POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: ${BEARER.authorization}\r\n`;
  const chunk = `${line.length.toString(16)}\r\n${line}\r\n`;
  const answer = await rawExchange(
    world.port,
    `${events}Content-Length: ${line.length}\r\n\r\n${line}GET /version HTTP/1.1\r\nHost: a\r\n\r\n` +
      `${events}Transfer-Encoding: chunked\r\n\r\n${chunk}${chunk}0\r\n\r\n` +
      'GET http://a/healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  );
  const bodies = answer.split('\r\n').filter((part) => part.startsWith('{'));
  expect(answer.match(/HTTP\/1.1 200/g)?.length).toBe(4);
  expect(bodies.map((body) => body.slice(0, 14))).toEqual([
    '{"accepted":1,',
    '{"name":"mailt',
    '{"accepted":2,',
    '{"status":"ok"',
  ]);
});

test('a client that has closed its half still gets its answer', async () => {
  const world = await startWorld();
  const socket = connect(world.port, '127.0.0.1');
  socket.end('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  expect(text).toMatch(/^HTTP\/1.1 200 .*"ok"/s);
});

test('a client that drips is cut off', async () => {
  const limits = { headersTimeoutMs: 50, requestTimeoutMs: 100, timeoutCheckMs: 10 };
  const world = await startWorld({ listenerLimits: limits });
  const headers = await rawExchange(world.port, 'GET /healthz HTTP/1.1\r\nHost: a\r\n');
  expect(headers).toMatch(/^HTTP\/1.1 408 .*RequestTimeout/s);
  const events = `POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: ${BEARER.authorization}\r\n`;
  const body = await rawExchange(world.port, `${events}Content-Length: 100\r\n\r\n{`);
  expect(body).toMatch(/^HTTP\/1.1 408 .*RequestTimeout/s);
  await expect.poll(() => world.server.status().requestsInFlight).toBe(0);
});

test('connections beyond the limit are closed at once, and logged', async () => {
  const world = await startWorld({ listenerLimits: { connectionsMax: 1 } });
  const first = connect(world.port, '127.0.0.1');
  await once(first, 'connect');
  expect(await rawExchange(world.port)).toBe('');
  expect(world.log.join('')).toContain('too many are open max=1');
  first.destroy();
  await expect
    .poll(async () => {
      const answer = await fetch(`${world.url}/healthz`).catch(() => undefined);
      return answer?.status;
    })
    .toBe(200);
});

test('a body that no endpoint needs so long is refused', async () => {
  const world = await startWorld();
  const body = ' '.repeat(REST_BODY_BYTES_MAX + 1);
  const response = await fetch(`${world.url}/v1/query`, { method: 'POST', headers: BEARER, body });
  expect(response.status).toBe(413);
  expect(await response.text()).toContain(`${REST_BODY_BYTES_MAX} bytes`);
});

test('a port in use is told with its address and what to do', async () => {
  const world = await startWorld();
  const start = startWorldOn(world.port);
  await expect(start).rejects.toThrow(ListenError);
  await expect(start).rejects.toThrow(
    new RegExp(`cannot listen on 127.0.0.1:${world.port}: another program.*ss -ltnp.*--listen`),
  );
});

async function startWorldOn(port: number): Promise<void> {
  const world = await startWorld();
  await world.stop();
  await world.server.start({ host: '127.0.0.1', port });
}

test('stopping lets what is in flight end, and takes nothing new', async () => {
  const world = await startWorld();
  const durable = new Gate();
  const append = world.append;
  world.append = async (batch) => {
    await durable.opened;
    return append(batch);
  };
  const idle = connect(world.port, '127.0.0.1');
  await once(idle, 'connect');
  idle.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(idle, 'data');
  const waiting = fetch(`${world.url}/v1/events`, {
    method: 'POST',
    headers: BEARER,
    body: eventLine('a'),
  });
  await expect.poll(() => world.server.status().requestsInFlight).toBe(1);
  const stopped = world.stop(60_000);
  await once(idle, 'close');
  await expect(fetch(`${world.url}/healthz`)).rejects.toThrow();
  durable.open();
  const response = await waiting;
  expect([response.status, response.headers.get('connection')]).toEqual([200, 'close']);
  await stopped;
  expect(world.lines.length).toBe(1);
  await world.stop(); // again is no error
});

test('stopping waits for the rows of a query, and for no idle connection after them', async () => {
  const world = await startWorld();
  const more = new Gate();
  async function* batches(): AsyncGenerator<Row[]> {
    yield [['a', 1]];
    await more.opened;
    yield [['b', 2]];
  }
  world.query = async () => rowsOf(batches());
  const response = await fetch(`${world.url}/v1/query`, {
    method: 'POST',
    headers: BEARER,
    body: '{"query":"q"}',
  });
  const stopped = world.stop(60_000);
  more.open();
  expect((await response.text()).split('\n').length).toBe(5);
  await stopped;
  expect(world.log.join('')).not.toContain('cut off');
});

test('what does not end in time is cut off', async () => {
  const world = await startWorld();
  world.append = () => new Promise(() => {});
  const waiting = fetch(`${world.url}/v1/events`, {
    method: 'POST',
    headers: BEARER,
    body: eventLine('a'),
  });
  waiting.catch(() => {});
  await expect.poll(() => world.server.status().requestsInFlight).toBe(1);
  await world.stop(20);
  await expect(waiting).rejects.toThrow();
  expect(world.log.join('')).toContain('cut off');
});
