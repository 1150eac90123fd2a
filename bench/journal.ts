// The journal alone, beside the disk's own fdatasync: appending, reading behind, verifying.
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Journal } from '../src/journal/journal.ts';
import { openJournal } from '../src/journal/open.ts';
import { verifyJournal } from '../src/journal/verify.ts';
import { systemClock } from '../src/platform/clock.ts';
import { silentLog } from '../src/platform/log.ts';
import { figure, percentile } from './measure.ts';

const EVENT_BYTES = 600;
const SECONDS = 8;
const BATCH_EVENTS = 1000;
const READ = { eventsMax: 50_000, bytesMax: 8 * 2 ** 20 };

const EVENT = `{"log_type":"AUTHENTICATION_LOGS","event_timestamp":1750000000000,"x":"${'a'.repeat(EVENT_BYTES - 74)}"}\n`;
const BATCH = { lines: Buffer.from(EVENT.repeat(BATCH_EVENTS)), count: BATCH_EVENTS };
const SINGLE = { lines: Buffer.from(EVENT), count: 1 };

const ms = (value: number): string => `${value.toFixed(2)} ms`;
const quantiles = (values: readonly number[]): string =>
  `p50 ${ms(percentile(values, 0.5))}, p99 ${ms(percentile(values, 0.99))}`;

/** Runs the work and prints events a second, processor time an event, the longest loop stall. */
async function rate(name: string, work: () => Promise<number>): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cpu = process.cpuUsage();
  const begin = performance.now();
  const events = await work();
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  delay.disable();
  const each = (value: number): string => (value / events).toFixed(2);
  figure(
    name,
    `${Math.round(events / seconds).toLocaleString('en')} events/s, ` +
      `${each(user + system)} us of processor an event (${each(user)} user), ` +
      `loop stalls p99 ${ms(delay.percentile(99) / 1e6)} max ${ms(delay.max / 1e6)}`,
  );
}

/** A write and an fdatasync into a preallocated file: what no log can be faster than. */
async function diskAlone(directory: string): Promise<void> {
  const file = await open(join(directory, 'alone'), 'wx');
  await file.write(Buffer.alloc(8 * 2 ** 20, '\n'));
  await file.sync();
  const times: number[] = [];
  for (let n = 0; n < 1000; n++) {
    const begin = performance.now();
    await file.write(SINGLE.lines, 0, EVENT_BYTES, n * EVENT_BYTES);
    await file.datasync();
    times.push(performance.now() - begin);
  }
  await file.close();
  figure('the disk alone, 600 bytes and fdatasync', quantiles(times));
}

async function singles(journal: Journal): Promise<void> {
  const times: number[] = [];
  for (let n = 0; n < 1000; n++) {
    const begin = performance.now();
    await journal.append(SINGLE);
    times.push(performance.now() - begin);
  }
  figure('one event at a time, acknowledged', quantiles(times));
}

/** `writers` callers who each wait for their answer; `perSecond` holds them back when given. */
async function load(
  journal: Journal,
  batch: typeof BATCH,
  options: { writers: number; perSecond?: number },
): Promise<{ events: number; times: number[] }> {
  const { writers, perSecond = Infinity } = options;
  const begin = performance.now();
  const times: number[] = [];
  let events = 0;
  const writer = async (): Promise<void> => {
    for (;;) {
      const now = performance.now();
      if (now - begin > SECONDS * 1000) return;
      const early = begin + (events / perSecond) * 1000 - now;
      if (early > 1) {
        await new Promise((resolve) => setTimeout(resolve, early));
        continue;
      }
      events += batch.count;
      await journal.append(batch);
      times.push(performance.now() - now);
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
  return { events, times };
}

async function follow(journal: Journal, signal: AbortSignal): Promise<number> {
  let cursor = { position: journal.status().end };
  const from = cursor.position;
  while (!signal.aborted) {
    const range = await journal.read(cursor, READ);
    cursor = range.to;
    if (range.blocks.length === 0) await journal.waitBeyond(cursor.position, signal);
  }
  return cursor.position - from;
}

async function readAll(journal: Journal): Promise<number> {
  let cursor = journal.cursor('bench');
  const begin = cursor.position;
  for (;;) {
    const range = await journal.read(cursor, READ);
    if (range.blocks.length === 0) return cursor.position - begin;
    cursor = range.to;
  }
}

export async function run(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'mailtrail-bench-'));
  const options = { directory: join(directory, 'journal'), clock: systemClock, log: silentLog };
  try {
    await diskAlone(directory);
    let journal = await openJournal(options);
    await singles(journal);
    for (const [name, batch, writers, perSecond] of [
      ['batches of 1,000, 16 writers', BATCH, 16, undefined],
      ['batches of 1,000, 150,000 events/s', BATCH, 64, 150_000],
      ['single events, 1,000 writers', SINGLE, 1000, undefined],
    ] as const) {
      let times: number[] = [];
      await rate(name, async () => {
        const result = await load(journal, batch, { writers, ...(perSecond && { perSecond }) });
        ({ times } = result);
        return result.events;
      });
      figure('  acknowledged after', quantiles(times));
    }
    await rate('150,000 events/s with 3 consumers behind', async () => {
      const stop = new AbortController();
      const following = [1, 2, 3].map(() => follow(journal, stop.signal));
      const { events } = await load(journal, BATCH, { writers: 64, perSecond: 150_000 });
      stop.abort();
      for (const read of await Promise.all(following)) figure('  a consumer read', read);
      return events;
    });
    await journal.close();
    const begin = performance.now();
    journal = await openJournal(options);
    figure('opening it again', ms(performance.now() - begin));
    await rate('reading everything after a restart', () => readAll(journal));
    await journal.close();
    await rate('verifying everything', async () => (await verifyJournal(options.directory)).events);
  } finally {
    await rm(directory, { recursive: true });
  }
}
