// Events out of the store, no more of them than an answer may hold.
import {
  compileLogRead,
  type LogRead,
  readLogEvent,
  type ReadLogEvent,
} from '../../../../insights/index.ts';
import type { EventStore } from '../../../../store/event-store.ts';
import { PAGE_BYTES_MAX, READ_TIMEOUT_MS } from './limits.ts';

/** What was read, and whether there is more. */
export interface EventPage {
  readonly events: readonly ReadLogEvent[];
  readonly more: boolean;
}

/**
 * Reads events in the order asked for, at most `read.limit` and PAGE_BYTES_MAX of messages, but one at least.
 * Rejects with a StoreError.
 */
export async function readEvents(
  store: Pick<EventStore, 'query'>,
  read: LogRead,
  signal: AbortSignal,
): Promise<EventPage> {
  const query = compileLogRead({ ...read, limit: read.limit + 1 });
  const { batches, statistics } = await store.query(query, { timeoutMs: READ_TIMEOUT_MS, signal });
  statistics.catch(() => {}); // told by the batches
  const events: ReadLogEvent[] = [];
  let bytes = 0;
  for await (const batch of batches) {
    for (const row of batch) {
      const event = readLogEvent(row);
      bytes += Buffer.byteLength(event.message);
      const full = events.length >= read.limit || (events.length > 0 && bytes > PAGE_BYTES_MAX);
      if (full) return { events, more: true };
      events.push(event);
    }
  }
  return { events, more: false };
}
