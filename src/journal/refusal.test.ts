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
import { SimulatedDisk, diskError } from '../platform/simulated-disk.ts';
import {
  CHECKPOINT_BYTES_MAX,
  CHECKPOINT_SOURCES_MAX,
  CONSUMERS_MAX,
  FREE_CHECK_INTERVAL_MS,
} from './limits.ts';
import type { Journal } from './journal.ts';
import { verifyJournal } from './verify.ts';

let disk: SimulatedDisk;
let clock: ManualClock;

beforeEach(() => {
  disk = new SimulatedDisk();
  clock = new ManualClock();
});

/** Appends until the journal refuses; resolves to how many it took. */
async function fill(journal: Journal, first: number): Promise<number> {
  for (let id = first; ; id++) {
    try {
      await journal.append(events(id));
    } catch (error) {
      expect(error).toMatchObject({ code: 'disk-full' });
      return id;
    }
  }
}

describe('a full disk', () => {
  test('refuses, keeps nothing of the batch, and takes events again by itself', async () => {
    const journal = await openSimulated(disk, { clock });
    let taken = 0;
    for (let round = 0; round < 5; round++) {
      disk.capacityBytes = disk.usedBytes + 1500 + round * 7;
      taken = await fill(journal, taken);
      expect(await readIds(journal)).toEqual(upTo(taken));
      expect(journal.status().refusing?.code).toBe('disk-full');
      await expect(journal.append(events(taken))).rejects.toThrow('free some space');
      disk.capacityBytes += 5000;
      clock.advance(FREE_CHECK_INTERVAL_MS);
      await until(() => journal.status().refusing === undefined);
    }
    await journal.append(events(taken));
    disk.crash(true);
    disk.capacityBytes = Infinity;
    const again = await openSimulated(disk);
    expect(await readIds(again)).toEqual(upTo(taken + 1));
    expect(await verifyJournal(DIRECTORY, { disk })).toMatchObject({ ok: true, end: taken + 1 });
  });

  test('after a crash has neither lost nor gained anything', async () => {
    const journal = await openSimulated(disk, { clock });
    disk.capacityBytes = disk.usedBytes + 2000;
    const taken = await fill(journal, 0);
    disk.crash(true);
    const again = await openSimulated(disk, { clock });
    expect(await readIds(again)).toEqual(upTo(taken));
    expect(again.status().end).toBe(taken);
  });

  test('refuses everything that waits for it, too', async () => {
    const journal = await openSimulated(disk, { clock, limits: { blockEventsMax: 1 } });
    disk.capacityBytes = disk.usedBytes;
    const answers = await Promise.allSettled(upTo(20).map((id) => journal.append(events(id))));
    const kept = answers.filter(({ status }) => status === 'fulfilled').length;
    expect(kept).toBeLessThan(20);
    expect(answers.slice(kept).every(({ status }) => status === 'rejected')).toBe(true);
    expect(await readIds(journal)).toEqual(upTo(kept));
  });

  test('also when only fdatasync notices', async () => {
    const journal = await openSimulated(disk, { clock });
    await journal.append(events(0));
    let full = true;
    disk.fault = (operation, path) =>
      full && operation === 'datasync' ? diskError('ENOSPC', operation, path) : undefined;
    await expect(journal.append(events(1))).rejects.toMatchObject({ code: 'disk-full' });
    full = false;
    clock.advance(FREE_CHECK_INTERVAL_MS);
    await until(() => journal.status().refusing === undefined);
    expect(await journal.append(events(1))).toBe(2);
    expect(await readIds(journal)).toEqual([0, 1]);
  });

  test('leaves the cursor that was there', async () => {
    const journal = await openSimulated(disk, { clock });
    await journal.append(events(0, 1));
    await journal.commit('store', { position: 1 });
    disk.capacityBytes = disk.usedBytes;
    await expect(journal.commit('store', { position: 2 })).rejects.toMatchObject({
      code: 'disk-full',
      message: expect.stringContaining(`${DIRECTORY}/cursors/store.json`) as string,
    });
    expect(journal.cursor('store').position).toBe(1);
    disk.crash(true);
    disk.capacityBytes = Infinity;
    const again = await openSimulated(disk);
    expect(again.cursor('store').position).toBe(1);
    await again.commit('store', { position: 2 });
    expect(again.cursor('store').position).toBe(2);
  });

  test('is seen before it is full, by the free space that must stay', async () => {
    disk.capacityBytes = 100_000;
    const journal = await openSimulated(disk, { clock, limits: { minFreeBytes: 50_000 } });
    await journal.append(events(0));
    disk.capacityBytes = 40_000;
    clock.advance(FREE_CHECK_INTERVAL_MS);
    await until(() => journal.status().refusing !== undefined);
    expect(journal.status().refusing).toMatchObject({
      code: 'disk-full',
      reason: expect.stringContaining('events are taken again at 50000') as string,
    });
    expect(await readIds(journal)).toEqual([0]);
    disk.capacityBytes = 100_000;
    clock.advance(FREE_CHECK_INTERVAL_MS);
    await until(() => journal.status().refusing === undefined);
    expect(await journal.append(events(1))).toBe(2);
  });

  test('does not keep an old journal from opening', async () => {
    await (await openSimulated(disk)).append(events(0));
    disk.crash(false);
    disk.capacityBytes = disk.usedBytes;
    const journal = await openSimulated(disk, { limits: { minFreeBytes: 1000 } });
    expect(journal.status().refusing?.code).toBe('disk-full');
    expect(await readIds(journal)).toEqual([0]);
  });
});

describe('a disk that fails', () => {
  test('at fdatasync ends taking events, without a second try', async () => {
    const journal = await openSimulated(disk, { clock });
    await journal.append(events(0));
    let syncs = 0;
    disk.fault = (operation, path) => {
      if (operation !== 'datasync') return undefined;
      syncs++;
      return syncs === 1 ? diskError('EIO', operation, path) : undefined;
    };
    const answers = await Promise.allSettled([
      journal.append(events(1)),
      journal.append(events(2)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(journal.append(events(3))).rejects.toMatchObject({ code: 'failed' });
    clock.advance(10 * FREE_CHECK_INTERVAL_MS);
    await expect(journal.append(events(3))).rejects.toMatchObject({ code: 'failed' });
    expect(syncs).toBe(1);
    expect(await readIds(journal)).toEqual([0]);
    await journal.close();
  });

  test('at a write says where', async () => {
    const journal = await openSimulated(disk, { clock });
    disk.fault = (operation, path) =>
      operation === 'write' ? diskError('EIO', operation, path) : undefined;
    await expect(journal.append(events(0))).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining(DIRECTORY) as string,
    });
  });
});

describe('a read-only disk', () => {
  test('cannot hold a new journal', async () => {
    disk.readOnly = true;
    await expect(openSimulated(disk)).rejects.toMatchObject({
      code: 'read-only',
      message: expect.stringContaining(DIRECTORY) as string,
    });
  });

  test('that was writable before refuses events and serves what is there', async () => {
    const journal = await openSimulated(disk, { clock });
    await journal.append(events(0));
    disk.readOnly = true;
    await expect(journal.append(events(1))).rejects.toMatchObject({ code: 'read-only' });
    expect(await readIds(journal)).toEqual([0]);
  });
});

describe('limits', () => {
  test('the queue answers overloaded, and takes events again when it is shorter', async () => {
    const journal = await openSimulated(disk, { limits: { queueBytesMax: 3000 } });
    const answers = await Promise.allSettled(upTo(50).map((id) => journal.append(events(id))));
    const refused = answers.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(30);
    for (const answer of refused) expect(answer).toMatchObject({ reason: { code: 'overloaded' } });
    const kept = 50 - refused.length;
    expect(await readIds(journal)).toEqual(upTo(kept));
    expect(await journal.append(events(kept))).toBe(kept + 1);
  });

  test('a batch that is too large or no lines is refused alone', async () => {
    const journal = await openSimulated(disk, { limits: { batchBytesMax: 100 } });
    const append = (text: string, count: number): Promise<number> =>
      journal.append({ lines: Buffer.from(text), count });
    await expect(append(`{"id":"${'x'.repeat(100)}"}\n`, 1)).rejects.toThrow('the limit is 100');
    await expect(append('{"id":1}', 1)).rejects.toThrow(RangeError);
    await expect(append('\n', 1)).rejects.toThrow(RangeError);
    await expect(append('{}\n', 0)).rejects.toThrow(RangeError);
    await expect(append('', 1)).rejects.toThrow(RangeError);
    expect(await append('', 0)).toBe(0);
    expect(await journal.append(events(0))).toBe(1);
  });

  test('checkpoints are bounded in size and number, and can be forgotten', async () => {
    const journal = await openSimulated(disk, { limits: { segmentBytesMax: 1e6 } });
    const mark = (source: string, value: unknown): Promise<number> =>
      journal.append({ lines: new Uint8Array(), count: 0, checkpoint: { source, value } });
    await expect(mark('a', 'x'.repeat(CHECKPOINT_BYTES_MAX))).rejects.toThrow(RangeError);
    await Promise.all(upTo(CHECKPOINT_SOURCES_MAX).map((n) => mark(`s${n}`, n)));
    await expect(mark('one more', 1)).rejects.toThrow(`${CHECKPOINT_SOURCES_MAX} sources`);
    await mark('s0', null);
    expect(journal.checkpoint('s0')).toBeUndefined();
    await mark('one more', 1);
    expect(journal.checkpoint('one more')).toBe(1);
  });

  test('consumers are bounded in number and name', async () => {
    const journal = await openSimulated(disk);
    for (const name of ['', '../x', 'A', 'a'.repeat(65)]) {
      expect(() => journal.cursor(name)).toThrow(RangeError);
    }
    for (let n = 0; n < CONSUMERS_MAX; n++) journal.cursor(`c${n}`);
    expect(() => journal.cursor('late')).toThrow(`${CONSUMERS_MAX} consumers`);
  });

  test('nothing is taken after closing, what was queued before is kept', async () => {
    const journal = await openSimulated(disk);
    const queued = [0, 1, 2].map((id) => journal.append(events(id)));
    const waiting = journal.waitBeyond(100, new AbortController().signal);
    const closed = journal.close();
    await expect(journal.append(events(3))).rejects.toMatchObject({ code: 'closed' });
    await expect(waiting).rejects.toMatchObject({ code: 'closed' });
    expect(await Promise.all(queued)).toEqual([1, 2, 3]);
    await closed;
    await expect(
      journal.read({ position: 0 }, { eventsMax: 1, bytesMax: 1 }),
    ).rejects.toMatchObject({
      code: 'closed',
    });
    expect(await readIds(await openSimulated(disk))).toEqual([0, 1, 2]);
  });
});
