import { expect, test } from 'vitest';
import { events, ManualClock, openSimulated } from '../../test/sim/journal-world.ts';
import { SimulatedDisk } from '../platform/simulated-disk.ts';
import type { Cursor } from '../journal/journal.ts';
import { gather } from './gathering.ts';
import { READ_EVENTS_MAX } from './limits.ts';
import type { Selection } from './selection.ts';

const PACE = { intervalMs: 60_000, eventsMax: 10, bytesMax: 1_000_000 };

/** Every event of the journal's tests leaves but those of multiples of three. */
const select: Selection = (event, position) => {
  const { id } = event as unknown as { readonly id: number };
  if (id % 3 === 0) return undefined;
  return { position, timestampMs: 0, logType: 'MANAGEMENT_LOGS', fields: { id } };
};

async function world() {
  const clock = new ManualClock();
  const journal = await openSimulated(new SimulatedDisk(1), { clock });
  const passed: Cursor[] = [];
  const waiting: (number | undefined)[] = [];
  const options = {
    journal,
    logType: 'TEST',
    select,
    clock,
    passed: async (to: Cursor) => void passed.push(to),
    waiting: (sinceMs: number | undefined) => void waiting.push(sinceMs),
  };
  return { clock, journal, options, passed, waiting };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
};

test('the first event waits for company as long as it may, and no longer', async () => {
  const { clock, journal, options, waiting } = await world();
  await journal.append(events(0, 1));
  let gathered: Awaited<ReturnType<typeof gather>> | undefined;
  const { signal } = new AbortController();
  void gather({ ...options, pace: PACE }, { position: 0 }, signal).then((got) => (gathered = got));
  await turns();
  clock.advance(30_000);
  await journal.append(events(2, 3, 4));
  await turns();
  expect([gathered, waiting.at(-1)]).toEqual([undefined, clock.now() - 30_000]);
  for (let step = 0; step < 121; step++) {
    clock.advance(250);
    await turns();
  }
  expect(gathered).toMatchObject({ from: { position: 0 }, to: { position: 5 } });
  expect(gathered?.records.map(({ position }) => position)).toEqual([1, 2, 4]);
  expect(gathered?.sealedAtMs).toBe(1_750_000_000_000);
});

test('what is enough does not wait', async () => {
  const { journal, options } = await world();
  const { signal } = new AbortController();
  for (let id = 0; id < 40; id += 2) await journal.append(events(id, id + 1));
  const many = await gather({ ...options, pace: PACE }, { position: 0 }, signal);
  expect(many.records.length).toBeGreaterThanOrEqual(PACE.eventsMax);
  expect(many.records.length).toBeLessThan(PACE.eventsMax + 2);
  const large = await gather(
    { ...options, pace: { ...PACE, bytesMax: 100 } },
    { position: 0 },
    signal,
  );
  expect(large.to.position).toBeLessThan(10);
});

test('what does not leave is passed, and the batch begins behind it', async () => {
  const { journal, options, passed } = await world();
  const { signal } = new AbortController();
  for (let turn = 0; turn < 5; turn++) await journal.append(events(0, 3, 6));
  await journal.append(events(1));
  const pace = { ...PACE, intervalMs: 0, eventsMax: 1 };
  const { from, records } = await gather({ ...options, pace }, { position: 0 }, signal);
  expect(records.map(({ position }) => position)).toEqual([15]);
  expect(passed.at(-1)?.position).toBe(from.position);
  expect(from.position).toBeLessThanOrEqual(15);
});

test('a range that was noted comes again with its bounds, whatever came since', async () => {
  const { journal, options } = await world();
  const { signal } = new AbortController();
  for (let id = 0; id < 30; id++) await journal.append(events(id));
  const pace = { ...PACE, intervalMs: 0 };
  const first = await gather({ ...options, pace }, { position: 2 }, signal);
  for (let id = 30; id < 90; id++) await journal.append(events(id));
  const at = { position: first.from.position };
  const again = await gather({ ...options, pace }, at, signal, first.to.position);
  expect(again.records).toEqual(first.records);
  expect([again.to.position, again.sealedAtMs]).toEqual([first.to.position, first.sealedAtMs]);
});

test('a long way without anything to send is read in pieces', async () => {
  const { journal, options, passed } = await world();
  const { signal } = new AbortController();
  const batch = Array.from({ length: 100 }, () => 0);
  for (let turn = 0; turn <= READ_EVENTS_MAX / 100; turn++) await journal.append(events(...batch));
  await journal.append(events(1));
  await gather({ ...options, pace: { ...PACE, intervalMs: 0 } }, { position: 0 }, signal);
  expect(passed.length).toBeGreaterThan(1);
});
