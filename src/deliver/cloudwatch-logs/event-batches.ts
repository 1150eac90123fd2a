// How records become calls of PutLogEvents: as many events and bytes as one takes, in the order of time,
// within a day. Pure.
// @see CloudWatch Logs API reference, PutLogEvents

/** Events of one call. */
export const CALL_EVENTS_MAX = 10_000;
/** Bytes of one call: the UTF-8 of the messages, and 26 for each event. */
export const CALL_BYTES_MAX = 1_048_576;
export const EVENT_OVERHEAD_BYTES = 26;
/** From the first to the last event of a call. */
export const CALL_SPAN_MAX_MS = 24 * 60 * 60 * 1000;
/** An event that fills a call of its own. */
export const MESSAGE_BYTES_MAX = CALL_BYTES_MAX - EVENT_OVERHEAD_BYTES;

export interface PutEvent {
  /** Which record it is of. */
  readonly index: number;
  readonly timestamp: number;
  readonly message: string;
}

/** The events of each call. None is longer than a call takes. */
export function callsOf(events: readonly PutEvent[]): readonly (readonly PutEvent[])[] {
  const calls: PutEvent[][] = [];
  let bytes = 0;
  for (const event of events.toSorted((a, b) => a.timestamp - b.timestamp)) {
    const size = Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES;
    const call = calls.at(-1);
    const fits =
      call !== undefined &&
      call.length < CALL_EVENTS_MAX &&
      bytes + size <= CALL_BYTES_MAX &&
      event.timestamp - (call[0]?.timestamp ?? 0) <= CALL_SPAN_MAX_MS;
    if (fits) {
      call.push(event);
      bytes += size;
    } else {
      calls.push([event]);
      bytes = size;
    }
  }
  return calls;
}
