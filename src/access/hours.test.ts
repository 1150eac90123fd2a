import { expect, test } from 'vitest';
import { parseHours } from './hours.ts';

const at = (text: string): number => Date.parse(text);

test.each([
  // 23 November 2026 is a Monday.
  ['Mo-Fr 08:00-18:00', '2026-11-23T08:00Z', true],
  ['Mo-Fr 08:00-18:00', '2026-11-23T07:59:59.999Z', false],
  ['Mo-Fr 08:00-18:00', '2026-11-23T18:00Z', false],
  ['Mo-Fr 08:00-18:00', '2026-11-22T12:00Z', false],
  ['mo,we 08:00-18:00', '2026-11-25T12:00Z', true],
  ['Sa-Mo 00:00-24:00', '2026-11-23T23:59Z', true],
  ['Sa-Mo 00:00-24:00', '2026-11-24T00:00Z', false],
  ['Fr 22:00-06:00', '2026-11-28T05:59Z', true],
  ['Fr 22:00-06:00', '2026-11-27T05:59Z', false],
  ['22:00-06:00', '2026-11-27T05:59Z', true],
  ['08:00-18:00 Europe/Berlin', '2026-07-01T06:00Z', true],
  ['08:00-18:00 Europe/Berlin', '2026-12-01T06:00Z', false],
  ['08:00-18:00 America/New_York', '2026-12-01T13:00Z', true],
  ['Su 01:30-03:30 Europe/Berlin', '2026-03-29T01:00Z', true],
  ['08:00-18:00', '1969-12-31T09:00Z', true],
] as const)('%s at %s: %s', (hours, time, expected) => {
  expect(parseHours(hours)?.has(at(time))).toBe(expected);
});

test.each([
  '',
  'always',
  '8:00-18:00',
  '08:00-08:00',
  '24:00-06:00',
  '08:60-09:00',
  '25:00-26:00',
  'Xx 08:00-18:00',
  'Mo-Tu-We 08:00-18:00',
  'Mo- 08:00-18:00',
  '08:00-18:00 Mars/Olympus',
  '08:00-18:00 UTC more',
])('%j is no hours', (text) => {
  expect(parseHours(text)).toBeUndefined();
});
