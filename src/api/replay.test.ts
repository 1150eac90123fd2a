import { expect, test } from 'vitest';
import { ApiError } from './api-error.ts';
import { SeenSignatures } from './replay.ts';
import { CLOCK_SKEW_MAX_MS } from './sigv4.ts';

function setUp(max = 1000) {
  const time = { nowMs: 1_000_000 };
  const clock = { now: () => time.nowMs, after: () => ({ cancel() {} }) };
  return { time, seen: new SeenSignatures(clock, max) };
}

const hex = (n: number): string => n.toString(16).padStart(64, '0').split('').reverse().join('');

test('a signature is refused for as long as it could be valid, and then let go', () => {
  const { time, seen } = setUp();
  seen.take(hex(1));
  time.nowMs += 2 * CLOCK_SKEW_MAX_MS;
  expect(() => seen.take(hex(1))).toThrow(ApiError);
  time.nowMs += 1000;
  seen.take(hex(2));
  expect(seen.size).toBe(1);
});

test('at the limit the oldest is forgotten, and counted', () => {
  const { seen } = setUp(3);
  for (let n = 1; n <= 4; n++) seen.take(hex(n));
  expect(seen.size).toBe(3);
  expect(seen.forgotten).toBe(1);
  expect(() => seen.take(hex(2))).toThrow('sign it again');
  seen.take(hex(1));
});
