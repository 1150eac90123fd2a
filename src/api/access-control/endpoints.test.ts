import { expect, test } from 'vitest';
import { startStateWorld, type StateWorld } from '../../../test/api/state-world.ts';
import type { AccessRule } from '../../access/decision.ts';
import { type AccessPolicy, compilePolicy } from '../../access/policy.ts';
import { AccessActs } from './acts.ts';
import { AccessDocumentsEndpoint, DOCUMENT_PATHS } from './documents-endpoint.ts';
import { AccessEffectsEndpoint } from './effects-endpoint.ts';

const ACTOR = { userId: 'MTAKTEST' };
const randomBytes = (length: number): Uint8Array => new Uint8Array(length);
const lowered = (name: string): string => name.toLowerCase();
const body = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

interface Started {
  readonly world: StateWorld;
  readonly at: (path: string) => AccessDocumentsEndpoint;
  readonly rules: AccessDocumentsEndpoint;
  readonly effects: AccessEffectsEndpoint;
}

async function start(): Promise<Started> {
  const world = await startStateWorld();
  const { state, clock } = world;
  const acts = new AccessActs({ state, clock, randomBytes, userIdOf: lowered });
  const documents = (kind: 'access-rule'): AccessRule[] =>
    [...state.list(kind)].map(([, document]) => document);
  const policy = (): AccessPolicy =>
    compilePolicy({
      rules: documents('access-rule'),
      deviceRules: [...state.list('mobile-device-rule')].map(([, rule]) => rule),
      overrides: [...state.list('mobile-device-override')].map(([, override]) => override),
      roles: [],
    });
  const at = (path: string): AccessDocumentsEndpoint => {
    const of = DOCUMENT_PATHS[path];
    if (of === undefined) throw new Error(path);
    return new AccessDocumentsEndpoint({ state, acts }, of);
  };
  const effects = new AccessEffectsEndpoint({ policy, clock });
  return { world, at, rules: at('/v1/access-rules'), effects };
}

async function refusal(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    const { status, code, message } = error as { status: number; code: string; message: string };
    return [status, code, message];
  }
}

test('a rule is put, listed, changed at the revision that was seen, and removed', async () => {
  const { rules } = await start();
  const rule = { effect: 'DENY', hours: ['22:00-06:00 Europe/Berlin'] };
  expect(await rules.put('Nights', body(rule), '0', ACTOR)).toMatchObject({ ...rule, revision: 1 });
  await rules.put('Nights', body({ ...rule, dryRun: true }), '"1"', ACTOR);
  expect(rules.list()).toMatchObject({ rules: [{ name: 'Nights', dryRun: true, revision: 2 }] });
  expect(await refusal(() => rules.put('Nights', body(rule), '"1"', ACTOR))).toMatchObject([
    409,
    'ConflictException',
    expect.stringMatching(/revision 1 was seen, now it is at revision 2/),
  ]);
  expect(await rules.remove('Nights', undefined, ACTOR)).toMatchObject({ name: 'Nights' });
  expect(await refusal(() => rules.get('Nights'))).toMatchObject([
    404,
    expect.anything(),
    expect.stringMatching(/rules list/),
  ]);
});

test('what cannot be put says why', async () => {
  const { rules } = await start();
  const put = (text: string, ifMatch?: string): Promise<unknown> =>
    refusal(() => rules.put('R', Buffer.from(text), ifMatch, ACTOR));
  expect(await put('{')).toMatchObject([
    400,
    'InvalidParameterException',
    expect.stringMatching(/^the body is not JSON/),
  ]);
  expect(await put('[]')).toMatchObject([
    400,
    'InvalidParameterException',
    expect.stringMatching(/a JSON object/),
  ]);
  expect(await put('{"name":"S"}')).toMatchObject([
    400,
    expect.anything(),
    expect.stringMatching(/the path says "R"/),
  ]);
  expect(await put('{"effect":"DENY"}', 'x')).toMatchObject([
    400,
    expect.anything(),
    expect.stringMatching(/^If-Match/),
  ]);
  expect(await put('{"effect":"NO"}')).toMatchObject([
    400,
    expect.anything(),
    expect.stringMatching(/^effect: must be/),
  ]);
});

test('a question is answered with every rule and its conditions', async () => {
  const { rules, effects } = await start();
  await rules.put('Default', body({ effect: 'ALLOW' }), undefined, ACTOR);
  await rules.put('NoImap', body({ effect: 'DENY', actions: ['IMAP'] }), undefined, ACTOR);
  expect(effects.ofAccess(body({ protocol: 'SMTP', userId: 'ann' }))).toEqual({
    effect: 'ALLOW',
    rule: 'Default',
    matched: ['Default'],
    rules: [
      { name: 'Default', effect: 'ALLOW', matched: true, conditions: [] },
      {
        name: 'NoImap',
        effect: 'DENY',
        matched: false,
        conditions: [{ condition: 'actions', holds: false, entries: ['IMAP'], seen: 'SMTP' }],
      },
    ],
  });
  expect(await refusal(() => effects.ofAccess(body({ userId: 'ann' })))).toMatchObject([
    400,
    'InvalidParameterException',
    expect.stringMatching(/^protocol: /),
  ]);
});

test('device rules, overrides and roles are put and removed by their ids', async () => {
  const { at, world } = await start();
  const rule = { name: 'Phones', effect: 'ALLOW', deviceTypes: ['iPhone'] };
  const deviceRules = at('/v1/mobile-device-rules');
  expect(await deviceRules.put('phones', body(rule), '0', ACTOR)).toMatchObject({ id: 'phones' });
  const role = { name: 'Auditors', type: 'READ_ONLY', rules: [{ id: 'all', effect: 'ALLOW' }] };
  const roles = at('/v1/impersonation-roles');
  expect(await roles.put('auditors', body(role), undefined, ACTOR)).toMatchObject({ revision: 1 });
  expect(roles.list()).toMatchObject({ roles: [{ id: 'auditors' }] });
  expect(await roles.remove('auditors', '1', ACTOR)).toMatchObject({ name: 'Auditors' });
  expect(await refusal(() => roles.get('auditors'))).toMatchObject([
    404,
    expect.anything(),
    expect.stringMatching(/roles list/),
  ]);
  expect(world.recorded.map(({ event_name: name, resource }) => [name, resource])).toEqual([
    ['CreateMobileDeviceAccessRule', 'phones'],
    ['CreateImpersonationRole', 'auditors'],
    ['DeleteImpersonationRole', 'auditors'],
  ]);
});

test('an override is found by its user and device, however they are written', async () => {
  const { at, effects } = await start();
  const overrides = at('/v1/mobile-device-overrides');
  await overrides.put('Ann@acme.example:AB12', body({ effect: 'DENY' }), undefined, ACTOR);
  expect(overrides.get('ann@acme.example:ab12')).toMatchObject({ deviceId: 'AB12', revision: 1 });
  expect(effects.ofDevice(body({ userId: 'ann@acme.example', deviceId: 'AB12' }))).toMatchObject({
    effect: 'DENY',
    override: 'Ann@acme.example:AB12',
  });
  const contradiction = body({ effect: 'DENY', deviceId: 'X' });
  expect(
    await refusal(() => overrides.put('ann:AB12', contradiction, undefined, ACTOR)),
  ).toMatchObject([
    400,
    expect.anything(),
    expect.stringMatching(/^userId, deviceId: the path says "ann:AB12"/),
  ]);
  expect(
    await refusal(() => overrides.put('AB12', body({ effect: 'DENY' }), undefined, ACTOR)),
  ).toMatchObject([400, expect.anything(), expect.stringMatching(/userId/)]);
});
