import { expect, test } from 'vitest';
import { ApiError } from './api-error.ts';
import { HELD_REPEATS_MAX } from './limits.ts';
import { SeenSignatures } from './replay.ts';
import { CLOCK_SKEW_MAX_MS } from './sigv4.ts';

/** Time is the test's; who waits goes on when it passes. */
function setUp(max = 1000) {
  const waiting: (() => void)[] = [];
  const time = {
    nowMs: 1_000_000,
    pass(ms: number): void {
      time.nowMs += ms;
      for (const goOn of waiting.splice(0)) goOn();
    },
  };
  const after = (_: number, callback: () => void) => {
    waiting.push(callback);
    return { cancel() {} };
  };
  return { time, waiting, seen: new SeenSignatures({ now: () => time.nowMs, after }, max) };
}

const hex = (n: number): string => n.toString(16).padStart(64, '0').split('').reverse().join('');

test('a signature is refused for as long as it could be valid, and then let go', async () => {
  const { time, seen } = setUp();
  await seen.take(hex(1));
  time.nowMs += 2 * CLOCK_SKEW_MAX_MS;
  const again = expect(seen.take(hex(1))).rejects.toThrow(ApiError);
  time.pass(1000);
  await again;
  await seen.take(hex(2));
  expect(seen.size).toBe(1);
});

test('at the limit the oldest is forgotten, and counted', async () => {
  const { time, seen } = setUp(3);
  for (let n = 1; n <= 4; n++) await seen.take(hex(n));
  expect(seen.size).toBe(3);
  expect(seen.forgotten).toBe(1);
  const again = expect(seen.take(hex(2))).rejects.toThrow('sign it again');
  time.pass(1000);
  await again;
  await seen.take(hex(1));
});

test('only so many wait for the next second; the others are refused at once', async () => {
  const { time, waiting, seen } = setUp();
  await seen.take(hex(1));
  const held = Array.from({ length: HELD_REPEATS_MAX }, () => seen.take(hex(1)));
  await expect(seen.take(hex(1))).rejects.toThrow('sign it again');
  expect(waiting).toHaveLength(HELD_REPEATS_MAX);
  time.pass(1000);
  const outcomes = await Promise.allSettled(held);
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
});
