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

test.each([
  '',
  'yesterday',
  '2026-13-45T99:99:99Z',
  '2026-11-23T05:56:11.1e402537Z',
  '2026-11-23T0x:56:11Z',
  '2026-02-31x05:56:11Z',
])('%j is no time', (text) => {
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
  // A leap day is one, whenever it is read.
  ['Feb 29 10:00:00 host x', '2028-03-01T00:00:00Z', '2028-02-29T10:00:00.000Z host x'],
  ['Feb 29 10:00:00 host x', '2029-03-05T00:00:00Z', '2028-02-29T10:00:00.000Z host x'],
  ['Feb 28 23:59:59 host x', '2028-02-28T23:59:59Z', '2028-02-28T23:59:59.000Z host x'],
  ['Jan 31 10:00:00 host x', '2027-01-31T09:00:00Z', '2027-01-31T10:00:00.000Z host x'],
  // A clock that was put back by some hours.
  ['Nov 23 23:00:00 host x', '2026-11-23T01:00:00Z', '2026-11-23T23:00:00.000Z host x'],
  ['2026-11-23 05:56:11.5 x', '2026-11-24T00:00:00Z', '2026-11-23T05:56:11.500Z x'],
  ['2026-02-30 05:56:11 x', '2026-11-24T00:00:00Z', 'none'],
  ['2026-02-30T25:56:11Z x', '2026-11-24T00:00:00Z', 'none'],
  ['Feb 30 10:00:00 host x', '2028-03-01T00:00:00Z', 'none'],
  ['Nov 23 24:00:00 host x', '2026-11-24T00:00:00Z', 'none'],
  ['Foo 23 02:42:19 x', '2026-11-24T00:00:00Z', 'none'],
  ['no time', '2026-11-24T00:00:00Z', 'none'],
])('%s, read at %s', (text, now, expected) => {
  expect(iso(text, now)).toBe(expected);
});

/** The times of the lines in Berlin, each read so long after it was written, in UTC. */
function inBerlin(lines: readonly string[], nowMs: (n: number) => number): string[] {
  const zone = process.env['TZ'];
  process.env['TZ'] = 'Europe/Berlin';
  try {
    let previousMs: number | undefined;
    return lines.map((line, n) => {
      const timed = readTime(line, nowMs(n), previousMs);
      previousMs = timed?.timeMs;
      return new Date(timed?.timeMs ?? Number.NaN).toISOString().slice(5, 19);
    });
  } finally {
    process.env['TZ'] = zone;
  }
}

// On 25 October 2026 at 03:00 clocks in Berlin are put back to 02:00, which is 01:00 UTC.
const FOLD = [
  'Oct 25 01:59:58 mx',
  'Oct 25 02:00:10 mx',
  'Oct 25 02:59:50 mx',
  'Oct 25 02:00:05 mx',
  'Oct 25 02:30:00 mx',
  'Oct 25 03:00:00 mx',
];
const FOLD_UTC = [
  '10-24T23:59:58',
  '10-25T00:00:10',
  '10-25T00:59:50',
  '10-25T01:00:05',
  '10-25T01:30:00',
  '10-25T02:00:00',
];

test('an hour that comes twice: a backlog is read in its order', () => {
  expect(inBerlin(FOLD, () => Date.parse('2026-10-26T10:00:00Z'))).toEqual(FOLD_UTC);
  const iso = FOLD.map((line) => line.replace('Oct 25 ', '2026-10-25 '));
  expect(inBerlin(iso, () => Date.parse('2026-10-26T10:00:00Z'))).toEqual(FOLD_UTC);
});

test('an hour that comes twice: a line that was just written is of now', () => {
  const now = FOLD_UTC.map((time) => Date.parse(`2026-${time}Z`) + 500);
  expect(inBerlin(FOLD, (n) => now[n] ?? 0)).toEqual(FOLD_UTC);
  // Nothing was written in the first one, so that the order tells nothing.
  const late = Date.parse('2026-10-25T01:30:01Z');
  expect(inBerlin(['Oct 25 02:30:00 mx'], () => late)).toEqual(['10-25T01:30:00']);
});

test('an hour that is skipped in spring is none that a log has, and harms nothing', () => {
  const lines = ['Mar 29 01:59:59 mx', 'Mar 29 03:00:00 mx'];
  const nowMs = Date.parse('2026-03-30T10:00:00Z');
  expect(inBerlin(lines, () => nowMs)).toEqual(['03-29T00:59:59', '03-29T01:00:00']);
});
