import { beforeEach, describe, expect, test } from 'vitest';
import {
  DIRECTORY,
  ManualClock,
  events,
  openSimulated,
  readIds,
  until,
  upTo,
} from '../../test/sim/journal-world.ts';
import { SimulatedDisk } from '../platform/simulated-disk.ts';
import type { Journal } from './journal.ts';
import { segmentNames } from './segments.ts';
import { verifyJournal } from './verify.ts';

const ALL = { eventsMax: 1e9, bytesMax: 1e6 };
const EVENTS = 40;

let disk: SimulatedDisk;

beforeEach(() => {
  disk = new SimulatedDisk();
});

async function filled(limits = {}): Promise<Journal> {
  const journal = await openSimulated(disk, { limits: { segmentBytesMax: 3000, ...limits } });
  for (let id = 0; id < EVENTS; id += 2) await journal.append(events(id, id + 1));
  return journal;
}

/** The same journal as its writer sees it, and as the next process finds it. */
async function* eachJournal(): AsyncGenerator<Journal> {
  const journal = await filled();
  yield journal;
  await journal.close();
  yield openSimulated(disk);
}

describe('a range', () => {
  test('stays within the limits but has one block at least', async () => {
    for await (const journal of eachJournal()) {
      const counts = async (eventsMax: number, bytesMax: number): Promise<number[]> =>
        (await journal.read({ position: 0 }, { eventsMax, bytesMax })).blocks.map((b) => b.count);
      expect(await counts(1, 1)).toEqual([2]);
      expect(await counts(5, 1e6)).toEqual([2, 2]);
      expect(await counts(1e6, 200)).toEqual([2, 2, 2]);
    }
  });

  test('is empty at the end', async () => {
    for await (const journal of eachJournal()) {
      const range = await journal.read({ position: EVENTS }, ALL);
      expect(range).toMatchObject({ blocks: [], to: { position: EVENTS } });
    }
  });

  test('says when its blocks were sealed', async () => {
    const journal = await filled();
    const { blocks } = await journal.read({ position: 0 }, ALL);
    expect(blocks[0]?.sealedAtMs).toBe(1_750_000_000_000);
  });

  test('passes over blocks that only moved a checkpoint', async () => {
    const journal = await openSimulated(disk);
    await journal.append(events(0));
    for (let value = 0; value < 20; value++) {
      const checkpoint = { source: 'log', value };
      await journal.append({ lines: new Uint8Array(), count: 0, checkpoint });
    }
    expect(await readIds(journal)).toEqual([0]);
    await journal.append(events(1));
    expect(await readIds(journal)).toEqual([0, 1]);
    await journal.close();
    expect(await readIds(await openSimulated(disk))).toEqual([0, 1]);
  });

  test('cannot begin beyond the end', async () => {
    const journal = await filled();
    await expect(journal.read({ position: EVENTS + 1 }, ALL)).rejects.toThrow(RangeError);
    const beyond = journal.commit('store', { position: EVENTS + 1 });
    await expect(beyond).rejects.toThrow(RangeError);
  });
});

describe('a cursor', () => {
  test('is found again by its position alone, or with a hint that does not fit', async () => {
    for await (const journal of eachJournal()) {
      const names = segmentNames(await disk.list(DIRECTORY));
      for (let position = 0; position <= EVENTS; position += 2) {
        const expected = upTo(EVENTS).slice(position);
        expect(await readIds(journal, { position })).toEqual(expected);
        for (const segment of [...names, 'gone.ndjson', '00000000000000000001.ndjson']) {
          for (const offset of [0, 1, 100, 1e9, -1, Number.NaN]) {
            const cursor = { position, segment, offset };
            expect(await readIds(journal, cursor), JSON.stringify(cursor)).toEqual(expected);
          }
        }
      }
    }
  });

  test('inside a block reads the whole block', async () => {
    for await (const journal of eachJournal()) {
      const range = await journal.read({ position: 7 }, { eventsMax: 1, bytesMax: 1 });
      expect(range).toMatchObject({ from: { position: 6 }, to: { position: 8 } });
    }
  });
});

test('damage that shows only on reading is named, and what lies before it is read', async () => {
  await (await filled()).close();
  const [first] = segmentNames(await disk.list(DIRECTORY));
  const path = `${DIRECTORY}/${first}`;
  const damaged = disk.contentOf(path).slice();
  const at = Buffer.from(damaged).indexOf('"id":4}');
  damaged[at] = 0x20;
  disk.tamper(path, damaged);
  const journal = await openSimulated(disk);
  const range = await journal.read({ position: 0 }, ALL);
  expect(range.to.position).toBe(4);
  await expect(journal.read(range.to, ALL)).rejects.toMatchObject({
    code: 'corrupt',
    message: expect.stringContaining(`${path} is damaged at byte ${range.to.offset}`) as string,
  });
  expect(await readIds(journal, { position: journal.status().end - 2 })).toHaveLength(2);
});

describe('waiting', () => {
  test('ends with the block that is waited for', async () => {
    const journal = await openSimulated(disk);
    const { signal } = new AbortController();
    let woken = false;
    const waiting = journal.waitBeyond(1, signal).then(() => (woken = true));
    await journal.append(events(0));
    expect(woken).toBe(false);
    await journal.append(events(1));
    await waiting;
    await journal.waitBeyond(1, signal);
  });

  test('ends when it is given up', async () => {
    const journal = await openSimulated(disk);
    const stop = new AbortController();
    const waiting = journal.waitBeyond(0, stop.signal);
    stop.abort();
    await waiting;
    await journal.waitBeyond(0, stop.signal);
  });
});

describe('deletion', () => {
  test('waits for every consumer and keeps the chain', async () => {
    const journal = await openSimulated(disk, { limits: { segmentBytesMax: 1000, keepBytes: 0 } });
    journal.cursor('slow');
    for (let id = 0; id < EVENTS; id++) {
      const checkpoint = { source: 'log', value: id };
      await journal.append({ ...events(id), ...(id === 3 && { checkpoint }) });
    }
    await journal.commit('fast', { position: EVENTS });
    expect(journal.status().begin).toBe(0);

    await journal.commit('slow', { position: 20 });
    await until(() => journal.status().begin > 0);
    const { begin } = journal.status();
    expect(begin).toBeLessThanOrEqual(20);
    expect(begin).toBeGreaterThan(10);
    expect(await readIds(journal, { position: 20 })).toEqual(upTo(EVENTS).slice(20));
    expect(await readIds(journal, { position: 0 })).toEqual(upTo(EVENTS).slice(begin));
    expect(journal.cursor('new').position).toBe(begin);
    expect(await verifyJournal(DIRECTORY, { disk })).toMatchObject({ ok: true, begin });

    await journal.commit('slow', { position: EVENTS });
    await journal.commit('new', { position: EVENTS });
    await until(() => journal.status().segments === 1);
    await journal.close();
    const again = await openSimulated(disk);
    expect(again.status()).toMatchObject({ end: EVENTS, segments: 1 });
    expect(again.checkpoint('log')).toBe(3);
    expect(await again.append(events(EVENTS))).toBe(EVENTS + 1);
    expect(await verifyJournal(DIRECTORY, { disk })).toMatchObject({ ok: true });
  });

  test('keeps what is to be kept, and everything while nobody reads', async () => {
    const keepBytes = 4000;
    const journal = await filled({ segmentBytesMax: 1000, keepBytes });
    const { segments } = journal.status();
    expect(journal.status().begin).toBe(0);
    await journal.commit('store', { position: EVENTS });
    await until(() => journal.status().segments < segments);
    expect(journal.status().bytes).toBeLessThanOrEqual(keepBytes);
    expect(journal.status().bytes).toBeGreaterThan(keepBytes - 1500);
  });

  test('that a crash cut short is finished at the next start', async () => {
    const journal = await filled({ segmentBytesMax: 1000, keepBytes: 0 });
    const before = disk.copy();
    await journal.commit('store', { position: EVENTS });
    await until(() => journal.status().segments === 1);
    await journal.close();
    const anchor = disk.contentOf(`${DIRECTORY}/anchor.json`);
    before.tamper(`${DIRECTORY}/anchor.json`, anchor);
    expect(await verifyJournal(DIRECTORY, { disk: before })).toMatchObject({ ok: true });
    const again = await openSimulated(before);
    const names = segmentNames(await before.list(DIRECTORY));
    expect(again.status()).toMatchObject({ segments: 1, end: EVENTS });
    expect(names).toHaveLength(1);
  });
});

test('a segment rolls when it is old', async () => {
  const clock = new ManualClock();
  const limits = { segmentBytesMax: 1e6, segmentAgeMaxMs: 1000 };
  const journal = await openSimulated(disk, { clock, limits });
  await journal.append(events(0));
  clock.advance(1000);
  await journal.append(events(1));
  expect(journal.status().segments).toBe(1);
  clock.advance(1);
  await journal.append(events(2));
  expect(journal.status().segments).toBe(2);
  expect(await readIds(journal)).toEqual([0, 1, 2]);
});

test('a consumer that is forgotten holds nothing back, also after a restart', async () => {
  const journal = await filled({ keepBytes: 3000 });
  const { end } = journal.status();
  await journal.commit('slow', { position: 2 });
  await journal.commit('fast', { position: end });
  expect(journal.status().begin).toBe(0);
  await journal.forget('slow');
  await until(() => journal.status().begin > 0);
  expect(journal.status().consumers).toEqual({ fast: end });
  await journal.forget('never-there');
  await journal.close();
  const again = await openSimulated(disk);
  expect(again.status().consumers).toEqual({ fast: end });
});
