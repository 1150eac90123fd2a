// The engine's process is killed again and again, and so is the one that owns it: what was loaded is
// there once, what was not is loaded, and nobody is left behind holding the directory.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { seededRandom } from '../../bench/event-generator.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { createLog, silentLog } from '../../src/platform/log.ts';
import {
  createEmbeddedStore,
  type EmbeddedStore,
} from '../../src/store/embedded/embedded-store.ts';
import {
  builtEngine,
  builtSources,
  temporaryDirectory,
  until,
} from '../conformance/event-store/built-engine.ts';
import {
  allRows,
  census,
  mailboxEvent,
  rangeOf,
  trafficRanges,
} from '../conformance/event-store/event-ranges.ts';

const KILLS = 30;
const EVENTS = 40_000;
const EVENTS_PER_RANGE = 1000;
const seed = Number(process.env['MAILTRAIL_TEST_SEED'] ?? Date.now() % 2 ** 31);

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function directoryForTest(): string {
  const directory = temporaryDirectory();
  cleanups.push(() => directory.remove());
  return directory.path;
}

/** Restarts wait no longer than a moment, however many there were. */
const impatientClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, callback) => systemClock.after(Math.min(delayMs, 50), callback),
};

function makeStore(directory: string, log = silentLog): EmbeddedStore {
  const store = createEmbeddedStore({
    directory,
    log,
    clock: impatientClock,
    childEntry: builtEngine(),
  });
  cleanups.push(() => store.stop());
  return store;
}

/** Whether the process still runs; one that has ended may stay listed until it is asked about. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test(`loads survive kills of the engine at random moments (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  // Three months, so that a load is several parts and can be cut off between them.
  const traffic = { seed: 7, startMs: Date.UTC(2026, 3, 1), meanGapMs: (91 * 86_400_000) / EVENTS };
  const ranges = trafficRanges(EVENTS, EVENTS_PER_RANGE, 100, traffic).map((range) => {
    return {
      ...range,
      blocks: range.blocks.map((block, i) => {
        // Every other block is of another month.
        const month = i % 2 === 0 ? '178' : '177';
        const text = Buffer.from(block.lines).toString();
        return {
          ...block,
          lines: Buffer.from(
            text.replaceAll(/"event_timestamp":17\d/g, `"event_timestamp":${month}`),
          ),
        };
      }),
    };
  });
  const store = makeStore(directoryForTest());
  await store.start();
  let kills = 0;
  let killer: NodeJS.Timeout | undefined;
  const killSoon = (): void => {
    if (kills >= KILLS) return;
    killer = setTimeout(() => {
      if (store.health().ready && store.enginePid !== undefined) {
        kills++;
        process.kill(store.enginePid, 'SIGKILL');
      }
      killSoon();
    }, random() * 300);
  };
  killSoon();
  cleanups.push(() => clearTimeout(killer));
  const loadedAllAndKilledEnough = (rounds: number): boolean => rounds > 0 && kills >= KILLS;
  for (let rounds = 0; !loadedAllAndKilledEnough(rounds); rounds++) {
    for (const range of ranges) {
      await until(
        () =>
          store.load(range).then(
            () => true,
            (error: unknown) => {
              expect(error).toMatchObject({ code: 'unavailable' });
              return false;
            },
          ),
        `range ${range.from} of seed ${seed}`,
        60_000,
      );
    }
  }
  await until(() => store.health().ready, 'the engine to be back');
  expect(await census(store), `seed ${seed}`).toEqual([EVENTS, EVENTS, 0, EVENTS - 1]);
});

test('queries that were running when the engine went are rejected, later ones answered', async () => {
  const lines: string[] = [];
  const log = createLog((line) => lines.push(line), { level: 'info', now: () => 0 });
  const store = makeStore(directoryForTest(), log);
  await store.start();
  await store.load(rangeOf(0, [mailboxEvent()]));
  const endless = allRows(store, 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)');
  const unavailable = expect(endless).rejects.toMatchObject({ code: 'unavailable' });
  await allRows(store, 'SELECT 1');
  process.kill(store.enginePid ?? 0, 'SIGKILL');
  await unavailable;
  await expect(allRows(store, 'SELECT 1')).rejects.toMatchObject({ code: 'unavailable' });
  expect(store.health()).toMatchObject({ ready: false });
  await until(() => store.health().ready, 'the engine to be back');
  expect(await census(store)).toEqual([1, 1, 0, 0]);
  expect(lines.join('')).toContain('the engine has gone and is started again');
});

/** A server of its own that opens the store, starts a query that never ends, and tells its engine's id. */
const OWNER = `
  const [sources, directory, sql] = process.argv.slice(1);
  const { createEmbeddedStore } = await import(sources + '/store/embedded/embedded-store.js');
  const { systemClock } = await import(sources + '/platform/clock.js');
  const { createLog } = await import(sources + '/platform/log.js');
  const log = createLog((line) => process.stderr.write(line), { level: 'warn', now: Date.now });
  const store = createEmbeddedStore({ directory, log, clock: systemClock });
  await store.start();
  void store.query({ sql, parameters: {} }, { timeoutMs: 600_000 });
  setTimeout(() => console.log(store.enginePid), 300);
  setInterval(() => {}, 1000);
`;

async function startOwner(directory: string, sql: string): Promise<[ChildProcess, number]> {
  const owner = spawn(
    process.execPath,
    ['--input-type=module', '--eval', OWNER, '--', builtSources(), directory, sql],
    { stdio: ['ignore', 'pipe', 'inherit'], cwd: join(import.meta.dirname, '..', '..') },
  );
  cleanups.push(() => void owner.kill('SIGKILL'));
  const [text] = (await once(owner.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return [owner, Number(text.toString())];
}

test.each([
  ['a query', 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)'],
  // The engine computes this before it gives the thread back that hears of the parent's end.
  ['a query that blocks', 'SELECT (SELECT sum(sipHash64(number)) FROM numbers(1000000000000))'],
])('an engine without its parent ends at once, even during %s', async (_name, sql) => {
  const directory = directoryForTest();
  const [owner, enginePid] = await startOwner(directory, sql);
  expect(isAlive(enginePid)).toBe(true);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  const store = makeStore(directory);
  await store.start();
  expect(isAlive(enginePid)).toBe(false);
  expect(store.health()).toEqual({ ready: true });
});

test('a second owner is refused, with the reason and what to do', async () => {
  const directory = directoryForTest();
  await makeStore(directory).start();
  const second = createEmbeddedStore({
    directory,
    log: silentLog,
    clock: systemClock,
    childEntry: builtEngine(),
    limits: { openRetryMs: 300 },
  });
  await expect(second.start()).rejects.toThrow(
    /cannot be opened: .*Cannot lock file.*Is another Mailtrail using this directory/s,
  );
});

test('an engine that cannot even start is an error, not a wait for ever', async () => {
  const store = createEmbeddedStore({
    directory: directoryForTest(),
    log: silentLog,
    clock: systemClock,
    childEntry: '/nonexistent/engine-process.js',
    limits: { openRetryMs: 300 },
  });
  await expect(store.start()).rejects.toMatchObject({ code: 'unavailable' });
});
