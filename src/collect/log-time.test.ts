import { expect, test } from 'vitest';
import { parseRfc3339, readTime } from './log-time.ts';

process.env['TZ'] = 'UTC';
const iso = (text: string, now: string): string => {
  const timed = readTime(text, Date.parse(now));
  return timed === undefined ? 'none' : `${new Date(timed.timeMs).toISOString()} ${timed.rest}`;
};

test.each([
  ['2026-11-23T05:56:11.028885Z', '2026-11-23T05:56:11.028Z'],
  ['2026-11-23T05:56:11Z', '2026-11-23T05:56:11.000Z'],
  ['2026-11-23T05:56:11.5Z', '2026-11-23T05:56:11.500Z'],
  ['2024-02-29T23:59:59.999999Z', '2024-02-29T23:59:59.999Z'],
  ['2026-11-23T05:56:11.5+02:00', '2026-11-23T03:56:11.500Z'],
])('%s', (text, expected) => {
  expect(new Date(parseRfc3339(text)).toISOString()).toBe(expected);
});

test.each(['', 'yesterday', '2026-13-45T99:99:99Z'])('%j is no time', (text) => {
  expect(parseRfc3339(text)).toBeNaN();
});

test.each([
  ['Nov 23 02:42:19 host x', '2026-11-24T00:00:00Z', '2026-11-23T02:42:19.000Z host x'],
  ['Nov  3 02:42:19 host x', '2026-11-24T00:00:00Z', '2026-11-03T02:42:19.000Z host x'],
  // A backlog of last year's lines, read in January.
  ['Dec 31 23:59:59 host x', '2027-01-01T00:00:05Z', '2026-12-31T23:59:59.000Z host x'],
  // The other machine's clock is ahead over the turn of the year.
  ['Jan  1 00:00:01 host x', '2026-12-31T23:59:50Z', '2027-01-01T00:00:01.000Z host x'],
  ['Mar  5 10:00:00 host x', '2026-02-20T00:00:00Z', '2025-03-05T10:00:00.000Z host x'],
  [
    '2026-11-23T05:56:11+0100 stats: x',
    '2026-11-24T00:00:00Z',
    '2026-11-23T04:56:11.000Z stats: x',
  ],
  ['2026-11-23T05:56:11.123456+01:00 h x', '2026-11-24T00:00:00Z', '2026-11-23T04:56:11.123Z h x'],
  ['2026-11-23 05:56:11 x', '2026-11-24T00:00:00Z', '2026-11-23T05:56:11.000Z x'],
  ['<22>Nov 23 02:42:19 host x', '2026-11-24T00:00:00Z', '2026-11-23T02:42:19.000Z host x'],
  ['<22>1 2026-11-23T05:56:11Z host x', '2026-11-24T00:00:00Z', '2026-11-23T05:56:11.000Z host x'],
  ['Foo 23 02:42:19 x', '2026-11-24T00:00:00Z', 'none'],
  ['no time', '2026-11-24T00:00:00Z', 'none'],
])('%s, read at %s', (text, now, expected) => {
  expect(iso(text, now)).toBe(expected);
});
