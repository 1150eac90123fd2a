// The event store alone: what loading costs, what an event takes on disk once merges have settled,
// what the engine's process needs in memory, and how long queries take.
//
// npm run bench -- store [--events=10000000]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JournalBlock } from '../src/journal/journal.ts';
import { systemClock } from '../src/platform/clock.ts';
import { createLog } from '../src/platform/log.ts';
import { createEmbeddedStore, type EmbeddedStore } from '../src/store/embedded/embedded-store.ts';
import type { Row } from '../src/store/event-store.ts';
import { generateBlocks } from './event-generator.ts';
import { cpuSeconds, figure, median, percentile, residentMiB } from './measure.ts';
import { queryTimes } from './query-times.ts';

const EVENTS = 1_000_000;
const EVENTS_PER_RANGE = 50_000;
const EVENTS_PER_BLOCK = 1000;
const DAYS = 30;
const START_MS = Date.UTC(2026, 5, 1);
const SMALL_LOADS = 50;
const SMALL_LOAD_EVENTS = 100;
const ENTRY = join(import.meta.dirname, '../../dist/store/embedded/engine-process.js');

async function rowsOf(store: EmbeddedStore, sql: string, parameters: object = {}): Promise<Row[]> {
  const result = await store.query({ sql, parameters: { ...parameters } }, { timeoutMs: 120_000 });
  const rows: Row[] = [];
  for await (const batch of result.batches) rows.push(...batch);
  return rows;
}

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

interface LoadFigures {
  readonly seconds: number;
  readonly engineCpu: number;
  readonly serverCpu: number;
  readonly bytes: number;
}

/** Loads the events range by range; making them up is not counted. */
async function loadEvents(store: EmbeddedStore, events: number): Promise<LoadFigures> {
  const pid = store.enginePid ?? 0;
  const cpuBefore = cpuSeconds(pid);
  let seconds = 0;
  let serverCpu = 0;
  let bytes = 0;
  let from = 0;
  let position = 0;
  let blocks: JournalBlock[] = [];
  const traffic = { seed: 1, startMs: START_MS, meanGapMs: (DAYS * 86_400_000) / events };
  for (const { lines, count } of generateBlocks(events, EVENTS_PER_BLOCK, traffic)) {
    blocks.push({ position, count, sealedAtMs: START_MS + position, lines });
    position += count;
    bytes += lines.length;
    if (position - from < EVENTS_PER_RANGE && position < events) continue;
    const cpu = process.cpuUsage();
    const start = performance.now();
    await store.load({ from, to: position, blocks });
    seconds += (performance.now() - start) / 1000;
    const used = process.cpuUsage(cpu);
    serverCpu += (used.user + used.system) / 1e6;
    blocks = [];
    from = position;
  }
  return { seconds, engineCpu: cpuSeconds(pid) - cpuBefore, serverCpu, bytes };
}

/** The way of a quiet server: few events at a time. */
async function smallLoads(store: EmbeddedStore, from: number): Promise<number[]> {
  const times: number[] = [];
  const traffic = { seed: 2, startMs: START_MS + DAYS * 86_400_000, meanGapMs: 10 };
  let position = from;
  const blocks = generateBlocks(SMALL_LOADS * SMALL_LOAD_EVENTS, SMALL_LOAD_EVENTS, traffic);
  for (const { lines, count } of blocks) {
    const block = { position, count, sealedAtMs: START_MS, lines };
    const start = performance.now();
    await store.load({ from: position, to: position + count, blocks: [block] });
    times.push(performance.now() - start);
    position += count;
  }
  return times;
}

/** Until no merge has been running for three seconds. */
async function settle(store: EmbeddedStore): Promise<void> {
  for (let quiet = 0; quiet < 3;) {
    await sleep(1000);
    const [row] = await rowsOf(store, 'SELECT count() FROM system.merges');
    quiet = Number(row?.[0] ?? 0) === 0 ? quiet + 1 : 0;
  }
}

/** How long the server's own event loop stands still while a large result comes in. */
async function largeResult(store: EmbeddedStore): Promise<void> {
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last - 1);
    last = performance.now();
  }, 1);
  const start = performance.now();
  const result = await store.query(
    { sql: 'SELECT * FROM events LIMIT 200000', parameters: {} },
    { timeoutMs: 120_000 },
  );
  let rows = 0;
  for await (const batch of result.batches) {
    rows += batch.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  clearInterval(timer);
  figure(
    `${rows} whole rows (s), longest stall of the loop (ms)`,
    `${((performance.now() - start) / 1000).toFixed(1)}, ${longest.toFixed(0)}`,
  );
}

export async function run(): Promise<void> {
  const asked = process.argv.find((argument) => argument.startsWith('--events='));
  const events = Number(asked?.slice('--events='.length) ?? EVENTS);
  const directory = mkdtempSync(join(tmpdir(), 'mailtrail-bench-'));
  const store = createEmbeddedStore({
    directory,
    log: createLog((line) => process.stderr.write(line), { level: 'warn', now: Date.now }),
    clock: systemClock,
    childEntry: ENTRY,
  });
  await store.start();
  try {
    const pid = store.enginePid ?? 0;
    await sleep(2000);
    figure('engine resident idle (MiB)', residentMiB(pid).now);
    const load = await loadEvents(store, events);
    figure('events, bytes of one', `${events}, ${Math.round(load.bytes / events)}`);
    figure('loaded events/s', Math.round(events / load.seconds));
    figure(
      'processor, engine with merges / server (µs an event)',
      `${((load.engineCpu * 1e6) / events).toFixed(2)} / ${((load.serverCpu * 1e6) / events).toFixed(2)}`,
    );
    figure('engine resident peak of loading (MiB)', residentMiB(pid).peak);
    const small = await smallLoads(store, events);
    figure(
      `loads of ${SMALL_LOAD_EVENTS} p50 / p99 (ms)`,
      `${median(small).toFixed(0)} / ${percentile(small, 0.99).toFixed(0)}`,
    );
    await settle(store);
    const stats = await store.stats();
    figure(
      'bytes an event after merges, parts',
      `${(stats.storedBytes / stats.events).toFixed(1)}, ${stats.activeParts}`,
    );
    await store.stop();
    await store.start();
    await queryTimes(store);
    await largeResult(store);
    await sleep(5000);
    const resident = residentMiB(store.enginePid ?? 0);
    figure('engine resident after queries, peak (MiB)', `${resident.now}, ${resident.peak}`);
  } finally {
    await store.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
