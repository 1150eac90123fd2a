import { expect, test } from 'vitest';
import { startStateWorld, type StateWorld } from '../../../test/api/state-world.ts';
import { AccessActs, AccessRefusal, TOKEN_MS, type AccessActsOptions } from './acts.ts';

const ACTOR = { userId: 'MTAKTEST', sourceIp: '192.0.2.1' };
const PUT = { actor: ACTOR, eventName: 'PutAccessControlRule' };
const REMOVE = { actor: ACTOR, eventName: 'DeleteAccessControlRule' };
const RULE = { name: 'NoImap', effect: 'DENY', actions: ['IMAP'] };

const userIdOf = (name: string): string => name.toLowerCase();

async function start(
  options: Partial<AccessActsOptions> = {},
): Promise<{ world: StateWorld; acts: AccessActs }> {
  const world = await startStateWorld();
  let made = 0;
  const randomBytes = (length: number): Uint8Array => new Uint8Array(length).fill(++made);
  const { state, clock } = world;
  return { world, acts: new AccessActs({ state, clock, randomBytes, userIdOf, ...options }) };
}

async function refusal(act: Promise<unknown>): Promise<string> {
  const error = await act.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof AccessRefusal
    ? `${error.code}: ${error.message}`
    : `not: ${String(error)}`;
}

test('a rule is made, changed and removed, each time as one event with before and after', async () => {
  const { world, acts } = await start();
  const made = await acts.put('access-rule', RULE, PUT);
  expect(made).toEqual({
    ...RULE,
    revision: 1,
    createdAtMs: world.nowMs,
    modifiedAtMs: world.nowMs,
  });
  const createdAtMs = world.nowMs;
  world.nowMs += 1000;
  const changed = await acts.put('access-rule', { ...RULE, actions: ['POP3'] }, PUT);
  expect(changed).toMatchObject({ revision: 2, createdAtMs, modifiedAtMs: world.nowMs });
  expect(await acts.remove('access-rule', 'NoImap', REMOVE)).toBe(true);
  expect(await acts.remove('access-rule', 'NoImap', REMOVE)).toBe(false);
  const who = { user_id: 'MTAKTEST', source_ip: '192.0.2.1', resource: 'NoImap' };
  expect(world.recorded).toMatchObject([
    { ...who, event_name: 'PutAccessControlRule', after: RULE },
    { ...who, before: { actions: ['IMAP'] }, after: { actions: ['POP3'] } },
    { ...who, event_name: 'DeleteAccessControlRule', before: { actions: ['POP3'] } },
  ]);
  expect(world.recorded[0]).not.toHaveProperty('before');
});

test('what says nothing new changes nothing and tells nothing', async () => {
  const { world, acts } = await start();
  await acts.put('access-rule', RULE, PUT);
  const again = await acts.put(
    'access-rule',
    { actions: ['IMAP'], effect: 'DENY', name: 'NoImap' },
    PUT,
  );
  expect(again.revision).toBe(1);
  expect(world.recorded).toHaveLength(1);
});

test('a stale change is refused, whoever comes first', async () => {
  const { acts } = await start();
  await acts.put('access-rule', RULE, { ...PUT, revision: 0 });
  const both = await Promise.all([
    refusal(acts.put('access-rule', { ...RULE, effect: 'ALLOW' }, { ...PUT, revision: 1 })),
    refusal(acts.put('access-rule', { ...RULE, description: 'x' }, { ...PUT, revision: 1 })),
  ]);
  expect(both).toEqual([
    'not: undefined',
    'conflict: the access control rule "NoImap" was changed meanwhile: revision 1 was seen, now it is at revision 2; look at it again',
  ]);
  expect(await refusal(acts.remove('access-rule', 'NoImap', { ...REMOVE, revision: 1 }))).toMatch(
    /^conflict: /,
  );
  expect(await refusal(acts.put('access-rule', RULE, { ...PUT, revision: 0 }))).toMatch(
    /^conflict/,
  );
});

test('what is to be made must not be there, what is to be changed must', async () => {
  const { acts } = await start();
  const role = { id: 'r1', name: 'Auditors', type: 'READ_ONLY', rules: [] };
  const create = { actor: ACTOR, eventName: 'CreateImpersonationRole', how: 'create' } as const;
  const update = { actor: ACTOR, eventName: 'UpdateImpersonationRole', how: 'update' } as const;
  expect(await refusal(acts.put('impersonation-role', role, update))).toBe(
    'not-found: there is no impersonation role "r1"',
  );
  await acts.put('impersonation-role', role, create);
  expect(await refusal(acts.put('impersonation-role', role, create))).toBe(
    'exists: there is already the impersonation role "r1"',
  );
});

test('every mistake of an input is told', async () => {
  const { world, acts } = await start();
  expect(
    await refusal(acts.put('access-rule', { effect: 'BLOCK', hours: ['always'] }, PUT)),
  ).toMatch(
    /^invalid: name: is missing; effect: must be ALLOW or DENY, .*; hours\[0\]: must be hours such as /,
  );
  expect(world.recorded).toEqual([]);
});

test('there may be no more of a kind than an organization wants', async () => {
  const { acts } = await start({ limits: () => ({ 'access-rule': 1 }) });
  await acts.put('access-rule', RULE, PUT);
  await acts.put('access-rule', { ...RULE, effect: 'ALLOW' }, PUT);
  expect(await refusal(acts.put('access-rule', { ...RULE, name: 'Other' }, PUT))).toBe(
    'limit: there may be at most 1 access control rules',
  );
});

test('an override is of one user and one device, however they are written', async () => {
  const { world, acts } = await start();
  const put = { actor: ACTOR, eventName: 'PutMobileDeviceAccessOverride' };
  await acts.put(
    'mobile-device-override',
    { userId: 'Ann', deviceId: 'AB1', effect: 'ALLOW' },
    put,
  );
  await acts.put('mobile-device-override', { userId: 'ann', deviceId: 'ab1', effect: 'DENY' }, put);
  expect([...world.state.list('mobile-device-override')]).toMatchObject([
    ['ann:ab1', { effect: 'DENY', revision: 2 }],
  ]);
});

test('a new organization has its first rules once', async () => {
  const { world, acts } = await start();
  await acts.begin('acme', ACTOR);
  await acts.remove('access-rule', 'Default', REMOVE);
  await acts.begin('acme', ACTOR);
  expect([...world.state.list('access-rule')]).toEqual([]);
  expect([...world.state.list('mobile-device-rule')]).toMatchObject([
    ['default', { effect: 'ALLOW' }],
  ]);
});

test('declared rules follow the configuration file and are changed only there', async () => {
  const { world, acts } = await start();
  const names = { put: 'PutAccessControlRule', remove: 'DeleteAccessControlRule' };
  const local = { userId: 'local' };
  const rule = { name: 'NoImap', effect: 'DENY', actions: ['IMAP'] } as const;
  await acts.put('access-rule', { ...rule, name: 'Mine' }, PUT);
  await acts.declare('access-rule', [rule], names, local);
  await acts.declare('access-rule', [rule], names, local);
  expect(world.recorded).toHaveLength(2);
  expect(await refusal(acts.put('access-rule', { ...rule, effect: 'ALLOW' }, PUT))).toMatch(
    /^declared: the access control rule "NoImap" is declared in the configuration file/,
  );
  expect(await refusal(acts.remove('access-rule', 'NoImap', REMOVE))).toMatch(/^declared: /);
  await acts.declare('access-rule', [], names, local);
  expect([...world.state.list('access-rule')].map(([id]) => id)).toEqual(['Mine']);
});

test('a token is good for its role until it is over, and no event has it', async () => {
  const { world, acts } = await start();
  const role = { id: 'r1', name: 'Auditors', type: 'READ_ONLY', rules: [] };
  await acts.put('impersonation-role', role, {
    actor: ACTOR,
    eventName: 'CreateImpersonationRole',
  });
  expect(await refusal(acts.assumeRole('r2', ACTOR))).toMatch(/^not-found/);
  const { token, expiresInSeconds } = await acts.assumeRole('r1', ACTOR);
  expect(expiresInSeconds).toBe(900);
  expect(acts.roleOfToken(token)).toBe('r1');
  expect(acts.roleOfToken(`${token}x`)).toBeUndefined();
  expect(
    JSON.stringify([world.recorded, [...world.state.list('impersonation-token')]]),
  ).not.toContain(token);
  world.nowMs += TOKEN_MS;
  expect(acts.roleOfToken(token)).toBeUndefined();
  await acts.assumeRole('r1', ACTOR);
  expect(world.state.count('impersonation-token')).toBe(1);
});
