// The embedded store's table over the years: older tables grow, foreign and newer ones are refused,
// damaged parts are noticed. With the real engine.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/platform/clock.ts';
import { createLog, silentLog } from '../../../src/platform/log.ts';
import { createEmbeddedStore } from '../../../src/store/embedded/embedded-store.ts';
import { EngineClient } from '../../../src/store/embedded/engine-client.ts';
import { ENGINE_LIMITS } from '../../../src/store/embedded/limits.ts';
import type { EventStore, Row } from '../../../src/store/event-store.ts';
import { builtEngine, temporaryDirectory } from './built-engine.ts';
import { allRows, census, mailboxEvent, rangeOf } from './event-ranges.ts';

let directory: { path: string; remove(): void };
let logged: string[];
let started: EventStore[];

beforeEach(() => {
  directory = temporaryDirectory();
  logged = [];
  started = [];
});
afterEach(async () => {
  for (const store of started) await store.stop();
  directory.remove();
});

function makeStore(): EventStore {
  const store = createEmbeddedStore({
    directory: directory.path,
    log: createLog((line) => logged.push(line), { level: 'info', now: () => 0 }),
    clock: systemClock,
    childEntry: builtEngine(),
  });
  started.push(store);
  return store;
}

/** Does something to the stopped store's tables, past the store. */
async function tamper(...statements: string[]): Promise<Row[]> {
  const engine = new EngineClient({
    path: join(directory.path, 'engine'),
    childEntry: builtEngine(),
    limits: ENGINE_LIMITS,
    log: silentLog,
    clock: systemClock,
    prepare: () => Promise.resolve(),
  });
  await engine.start();
  try {
    for (const statement of statements.slice(0, -1)) await engine.execute(statement);
    return [...(await engine.rows(statements.at(-1) ?? ''))];
  } finally {
    await engine.stop();
  }
}

test('columns that came with newer declarations are added; older events have no value there', async () => {
  const first = makeStore();
  await first.start();
  const { generation } = await first.stats();
  await first.load(rangeOf(0, [mailboxEvent({ message_id: '<1@x>', flags: 'a' })]));
  await first.stop();
  await tamper(
    'ALTER TABLE events DROP INDEX skip_message_id',
    'ALTER TABLE events DROP COLUMN message_id',
    'ALTER TABLE events DROP COLUMN flags',
    'SELECT 1',
  );
  const second = makeStore();
  await second.start();
  expect(logged.join('')).toContain('ADD COLUMN IF NOT EXISTS `message_id`');
  await second.load(rangeOf(1, [mailboxEvent({ message_id: '<2@x>', flags: 'b' })]));
  expect(await allRows(second, 'SELECT message_id, flags FROM events ORDER BY position')).toEqual([
    [null, null],
    ['<2@x>', 'b'],
  ]);
  expect((await second.stats()).generation).toBe(generation);
  await second.stop();
  expect(
    await tamper("SELECT name FROM system.data_skipping_indices WHERE name = 'skip_message_id'"),
  ).toEqual([['skip_message_id']]);
});

test('a column of another type is refused by name', async () => {
  const first = makeStore();
  await first.start();
  await first.stop();
  await tamper('ALTER TABLE events MODIFY COLUMN source_port Nullable(Int32)', 'SELECT 1');
  await expect(makeStore().start()).rejects.toThrow(
    'column source_port of table events is Nullable(Int32), but this version of Mailtrail needs Nullable(Int64)',
  );
});

test('a table of a newer version is refused with what to do', async () => {
  const first = makeStore();
  await first.start();
  await first.stop();
  const note = '{"version":99,"generation":"x","damaged":[]}';
  await tamper(`ALTER TABLE events MODIFY COMMENT '${note}'`, 'SELECT 1');
  await expect(makeStore().start()).rejects.toThrow(
    'the table events has version 99, this Mailtrail knows 1 at most: use the newer Mailtrail, or move the store directory away',
  );
});

test('a table that is not ours is refused', async () => {
  await tamper('CREATE TABLE events (a Int8) ENGINE = MergeTree ORDER BY a', 'SELECT 1');
  await expect(makeStore().start()).rejects.toThrow(
    'the table events was not made by Mailtrail: its comment is ""',
  );
});

test('damaged parts are told, once, and make a new generation so that they are loaded again', async () => {
  const first = makeStore();
  await first.start();
  const before = await first.stats();
  await first.load(rangeOf(0, [mailboxEvent(), mailboxEvent()]));
  await first.load(rangeOf(2, [mailboxEvent({ event_timestamp: Date.UTC(2020, 0, 1) })]));
  await first.stop();
  const [part] = await tamper(
    "SELECT path FROM system.parts WHERE active AND table = 'events' AND partition = '202001'",
  );
  const path = String(part?.[0]);
  for (const name of readdirSync(path)) writeFileSync(join(path, name), 'x');

  const second = makeStore();
  await second.start();
  expect(logged.join('')).toContain('the engine found a damaged part and set it aside');
  const after = await second.stats();
  expect(after.generation).not.toBe(before.generation);
  expect(await census(second)).toEqual([2, 2, 0, 1]);
  await second.load(rangeOf(0, [mailboxEvent(), mailboxEvent()]));
  await second.load(rangeOf(2, [mailboxEvent({ event_timestamp: Date.UTC(2020, 0, 1) })]));
  expect(await census(second)).toEqual([3, 3, 0, 2]);
  await second.stop();

  const third = makeStore();
  await third.start();
  expect((await third.stats()).generation).toBe(after.generation);
});
