import { expect, test } from 'vitest';
import { startStateWorld, type StateWorld } from '../../../test/api/state-world.ts';
import { compilePolicy } from '../../access/policy.ts';
import { AccessActs } from './acts.ts';
import { AccessRulesEndpoint } from './rules-endpoint.ts';

const ACTOR = { userId: 'MTAKTEST' };
const randomBytes = (length: number): Uint8Array => new Uint8Array(length);
const lowered = (name: string): string => name.toLowerCase();
const body = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

async function start(): Promise<{ world: StateWorld; rules: AccessRulesEndpoint }> {
  const world = await startStateWorld();
  const { state, clock } = world;
  const acts = new AccessActs({ state, clock, randomBytes, userIdOf: lowered });
  const policy = (): ReturnType<typeof compilePolicy> =>
    compilePolicy({
      rules: [...state.list('access-rule')].map(([, rule]) => rule),
      deviceRules: [],
      overrides: [],
      roles: [],
    });
  return { world, rules: new AccessRulesEndpoint({ state, acts, policy, clock }) };
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
  expect(rules.list()).toMatchObject([{ name: 'Nights', dryRun: true, revision: 2 }]);
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
  const { rules } = await start();
  await rules.put('Default', body({ effect: 'ALLOW' }), undefined, ACTOR);
  await rules.put('NoImap', body({ effect: 'DENY', actions: ['IMAP'] }), undefined, ACTOR);
  expect(rules.effect(body({ protocol: 'SMTP', userId: 'ann' }))).toEqual({
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
  expect(await refusal(() => rules.effect(body({ userId: 'ann' })))).toMatchObject([
    400,
    'InvalidParameterException',
    expect.stringMatching(/^protocol: /),
  ]);
});
