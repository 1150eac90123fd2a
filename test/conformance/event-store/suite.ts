// What every event store must do, whichever engine it stands on.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventStore, QueryLimits, StoreErrorCode } from '../../../src/store/event-store.ts';
import { EVENT_COLUMNS } from '../../../src/store/event-table.ts';
import type { LogEventStore } from '../../../src/store/log-event-store.ts';
import { until } from './built-engine.ts';
import { describeLogEvents } from './log-events.ts';
import {
  allRows,
  census,
  mailboxEvent,
  rangeOf,
  sealTime,
  START_MS,
  trafficRanges,
} from './event-ranges.ts';

/** A store of its own for one group of tests, started and empty. */
export interface StoreUnderTest {
  readonly store: EventStore & LogEventStore;
  /** How many queries run at once, and how many more may wait. */
  readonly querySessions: number;
  readonly queriesWaitingMax: number;
  /** Stops it and starts one on the same data. */
  reopen(): Promise<EventStore & LogEventStore>;
  remove(): Promise<void>;
}

const MIB = 1024 * 1024;
/** A query that keeps a session busy until it is stopped. */
const ENDLESS = 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)';

function valueAt(record: Record<string, unknown>, path: string): unknown {
  let value: unknown = record;
  for (const key of path.split('.')) {
    value = (value as Record<string, unknown> | undefined)?.[key];
  }
  return value;
}

function describeLoading(open: () => Promise<StoreUnderTest>): void {
  describe('loading', () => {
    let under: StoreUnderTest;
    let store: EventStore;
    beforeAll(async () => {
      under = await open();
      store = under.store;
    });
    afterAll(() => under.remove());

    test('every field of every log type comes back as it went in', async () => {
      const [range] = trafficRanges(2000, 2000);
      if (!range) throw new Error('no traffic');
      await store.load(range);
      const columns = [...EVENT_COLUMNS.values()];
      const rows = await allRows(
        store,
        `SELECT log_type, toUnixTimestamp64Milli(event_time), extra, ${columns.map(({ column }) => column).join(', ')} FROM events ORDER BY position`,
      );
      const records = range.blocks.flatMap(({ lines }) => {
        const texts = Buffer.from(lines).toString().trimEnd().split('\n');
        return texts.map((text) => JSON.parse(text) as Record<string, unknown>);
      });
      expect(rows).toHaveLength(records.length);
      for (const [i, record] of records.entries()) {
        const [logType, eventTime, extra, ...values] = rows[i] ?? [];
        expect(logType).toBe(record['log_type']);
        expect(eventTime).toBe(record['event_timestamp']);
        expect(typeof extra === 'string' ? JSON.parse(extra) : undefined).toEqual(record['extra']);
        for (const [c, { path, kind }] of columns.entries()) {
          const expected = valueAt(record, path) ?? (kind === 'texts' ? [] : null);
          const cell = values[c] ?? null;
          const actual = kind === 'json' && typeof cell === 'string' ? JSON.parse(cell) : cell;
          expect(actual, `${path} of event ${i}`).toEqual(expected);
        }
      }
    });

    test('each event has its own position and its block’s time', async () => {
      const rows = await allRows(
        store,
        'SELECT position, toUnixTimestamp64Milli(ingestion_time) FROM events ORDER BY position',
      );
      expect(rows).toEqual(
        Array.from({ length: 2000 }, (_, i) => [i, sealTime(Math.floor(i / 500) * 500)]),
      );
    });

    test('a range that was loaded is not loaded again', async () => {
      const [range] = trafficRanges(2000, 2000);
      if (!range) throw new Error('no traffic');
      await store.load(range);
      await store.load(range);
      expect(await census(store)).toEqual([2000, 2000, 0, 1999]);
    });

    test('events spread over 25 years are loaded in one range, and only once', async () => {
      const records = Array.from({ length: 300 }, (_, i) => {
        return mailboxEvent({ event_timestamp: Date.UTC(2001, 9 + i, 3), item_id: `month:${i}` });
      });
      const range = rangeOf(2000, records);
      await store.load(range);
      await store.load(range);
      expect(await census(store)).toEqual([2300, 2300, 0, 2299]);
      expect(
        await allRows(store, "SELECT uniqExact(item_id) FROM events WHERE item_id LIKE 'month:%'"),
      ).toEqual([[300]]);
    });

    test('fields nobody declared are kept as JSON, at both levels', async () => {
      const email = {
        log_type: 'EMAIL_EVENT_LOGS',
        event_timestamp: START_MS,
        event: {
          eventName: 'RULE_APPLIED',
          ruleActions: [{ move: 'Junk' }],
          recipients: ['a@x.example', 'b\'\\"@x.example'],
          extra: { deep: { list: [1, 'two', null] } },
        },
        extra: { 'odd key': 'ä\u0000\n', flag: true },
      };
      await store.load(rangeOf(2300, [email]));
      const [row] = await allRows(
        store,
        'SELECT extra, event__extra, event__ruleActions, event__recipients FROM events WHERE position = 2300',
      );
      const [extra, eventExtra, actions, recipients] = row ?? [];
      expect(JSON.parse(String(extra))).toEqual(email.extra);
      expect(JSON.parse(String(eventExtra))).toEqual(email.event.extra);
      expect(JSON.parse(String(actions))).toEqual(email.event.ruleActions);
      expect(recipients).toEqual(email.event.recipients);
    });

    test('a range with a line that cannot be read is refused, and the others go on', async () => {
      const bad = rangeOf(2301, [mailboxEvent(), mailboxEvent({ source_port: 'many' })]);
      await expect(store.load(bad)).rejects.toMatchObject({ code: 'bad-range' });
      await expect(store.load(rangeOf(2301, ['{"log_type":']))).rejects.toMatchObject({
        code: 'bad-range',
      });
      const two = `${JSON.stringify(mailboxEvent())}${JSON.stringify(mailboxEvent())}`;
      await expect(store.load(rangeOf(2301, [two]))).rejects.toMatchObject({ code: 'bad-range' });
      await store.load(rangeOf(2301, [mailboxEvent()]));
      await store.load(rangeOf(2303, [mailboxEvent()]));
      const rows = await allRows(store, 'SELECT position FROM events WHERE position > 2300');
      expect(new Set(rows.map(([position]) => position))).toEqual(new Set([2301, 2303]));
    });

    test('a range without events is nothing to do', async () => {
      await store.load({ from: 2304, to: 2304, blocks: [] });
    });

    test('what was loaded is there after a restart', async () => {
      const before = await census(store);
      store = await under.reopen();
      expect(await census(store)).toEqual(before);
      expect((await store.stats()).endPosition).toBe(2304);
    });
  });
}

function describeQuerying(open: () => Promise<StoreUnderTest>): void {
  describe('querying', () => {
    let under: StoreUnderTest;
    let store: EventStore;
    beforeAll(async () => {
      under = await open();
      store = under.store;
      for (const range of trafficRanges(20_000, 10_000)) await store.load(range);
    });
    afterAll(() => under.remove());

    test('parameters arrive unchanged and never become SQL', async () => {
      const texts = ["'; DROP TABLE events; --", '\\', '\\n', 'tab\there', 'ä😀', '{a:String}', ''];
      for (const text of texts) {
        const parameters = { text, list: texts, number: 7, missing: null };
        const rows = await allRows(
          store,
          'SELECT {text:String}, {list:Array(String)}, {number:UInt8}, {missing:Nullable(String)}',
          parameters,
        );
        expect(rows).toEqual([[text, texts, 7, null]]);
      }
      expect((await store.stats()).events).toBe(20_000);
    });

    test('queries at the same time do not see each other’s parameters', async () => {
      const answers = await Promise.all(
        Array.from({ length: under.queriesWaitingMax }, async (_, i) => {
          const name = `query ${i}`;
          const [row] = await allRows(
            store,
            'SELECT {name:String}, countIf(user_id != {name:String}) FROM events',
            { name },
          );
          return row?.[0] === name;
        }),
      );
      expect(answers.filter((right) => !right)).toEqual([]);
    });

    test('rows come in the query’s order and the statistics tell what was read', async () => {
      const sql =
        "SELECT position FROM events WHERE log_type = {type:String} AND user_id != '' ORDER BY position DESC";
      const result = await store.query(
        { sql, parameters: { type: 'WORKMAIL_MAILBOX_ACCESS_LOGS' } },
        { timeoutMs: 30_000 },
      );
      const positions: number[] = [];
      for await (const batch of result.batches)
        positions.push(...batch.map((row) => Number(row[0])));
      expect(positions).toEqual([...positions].sort((a, b) => b - a));
      expect(positions.length).toBeGreaterThan(10_000);
      const statistics = await result.statistics;
      expect(statistics.rowsRead).toBeGreaterThanOrEqual(positions.length);
      expect(statistics.bytesRead).toBeGreaterThan(statistics.rowsRead);
    });

    test('a query that finds nothing tells what it read, too', async () => {
      const result = await store.query(
        {
          sql: 'SELECT position FROM events WHERE user_id = {user:String}',
          parameters: { user: 'nobody' },
        },
        { timeoutMs: 30_000 },
      );
      for await (const batch of result.batches) expect(batch).toEqual([]);
      expect((await result.statistics).rowsRead).toBeGreaterThan(0);
    });

    test('a large result is whole', async () => {
      const rows = await allRows(store, 'SELECT number, toString(number) FROM numbers(300000)');
      expect(rows).toHaveLength(300_000);
      expect(rows.at(-1)).toEqual([299_999, '299999']);
    });

    test('errors tell what happened', async () => {
      const failures: [sql: string, code: StoreErrorCode, limits?: Partial<QueryLimits>][] = [
        ['SELECT nonsense', 'query'],
        ['SELEC 1', 'query'],
        [ENDLESS, 'timeout', { timeoutMs: 200 }],
        [
          'SELECT groupArray(number) FROM numbers(100000000)',
          'memory',
          { memoryBytesMax: 50 * MIB },
        ],
        ['SELECT throwIf(number = 200000) FROM numbers(300000)', 'query'],
      ];
      for (const [sql, code, limits] of failures) {
        await expect(allRows(store, sql, {}, limits)).rejects.toMatchObject({ code });
      }
      expect(await allRows(store, 'SELECT 1')).toEqual([[1]]);
    });

    test('a cancelled query stops, before it begins and while it runs', async () => {
      await expect(
        allRows(store, ENDLESS, {}, { signal: AbortSignal.abort() }),
      ).rejects.toMatchObject({ code: 'cancelled' });
      for (let i = 0; i < under.querySessions * 3; i++) {
        const abort = new AbortController();
        const running = allRows(store, ENDLESS, {}, { signal: abort.signal });
        setImmediate(() => abort.abort());
        await expect(running).rejects.toMatchObject({ code: 'cancelled' });
      }
      expect(await allRows(store, 'SELECT 1')).toEqual([[1]]);
    });

    test('a result may be left early, which makes room for the next', async () => {
      for (let i = 0; i < under.querySessions * 3; i++) {
        const result = await store.query(
          { sql: 'SELECT number FROM numbers(100000000)', parameters: {} },
          { timeoutMs: 30_000 },
        );
        for await (const batch of result.batches) {
          expect(batch[0]).toEqual([0]);
          break;
        }
      }
      expect(await allRows(store, 'SELECT 1')).toEqual([[1]]);
    });

    test('a slow query holds up neither loading nor other queries', async () => {
      const abort = new AbortController();
      const slow = allRows(store, ENDLESS, {}, { signal: abort.signal });
      await store.load(rangeOf(20_000, [mailboxEvent({ item_id: 'beside a slow query' })]));
      const rows = await allRows(
        store,
        "SELECT position FROM events WHERE item_id = 'beside a slow query'",
      );
      expect(rows).toEqual([[20_000]]);
      abort.abort();
      await expect(slow).rejects.toMatchObject({ code: 'cancelled' });
    });

    test('one query more than may wait is refused at once', async () => {
      const aborts: AbortController[] = [];
      const running = Array.from({ length: under.querySessions + under.queriesWaitingMax }, () => {
        const abort = new AbortController();
        aborts.push(abort);
        return allRows(store, ENDLESS, {}, { signal: abort.signal }).catch((e: unknown) => e);
      });
      await expect(allRows(store, 'SELECT 1')).rejects.toMatchObject({ code: 'unavailable' });
      for (const abort of aborts) abort.abort();
      for (const outcome of await Promise.all(running)) {
        expect(outcome).toMatchObject({ code: 'cancelled' });
      }
    });

    test('a query cannot change anything', async () => {
      for (const sql of [
        'DROP TABLE events',
        'ALTER TABLE events DELETE WHERE 1',
        'SYSTEM SHUTDOWN',
      ]) {
        await expect(allRows(store, sql)).rejects.toMatchObject({ code: 'query' });
      }
    });
  });
}

function describeGroups(open: () => Promise<StoreUnderTest>): void {
  describe('groups', () => {
    let under: StoreUnderTest;
    let store: EventStore;
    beforeAll(async () => {
      under = await open();
      store = under.store;
    });
    afterAll(() => under.remove());

    const group = async (logType: string) => {
      return (await store.groups()).find((one) => one.logType === logType);
    };

    test('an empty store has all groups, empty', async () => {
      const groups = await store.groups();
      expect(groups).toHaveLength(7);
      expect(groups[0]).toEqual({ logType: 'AUTHENTICATION_LOGS', events: 0, storedBytes: 0 });
      expect(await store.stats()).toMatchObject({ events: 0, endPosition: 0 });
      expect(store.health()).toEqual({ ready: true });
    });

    test('groups tell how much they hold and from when to when', async () => {
      const day = 86_400_000;
      await store.load(
        rangeOf(0, [
          mailboxEvent({ event_timestamp: START_MS }),
          mailboxEvent({ event_timestamp: START_MS + day }),
          { log_type: 'MANAGEMENT_LOGS', event_timestamp: START_MS, event_name: 'StartServer' },
        ]),
      );
      expect(await group('WORKMAIL_MAILBOX_ACCESS_LOGS')).toMatchObject({
        events: 2,
        firstEventAtMs: START_MS,
        lastEventAtMs: START_MS + day,
      });
      expect(await group('MANAGEMENT_LOGS')).toMatchObject({ events: 1 });
      const stats = await store.stats();
      expect(stats).toMatchObject({ events: 3, endPosition: 3 });
      expect(stats.storedBytes).toBeGreaterThan(0);
    });

    test('retention is set, changed, kept over a restart and lifted by log type', async () => {
      await store.retain('AUTHENTICATION_LOGS', 30);
      await store.retain('MANAGEMENT_LOGS', 3650);
      await store.retain('AUTHENTICATION_LOGS', 90);
      store = await under.reopen();
      expect(await group('AUTHENTICATION_LOGS')).toMatchObject({ retentionDays: 90 });
      expect(await group('MANAGEMENT_LOGS')).toMatchObject({ retentionDays: 3650 });
      await store.retain('AUTHENTICATION_LOGS', undefined);
      await store.retain('MANAGEMENT_LOGS', undefined);
      expect(await group('AUTHENTICATION_LOGS')).not.toHaveProperty('retentionDays');
      expect(await group('MANAGEMENT_LOGS')).not.toHaveProperty('retentionDays');
    });

    test('retention that makes no sense is refused', async () => {
      for (const days of [0, -1, 1.5, Number.NaN, 40_000]) {
        await expect(store.retain('MANAGEMENT_LOGS', days)).rejects.toMatchObject({
          code: 'query',
        });
      }
    });

    test('events beyond their retention go, those of other groups stay', async () => {
      const now = Date.now();
      await store.load(
        rangeOf(3, [
          mailboxEvent({ event_timestamp: now - 10 * 86_400_000, item_id: 'old' }),
          mailboxEvent({ event_timestamp: now, item_id: 'new' }),
          { log_type: 'MANAGEMENT_LOGS', event_timestamp: START_MS, event_name: 'StopServer' },
        ]),
      );
      await store.retain('WORKMAIL_MAILBOX_ACCESS_LOGS', 5);
      await until(
        async () => (await group('WORKMAIL_MAILBOX_ACCESS_LOGS'))?.events === 1,
        'events beyond their retention to go',
        60_000,
      );
      expect(await allRows(store, 'SELECT item_id FROM events WHERE item_id IS NOT NULL')).toEqual([
        ['new'],
      ]);
      expect(await group('MANAGEMENT_LOGS')).toMatchObject({ events: 2 });
    });

    test('events that are beyond their retention when they come are no error', async () => {
      await store.load(
        rangeOf(6, [mailboxEvent({ event_timestamp: START_MS - 365 * 86_400_000 })]),
      );
    });
  });
}

/** Runs everything an event store promises against the stores that `open` makes. */
export function describeEventStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`event store: ${name}`, () => {
    describeLoading(open);
    describeQuerying(open);
    describeGroups(open);
    describeLogEvents(open);
  });
}
