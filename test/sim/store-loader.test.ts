// The loader's promise, over many seeded lives: whatever step it is killed at, every event is in the
// store exactly once or in quarantine exactly once.
import { expect, test } from 'vitest';
import { seededRandom } from '../../bench/event-generator.ts';
import { silentLog } from '../../src/platform/log.ts';
import { createLoader } from '../../src/store/loader.ts';
import { Fate, hastyClock, MemoryDisk, MemoryJournal, TokenStore } from './loader-world.ts';

const DIRECTORY = '/data/store';
const WORLDS = 120;
const EVENTS = 1500;
const LIVES_MAX = 400;
const seed = Number(process.env['MAILTRAIL_TEST_SEED'] ?? Date.now() % 2 ** 31);

interface World {
  readonly journal: MemoryJournal;
  readonly store: TokenStore;
  readonly disk: MemoryDisk;
}

function makeWorld(random: () => number): World {
  const journal = new MemoryJournal();
  const store = new TokenStore();
  while (random() < 0.7) store.unreadable.add(Math.floor(random() * EVENTS));
  return { journal, store, disk: new MemoryDisk() };
}

/** One process: runs until it is killed or has nothing left to do. */
async function live(world: World, steps: number, random: () => number): Promise<boolean> {
  const { journal, store, disk } = world;
  // Events came in while it was down: read again without the note, a range would be cut elsewhere.
  for (let blocks = 4 * random(); blocks > 0 && journal.end < EVENTS; blocks--) {
    journal.seal(1 + Math.floor(random() * 120));
  }
  const fate = new Fate(steps);
  journal.fate = fate;
  store.fate = fate;
  disk.fate = fate;
  if (random() < 0.2) store.refusals.push('unavailable', 'disk-full');
  const loader = createLoader({
    journal,
    store,
    disk,
    clock: hastyClock,
    log: silentLog,
    directory: DIRECTORY,
  });
  const killed = new Promise<void>((resolve) => (fate.onCrash = resolve));
  try {
    await loader.start();
  } catch (error) {
    if (fate.crashed) return false;
    throw error;
  }
  const done = (async () => {
    while (!fate.crashed && loader.status().behindEvents > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await Promise.race([killed, done]);
  // A process that was killed runs no further step: each throws from now on.
  await loader.stop();
  store.refusals.length = 0;
  return !fate.crashed && journal.end >= EVENTS;
}

function quarantined(disk: MemoryDisk): number[] {
  const text = Buffer.from(disk.files.get(`${DIRECTORY}/quarantine.ndjson`) ?? []).toString();
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { position: number }).position);
}

test(`killed at any step, each event is stored once (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  for (let number = 0; number < WORLDS; number++) {
    const world = makeWorld(random);
    let lives = 0;
    let finished = false;
    while (!finished) {
      lives++;
      expect(lives, `world ${number} of seed ${seed} never ends`).toBeLessThan(LIVES_MAX);
      // The lives grow longer, so that every world ends.
      const steps = Math.floor(random() * (20 + lives * 4));
      finished = await live(world, steps, random);
    }
    const where = `world ${number} of seed ${seed} after ${lives} lives`;
    const { journal, store, disk } = world;
    const bad = [...store.unreadable].sort((a, b) => a - b);
    expect(quarantined(disk), where).toEqual(bad);
    expect(store.rows.size, where).toBe(journal.end - bad.length);
    expect(
      [...store.rows].filter(([, times]) => times !== 1),
      where,
    ).toEqual([]);
    expect(journal.committed.position, where).toBe(journal.end);
  }
});
