import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterEach, expect, test } from 'vitest';
import {
  BEARER,
  eventLine,
  Gate,
  KEYS,
  rawExchange,
  startWorld,
  stopWorlds,
  type World,
} from '../../test/e2e/api-world.ts';
import { JournalError } from '../journal/journal.ts';
import { UNVERIFIED_BODY_BYTES_MAX } from './limits.ts';
import { signRequest } from './sigv4.ts';

afterEach(stopWorlds);

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown> & { readonly error?: { code: string; message: string } };
}

async function post(
  world: World,
  body: string | Buffer | ReadableStream,
  headers: Record<string, string> = {},
  search = '',
): Promise<Answer> {
  const response = await fetch(`${world.url}/v1/events${search}`, {
    method: 'POST',
    headers: { ...BEARER, ...headers },
    body,
    ...(body instanceof ReadableStream && { duplex: 'half' }),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Answer['body'],
  };
}

test('events are acknowledged with the position after them, once they are durable', async () => {
  const world = await startWorld();
  const durable = new Gate();
  const append = world.append;
  world.append = async (batch) => {
    await durable.opened;
    return append(batch);
  };
  let answered = false;
  const answer = post(world, `${eventLine('a')}\r\n\n${eventLine('b')}`);
  void answer.then(() => (answered = true));
  await expect.poll(() => world.server.status().requestsInFlight).toBe(1);
  await new Promise(setImmediate);
  expect(answered).toBe(false);
  durable.open();
  const { status, headers, body } = await answer;
  expect(status).toBe(200);
  expect(body).toEqual({ accepted: 2, position: 2 });
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(world.lines.map((line) => (JSON.parse(line) as { user: string }).user)).toEqual([
    'a',
    'b',
  ]);
});

test('one bad line refuses the whole, with its number; partial=true takes the others', async () => {
  const world = await startWorld();
  const body = `\n${eventLine('a')}\n{"log_type":"X"}\n${eventLine('b')}\n`;
  const refused = await post(world, body);
  expect(refused.status).toBe(400);
  expect(refused.body).toMatchObject({
    error: { code: 'InvalidEvents', message: expect.stringContaining('1 of 3 lines') },
    rejected: [{ line: 3, reason: expect.stringContaining('log_type') }],
    accepted: 0,
  });
  expect(world.lines).toEqual([]);
  const taken = await post(world, body, {}, '?partial=true');
  expect(taken.status).toBe(200);
  expect(taken.body).toMatchObject({ accepted: 2, position: 2, rejected: [{ line: 3 }] });
  expect(world.server.status().feed).toMatchObject({ seen: 4, events: 2, rejected: 2 });
  const none = await post(world, 'x\n', {}, '?partial=true');
  expect(none.status).toBe(400);
  expect((await post(world, body, {}, '?partial=yes')).body.error?.message).toContain('"yes"');
});

test('a body without events is refused', async () => {
  const world = await startWorld();
  for (const body of ['', '\n\r\n  \n']) {
    expect(await post(world, body)).toMatchObject({
      status: 400,
      body: { error: { code: 'InvalidEvents', message: expect.stringContaining('no events') } },
    });
  }
});

test('a line that is not UTF-8 is refused by its number', async () => {
  const world = await startWorld();
  const body = Buffer.concat([
    Buffer.from(`${eventLine('a')}\n`),
    Buffer.from([0x22, 0xff, 0x22, 0x0a]),
  ]);
  expect((await post(world, body)).body['rejected']).toEqual([
    { line: 2, reason: 'not valid UTF-8' },
  ]);
});

test('lines keep their numbers in a body that is checked in slices', async () => {
  const world = await startWorld();
  const lines = Array.from({ length: 5000 }, (_, i) => eventLine(`user${i}`));
  lines[4000] = 'bad';
  lines[4999] = 'worse';
  const refused = await post(world, lines.join('\n'));
  expect(refused.body['rejected']).toMatchObject([{ line: 4001 }, { line: 5000 }]);
  const taken = await post(world, lines.join('\n'), {}, '?partial=true');
  expect(taken.body['accepted']).toBe(4998);
  expect(world.lines).toEqual(lines.filter((line) => line.startsWith('{')));
});

test('gzip is taken, whole and within its limit', async () => {
  const world = await startWorld({ eventLimits: { unpackedBytesMax: 10_000 } });
  const gzip = { 'content-encoding': 'gzip' };
  const packed = gzipSync(`${eventLine('a')}\n`);
  expect((await post(world, packed, gzip)).body['accepted']).toBe(1);
  expect((await post(world, Buffer.concat([packed, packed]), gzip)).body['accepted']).toBe(2);
  const cases: [Buffer, number, string][] = [
    [packed.subarray(0, -9), 400, 'not whole gzip'],
    [Buffer.from(eventLine('a')), 400, 'not whole gzip'],
    [Buffer.concat([packed.subarray(0, 20), randomBytes(40)]), 400, 'not whole gzip'],
    [gzipSync(Buffer.alloc(100_000_000)), 413, '10000 bytes when unpacked'],
  ];
  for (const [body, status, message] of cases) {
    const answer = await post(world, body, gzip);
    expect(answer.status).toBe(status);
    expect(answer.body.error?.message).toContain(message);
  }
  const unknown = await post(world, packed, { 'content-encoding': 'br' });
  expect(unknown.status).toBe(415);
  expect(unknown.headers.get('accept-encoding')).toBe('gzip');
  expect(world.lines.length).toBe(3);
});

test('a body over its limit is refused by its announcement, or when it gets there', async () => {
  const world = await startWorld({ eventLimits: { bodyBytesMax: 1000, eventsMax: 3 } });
  const long = `${eventLine('a')}\n`.repeat(100);
  const announced = await post(world, long);
  expect(announced.status).toBe(413);
  expect(announced.body.error).toMatchObject({
    code: 'PayloadTooLarge',
    message: expect.stringContaining('1000 bytes'),
  });
  const stream = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 20; i++) controller.enqueue(Buffer.from(`${eventLine('a')}\n`));
      controller.close();
    },
  });
  expect((await post(world, stream)).status).toBe(413);
  const many = await post(world, `${eventLine('a')}\n`.repeat(4));
  expect(many.status).toBe(413);
  expect(many.body.error?.message).toContain('at most 3');
  expect(world.lines).toEqual([]);
  expect((await post(world, eventLine('a'))).status).toBe(200);
});

test("what the journal refuses is told with the journal's reason and when to try again", async () => {
  const world = await startWorld();
  const cases = [
    ['disk-full', 507, 'DiskFull', '10'],
    ['overloaded', 429, 'ThrottlingException', '1'],
    ['read-only', 503, 'ServiceUnavailableException', '10'],
    ['failed', 503, 'ServiceUnavailableException', '10'],
  ] as const;
  for (const [code, status, name, seconds] of cases) {
    world.append = async () => {
      throw new JournalError(code, `the reason of ${code}`);
    };
    const answer = await post(world, eventLine('a'));
    expect(answer.status).toBe(status);
    expect(answer.headers.get('retry-after')).toBe(seconds);
    expect(answer.body.error).toEqual({ code: name, message: `the reason of ${code}` });
  }
});

test('what nobody foresaw is logged under the request id and not told', async () => {
  const world = await startWorld();
  world.append = async () => {
    throw new Error('a secret detail');
  };
  const answer = await post(world, eventLine('a'));
  expect(answer.status).toBe(500);
  expect(JSON.stringify(answer.body)).not.toContain('secret');
  const id = answer.headers.get('x-request-id') ?? '?';
  expect(world.log.find((line) => line.includes('a secret detail'))).toContain(id);
});

test('a client that sends too often is told to wait, and its neighbours are not', async () => {
  let nowMs = Date.now();
  const clock = { now: () => nowMs, after: () => ({ cancel: () => {} }) };
  const world = await startWorld({
    clock,
    eventLimits: { requestsPerSecond: 1, requestsBurst: 2 },
  });
  const send = async (): Promise<number> => (await post(world, eventLine('a'))).status;
  expect([await send(), await send(), await send()]).toEqual([200, 200, 429]);
  nowMs += 1000;
  expect([await send(), await send()]).toEqual([200, 429]);
  nowMs -= 60_000; // a clock set back costs nobody
  expect(await send()).toBe(429);
  nowMs += 1000;
  expect(await send()).toBe(200);
});

test('a client that is told to wait hears it even while it sends', async () => {
  const world = await startWorld({ eventLimits: { requestsPerSecond: 0.001, requestsBurst: 1 } });
  const body = `${eventLine('a')}\n`.repeat(40_000);
  expect((await post(world, body)).status).toBe(200);
  for (let i = 0; i < 5; i++) {
    const answer = await post(world, body);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1']);
  }
});

test('bodies in work are bounded together', async () => {
  const world = await startWorld({ eventLimits: { inFlightBytesMax: 400 } });
  const append = world.append;
  const durable = new Gate();
  world.append = async (batch) => {
    await durable.opened;
    return append(batch);
  };
  const waiting = post(world, `${eventLine('a')}\n${eventLine('b')}\n`);
  await expect.poll(() => world.server.status().requestsInFlight).toBe(1);
  await expect
    .poll(async () => (await post(world, `${eventLine('c')}\n`.repeat(2))).status)
    .toBe(429);
  durable.open();
  expect((await waiting).status).toBe(200);
  for (let i = 0; i < 10; i++) {
    expect((await post(world, `${eventLine('d')}\n${eventLine('e')}\n`)).status).toBe(200);
    await post(world, gzipSync('x'.repeat(300)), { 'content-encoding': 'gzip' }); // refused ones are given back
    await post(world, 'not gzip', { 'content-encoding': 'gzip' });
  }
});

test('a signed body is compared with its hash as it was sent', async () => {
  const world = await startWorld();
  const url = new URL(`${world.url}/v1/events?partial=true`);
  const body = gzipSync(`${eventLine('a')}\n`);
  const scope = { region: 'us-east-1', service: 'logs', nowMs: Date.now() };
  const headers = signRequest(
    { method: 'POST', url, headers: { 'content-encoding': 'gzip' }, body },
    KEYS,
    scope,
  );
  const send = async (sent: Buffer): Promise<Answer> =>
    post(world, sent, { ...headers }, '?partial=true');
  expect((await send(body)).status).toBe(200);
  const other = await send(gzipSync(`${eventLine('b')}\n`));
  expect(other.status).toBe(403);
  expect(other.body.error).toMatchObject({ code: 'InvalidSignatureException' });
  expect(world.lines.length).toBe(1);
});

test('of a body whose hash is not signed only so much is read before it is verified', async () => {
  const world = await startWorld();
  const signer = new SignatureV4({
    credentials: KEYS,
    region: 'us-east-1',
    service: 'logs',
    sha256: Sha256,
    applyChecksum: false,
  });
  const send = async (body: string): Promise<Answer> => {
    const host = `127.0.0.1:${world.port}`;
    const { headers } = await signer.sign({
      method: 'POST',
      protocol: 'http:',
      hostname: '127.0.0.1',
      path: '/v1/events',
      headers: { host },
      body,
    });
    return post(world, body, headers);
  };
  expect((await send(eventLine('a'))).status).toBe(200);
  const answer = await send(' '.repeat(UNVERIFIED_BODY_BYTES_MAX + 1));
  expect(answer.status).toBe(413);
  expect(answer.body.error?.message).toContain('when x-amz-content-sha256 is not sent');
});

test("a stranger's body is not waited for", async () => {
  const world = await startWorld();
  const head = 'POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n';
  // The body never comes: the answer does.
  const answer = await rawExchange(world.port, `${head}\r\n`);
  expect(answer).toMatch(/^HTTP\/1.1 401 /);
  expect(answer).toContain('MissingAuthenticationToken');
  expect(answer.toLowerCase()).toContain('connection: close');
  const flood = await rawExchange(world.port, `${head}\r\n`, Buffer.alloc(1_000_000));
  expect(flood).toMatch(/^(HTTP\/1.1 401 |$)/); // a reset may overtake the answer
  const asks = await rawExchange(world.port, `${head}Expect: 100-continue\r\n\r\n`);
  expect(asks).toMatch(/^HTTP\/1.1 401 /);
  expect(asks).not.toContain('100 Continue');
});

test('a client that asks before it sends is told to go on', async () => {
  const world = await startWorld();
  const body = eventLine('a');
  const status = await new Promise((resolve, reject) => {
    const call = request(`${world.url}/v1/events`, {
      method: 'POST',
      headers: { ...BEARER, expect: '100-continue', 'content-length': body.length },
    });
    call.on('continue', () => call.end(body));
    call.on('response', (response) => resolve(response.resume().statusCode));
    call.on('error', reject);
  });
  expect(status).toBe(200);
});

test('a client that leaves in the middle takes nothing with it', async () => {
  const world = await startWorld();
  const call = request(`${world.url}/v1/events`, {
    method: 'POST',
    headers: { ...BEARER, 'content-length': 1000 },
  });
  call.on('error', () => {});
  call.write(`${eventLine('a')}\n`);
  await expect.poll(() => world.server.status().requestsInFlight).toBe(1);
  call.destroy();
  await expect.poll(() => world.server.status().requestsInFlight).toBe(0);
  expect(world.lines).toEqual([]);
  expect(world.log).toEqual([]);
});
