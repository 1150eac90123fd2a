// A delivery whose destination is away for longer than its backlog may grow: what is dropped is told first and
// counted, and everything else arrives. With kills at any moment.
import { expect, test } from 'vitest';
import { consumerOf, DeliveryRun } from '../../src/deliver/delivery-run.ts';
import type { Dropped } from '../../src/deliver/backlog.ts';
import { DestinationError } from '../../src/deliver/destination.ts';
import { createSelection } from '../../src/deliver/selection.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { SimulatedDisk, seededRandom } from '../../src/platform/simulated-disk.ts';
import { openSimulated, until } from './journal-world.ts';

const SEEDS = 40;
const LOG_TYPE = 'AUTHENTICATION_LOGS';
const EVENTS = 400;
/** Some 3 segments of 4 KiB of some 12 that the events fill. */
const BACKLOG_BYTES = 3 * 4096;

let nowMs = 1_795_435_200_000;
const CLOCK: Clock = {
  now: () => nowMs,
  after(delayMs, callback) {
    const timer = setImmediate(() => {
      nowMs += Math.ceil(delayMs);
      callback();
    });
    return { cancel: () => clearImmediate(timer) };
  },
};

interface Outside {
  away: boolean;
  readonly arrived: Set<number>;
  readonly told: Dropped[];
}

function runOver(journal: Journal, disk: SimulatedDisk, outside: Outside): DeliveryRun {
  return new DeliveryRun({
    id: 'D1',
    logType: LOG_TYPE,
    select: createSelection({ logType: LOG_TYPE, hashKey: '' }),
    destination: {
      pace: { intervalMs: 1, eventsMax: 7, bytesMax: 2000 },
      deliver: async ({ records }) => {
        await new Promise(setImmediate);
        if (outside.away) throw new DestinationError('unreachable', 'nobody answers');
        for (const { position } of records) outside.arrived.add(position);
        return records.map(() => 'delivered');
      },
      test: async () => ({ ok: true, message: '' }),
      close: async () => {},
    },
    beginPosition: 0,
    backlog: { bytesMax: BACKLOG_BYTES, whenFull: 'drop-oldest' },
    dropped: async (what) => {
      await new Promise(setImmediate);
      outside.told.push(what);
    },
    journal,
    directory: '/data/deliveries/D1',
    disk: disk.process(),
    clock: CLOCK,
    log: silentLog,
    random: () => 0.5,
  });
}

const isOurs = (position: number): boolean => position % 3 !== 0;

function line(id: number): string {
  const logType = isOurs(id) ? LOG_TYPE : 'MANAGEMENT_LOGS';
  return `${JSON.stringify({ log_type: logType, event_timestamp: 1_795_435_200_000 + id, request_id: `r${id}` })}\n`;
}

async function life(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const disk = new SimulatedDisk(seed);
  const outside: Outside = { away: true, arrived: new Set(), told: [] };
  for (let crashes = 0; ; crashes++) {
    const journal = await openSimulated(disk, { clock: CLOCK, limits: { keepBytes: 0 } });
    const run = runOver(journal, disk, outside);
    await run.start();
    const last = crashes === 3;
    outside.away = !last && random() < 0.8;
    for (let turn = 0; turn < (last ? Infinity : 20 + random() * 200); turn++) {
      const { end } = journal.status();
      if (end >= EVENTS) break;
      const count = Math.min(5, EVENTS - end);
      const lines = Array.from({ length: count }, (_, at) => line(end + at)).join('');
      await journal.append({ lines: Buffer.from(lines), count });
      await new Promise(setImmediate);
    }
    if (!last) {
      disk.crash(random() < 0.5);
      void run.stop().catch(() => {});
      continue;
    }
    await until(() => run.status().position >= EVENTS);
    await run.stop();
    expect(journal.cursor(consumerOf('D1')).position).toBeGreaterThan(EVENTS - 10);
    await journal.close();
    break;
  }
  // Everything arrived, or is in a range that was told, with the right number.
  const gone = (position: number): boolean =>
    outside.told.some(({ from, to }) => position >= from.position && position < to.position);
  const all = Array.from({ length: EVENTS }, (_, position) => position).filter(isOurs);
  const lost = all.filter((position) => !outside.arrived.has(position) && !gone(position));
  expect([seed, lost]).toEqual([seed, []]);
  for (const { from, to, records, firstTimestampMs } of outside.told) {
    const ours = all.filter((position) => position >= from.position && position < to.position);
    expect([seed, records]).toEqual([seed, ours.length]);
    const [first] = ours;
    if (first !== undefined) expect(firstTimestampMs).toBe(1_795_435_200_000 + first);
  }
  drops += outside.told.length;
}

let drops = 0;

test('what is dropped is told, and everything else arrives', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) await life(seed);
  expect(drops).toBeGreaterThan(SEEDS / 2);
});
