import { expect, test } from 'vitest';
import { startStateWorld, type StateWorld } from '../../../test/api/state-world.ts';
import type { DeliveryDestinationDocument, DeliveryDocument } from '../../deliver/delivery.ts';
import { checkDescription, type DeliveryDescription } from '../../deliver/description.ts';
import { DeliveryActs, describedId } from './acts.ts';

const ACTOR = { userId: 'MTAKTEST' };
const FILE = { userId: 'configuration' };
const ORGANIZATION = { account: '000000000000', region: 'us-east-1', arn: 'arn:organization' };

interface Started {
  readonly world: StateWorld;
  readonly acts: DeliveryActs;
  readonly errors: unknown[];
  /** The events since it was asked last. */
  readonly told: () => string[];
  readonly names: (kind: 'delivery-source' | 'delivery-destination') => string[];
  readonly delivery: (name: string) => DeliveryDocument | undefined;
}

async function start(): Promise<Started> {
  const world = await startStateWorld();
  const { state, clock, recorded } = world;
  const errors: unknown[] = [];
  let end = 40;
  const acts = new DeliveryActs({
    state,
    clock,
    organization: () => ORGANIZATION,
    end: () => ++end,
    log: { error: (_, fields) => void errors.push(fields) },
  });
  return {
    world,
    acts,
    errors,
    told: () => recorded.splice(0).map((event) => String(event['event_name'])),
    names: (kind) => [...state.list(kind)].map(([name]) => name),
    delivery: (name) => state.get('delivery', describedId(name, 'AUTHENTICATION_LOGS')),
  };
}

function description(name: string, more: object = {}): DeliveryDescription {
  const said = { name, logs: ['authentication'], to: { logGroup: { logGroupName: '/a' } } };
  const checked = checkDescription({ ...said, ...more });
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  return checked.description;
}

const DESTINATION: DeliveryDestinationDocument = {
  destinationResourceArn: 'arn:aws:s3:::audit',
  outputFormat: 'json',
  settings: { type: 'S3', bucket: 'audit' },
  tags: {},
  createdAtMs: 1,
};

/** A destination as the API of CloudWatch Logs makes one. */
async function putDestination({ world }: Started, id: string): Promise<void> {
  await world.state.change(ACTOR, () => ({
    eventName: 'PutDeliveryDestination',
    eventSource: 'logs.amazonaws.com',
    resource: id,
    changes: [{ kind: 'delivery-destination', id, value: DESTINATION }],
  }));
}

/** A delivery of somebody else to the destination. */
async function putDelivery({ world }: Started, id: string, destinationName: string): Promise<void> {
  const value = { sourceName: 'authentication', destinationName, tags: {}, createdAtMs: 1 };
  await world.state.change(ACTOR, () => ({
    eventName: 'CreateDelivery',
    eventSource: 'logs.amazonaws.com',
    resource: id,
    changes: [{ kind: 'delivery', id, value: { ...value, beginPosition: 0 } }],
  }));
}

test('a description is a destination, a source for each log and a delivery of each', async () => {
  const started = await start();
  const { acts, told, names, delivery } = started;
  const logs = ['authentication', 'management'];
  await acts.put(description('a', { logs, filter: 'user = "x"' }), ACTOR, 'create');
  expect(names('delivery-destination')).toEqual(['a']);
  expect(names('delivery-source')).toEqual(['authentication', 'management']);
  expect(delivery('a')).toMatchObject({ filter: 'user = "x"', beginPosition: 41, implicit: true });
  expect(told()).toEqual([
    'PutDeliveryDestination',
    'PutDeliverySource',
    'CreateDelivery',
    'PutDeliverySource',
    'CreateDelivery',
  ]);
  // The source of a log is shared.
  await acts.put(description('b'), ACTOR, 'create');
  expect(told()).toEqual(['PutDeliveryDestination', 'CreateDelivery']);
});

test('putting the same changes nothing; another is a change that keeps where the delivery is', async () => {
  const { acts, told, names, delivery } = await start();
  await acts.put(description('a', { logs: ['authentication', 'management'] }), ACTOR);
  told();
  await acts.put(description('a', { logs: ['management', 'authentication'] }), ACTOR);
  expect(told()).toEqual([]);
  await acts.put(description('a', { sampleOneIn: 2 }), ACTOR);
  expect(told()).toEqual(['UpdateDeliveryConfiguration', 'DeleteDelivery', 'DeleteDeliverySource']);
  expect(delivery('a')).toMatchObject({ sampleOneIn: 2, beginPosition: 41 });
  expect(names('delivery-source')).toEqual(['authentication']);
});

test('create refuses a name that is there, also when both are made at once', async () => {
  const { acts } = await start();
  const both = await Promise.allSettled([
    acts.put(description('a'), ACTOR, 'create'),
    acts.put(description('a', { sampleOneIn: 9 }), ACTOR, 'create'),
  ]);
  expect(both).toMatchObject([
    { status: 'fulfilled' },
    {
      status: 'rejected',
      reason: { status: 409, message: expect.stringMatching(/a destination a already/) },
    },
  ]);
});

test('what the API of CloudWatch Logs has made is not changed by a description', async () => {
  const started = await start();
  await putDestination(started, 'a');
  const { acts, names, errors, told } = started;
  await expect(acts.put(description('a'), ACTOR)).rejects.toMatchObject({
    code: 'ConflictException',
    message: expect.stringMatching(/made by the API of CloudWatch Logs/),
  });
  told();
  await acts.declare([description('a'), description('b')], FILE);
  expect(errors).toEqual([
    { name: 'a', reason: expect.stringMatching(/made by the API of CloudWatch Logs/) },
  ]);
  expect(names('delivery-destination')).toEqual(['a', 'b']);
  expect(started.world.state.get('delivery-destination', 'a')).toEqual(DESTINATION);
  expect(told()).toEqual(['PutDeliveryDestination', 'PutDeliverySource', 'CreateDelivery']);
});

test('what is declared is only changed there, and goes with the declaration', async () => {
  const { acts, delivery, told, names, world } = await start();
  await acts.declare([description('a'), description('b')], FILE);
  expect(delivery('a')).toMatchObject({ declared: true });
  expect(world.recorded[0]).toMatchObject({ user_id: 'configuration' });
  const refused = { message: expect.stringMatching(/declared in the configuration file/) };
  await expect(acts.put(description('a'), ACTOR)).rejects.toMatchObject(refused);
  const id = describedId('a', 'AUTHENTICATION_LOGS');
  await expect(acts.remove([id], ACTOR)).rejects.toMatchObject(refused);
  told();
  await acts.declare([description('a'), description('b')], FILE);
  expect(told()).toEqual([]);
  await acts.declare([description('b', { filter: 'user = "x"' })], FILE);
  expect(told()).toEqual([
    'UpdateDeliveryConfiguration',
    'DeleteDelivery',
    'DeleteDeliveryDestination',
  ]);
  await acts.declare([], FILE);
  expect(names('delivery-destination')).toEqual([]);
  expect(names('delivery-source')).toEqual([]);
});

test('a declared destination that a delivery of the API uses stays, and can be changed then', async () => {
  const started = await start();
  const { acts, told, world, names } = started;
  await acts.declare([description('a')], FILE);
  await putDelivery(started, 'other', 'a');
  told();
  await acts.declare([], FILE);
  expect(told()).toEqual(['DeleteDelivery', 'PutDeliveryDestination']);
  expect(world.state.get('delivery-destination', 'a')).not.toHaveProperty('declared');
  await acts.remove(['other'], ACTOR);
  expect(names('delivery-destination')).toEqual([]);
});

test('a pause holds until somebody says otherwise, and is told', async () => {
  const { acts, delivery, told } = await start();
  const ids = [describedId('a', 'AUTHENTICATION_LOGS')];
  await acts.put(description('a'), ACTOR);
  told();
  await acts.setPaused(ids, true, ACTOR);
  await acts.setPaused(ids, true, ACTOR);
  expect(told()).toEqual(['PauseDelivery']);
  await acts.put(description('a', { sampleOneIn: 2 }), ACTOR);
  expect(delivery('a')).toMatchObject({ paused: true, sampleOneIn: 2 });
  await acts.put(description('a', { paused: false }), ACTOR);
  expect(delivery('a')).not.toHaveProperty('paused');
  await acts.put(description('a', { paused: true }), ACTOR);
  told();
  await acts.setPaused(ids, false, ACTOR);
  expect([told(), delivery('a')?.paused]).toEqual([['ResumeDelivery'], undefined]);
});
