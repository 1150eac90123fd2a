import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import type { Journal, JournalBlock } from './journal.ts';
import type { JournalLimits } from './limits.ts';
import { openJournal } from './open.ts';

let directory: string;
let opened: Journal[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mailtrail-journal-'));
  opened = [];
});

afterEach(async () => {
  for (const journal of opened) await journal.close();
  await rm(directory, { recursive: true });
});

async function open(limits: Partial<JournalLimits> = {}): Promise<Journal> {
  const options = { directory, clock: systemClock, log: silentLog };
  const journal = await openJournal({ ...options, limits: { minFreeBytes: 0, ...limits } });
  opened.push(journal);
  return journal;
}

const lines = (...ids: number[]): { lines: Uint8Array; count: number } => ({
  lines: Buffer.from(ids.map((id) => `{"id":${id}}\n`).join('')),
  count: ids.length,
});

const text = (blocks: readonly JournalBlock[]): string =>
  blocks.map((block) => Buffer.from(block.lines).toString()).join('');

const ALL = { eventsMax: 1e9, bytesMax: 1e6 };

test('what is appended is read back, also by the next process', async () => {
  const journal = await open();
  expect(await journal.append(lines(0, 1))).toBe(2);
  const positions = await Promise.all([
    journal.append(lines(2)),
    journal.append({ ...lines(3), checkpoint: { source: 'log', value: { offset: 7 } } }),
  ]);
  expect(positions).toEqual([3, 4]);
  const expected = '{"id":0}\n{"id":1}\n{"id":2}\n{"id":3}\n';
  const range = await journal.read(journal.cursor('store'), ALL);
  expect(text(range.blocks)).toBe(expected);
  expect(range.to.position).toBe(4);
  await journal.commit('store', range.to);
  await journal.close();

  const again = await open();
  expect(again.status()).toMatchObject({ begin: 0, end: 4, consumers: { store: 4 } });
  expect(again.checkpoint('log')).toEqual({ offset: 7 });
  expect(await again.append(lines(4))).toBe(5);
  expect(text((await again.read({ position: 0 }, ALL)).blocks)).toBe(`${expected}{"id":4}\n`);
  expect(text((await again.read(again.cursor('store'), ALL)).blocks)).toBe('{"id":4}\n');
});

test('a closed segment has no padding and only JSON lines', async () => {
  const journal = await open();
  await journal.append(lines(0, 1, 2));
  await journal.close();
  const content = await readFile(join(directory, '00000000000000000000.ndjson'), 'utf8');
  const parsed = content
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(parsed.slice(0, 3)).toEqual([{ id: 0 }, { id: 1 }, { id: 2 }]);
  expect(parsed[3]).toMatchObject({ _seal: { position: 0, count: 3, bytes: 27 } });
  expect(parsed).toHaveLength(4);
});

test('segments roll, and reading goes on over them', async () => {
  const journal = await open({ segmentBytesMax: 2000, preallocateBytes: 500 });
  for (let id = 0; id < 50; id++) await journal.append(lines(id));
  expect(journal.status().segments).toBeGreaterThan(5);
  let cursor = journal.cursor('store');
  let all = '';
  for (;;) {
    const range = await journal.read(cursor, ALL);
    if (range.blocks.length === 0) break;
    expect(range.from.position).toBe(cursor.position);
    all += text(range.blocks);
    cursor = range.to;
  }
  expect(all).toBe(Array.from({ length: 50 }, (_, id) => `{"id":${id}}\n`).join(''));
});
