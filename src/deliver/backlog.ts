// What happens when a delivery does not get on for so long that more of the journal is kept for it than may be:
// its oldest events are dropped, counted, or nothing more is accepted (the program's intake does that).
import type { LogType } from '../event/log-type.ts';
import type { Cursor, Journal } from '../journal/journal.ts';
import { chosenRecords } from './chosen-records.ts';
import { BACKLOG_KEPT_PART, READ_BYTES_MAX, READ_EVENTS_MAX } from './limits.ts';
import type { Selection } from './selection.ts';

export interface Backlog {
  readonly bytesMax: number;
  readonly whenFull: 'stop-accepting' | 'drop-oldest';
}

/** What was let go: events that have not arrived, and now never will. */
export interface Dropped {
  readonly from: Cursor;
  readonly to: Cursor;
  /** How many of them would have left. */
  readonly records: number;
  /** When the first and the last of them came about, ms since the Unix epoch; absent without any. */
  readonly firstTimestampMs?: number;
  readonly lastTimestampMs?: number;
}

export interface DropOptions {
  readonly journal: Pick<Journal, 'read' | 'bytesBeyond' | 'cursorWithin'>;
  readonly backlog: Backlog;
  readonly logType: LogType;
  readonly select: Selection;
}

/** What has to go so that the backlog is within its bound, counted; undefined when nothing has to. */
export async function dropOldest(
  { journal, backlog, logType, select }: DropOptions,
  cursor: Cursor,
): Promise<Dropped | undefined> {
  const { bytesMax, whenFull } = backlog;
  if (whenFull !== 'drop-oldest' || journal.bytesBeyond(cursor) <= bytesMax) return undefined;
  const to = journal.cursorWithin(bytesMax * BACKLOG_KEPT_PART);
  if (to.position <= cursor.position) return undefined;
  let records = 0;
  let firstTimestampMs: number | undefined;
  let lastTimestampMs: number | undefined;
  const limits = { eventsMax: READ_EVENTS_MAX, bytesMax: READ_BYTES_MAX };
  for (let at = cursor; at.position < to.position;) {
    const range = await journal.read(at, limits);
    if (range.blocks.length === 0) break;
    const bounds = { from: at.position, to: to.position };
    const chosen = chosenRecords(range.blocks, bounds, logType, select);
    records += chosen.records.length;
    firstTimestampMs ??= chosen.records[0]?.timestampMs;
    lastTimestampMs = chosen.records.at(-1)?.timestampMs ?? lastTimestampMs;
    at = range.to;
  }
  return {
    from: cursor,
    to,
    records,
    ...(firstTimestampMs !== undefined && { firstTimestampMs }),
    ...(lastTimestampMs !== undefined && { lastTimestampMs }),
  };
}
