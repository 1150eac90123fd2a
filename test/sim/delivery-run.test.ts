// Deliveries on a simulated disk, with a destination that fails in every way and a program that is killed, or
// loses power, at any moment: nothing is lost, what is given again has the same bounds, order holds.
import { expect, test } from 'vitest';
import {
  type DeliveryBatch,
  type Destination,
  DestinationError,
  type RecordOutcome,
} from '../../src/deliver/destination.ts';
import { consumerOf, DeliveryRun } from '../../src/deliver/delivery-run.ts';
import {
  checkpointOf,
  LogGroupDestination,
} from '../../src/deliver/log-group/log-group-destination.ts';
import { createSelection } from '../../src/deliver/selection.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { SimulatedDisk } from '../../src/platform/simulated-disk.ts';
import { openSimulated, until } from './journal-world.ts';

const SEEDS = Number(process.env['MAILTRAIL_TEST_SEEDS'] ?? 150);
const FIRST_SEED = Number(process.env['MAILTRAIL_TEST_SEED'] ?? 1);
const EVENTS = 60;
const LOG_TYPE = 'AUTHENTICATION_LOGS';

/** The same numbers for the same seed (xorshift). */
function randomBy(seed: number): () => number {
  let state = seed * 2_654_435_761 + 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

let nowMs = 1_795_435_200_000;

/** Every wait is over in the next turn, and so much later. */
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

function line(id: number): string {
  const logType = id % 3 === 0 ? 'MANAGEMENT_LOGS' : LOG_TYPE;
  return `${JSON.stringify({ log_type: logType, event_timestamp: 1_795_435_200_000 + id, request_id: `r${id}` })}\n`;
}

/** What a destination outside of the machine got; it survives every crash. */
class Outside {
  readonly arrived: number[] = [];
  readonly given: DeliveryBatch[] = [];
  readonly random: () => number;
  constructor(random: () => number) {
    this.random = random;
  }

  destination(): Destination {
    return {
      pace: { intervalMs: 1, eventsMax: 7, bytesMax: 2000 },
      deliver: (batch) => this.#deliver(batch),
      test: async () => ({ ok: true, message: '' }),
      close: async () => {},
    };
  }

  async #deliver(batch: DeliveryBatch): Promise<readonly RecordOutcome[]> {
    this.given.push(batch);
    await new Promise(setImmediate);
    if (this.random() < 0.2) throw new DestinationError('unreachable', 'nobody answers');
    const outcomes = batch.records.map(({ position }): RecordOutcome => {
      if (position % 17 === 5) return { rejected: 'seventeen' };
      if (this.random() < 0.2) return { retry: 'busy' };
      this.arrived.push(position);
      return 'delivered';
    });
    // The answer is lost: what arrived has arrived.
    if (this.random() < 0.1) throw new DestinationError('unreachable', 'the answer was lost');
    return outcomes;
  }
}

function runOver(journal: Journal, disk: SimulatedDisk, outside: Outside): DeliveryRun {
  return new DeliveryRun({
    id: 'D1',
    logType: LOG_TYPE,
    select: createSelection({ logType: LOG_TYPE, hashKey: '' }),
    destination: outside.destination(),
    beginPosition: 4,
    backlog: { bytesMax: Infinity, whenFull: 'stop-accepting' },
    dropped: async () => {},
    journal,
    directory: '/data/deliveries/D1',
    disk: disk.process(),
    clock: CLOCK,
    log: silentLog,
    random: outside.random,
  });
}

function deadLetters(disk: SimulatedDisk): number[] {
  const text = Buffer.from(disk.contentOf('/data/deliveries/D1/dead-letters.ndjson')).toString();
  return text
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((each) => (JSON.parse(each) as { position: number }).position);
}

const MATCHING = Array.from({ length: EVENTS }, (_, id) => id).filter(
  (id) => id >= 4 && id % 3 !== 0,
);

async function life(seed: number): Promise<void> {
  const random = randomBy(seed);
  const outside = new Outside(random);
  const disk = new SimulatedDisk(seed);
  let appended = 0;
  for (let crashes = 0; ; crashes++) {
    const journal = await openSimulated(disk, { clock: CLOCK });
    appended = journal.status().end;
    const run = runOver(journal, disk, outside);
    await run.start();
    const dies = crashes < 4;
    const stopsAt = dies ? Math.floor(random() * 400) : Infinity;
    for (let turn = 0; turn < stopsAt; turn++) {
      if (appended < EVENTS && random() < 0.3) {
        const count = Math.min(1 + Math.floor(random() * 5), EVENTS - appended);
        const lines = Array.from({ length: count }, (_, at) => line(appended + at)).join('');
        await journal.append({ lines: Buffer.from(lines), count });
        appended += count;
      }
      await new Promise(setImmediate);
      const { position } = run.status();
      if (!dies && appended === EVENTS && position >= EVENTS) break;
      if (turn > 100_000) throw new Error(`seed ${seed}: it did not come to an end`);
    }
    if (!dies) {
      await run.stop();
      expect(journal.cursor(consumerOf('D1')).position).toBeLessThanOrEqual(EVENTS);
      await journal.close();
      break;
    }
    disk.crash(random() < 0.5);
    void run.stop().catch(() => {});
  }
  const letters = deadLetters(disk);
  const rejected = MATCHING.filter((position) => position % 17 === 5);
  expect([seed, letters]).toEqual([seed, rejected]);
  const all = new Set([...outside.arrived, ...letters]);
  expect([seed, [...all].toSorted((a, b) => a - b)]).toEqual([seed, MATCHING]);
  const bounds = new Map<number, number>();
  for (const { from, to } of outside.given) {
    expect([seed, from, bounds.get(from) ?? to]).toEqual([seed, from, to]);
    bounds.set(from, to);
  }
  const begins = outside.given.map(({ from }) => from);
  expect([seed, begins]).toEqual([seed, begins.toSorted((a, b) => a - b)]);
}

test(`nothing is lost, over failures and crashes (seeds from ${FIRST_SEED})`, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) await life(seed);
});

test(`into a log group everything is there exactly once (seeds from ${FIRST_SEED})`, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    const random = randomBy(seed);
    const disk = new SimulatedDisk(seed);
    for (let crashes = 0; ; crashes++) {
      const journal = await openSimulated(disk, {
        clock: CLOCK,
        limits: { segmentBytesMax: 65_536 },
      });
      const outside = new Outside(random);
      const destination = new LogGroupDestination({
        text: { outputFormat: 'json', fields: [] },
        deliveryId: 'D1',
        groupId: () => (random() < 0.3 ? undefined : 'g1'),
        logGroupName: '/copies',
        append: (batch) => journal.append(batch),
        checkpoint: (source) => journal.checkpoint(source),
      });
      outside.destination = () => destination;
      const run = runOver(journal, disk, outside);
      await run.start();
      if (journal.status().end === 0) {
        const lines = Array.from({ length: EVENTS }, (_, id) => line(id)).join('');
        await journal.append({ lines: Buffer.from(lines), count: EVENTS });
      }
      const last = crashes === 3;
      const turns = last ? Infinity : Math.floor(random() * 200);
      const done = (): boolean =>
        (journal.checkpoint(checkpointOf('D1')) as { to?: number } | undefined)?.to !== undefined;
      let turn = 0;
      await until(() => turn++ >= turns || (last && done()));
      if (!last) {
        disk.crash(random() < 0.5);
        void run.stop().catch(() => {});
        continue;
      }
      await run.stop();
      const copies: number[] = [];
      let cursor = journal.cursor('reader');
      for (;;) {
        const range = await journal.read(cursor, { eventsMax: 100, bytesMax: 65_536 });
        if (range.blocks.length === 0) break;
        for (const { lines } of range.blocks) {
          for (const text of Buffer.from(lines).toString().trimEnd().split('\n')) {
            const { log_type: logType, message } = JSON.parse(text) as {
              log_type: string;
              message?: string;
            };
            if (logType === 'LOG_EVENT')
              copies.push(
                (JSON.parse(message ?? '') as { event_timestamp: number }).event_timestamp -
                  1_795_435_200_000,
              );
          }
        }
        cursor = range.to;
      }
      expect([seed, copies]).toEqual([seed, MATCHING]);
      await journal.close();
      break;
    }
  }
});
