import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CALL_BYTES_MAX,
  CALL_EVENTS_MAX,
  CALL_SPAN_MAX_MS,
  callsOf,
  EVENT_OVERHEAD_BYTES,
  MESSAGE_BYTES_MAX,
  type PutEvent,
} from './event-batches.ts';

const event = (index: number, message = 'm', timestamp = 0): PutEvent => ({
  index,
  message,
  timestamp,
});
const sizes = (events: readonly PutEvent[]): number[] =>
  callsOf(events).map(({ length }) => length);

const eventsOf = (count: number): PutEvent[] => Array.from({ length: count }, (_, at) => event(at));

test('a call takes 10,000 events, and not one more', () => {
  expect(sizes(eventsOf(CALL_EVENTS_MAX))).toEqual([CALL_EVENTS_MAX]);
  expect(sizes(eventsOf(CALL_EVENTS_MAX + 1))).toEqual([CALL_EVENTS_MAX, 1]);
});

test('a call takes its bytes to the last one, 26 for each event besides its UTF-8', () => {
  const half = CALL_BYTES_MAX / 2 - EVENT_OVERHEAD_BYTES;
  expect(sizes([event(0, 'x'.repeat(half)), event(1, 'x'.repeat(half))])).toEqual([2]);
  expect(sizes([event(0, 'x'.repeat(half)), event(1, 'x'.repeat(half + 1))])).toEqual([1, 1]);
  expect(sizes([event(0, 'é'.repeat(half / 2)), event(1, 'é'.repeat(half / 2))])).toEqual([2]);
  expect(sizes([event(0, 'x'.repeat(MESSAGE_BYTES_MAX)), event(1, '')])).toEqual([1, 1]);
});

test('a call spans a day, and is in the order of time', () => {
  const late = event(0, 'late', CALL_SPAN_MAX_MS);
  const early = event(1, 'early', 0);
  expect(callsOf([late, early])).toEqual([[early, late]]);
  expect(sizes([event(0, 'a', 0), event(1, 'b', CALL_SPAN_MAX_MS + 1)])).toEqual([1, 1]);
});

test('every event is in one call, and no call is beyond a limit', () => {
  const events = fc.array(
    fc.record({
      timestamp: fc.integer({ min: 0, max: 3 * CALL_SPAN_MAX_MS }),
      length: fc.constantFrom(0, 1, 1000, 300_000, MESSAGE_BYTES_MAX),
    }),
    { maxLength: 30 },
  );
  const property = fc.property(events, (made) => {
    const all = made.map(({ timestamp, length }, at) => event(at, 'x'.repeat(length), timestamp));
    const calls = callsOf(all);
    expect(
      calls
        .flat()
        .map(({ index }) => index)
        .toSorted((a, b) => a - b),
    ).toEqual(all.map(({ index }) => index));
    for (const call of calls) {
      const bytes = call.reduce(
        (sum, { message }) => sum + message.length + EVENT_OVERHEAD_BYTES,
        0,
      );
      const times = call.map(({ timestamp }) => timestamp);
      expect(bytes).toBeLessThanOrEqual(CALL_BYTES_MAX);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeLessThanOrEqual(CALL_SPAN_MAX_MS);
    }
  });
  fc.assert(property, { numRuns: 50, seed: 20_261_123 });
});
