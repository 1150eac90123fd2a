// Ranges of events for the store's tests, and reading whole results.
import { generateBlocks, type TrafficOptions } from '../../../bench/event-generator.ts';
import type { JournalBlock } from '../../../src/journal/journal.ts';
import type { EventStore, LoadRange, QueryLimits, Row } from '../../../src/store/event-store.ts';

export const START_MS = Date.UTC(2026, 5, 1);
const TRAFFIC: TrafficOptions = { seed: 20_260_601, startMs: START_MS, meanGapMs: 500 };

/** When a block was sealed: every block at another time, and not at the events'. */
export function sealTime(position: number): number {
  return START_MS + 1_000_000_000 + position * 7;
}

/** A range of one block for each list of records, from the position on. */
export function rangeOf(
  from: number,
  ...blocks: readonly (readonly (object | string)[])[]
): LoadRange {
  let position = from;
  const sealed = blocks.map((records): JournalBlock => {
    const lines = records.map((record) => {
      return `${typeof record === 'string' ? record : JSON.stringify(record)}\n`;
    });
    const block = {
      position,
      count: records.length,
      sealedAtMs: sealTime(position),
      lines: Buffer.from(lines.join('')),
    };
    position += records.length;
    return block;
  });
  return { from, to: position, blocks: sealed };
}

/** Lifelike traffic, cut into ranges of blocks. */
export function trafficRanges(
  events: number,
  eventsPerRange: number,
  eventsPerBlock = 500,
  traffic: TrafficOptions = TRAFFIC,
): LoadRange[] {
  const ranges: LoadRange[] = [];
  let blocks: JournalBlock[] = [];
  let from = 0;
  let position = 0;
  for (const { lines, count } of generateBlocks(events, eventsPerBlock, traffic)) {
    blocks.push({ position, count, sealedAtMs: sealTime(position), lines });
    position += count;
    if (position - from >= eventsPerRange || position >= events) {
      ranges.push({ from, to: position, blocks });
      blocks = [];
      from = position;
    }
  }
  return ranges;
}

/** One mailbox event with what a test needs in it. */
export function mailboxEvent(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    log_type: 'WORKMAIL_MAILBOX_ACCESS_LOGS',
    event_timestamp: START_MS,
    user_id: 'bob',
    action: 'read',
    ...fields,
  };
}

/** All rows of a query. */
export async function allRows(
  store: EventStore,
  sql: string,
  parameters: Readonly<Record<string, unknown>> = {},
  limits: Partial<QueryLimits> = {},
): Promise<Row[]> {
  const result = await store.query({ sql, parameters }, { timeoutMs: 30_000, ...limits });
  const rows: Row[] = [];
  for await (const batch of result.batches) rows.push(...batch);
  return rows;
}

/** How many rows, how many positions, the first and the last of them. */
export async function census(store: EventStore): Promise<Row | undefined> {
  const [row] = await allRows(
    store,
    'SELECT count(), uniqExact(position), min(position), max(position) FROM events',
  );
  return row;
}
