// How cells are written.
import { expect, test } from 'vitest';
import { pointerPosition } from './pointer.ts';
import { formatRow, javaDouble } from './results.ts';

test.each([
  [15, '15.0'],
  [14.97, '14.97'],
  [67_000_000, '6.7E7'],
  [128_000_000, '1.28E8'],
  [9_999_999, '9999999.0'],
  [10_000_000, '1.0E7'],
  [0.001, '0.001'],
  [0.0001, '1.0E-4'],
  [-2.5, '-2.5'],
  [0, '0.0'],
  [-0, '-0.0'],
  [1e21, '1.0E21'],
  [Number.MIN_VALUE, '5.0E-324'],
])('%d is %s', (value, text) => {
  expect(javaDouble(value)).toBe(text);
});

test('values are strings; whole numbers stay whole, missing ones are left out', () => {
  const columns = [
    { name: 'a', type: 'text' },
    { name: 'b', type: 'integer' },
    { name: 'c', type: 'number' },
    { name: 'd', type: 'text' },
    { name: 'e', type: 'integer' },
    { name: 'f', type: 'integer' },
  ] as const;
  expect(formatRow(columns, ['', 20_000_000, 3, null, 1e300, '42'])).toEqual([
    { field: 'a', value: '' },
    { field: 'b', value: '20000000' },
    { field: 'c', value: '3.0' },
    { field: 'e', value: '1.0E300' },
    { field: 'f', value: '42' },
  ]);
});

test('minus zero of whole numbers is zero', () => {
  expect(formatRow([{ name: 'a', type: 'integer' }], [-0])).toEqual([{ field: 'a', value: '0' }]);
});

test('a pointer is read back; others are none of ours', () => {
  for (const position of [0, 7, 123_456_789_012]) {
    expect(pointerPosition(Buffer.from(`e${position}`).toString('base64'))).toBe(position);
  }
  for (const text of ['', 'x', 'e5', '!!', 'ZTAx', Buffer.from('e-1').toString('base64')]) {
    expect(pointerPosition(text)).toBeUndefined();
  }
});
