// The plug is pulled at random moments: whatever was acknowledged is there afterwards, once, in
// order, and the chain of seals is whole. Each seed is one life of a journal with several crashes.
import { expect, test } from 'vitest';
import type { Cursor, Journal } from '../../src/journal/journal.ts';
import { verifyJournal } from '../../src/journal/verify.ts';
import { SimulatedDisk, seededRandom } from '../../src/platform/simulated-disk.ts';
import { DIRECTORY, ManualClock, events, openSimulated, readIds } from './journal-world.ts';

const SEEDS = 200;
const CRASHES = 6;

/** What the outside world was told, to be held against the journal afterwards. */
class Told {
  /** The event at each position that was acknowledged. */
  readonly acknowledged = new Map<number, number>();
  /** The last checkpoint acknowledged, and the last one sent. */
  checkpoint = -1;
  checkpointSent = -1;
  cursor: Cursor = { position: 0 };
  cursorSent: Cursor = { position: 0 };
  consuming: Journal | undefined;
  nextId = 0;
}

async function appendSome(journal: Journal, told: Told, random: () => number): Promise<void> {
  const count = 1 + Math.floor(random() * 5);
  const ids = Array.from({ length: count }, () => told.nextId++);
  const value = told.nextId;
  told.checkpointSent = value;
  const end = await journal.append({ ...events(...ids), checkpoint: { source: 'log', value } });
  for (const [index, id] of ids.entries()) told.acknowledged.set(end - count + index, id);
  told.checkpoint = Math.max(told.checkpoint, value);
}

/** One consumer does one thing at a time. */
async function consume(journal: Journal, told: Told): Promise<void> {
  if (told.consuming === journal) return;
  told.consuming = journal;
  const range = await journal.read(journal.cursor('store'), { eventsMax: 20, bytesMax: 1000 });
  told.cursorSent = range.to;
  await journal.commit('store', range.to);
  told.cursor = range.to;
  told.consuming = undefined;
}

/** Works until the plug is pulled; nothing that is under way then ever comes back. */
async function live(journal: Journal, told: Told, random: () => number): Promise<void> {
  const rounds = Math.floor(random() * 40);
  for (let round = 0; round < rounds; round++) {
    const choice = random();
    const work = choice < 0.8 ? appendSome(journal, told, random) : consume(journal, told);
    // Never answered when the plug is pulled, refused when the journal is closed.
    work.catch(() => {});
    if (random() < 0.5) await work;
  }
  for (let turns = Math.floor(random() * 30); turns > 0; turns--) await Promise.resolve();
}

async function check(journal: Journal, disk: SimulatedDisk, told: Told): Promise<void> {
  const { begin, end } = journal.status();
  const ids = await readIds(journal, { position: begin });
  expect(ids).toHaveLength(end - begin);
  for (const [position, id] of told.acknowledged) {
    expect(end).toBeGreaterThan(position);
    if (position >= begin) expect(ids[position - begin]).toBe(id);
  }
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted((a, b) => a - b)).toEqual(ids);
  const checkpoint = (journal.checkpoint('log') ?? -1) as number;
  expect(checkpoint).toBeGreaterThanOrEqual(told.checkpoint);
  expect(checkpoint).toBeLessThanOrEqual(told.checkpointSent);
  // Events and checkpoint are durable together: the checkpoint names the event after the last.
  if (ids.length > 0) expect(checkpoint).toBe((ids.at(-1) ?? 0) + 1);
  const { position } = journal.cursor('store');
  expect([told.cursor.position, told.cursorSent.position]).toContain(position);
  const verification = await verifyJournal(DIRECTORY, { disk });
  expect(verification.damage).toBeUndefined();
  expect(verification).toMatchObject({ ok: true, begin, end });
  told.cursor = journal.cursor('store');
  for (const [index, id] of ids.entries()) told.acknowledged.set(begin + index, id);
  told.checkpoint = checkpoint;
}

async function life(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const disk = new SimulatedDisk(seed);
  const told = new Told();
  const clock = new ManualClock();
  for (let crash = 0; crash < CRASHES; crash++) {
    const segmentBytesMax = 1024 + Math.floor(random() * 4096);
    const limits = { segmentBytesMax, keepBytes: 8192, blockEventsMax: 12 };
    const opening = openSimulated(disk, { clock, limits });
    if (crash > 0 && random() < 0.2) {
      // The plug can be pulled during recovery, too.
      for (let turns = Math.floor(random() * 60); turns > 0; turns--) await Promise.resolve();
      opening.catch(() => {});
      disk.crash(random() < 0.7);
      continue;
    }
    const journal = await opening;
    await check(journal, disk, told);
    await live(journal, told, random);
    if (random() < 0.15) await journal.close();
    else disk.crash(random() < 0.7);
  }
  await check(await openSimulated(disk, { clock }), disk, told);
}

test(`nothing acknowledged is lost or doubled over ${SEEDS} seeds of crashes`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    await life(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    });
  }
});
