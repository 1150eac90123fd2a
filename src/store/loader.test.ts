import { expect, test } from 'vitest';
import { hastyClock, MemoryDisk, MemoryJournal, TokenStore } from '../../test/sim/loader-world.ts';
import { silentLog } from '../platform/log.ts';
import { LOAD_AT_ONCE_EVENTS, LOAD_EVENTS_MAX } from './load-limits.ts';
import { createLoader } from './loader.ts';

const DIRECTORY = '/data/store';

function world() {
  const journal = new MemoryJournal();
  const store = new TokenStore();
  const disk = new MemoryDisk();
  const loader = () =>
    createLoader({
      journal,
      store,
      disk,
      clock: hastyClock,
      log: silentLog,
      directory: DIRECTORY,
    });
  return { journal, store, disk, loader };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 100_000 && !condition(); i++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(condition()).toBe(true);
}

function quarantineOf(disk: MemoryDisk): { position: number; reason: string; event: string }[] {
  const text = Buffer.from(disk.files.get(`${DIRECTORY}/quarantine.ndjson`) ?? []).toString();
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
}

test('sealed blocks are loaded and the cursor follows', async () => {
  const { journal, store, loader } = world();
  journal.seal(3);
  const running = loader();
  await running.start();
  await until(() => running.status().loadedTo === 3);
  journal.seal(2);
  await until(() => running.status().loadedTo === 5);
  await running.stop();
  expect([...store.rows.keys()]).toEqual([0, 1, 2, 3, 4]);
  expect(journal.committed.position).toBe(5);
  expect(running.status()).toEqual({ loadedTo: 5, behindEvents: 0, quarantined: 0 });
});

test('one load takes no more than its limit', async () => {
  const { journal, store, loader } = world();
  const blocks = Math.ceil(LOAD_EVENTS_MAX / 20_000) + 1;
  for (let i = 0; i < blocks; i++) journal.seal(20_000);
  const running = loader();
  await running.start();
  await until(() => running.status().behindEvents === 0);
  await running.stop();
  expect(store.loads).toEqual(['0-40000', '40000-80000']);
});

test('events wait for company, but not when there are many', async () => {
  const { journal, store, disk } = world();
  const delays: (() => void)[] = [];
  const running = createLoader({
    journal,
    store,
    disk,
    clock: {
      now: () => 0,
      after: (_delayMs, callback) => {
        delays.push(callback);
        return { cancel: () => {} };
      },
    },
    log: silentLog,
    directory: DIRECTORY,
  });
  await running.start();
  journal.seal(1);
  await until(() => delays.length === 1);
  expect(store.loads).toEqual([]);
  delays[0]?.();
  await until(() => store.loads.length === 1);
  await until(() => running.status().behindEvents === 0);
  journal.seal(LOAD_AT_ONCE_EVENTS);
  await until(() => store.loads.length === 2);
  await running.stop();
});

test('the pause before the next load grows with what the last one took, to a limit', async () => {
  const { journal, store, disk } = world();
  let nowMs = 0;
  let loadMs = 0;
  const delays: number[] = [];
  const load = store.load.bind(store);
  store.load = async (range) => {
    await load(range);
    nowMs += loadMs;
  };
  const running = createLoader({
    journal,
    store,
    disk,
    clock: {
      now: () => nowMs,
      after: (delayMs, callback) => {
        delays.push(delayMs);
        return hastyClock.after(delayMs, callback);
      },
    },
    log: silentLog,
    directory: DIRECTORY,
  });
  await running.start();
  for (loadMs of [10, 100, 5000, 10]) {
    journal.seal(1);
    await until(() => running.status().behindEvents === 0);
  }
  await running.stop();
  expect(delays).toEqual([300, 300, 800, 1000]);
});

test('a store that cannot take events is asked again, with the same range', async () => {
  const { journal, store, loader } = world();
  store.refusals.push('unavailable', 'disk-full', 'unavailable');
  journal.seal(10);
  const running = loader();
  await running.start();
  await until(() => running.status().loadedTo === 10);
  await running.stop();
  expect(store.loads).toEqual(['0-10', '0-10', '0-10', '0-10']);
  expect(running.status().lastError).toBeUndefined();
});

test('while the store refuses, the status says why', async () => {
  const { journal, store, loader } = world();
  store.refusals.push(...Array.from({ length: 500 }, () => 'disk-full' as const));
  journal.seal(10);
  const running = loader();
  await running.start();
  await until(() => running.status().lastError !== undefined);
  expect(running.status()).toMatchObject({ behindEvents: 10, lastError: 'refused: disk-full' });
  await running.stop();
});

test('events that cannot be read are put into quarantine, and all others are loaded', async () => {
  const { journal, store, disk, loader } = world();
  for (let i = 0; i < 10; i++) journal.seal(100);
  for (const bad of [0, 457, 458, 999]) store.unreadable.add(bad);
  const running = loader();
  await running.start();
  await until(() => running.status().loadedTo === 1000);
  await running.stop();
  expect(store.rows.size).toBe(996);
  expect([...store.rows.values()].every((times) => times === 1)).toBe(true);
  expect(running.status().quarantined).toBe(4);
  expect(quarantineOf(disk)).toEqual(
    [0, 457, 458, 999].map((position) => ({
      position,
      reason: 'Cannot parse input',
      event: `{"n":${position}}`,
    })),
  );
});

test('what is in quarantine is not put there again', async () => {
  const { journal, store, disk, loader } = world();
  journal.seal(4);
  store.unreadable.add(2);
  const first = loader();
  await first.start();
  await until(() => first.status().loadedTo === 4);
  await first.stop();
  journal.committed = { position: 0 }; // as after a crash before the commit
  const second = loader();
  await second.start();
  await until(() => second.status().loadedTo === 4);
  await second.stop();
  expect(quarantineOf(disk)).toHaveLength(1);
  expect(second.status().quarantined).toBe(1);
});

test('a load that needs too much memory is tried in halves', async () => {
  const { journal, store, loader } = world();
  journal.seal(8);
  store.refusals.push('memory', 'memory');
  const running = loader();
  await running.start();
  await until(() => running.status().loadedTo === 8);
  await running.stop();
  expect(store.loads).toEqual(['0-8', '0-4', '0-2', '2-4', '4-8']);
  expect(running.status().quarantined).toBe(0);
});

test('a store that was made anew gets everything again', async () => {
  const { journal, store, loader } = world();
  journal.seal(5);
  journal.seal(5);
  const first = loader();
  await first.start();
  await until(() => first.status().loadedTo === 10);
  await first.stop();
  store.forget();
  const second = loader();
  await second.start();
  await until(() => store.rows.size === 10);
  await second.stop();
  expect([...store.rows.values()]).toEqual(Array.from({ length: 10 }, () => 1));
});

test('a store that is ahead of the journal is refused with what to do', async () => {
  const { journal, store, loader } = world();
  journal.seal(5);
  store.rows.set(9, 1);
  const refused = loader();
  await expect(refused.start()).rejects.toThrow(
    'the store in /data/store holds events up to position 10, but the journal ends at 5: it belongs to another journal',
  );
  expect(refused.status().lastError).toContain('it belongs to another journal');
});

test('a note that cannot be read counts as none', async () => {
  const { journal, store, disk, loader } = world();
  disk.files.set(`${DIRECTORY}/loading.json`, Buffer.from('{"from":'));
  journal.seal(2);
  const running = loader();
  await running.start();
  await until(() => running.status().loadedTo === 2);
  await running.stop();
  expect(store.rows.size).toBe(2);
});
