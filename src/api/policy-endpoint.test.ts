import { Agent, request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import {
  BEARER,
  Gate,
  KEYS,
  startWorld,
  stopWorlds,
  type World,
} from '../../test/e2e/api-world.ts';
import { JournalError } from '../journal/journal.ts';
import { POLICY_BODY_BYTES_MAX, POLICY_REQUESTS_MAX } from './limits.ts';

afterEach(stopWorlds);

const BODY = JSON.stringify({ login: 'bob@example.org', remote: '192.0.2.1' });

function ask(
  world: World,
  target = '/dovecot/policy?command=allow',
  init: { body?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const { body = BODY, headers = BEARER } = init;
  return fetch(world.url + target, { method: 'POST', headers, body });
}

test('Dovecot is answered what was decided', async () => {
  const world = await startWorld();
  const seen: unknown[] = [];
  world.policy = async (command, body) => {
    seen.push([command, body]);
    return { status: -1, msg: 'Denied by access control rule X' };
  };
  const key = { 'x-api-key': KEYS.bearerToken, 'content-type': 'application/json' };
  for (const target of [
    '/dovecot/policy?command=allow',
    '/dovecot/policy?from=mx1&command=allow',
    '/dovecot/policy&command=allow',
  ]) {
    const response = await ask(world, target, { headers: key });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ status: -1, msg: 'Denied by access control rule X' });
  }
  await ask(world, '/dovecot/policy?command=report');
  expect(seen).toEqual(
    [...Array<string>(3).fill('allow'), 'report'].map((c) => [c, JSON.parse(BODY)]),
  );
});

async function message(asked: Promise<Response>): Promise<string> {
  const response = await asked;
  expect(response.status).toBe(400);
  return ((await response.json()) as { error: { message: string } }).error.message;
}

test('what cannot be understood is refused with the reason', async () => {
  const world = await startWorld();
  expect(await message(ask(world, '/dovecot/policy'))).toContain('command must be allow or report');
  expect(await message(ask(world, '/dovecot/policy?command=deny'))).toContain('command must be');
  expect(await message(ask(world, undefined, { body: '{' }))).toContain('not JSON');
  world.policy = async () => {
    const error = new Error('auth policy request: remote is missing');
    error.name = 'PolicyRequestError';
    throw error;
  };
  expect(await message(ask(world))).toBe('auth policy request: remote is missing');
});

test('a decision that cannot be recorded is no answer', async () => {
  const world = await startWorld();
  world.policy = async () => {
    throw new JournalError('failed', 'the disk is gone');
  };
  const response = await ask(world);
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ error: { message: 'the disk is gone' } });
});

test('strangers, other methods and large bodies are refused', async () => {
  const world = await startWorld();
  expect((await ask(world, undefined, { headers: {} })).status).toBe(401);
  const get = await fetch(`${world.url}/dovecot/policy?command=allow`, { headers: BEARER });
  expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
  const body = JSON.stringify('x'.repeat(POLICY_BODY_BYTES_MAX));
  expect((await ask(world, undefined, { body })).status).toBe(413);
});

test('only so many requests wait for the disk', async () => {
  const world = await startWorld();
  const durable = new Gate();
  let asked = 0;
  world.policy = async () => {
    asked++;
    await durable.opened;
    return { status: 0, msg: '' };
  };
  const agent = new Agent({ keepAlive: true });
  const status = (): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const call = request(`${world.url}/dovecot/policy?command=allow`, {
        agent,
        method: 'POST',
        headers: { ...BEARER, 'content-length': BODY.length },
      });
      call.on('response', (response) => resolve(response.resume().statusCode));
      call.on('error', reject).end(BODY);
    });
  const waiting = Array.from({ length: POLICY_REQUESTS_MAX }, status);
  await expect.poll(() => asked, { timeout: 10_000 }).toBe(POLICY_REQUESTS_MAX);
  expect(await status()).toBe(503);
  durable.open();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([200]));
  expect(await status()).toBe(200);
  agent.destroy();
});

test('one connection serves many requests', async () => {
  const world = await startWorld();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<number | undefined>();
  for (let i = 0; i < 5; i++) {
    await new Promise<void>((resolve, reject) => {
      const call = request(`${world.url}/dovecot/policy?command=allow`, {
        agent,
        method: 'POST',
        headers: BEARER,
      });
      call.on('response', (response) => {
        ports.add(response.socket.localPort);
        response.resume().on('end', resolve);
      });
      call.on('error', reject).end(BODY);
    });
  }
  expect(ports.size).toBe(1);
  agent.destroy();
});
