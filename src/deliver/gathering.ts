// How a batch comes about: the journal is read on from where a delivery stands, and what leaves of it is kept,
// until there is enough of it or its first event has waited long enough for company.
import type { Cursor, Journal } from '../journal/journal.ts';
import type { Clock } from '../platform/clock.ts';
import { chosenRecords } from './chosen-records.ts';
import type { DeliveryPace, DeliveryRecord } from './destination.ts';
import { GATHER_EVERY_MS, READ_BYTES_MAX, READ_EVENTS_MAX } from './limits.ts';
import type { Selection } from './selection.ts';
import { sleepUntil } from './wait.ts';

export interface GatheringOptions {
  readonly journal: Pick<Journal, 'read' | 'waitBeyond' | 'status'>;
  readonly pace: DeliveryPace;
  readonly logType: string;
  readonly select: Selection;
  readonly clock: Clock;
  /** Called with where everything before does not leave: nothing of it is read again. */
  readonly passed: (to: Cursor) => Promise<void>;
  /** What is gathered so far waits since then; undefined when there is nothing. */
  readonly waiting: (sinceMs: number | undefined) => void;
}

/** What was gathered; `records` is empty only when it was stopped, or all of a noted range is passed. */
export interface Gathered {
  readonly from: Cursor;
  readonly to: Cursor;
  readonly records: readonly DeliveryRecord[];
  /** When the first of the records became durable. */
  readonly sealedAtMs: number;
}

/**
 * Gathers the next batch behind the cursor.
 *
 * @param end where to stop: of a batch that was noted before, which has these bounds again
 */
export async function gather(
  options: GatheringOptions,
  cursor: Cursor,
  signal: AbortSignal,
  end = Infinity,
): Promise<Gathered> {
  const { journal, pace, logType, select, clock, passed, waiting } = options;
  const records: DeliveryRecord[] = [];
  let bytes = 0;
  let from = cursor;
  let to = cursor;
  let sealedAtMs: number | undefined;
  while (!signal.aborted && to.position < end) {
    const limits = {
      eventsMax: Math.max(1, Math.min(READ_EVENTS_MAX, pace.eventsMax - records.length)),
      bytesMax: Math.max(1, Math.min(READ_BYTES_MAX, pace.bytesMax - bytes)),
    };
    const range = await journal.read(to, limits);
    if (range.blocks.length > 0) {
      const bounds = { from: to.position, to: end };
      const chosen = chosenRecords(range.blocks, bounds, logType, select);
      records.push(...chosen.records);
      bytes += chosen.bytes;
      sealedAtMs ??= chosen.firstSealedAtMs;
      to = range.to.position > end ? { position: end } : range.to;
      if (end < Infinity) continue;
      if (records.length === 0) {
        await passed(to);
        from = to;
      }
      waiting(sealedAtMs);
      if (records.length >= pace.eventsMax || bytes >= pace.bytesMax) break;
      continue;
    }
    if (sealedAtMs === undefined) {
      await journal.waitBeyond(to.position, signal);
      continue;
    }
    const dueMs = sealedAtMs + pace.intervalMs;
    if (clock.now() >= dueMs) break;
    await sleepUntil(clock, Math.min(dueMs, clock.now() + GATHER_EVERY_MS), signal);
  }
  return { from, to, records, sealedAtMs: sealedAtMs ?? clock.now() };
}
