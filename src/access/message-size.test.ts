import { expect, test } from 'vitest';
import { parseSizeRange } from './message-size.ts';

test.each([
  ['10MiB-', 10 * 2 ** 20, Infinity],
  ['-64KiB', 0, 65_536],
  ['1000-2000', 1000, 2000],
  ['1KiB-1GiB', 1024, 2 ** 30],
  ['0-0', 0, 0],
])('%s', (text, least, most) => {
  expect(parseSizeRange(text)).toEqual({ least, most });
});

test.each(['', '-', '10', '2000-1000', '1MB-', '1.5MiB-', '10 MiB-', '-1-2', 'a-b'])(
  'not %j',
  (text) => {
    expect(parseSizeRange(text)).toBeUndefined();
  },
);
