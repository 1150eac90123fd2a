import { expect, test } from 'vitest';
import { startStateWorld } from '../../../test/api/state-world.ts';
import type { DeliveryStatus } from '../../deliver/delivery-run.ts';
import type { DestinationTest } from '../../deliver/destination.ts';
import { DeliveryActs, describedId } from './acts.ts';
import { DeliveriesEndpoint, type DeliveriesAtWork } from './deliveries-endpoint.ts';

const ACTOR = { userId: 'MTAKTEST' };
const AUTHENTICATION = describedId('a', 'AUTHENTICATION_LOGS');
const MANAGEMENT = describedId('a', 'MANAGEMENT_LOGS');
const SAID = {
  name: 'a',
  logs: ['authentication', 'management'],
  to: { s3: { bucket: 'audit', endpoint: 'https://s3.example.org' } },
  redact: [{ field: 'user', how: 'hash' }],
  interval: 5,
};

const body = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

async function start(atWork: Partial<DeliveriesAtWork> = {}): Promise<DeliveriesEndpoint> {
  const { state, clock } = await startStateWorld();
  const acts = new DeliveryActs({
    state,
    clock,
    organization: () => ({ account: '000000000000', region: 'us-east-1', arn: 'arn' }),
    end: () => 7,
    log: { error: () => {} },
  });
  const nothing: DeliveriesAtWork = {
    status: () => [],
    unstarted: () => undefined,
    test: async () => undefined,
  };
  return new DeliveriesEndpoint({ state, acts, atWork: { ...nothing, ...atWork } });
}

async function refusal(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    const { status, message } = error as { status: number; message: string };
    return [status, message];
  }
}

test('deliveries are made, listed with how they are, and found by id or name', async () => {
  const status = { id: MANAGEMENT, behindEvents: 3 } as DeliveryStatus;
  const deliveries = await start({ status: () => [status] });
  const made = await deliveries.create(body(SAID), ACTOR);
  expect(made.map(({ id }) => id).toSorted()).toEqual([AUTHENTICATION, MANAGEMENT].toSorted());
  expect(deliveries.list()).toEqual(made);
  const [management] = deliveries.find(MANAGEMENT);
  expect(management).toEqual({
    id: MANAGEMENT,
    name: 'a',
    sourceName: 'management',
    logType: 'MANAGEMENT_LOGS',
    place: 's3://audit/',
    to: SAID.to,
    format: 'json',
    redact: SAID.redact,
    interval: '5s',
    createdAtMs: expect.any(Number),
    status,
  });
  expect(deliveries.find('a')).toEqual(made);
});

test('of one that cannot be started it is told why', async () => {
  const reason = '/etc/secret: there is no such file';
  const deliveries = await start({ unstarted: (id) => (id === MANAGEMENT ? reason : undefined) });
  await deliveries.create(body(SAID), ACTOR);
  expect(deliveries.find(MANAGEMENT)).toMatchObject([{ unstarted: reason }]);
  expect(deliveries.find(AUTHENTICATION)[0]).not.toHaveProperty('unstarted');
});

test('deliveries are changed, paused, resumed and removed by their name or id', async () => {
  const deliveries = await start();
  await deliveries.create(body(SAID), ACTOR);
  const { name: _, ...unnamed } = SAID;
  const changed = await deliveries.put('a', body({ ...unnamed, sampleOneIn: 3 }), ACTOR);
  expect(changed.map(({ sampleOneIn }) => sampleOneIn)).toEqual([3, 3]);
  const paused = async (key: string, is: boolean): Promise<unknown> => {
    await deliveries.setPaused(key, is, ACTOR);
    return deliveries.list().filter((each) => each['paused'] === true).length;
  };
  expect(await paused('a', true)).toBe(2);
  expect(await paused(MANAGEMENT, false)).toBe(1);
  expect((await deliveries.remove(MANAGEMENT, ACTOR)).map(({ id }) => id)).toEqual([MANAGEMENT]);
  expect(deliveries.list()).toHaveLength(1);
  await deliveries.remove('a', ACTOR);
  expect(deliveries.list()).toEqual([]);
});

test('a name is tried once for each of its deliveries, and is good when all are', async () => {
  const results = new Map<string, DestinationTest>([
    [AUTHENTICATION, { ok: true, message: 'wrote and removed' }],
    [MANAGEMENT, { ok: false, message: 'no permission' }],
  ]);
  const deliveries = await start({ test: async (id) => results.get(id) });
  await deliveries.create(body(SAID), ACTOR);
  const { signal } = new AbortController();
  const { ok, message } = await deliveries.test('a', signal);
  expect([ok, message.split('\n').toSorted()]).toEqual([
    false,
    ['no permission', 'wrote and removed'],
  ]);
  results.set(MANAGEMENT, { ok: true, message: 'wrote and removed' });
  expect(await deliveries.test('a', signal)).toEqual({ ok: true, message: 'wrote and removed' });
});

test('what cannot be is refused, each mistake with its member', async () => {
  const deliveries = await start();
  const create = (input: Buffer) => refusal(() => deliveries.create(input, ACTOR));
  expect(await create(Buffer.from('{'))).toEqual([
    400,
    expect.stringMatching(/^the body is not JSON: /),
  ]);
  expect(await create(body({ ...SAID, logs: ['x'], interval: 'soon' }))).toEqual([
    400,
    expect.stringMatching(/^logs\.0: expected one of .*; interval: expected a duration/),
  ]);
  expect(await create(body([]))).toEqual([400, expect.any(String)]);
  expect(await refusal(() => deliveries.put('b', body(SAID), ACTOR))).toEqual([
    400,
    'name: expected b as in the path, found a',
  ]);
  for (const call of [
    () => deliveries.find('a'),
    () => deliveries.remove('a', ACTOR),
    () => deliveries.setPaused('a', true, ACTOR),
    () => deliveries.test('a', new AbortController().signal),
  ]) {
    expect(await refusal(call)).toEqual([404, expect.stringMatching(/^there is no delivery "a"/)]);
  }
});
