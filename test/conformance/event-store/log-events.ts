// What every event store must do with log events that clients put, beside the audit events.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOG_EVENT_TYPE, type LogEvent } from '../../../src/event/log-event.ts';
import { journalLine } from '../../../src/event/journal-line.ts';
import type { LoadRange } from '../../../src/store/event-store.ts';
import type { LogEventStore } from '../../../src/store/log-event-store.ts';
import { until } from './built-engine.ts';
import { allRows, census, mailboxEvent, rangeOf, sealTime, START_MS } from './event-ranges.ts';
import type { StoreUnderTest } from './suite.ts';

function logEvent(groupId: string, message: string, more: Partial<LogEvent> = {}): string {
  const event: LogEvent = {
    log_type: LOG_EVENT_TYPE,
    log_group_id: groupId,
    log_stream: 's',
    event_timestamp: START_MS,
    message,
    ...more,
  };
  return journalLine(event).trimEnd();
}

/** Positions 0 to 5: of two groups, an audit event at either end, and one that only speaks of a log event. */
function mixedRange(): LoadRange {
  return rangeOf(
    0,
    [
      mailboxEvent({ item_id: 'first' }),
      logEvent('a', 'one "two"\n\\three\u0000é'),
      logEvent('b', ''),
    ],
    [
      logEvent('a', '{"n":1}', { log_stream: 't', event_timestamp: START_MS + 5 }),
      mailboxEvent({ subject: '{"log_type":"LOG_EVENT"', item_id: 'last' }),
      logEvent('a', 'late'),
    ],
  );
}

const ALL =
  'SELECT position, log_group_id, log_stream, toUnixTimestamp64Milli(event_time), toUnixTimestamp64Milli(ingestion_time), message FROM log_events ORDER BY position';

export function describeLogEvents(open: () => Promise<StoreUnderTest>): void {
  describe('log events', () => {
    let under: StoreUnderTest;
    let store: StoreUnderTest['store'] & LogEventStore;
    beforeAll(async () => {
      under = await open();
      store = under.store;
    });
    afterAll(() => under.remove());

    const rows = [
      [1, 'a', 's', START_MS, sealTime(0), 'one "two"\n\\three\u0000é'],
      [2, 'b', 's', START_MS, sealTime(0), ''],
      [3, 'a', 't', START_MS + 5, sealTime(3), '{"n":1}'],
      [5, 'a', 's', START_MS, sealTime(3), 'late'],
    ];

    test('they go into their own table, at their own positions, and all others into theirs', async () => {
      await store.load(mixedRange());
      expect(await allRows(store, ALL)).toEqual(rows);
      const others = await allRows(store, 'SELECT position, item_id FROM events ORDER BY position');
      expect(others).toEqual([
        [0, 'first'],
        [4, 'last'],
      ]);
      expect((await store.stats()).endPosition).toBe(6);
    });

    test('a range that is loaded again adds nothing, before and after a restart', async () => {
      await store.load(mixedRange());
      store = await under.reopen();
      await store.load(mixedRange());
      expect(await allRows(store, ALL)).toEqual(rows);
      expect(await census(store)).toEqual([2, 2, 0, 4]);
    });

    test('a range of log events alone is loaded', async () => {
      await store.load(rangeOf(6, [logEvent('c', 'alone')]));
      expect((await store.stats()).endPosition).toBe(7);
      expect(await allRows(store, 'SELECT message FROM log_events WHERE position = 6')).toEqual([
        ['alone'],
      ]);
    });

    test('groups and streams are told', async () => {
      const groups = await store.logGroups();
      expect(groups.map(({ groupId, events }) => [groupId, events])).toEqual([
        ['a', 3],
        ['b', 1],
        ['c', 1],
      ]);
      for (const { storedBytes } of groups) expect(storedBytes).toBeGreaterThan(0);
      const streams = (await store.logStreams('a')).toSorted((x, y) =>
        x.stream < y.stream ? -1 : 1,
      );
      expect(streams).toEqual([
        {
          stream: 's',
          firstEventAtMs: START_MS,
          lastEventAtMs: START_MS,
          lastIngestionAtMs: sealTime(3),
        },
        {
          stream: 't',
          firstEventAtMs: START_MS + 5,
          lastEventAtMs: START_MS + 5,
          lastIngestionAtMs: sealTime(3),
        },
      ]);
      expect(await store.logStreams("no'ne")).toEqual([]);
    });

    test('what is forgotten goes, and what came later or is of others stays', async () => {
      const left = async (): Promise<unknown> => {
        const positions = await allRows(store, 'SELECT position FROM log_events ORDER BY position');
        return positions.flat();
      };
      await store.forget({ groupId: 'a', stream: 's', belowPosition: 5 });
      await until(
        async () => String(await left()) === '2,3,5,6',
        'one event of a stream to go',
        60_000,
      );
      await store.forget({ groupId: 'a', beforeMs: START_MS + 5, belowPosition: 100 });
      await until(async () => String(await left()) === '2,3,6', 'what is old to go', 60_000);
      await store.forget({ groupId: 'b', belowPosition: 100 });
      await store.forget({ groupId: "it's none", belowPosition: 100 });
      await until(async () => String(await left()) === '3,6', 'a group to go', 60_000);
    });
  });
}
