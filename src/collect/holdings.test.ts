import { expect, test } from 'vitest';
import type { AuditEvent } from '../event/audit-event.ts';
import { CHECKPOINT_BYTES_MAX } from '../journal/limits.ts';
import { REREAD_BYTES_MAX } from './log-collector.ts';
import { EARLY_MAX, Holdings, PLACES_OF_BYTE, type Held } from './holdings.ts';

function held(at: number, tell: Held['tell'] = () => undefined): Held {
  return { at, from: at, sinceMs: 0, told: false, tell };
}

test('places that were told early are noted exactly, also those of repetitions', () => {
  const places = [7_000_000_000_001, 7_000_000_000_001.5, 7_000_000_100_000 + 3 / PLACES_OF_BYTE];
  const before = new Holdings();
  before.hold(held(7_000_000_000_000), []);
  for (const at of places.toReversed()) before.toldAtOnce(at);
  const after = new Holdings();
  after.resume(before.mark(7_000_001_000_000));
  expect(places.map((at) => after.wasTold(at))).toEqual([true, true, true]);
  expect(after.wasTold(7_000_000_000_000)).toBe(false);
  expect(after.wasTold(7_000_000_100_000)).toBe(false);
});

test('with more to note than a checkpoint holds, the oldest that waits is told', () => {
  const holdings = new Holdings();
  const told: number[] = [];
  const out: AuditEvent[] = [];
  for (const at of [10, 5_000])
    holdings.hold(
      held(at, () => told.push(at)),
      out,
    );
  for (let n = 0; n < EARLY_MAX; n++) holdings.toldAtOnce(100 + n);
  holdings.relieve(out);
  expect(told).toEqual([]);
  holdings.toldAtOnce(9_000);
  holdings.relieve(out);
  expect(told).toEqual([10]);
  expect(holdings.wasTold(9_000)).toBe(true);
  expect(holdings.mark(10_000).told).toBe(5_000);
});

test('what is noted takes a fifth of a checkpoint at most', () => {
  const holdings = new Holdings();
  holdings.hold(held(8_000_000_000_000), []);
  const step = Math.floor(REREAD_BYTES_MAX / EARLY_MAX) + 1 / PLACES_OF_BYTE;
  for (let n = 1; n <= EARLY_MAX; n++) holdings.toldAtOnce(8_000_000_000_000 + n * step);
  const mark = JSON.stringify(holdings.mark(8_000_000_000_000 + REREAD_BYTES_MAX));
  expect(Buffer.byteLength(mark)).toBeLessThan(CHECKPOINT_BYTES_MAX / 5);
});
