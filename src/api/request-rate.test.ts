import { expect, test } from 'vitest';
import { RequestRate } from './request-rate.ts';

test('a burst, then the rate', () => {
  const rate = new RequestRate({ perSecond: 10, burst: 3, clientsMax: 10 });
  const at = (ms: number): boolean => rate.take('a', ms);
  expect([at(0), at(0), at(0), at(0)]).toEqual([true, true, true, false]);
  expect([at(100), at(100)]).toEqual([true, false]);
  expect([at(10_000), at(10_000), at(10_000), at(10_000)]).toEqual([true, true, true, false]);
  expect(rate.take('b', 10_000)).toBe(true);
});

test('at the limit the client unseen longest is forgotten', () => {
  const rate = new RequestRate({ perSecond: 1, burst: 1, clientsMax: 2 });
  rate.take('a', 0);
  rate.take('b', 0);
  rate.take('a', 0);
  rate.take('c', 0); // b is forgotten
  expect(rate.take('a', 0)).toBe(false);
  expect(rate.take('b', 0)).toBe(true);
});
