import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ACTOR, FILE, group, names, putGroup, world } from '../../test/state/state-world.ts';
import { systemDisk } from '../platform/disk.ts';
import { createLog } from '../platform/log.ts';
import { diskError, seededRandom } from '../platform/simulated-disk.ts';
import type { ApiKeyDocument } from './documents.ts';
import { DOCUMENTS_MAX, OWED_EVENTS_MAX, OWED_EVENTS_PER_APPEND_MAX } from './limits.ts';
import { openState } from './open.ts';
import type { DocumentChange, State } from './state.ts';

let opened: State[] = [];
afterEach(async () => {
  for (const state of opened) await state.close();
  opened = [];
});

const KEY: ApiKeyDocument = {
  name: 'feed',
  access: 'ingest-only',
  secretAccessKey: 'secret-1',
  bearerToken: 'token-1',
  createdAtMs: 1,
};

function key(n: number): DocumentChange {
  return { kind: 'api-key', id: `k${n}`, value: KEY };
}

test('what was changed is there again after a restart, in the order of ids', async () => {
  const { open, journal } = world();
  const state = await open();
  for (const id of ['b', 'a', 'c']) await state.change(ACTOR, () => putGroup(id));
  await state.change(ACTOR, () => ({
    ...putGroup('b'),
    eventName: 'DeleteLogGroup',
    changes: [{ kind: 'log-group', id: 'b', value: undefined }],
  }));
  await state.close();
  const again = await open();
  opened.push(again);
  expect([...again.list('log-group')].map(([id]) => id)).toEqual(['a', 'c']);
  expect(again.get('log-group', 'a')).toEqual(group('a'));
  expect(again.count('log-group')).toBe(2);
  expect(names(journal.events)).toEqual(['arn:b', 'arn:a', 'arn:c', 'arn:b']);
});

test('an event says who, what, when, from where, before and after, and no secret', async () => {
  const { open, journal, clock } = world();
  const state = await open();
  opened.push(state);
  clock.nowMs = 77;
  const change = { eventName: 'CreateKey', eventSource: 'mailtrail', resource: 'MTAK2' };
  await state.change(ACTOR, () => ({
    ...change,
    changes: [{ kind: 'api-key', id: 'MTAK2', value: KEY }],
  }));
  await state.change(ACTOR, () => ({
    ...change,
    eventName: 'DeleteKey',
    changes: [{ kind: 'api-key', id: 'MTAK2', value: undefined }],
  }));
  const shown = { ...KEY, secretAccessKey: '***', bearerToken: '***' };
  const event = {
    log_type: 'MANAGEMENT_LOGS',
    event_timestamp: 77,
    request_id: 'r-1',
    user_id: 'MTAK1',
    event_source: 'mailtrail',
    source_ip: '192.0.2.1',
    user_agent: 'aws-cli',
    resource: 'MTAK2',
  };
  expect(journal.events).toEqual([
    { ...event, event_name: 'CreateKey', after: shown },
    { ...event, event_name: 'DeleteKey', before: shown },
  ]);
});

test('what decides is asked alone, and what it throws changes nothing', async () => {
  const { open, journal } = world();
  const state = await open();
  opened.push(state);
  const claim = (): Promise<void> =>
    state.change(ACTOR, (view) => {
      if (view.get('log-group', 'g') !== undefined) throw new Error('taken');
      return putGroup('g');
    });
  const outcomes = await Promise.allSettled([claim(), claim(), claim()]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  await state.change(ACTOR, () => undefined);
  expect(journal.events).toHaveLength(1);
});

test('a silent change has no event, before or after a crash', async () => {
  const { open, journal, crash } = world();
  const state = await open();
  await state.change(ACTOR, () => ({ ...putGroup('g'), silent: true }));
  crash(true);
  opened.push(await open());
  expect(opened[0]?.count('log-group')).toBe(1);
  expect(journal.events).toEqual([]);
});

test('an event that the journal did not take is owed until it does', async () => {
  const { open, journal, clock, crash } = world();
  const state = await open();
  journal.refusing = 'disk full';
  await state.change(ACTOR, () => putGroup('a'));
  await state.change(ACTOR, () => putGroup('b'));
  expect(journal.events).toEqual([]);
  expect(state.count('log-group')).toBe(2);
  expect(state.status()).toMatchObject({ changes: 2, owed: { events: 2, reason: 'disk full' } });
  expect(clock.callbacks).toHaveLength(1);
  journal.refusing = undefined;
  clock.callbacks[0]?.();
  await expect.poll(() => names(journal.events)).toEqual(['arn:a', 'arn:b']);
  expect(state.status()).not.toHaveProperty('owed');
  journal.refusing = 'disk full';
  await state.change(ACTOR, () => putGroup('c'));
  crash(true);
  journal.refusing = undefined;
  opened.push(await open());
  expect(names(journal.events)).toEqual(['arn:a', 'arn:b', 'arn:c']);
});

test('many owed events are paid in parts that the journal can take, once each', async () => {
  const { open, journal, clock } = world();
  const state = await open();
  opened.push(state);
  journal.refusing = 'disk full';
  const count = 2 * OWED_EVENTS_PER_APPEND_MAX + 1;
  for (let n = 0; n < count; n++) await state.change(ACTOR, () => putGroup('g', `${n}`));
  journal.refusing = undefined;
  clock.callbacks.at(-1)?.();
  await expect.poll(() => journal.events.length).toBe(count);
  expect(journal.batches).toEqual([OWED_EVENTS_PER_APPEND_MAX, OWED_EVENTS_PER_APPEND_MAX, 1]);
  expect(journal.checkpoint).toEqual({ seq: count });
});

test('when too many events are owed nothing more is changed', async () => {
  const { open, journal } = world();
  const state = await open();
  opened.push(state);
  journal.refusing = 'disk full';
  for (let n = 0; n < OWED_EVENTS_MAX; n++) await state.change(ACTOR, () => putGroup('g', `${n}`));
  await expect(state.change(ACTOR, () => putGroup('h'))).rejects.toMatchObject({
    code: 'unavailable',
    message: `${OWED_EVENTS_MAX} management events wait for the journal, which takes none; nothing is changed before it does`,
  });
  expect(state.get('log-group', 'h')).toBeUndefined();
});

test('documents of a kind are limited, and a change that goes beyond is refused whole', async () => {
  const { open } = world();
  const state = await open();
  opened.push(state);
  const max = DOCUMENTS_MAX['api-key'];
  const all = Array.from({ length: max }, (_, n) => key(n));
  const change = { eventName: 'e', eventSource: 'mailtrail', resource: 'r' };
  await state.change(ACTOR, () => ({ ...change, changes: all }));
  const more = state.change(ACTOR, () => ({ ...change, changes: [key(0), key(max)] }));
  await expect(more).rejects.toMatchObject({ code: 'limit' });
  const gone = { kind: 'api-key' as const, id: 'k0', value: undefined };
  const swap = { ...change, changes: [gone, key(max)] };
  await state.change(ACTOR, () => swap);
  expect(state.count('api-key')).toBe(max);
});

test('a disk without room refuses a change, and takes the next when there is room', async () => {
  const { open, disk, journal } = world();
  const state = await open();
  await state.change(ACTOR, () => putGroup('a'));
  disk.capacityBytes = disk.usedBytes + 10;
  await expect(state.change(ACTOR, () => putGroup('b'))).rejects.toMatchObject({
    code: 'disk-full',
    message: expect.stringContaining('free some space'),
  });
  disk.capacityBytes = Infinity;
  await state.change(ACTOR, () => putGroup('c'));
  await state.close();
  const again = await open();
  opened.push(again);
  expect([...again.list('log-group')].map(([id]) => id)).toEqual(['a', 'c']);
  expect(names(journal.events)).toEqual(['arn:a', 'arn:c']);
});

test('a disk that fails for good stops changes until the restart', async () => {
  const { open, disk } = world();
  const state = await open();
  opened.push(state);
  disk.fault = (operation, path) =>
    operation === 'write' || operation === 'truncate'
      ? diskError('EIO', operation, path)
      : undefined;
  await expect(state.change(ACTOR, () => putGroup('a'))).rejects.toThrow(/EIO/);
  disk.fault = () => undefined;
  await expect(state.change(ACTOR, () => putGroup('a'))).rejects.toThrow(/EIO.*then restart/);
});

test('the log is made shorter and holds the same', async () => {
  const { open, disk, journal } = world();
  const state = await open(2000);
  for (let n = 0; n < 200; n++) await state.change(ACTOR, () => putGroup(`g${n % 3}`, `${n}`));
  const file = await disk.process().open(FILE, 'read');
  expect(await file.size()).toBeLessThan(8000);
  await state.close();
  const again = await open(2000);
  opened.push(again);
  const held = [...again.list('log-group')].map(([id, { groupId }]) => [id, groupId]);
  expect(held).toEqual([
    ['g0', '198'],
    ['g1', '199'],
    ['g2', '197'],
  ]);
  await again.change(ACTOR, () => putGroup('g3'));
  expect(journal.events).toHaveLength(201);
});

test('what is owed is paid when the state is closed, if the journal takes it', async () => {
  const { open, journal } = world();
  const state = await open();
  journal.refusing = 'disk full';
  await state.change(ACTOR, () => putGroup('a'));
  journal.refusing = undefined;
  await state.close();
  expect(names(journal.events)).toEqual(['arn:a']);
  await expect(state.change(ACTOR, () => putGroup('b'))).rejects.toThrow('stopping');
});

test('a refusal is recorded with its reason', async () => {
  const { open, journal } = world();
  const state = await open();
  opened.push(state);
  const act = { eventName: 'DeleteLogGroup', eventSource: 'logs.amazonaws.com', resource: 'g' };
  const refusal = { errorCode: 'AccessDeniedException', errorMessage: 'the key may only ask' };
  await state.record(ACTOR, { ...act, ...refusal });
  expect(journal.events).toMatchObject([
    {
      event_name: 'DeleteLogGroup',
      error_code: refusal.errorCode,
      error_message: refusal.errorMessage,
    },
  ]);
});

test('nobody but the owner reads the files', async () => {
  const directory = join(mkdtempSync(join(tmpdir(), 'mailtrail-')), 'state');
  const { clock, journal } = world();
  const state = await openState({
    disk: systemDisk,
    directory,
    clock,
    log: createLog(() => {}, { level: 'error', now: () => 0 }),
    accept: (events, checkpoint) => journal.accept(events, checkpoint),
    checkpoint: () => undefined,
    compactBytesMin: 100,
  });
  opened.push(state);
  for (const id of ['a', 'b', 'c']) await state.change(ACTOR, () => putGroup(id));
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(readdirSync(directory)).toEqual(['state.ndjson']);
  expect(statSync(join(directory, 'state.ndjson')).mode & 0o777).toBe(0o600);
});

/** Something that happens once. */
class Plug {
  pull: () => void = () => {};
  readonly pulled = new Promise<void>((resolve) => {
    this.pull = resolve;
  });
}

const seed = Number(process.env['MAILTRAIL_TEST_SEED'] ?? Date.now() % 2 ** 31);

test(`the plug is pulled anywhere: what was acknowledged is there, with one event (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  for (let life = 0; life < 150; life++) {
    const { open, disk, journal, log, crash } = world(seed + life);
    const acknowledged = new Map<string, string>();
    let tried = 0;
    for (let run = 0; run < 4; run++) {
      const state = await open(1500);
      for (const [id, groupId] of acknowledged) {
        expect(state.get('log-group', id)?.groupId, log.join('\n')).toBe(groupId);
      }
      let operations = Math.floor(random() * 60);
      const plug = new Plug();
      disk.fault = () => {
        if (operations-- === 0) plug.pull();
        return undefined;
      };
      void (async () => {
        for (let n = 0; n < 12; n++) {
          const id = `g${n % 5}`;
          const groupId = `${++tried}`;
          await state.change(ACTOR, () => putGroup(id, groupId, groupId));
          acknowledged.set(id, groupId);
        }
        plug.pull();
      })();
      await plug.pulled;
      crash(random() < 0.7);
      disk.fault = () => undefined;
      // A change that was not acknowledged may be there or not; it is not known to be the older one.
      const survivor = await open(1500);
      for (const [id, { groupId }] of survivor.list('log-group')) {
        expect(Number(groupId)).toBeGreaterThanOrEqual(Number(acknowledged.get(id) ?? 0));
        acknowledged.set(id, groupId);
      }
      const told = journal.events.map((event) => ('event_name' in event ? event.event_name : ''));
      expect(new Set(told).size).toBe(told.length);
      for (const groupId of acknowledged.values()) expect(told).toContain(groupId);
      crash(false);
    }
  }
});
