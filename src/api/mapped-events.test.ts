import { createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryIntake, MemoryJournal } from '../../test/collect/memory-intake.ts';
import { BEARER, startWorld, stopWorlds, type World } from '../../test/e2e/api-world.ts';
import { createMappedBodies, REFUSALS_TOLD_MAX } from '../collect/mapping/mapped-bodies.ts';
import { readMappingFile } from '../collect/mapping/mapping-file.ts';
import { MappingSet } from '../collect/mapping/mapping-set.ts';
import { systemClock } from '../platform/clock.ts';
import { createLog } from '../platform/log.ts';
import {
  EVENTS_PER_REQUEST_MAX,
  MAPPED_BODY_BYTES_MAX,
  UNVERIFIED_BODY_BYTES_MAX,
} from './limits.ts';

let said: string[] = [];
beforeEach(() => {
  said = [];
});
afterEach(stopWorlds);

const KEY = 'a-signature-key-nobody-knows';
const MAPPING = `
mappings:
  - name: sign-in
    when: { has: user }
    log_type: AUTHENTICATION_LOGS
    fields: { user: user, auth_successful: ok }
`;

function setOf(name: string, more = ''): MappingSet {
  const result = readMappingFile(`name: ${name}\n${more}${MAPPING}`, 'm.yaml');
  if (!result.ok) throw new Error('the mapping is wrong');
  return new MappingSet(result.file);
}

interface HookWorld {
  readonly world: World;
  readonly journal: MemoryJournal;
  readonly intake: MemoryIntake;
}

async function startHooks(): Promise<HookWorld> {
  const journal = new MemoryJournal();
  const intake = new MemoryIntake(journal);
  const sets = new Map([
    ['open', setOf('open')],
    ['hook', setOf('hook', 'each: events')],
  ]);
  const webhooks = [{ mapping: 'hook', signatureKey: KEY }];
  const log = createLog((line) => void said.push(line), { level: 'warn', now: Date.now });
  const mapped = createMappedBodies({ sets, webhooks, intake, clock: systemClock, log });
  return { world: await startWorld({ mapped }), journal, intake };
}

function users(journal: MemoryJournal): unknown[] {
  return journal.events.map((event) => ('user' in event ? event.user : undefined));
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly error?: { code: string; message: string } };
}

async function post(
  { world }: HookWorld,
  mapping: string,
  body: string | Buffer,
  headers: Record<string, string> = BEARER,
): Promise<Answer> {
  const url = `${world.url}/v1/events?mapping=${mapping}`;
  const response = await fetch(url, { method: 'POST', headers, body });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

function signed(
  body: string | Buffer,
  form: 'base64' | 'hex' = 'base64',
  key = KEY,
): Record<string, string> {
  const signature = createHmac('sha256', key).update(body).digest(form);
  return { 'x-signature': form === 'hex' ? `sha256=${signature}` : signature };
}

test('an object, an array, NDJSON: what no mapping is for is counted, what is bad is named', async () => {
  const hooks = await startHooks();
  const [a, b, c] = ['a', 'b', 'c'].map((user) => JSON.stringify({ user, ok: true }));
  expect((await post(hooks, 'open', `${a}`)).body).toEqual({ accepted: 1, position: 1, passed: 0 });
  expect((await post(hooks, 'open', `[${b}, {"x":1}]`)).body).toMatchObject({
    accepted: 1,
    passed: 1,
  });
  const mixed = await post(hooks, 'open', `\n${c}\r\nnot json\n{"user":"d","ok":"perhaps"}\n`);
  expect(mixed).toMatchObject({
    status: 200,
    body: {
      accepted: 1,
      passed: 1,
      rejectedCount: 1,
      rejected: [
        { line: 4, mapping: 'open/sign-in', reason: expect.stringContaining('auth_successful') },
      ],
    },
  });
  expect(users(hooks.journal)).toEqual(['a', 'b', 'c']);
  expect(hooks.world.server.status().feed).toMatchObject({ events: 3, rejected: 1 });
});

test('nothing meant for us is no mistake; nothing but refusals is', async () => {
  const hooks = await startHooks();
  expect(await post(hooks, 'open', '{"x":1}')).toEqual({
    status: 200,
    body: { accepted: 0, passed: 1 },
  });
  const refused = await post(hooks, 'open', '{"user":"a","ok":"perhaps"}');
  expect(refused).toMatchObject({
    status: 400,
    body: { error: { code: 'InvalidEvents' }, accepted: 0, rejectedCount: 1 },
  });
  // Its sender may not read answers, and may send on for ever: it is told once in a while.
  await post(hooks, 'open', '{"user":"a","ok":"perhaps"}');
  expect(said).toHaveLength(1);
  expect(said[0]).toContain('posted records were refused mapping="open/sign-in"');
  const unknown = await post(hooks, 'opn', '{}');
  expect(unknown.status).toBe(404);
  expect(unknown.body.error?.message).toBe(
    'no mapping file has the name "opn"; there are open, hook',
  );
  expect((await post(hooks, 'open', Buffer.from([0x7b, 0xff]))).status).toBe(400);
});

test('a webhook is opened by its signature alone', async () => {
  const hooks = await startHooks();
  const body = JSON.stringify({
    events: [
      { user: 'a', ok: true },
      { user: 'b', ok: false },
    ],
  });
  expect((await post(hooks, 'hook', body, signed(body))).body).toMatchObject({ accepted: 2 });
  expect((await post(hooks, 'hook', body, signed(body, 'hex'))).status).toBe(200);
  const packed = gzipSync(body);
  const gzip = { ...signed(packed), 'content-encoding': 'gzip' };
  expect((await post(hooks, 'hook', packed, gzip)).status).toBe(200);
  expect(users(hooks.journal)).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
});

test('without the right signature nothing is taken, and it is told', async () => {
  const hooks = await startHooks();
  const body = '{"events":[{"user":"a","ok":true}]}';
  const wrong = await post(hooks, 'hook', body, signed(body, 'base64', 'another key of somebody'));
  expect(wrong).toMatchObject({ status: 403, body: { error: { code: 'SignatureDoesNotMatch' } } });
  const changed = await post(hooks, 'hook', `${body} `, signed(body));
  expect(changed.status).toBe(403);
  // The key of the API does not stand in for it.
  expect((await post(hooks, 'hook', body)).status).toBe(401);
  // The signature opens no other mapping, and not the feed of our own form.
  expect((await post(hooks, 'open', body, signed(body))).status).toBe(401);
  const own = await fetch(`${hooks.world.url}/v1/events`, {
    method: 'POST',
    headers: signed(body),
    body,
  });
  expect(own.status).toBe(401);
  expect(hooks.journal.events).toEqual([]);
  expect(hooks.world.server.status().authenticationFailures).toBe(5);
  expect(hooks.world.log.join('')).toContain('a request to the API was refused');
});

test('a body is bounded, before its signature is known and after', async () => {
  const hooks = await startHooks();
  const stranger = ' '.repeat(UNVERIFIED_BODY_BYTES_MAX + 1);
  expect((await post(hooks, 'hook', stranger, signed(stranger))).status).toBe(413);
  const long = ' '.repeat(MAPPED_BODY_BYTES_MAX + 1);
  const refused = await post(hooks, 'open', long);
  expect(refused.status).toBe(413);
  expect(refused.body.error?.message).toContain(`${MAPPED_BODY_BYTES_MAX} bytes`);
});

test('more events than one request may bring are refused as a whole', async () => {
  const hooks = await startHooks();
  const body = '{"user":"a","ok":true}\n'.repeat(EVENTS_PER_REQUEST_MAX + 1);
  const refused = await post(hooks, 'open', body);
  expect(refused.status).toBe(413);
  expect(refused.body.error?.message).toContain(`at most ${EVENTS_PER_REQUEST_MAX}`);
  expect(hooks.journal.events).toEqual([]);
});

test('so many refusals are told apart, the others are counted', async () => {
  const hooks = await startHooks();
  const bad = '{"user":"a","ok":"perhaps"}\n'.repeat(REFUSALS_TOLD_MAX + 1);
  const { body } = await post(hooks, 'open', `{"user":"a","ok":true}\n${bad}`);
  expect(body).toMatchObject({ accepted: 1, rejectedCount: REFUSALS_TOLD_MAX + 1 });
  expect(body['rejected']).toHaveLength(REFUSALS_TOLD_MAX);
});

test('a journal that takes nothing is the answer, and nothing is kept', async () => {
  const hooks = await startHooks();
  hooks.intake.refuse = 'disk-full';
  const answer = await post(hooks, 'open', '{"user":"a","ok":true}');
  expect(answer).toMatchObject({ status: 507, body: { error: { code: 'DiskFull' } } });
  expect(hooks.journal.events).toEqual([]);
});
