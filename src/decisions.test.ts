import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { BEARER, startWorld, stopWorlds, type World } from '../test/e2e/api-world.ts';
import { MemoryIntake } from '../test/collect/memory-intake.ts';
import { UNCONTROLLED, type AccessInForce, type Device } from './access/evaluation.ts';
import { DECIDE_BODY_BYTES_MAX } from './api/limits.ts';
import { Decisions } from './decisions.ts';
import type { Clock } from './platform/clock.ts';

afterEach(stopWorlds);

const NOW_MS = 1_795_413_371_000;
const stillClock: Clock = { now: () => NOW_MS, after: () => ({ cancel: () => {} }) };
const TOKEN = 'a-token';
const DIGEST = createHash('sha256').update(TOKEN).digest('hex');

/** EWS is denied; a role opens what is alice's; only a Pixel may sync. */
function access(seen: Device[] = []): AccessInForce {
  return {
    rulings: {
      decide: ({ protocol }) =>
        protocol === 'EWS' ? { effect: 'DENY', rule: { name: 'NoEws' } } : { effect: 'ALLOW' },
      decideImpersonation: (roleId, target) => ({
        effect: roleId === 'role-1' && target === 'alice@example.test' ? 'ALLOW' : 'DENY',
      }),
      decideDevice: (device) => {
        seen.push(device);
        return { effect: device.deviceModel === 'Pixel' ? 'ALLOW' : 'DENY' };
      },
    },
    roleOf: (login) => (login === 'admin' ? 'role-1' : UNCONTROLLED),
    roleOfToken: (digest) => (digest === DIGEST ? 'role-1' : undefined),
    deviceProtocols: new Set(['activesync']),
  };
}

async function started(
  inForce = access(),
): Promise<{ world: World; intake: MemoryIntake; decisions: Decisions }> {
  const intake = new MemoryIntake();
  const decisions = new Decisions({ access: () => inForce, intake, clock: stillClock });
  return { world: await startWorld({ decisions }), intake, decisions };
}

const ALICE = { protocol: 'WebMail', sourceIp: '192.0.2.7', userId: 'Alice@example.test' };

async function ask(
  { url }: World,
  question: object | string,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${url}/v1/decide`, {
    method: 'POST',
    headers: BEARER,
    body: typeof question === 'string' ? question : JSON.stringify(question),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function refusal(world: World, question: object | string): Promise<string> {
  const { status, body } = await ask(world, question);
  expect(status).toBe(400);
  return (body['error'] as { message: string }).message;
}

test('a front end is answered what was decided, and the record is there', async () => {
  const { world, intake, decisions } = await started();
  const more = { requestId: 'r-1', userAgent: 'Roundcube/1.6', sourcePort: 4711 };
  expect(await ask(world, { ...ALICE, ...more })).toEqual({
    status: 200,
    body: {
      effect: 'ALLOW',
      requestId: 'r-1',
      evaluations: [{ scope: 'AccessControl', effect: 'ALLOW' }],
    },
  });
  expect(intake.journal.events).toEqual([
    {
      log_type: 'ACCESS_CONTROL_LOGS',
      event_timestamp: NOW_MS,
      request_id: 'r-1',
      user_id: 'alice@example.test',
      protocol: 'WebMail',
      source_ip: '192.0.2.7',
      scope: 'AccessControl',
      access_granted: true,
      user_agent: 'Roundcube/1.6',
      source_port: 4711,
    },
  ]);
  const denied = await ask(world, { ...ALICE, protocol: 'EWS' });
  expect(denied.body).toMatchObject({
    effect: 'DENY',
    message: 'Denied by access control rule NoEws',
    evaluations: [{ ruleId: 'NoEws' }],
  });
  // Without one of the front end the records have the request's own.
  expect(intake.journal.events[1]?.request_id).toBe(denied.body['requestId']);
  expect(decisions.status()).toMatchObject({ seen: 2, events: 2 });
});

test('a device is judged where it is told of, and where the protocol is one of theirs', async () => {
  const seen: Device[] = [];
  const { world, intake } = await started(access(seen));
  const device = {
    id: 'abc123',
    type: 'Android',
    model: 'Pixel',
    operatingSystem: 'Android 16',
    userAgent: 'Outlook/4',
  };
  expect((await ask(world, { ...ALICE, device })).body['effect']).toBe('ALLOW');
  expect(seen).toEqual([
    {
      userId: 'alice@example.test',
      deviceId: 'abc123',
      deviceType: 'Android',
      deviceModel: 'Pixel',
      deviceOperatingSystem: 'Android 16',
      deviceUserAgent: 'Outlook/4',
    },
  ]);
  expect(intake.journal.events).toMatchObject([
    { scope: 'AccessControl', access_granted: true },
    { scope: 'DeviceAccessControl', device_id: 'abc123', user_agent: 'Outlook/4' },
  ]);
  const sync = await ask(world, { ...ALICE, protocol: 'ActiveSync' });
  expect(sync.body).toMatchObject({
    effect: 'DENY',
    evaluations: [{}, { scope: 'DeviceAccessControl', effect: 'DENY' }],
  });
  await ask(world, { ...ALICE, imapId: { Name: 'Thunderbird', VERSION: '128.1', os: 'Linux' } });
  expect(seen.at(-1)).toEqual({
    userId: 'alice@example.test',
    deviceType: 'Thunderbird',
    deviceOperatingSystem: 'Linux',
    deviceUserAgent: 'Thunderbird/128.1',
  });
  await ask(world, { ...ALICE, imapId: {} });
  expect(seen.at(-1)).toEqual({ userId: 'alice@example.test' });
});

test('who acts as the user is known by his login, his role or a token', async () => {
  const { world, intake } = await started();
  const effect = async (who: object): Promise<unknown> =>
    (await ask(world, { ...ALICE, ...who })).body['effect'];
  expect(await effect({ impersonatorId: 'admin' })).toBe('ALLOW');
  expect(await effect({ impersonationRoleId: 'role-2' })).toBe('DENY');
  expect(await effect({ impersonationToken: TOKEN })).toBe('ALLOW');
  expect(await effect({ impersonationToken: 'another' })).toBe('DENY');
  expect(await effect({ impersonationToken: TOKEN, userId: 'bob@example.test' })).toBe('DENY');
  const scope = 'ImpersonationAccessControl';
  expect(
    intake.journal.events.filter((event) => 'scope' in event && event.scope === scope),
  ).toMatchObject([
    { impersonator_id: 'admin', access_granted: true },
    { impersonator_id: 'role-2', access_granted: false },
    { impersonator_id: 'role-1', access_granted: true },
    { impersonator_id: expect.stringMatching(/^token [0-9a-f]{8}$/), access_granted: false },
    { impersonator_id: 'role-1', access_granted: false },
  ]);
  expect(JSON.stringify(intake.journal.events)).not.toContain(TOKEN);
});

test('what cannot be understood is refused with the field', async () => {
  const { world, intake } = await started();
  expect(await refusal(world, 'x')).toContain('the body is not JSON');
  expect(await refusal(world, '[]')).toMatch(/object/);
  expect(await refusal(world, { ...ALICE, userId: '' })).toContain('userId: expected text');
  expect(await refusal(world, { ...ALICE, sourceIp: undefined })).toContain('sourceIp: expected');
  expect(await refusal(world, { ...ALICE, colour: 'red' })).toContain('colour');
  expect(await refusal(world, { ...ALICE, device: { model: 7 } })).toContain('device.model');
  expect(await refusal(world, { ...ALICE, impersonationToken: 'a b' })).toContain('printable');
  expect(await refusal(world, { ...ALICE, impersonationToken: 'a', impersonatorId: 'b' })).toBe(
    'impersonationToken and impersonatorId cannot both be given; say one of them',
  );
  const many = Object.fromEntries(Array.from({ length: 31 }, (_, n) => [`k${n}`, 'v']));
  expect(await refusal(world, { ...ALICE, imapId: many })).toContain('at most 30 parameters');
  const large = await ask(world, ' '.repeat(DECIDE_BODY_BYTES_MAX + 1));
  expect(large.status).toBe(413);
  expect(intake.journal.events).toEqual([]);
});

test('without a record there is no decision; without a key no answer', async () => {
  const { world, intake } = await started();
  intake.refuse = 'disk-full';
  expect((await ask(world, ALICE)).status).toBe(507);
  const nobody = await fetch(`${world.url}/v1/decide`, { method: 'POST', body: '{}' });
  expect(nobody.status).toBe(401);
  expect((await fetch(`${world.url}/v1/decide`, { headers: BEARER })).status).toBe(405);
});
