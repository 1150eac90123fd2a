import { expect, test } from 'vitest';
import { parseRows } from './event-rows.ts';

test('lines become rows, with or without a last newline', () => {
  expect(parseRows('[1,"a\\n",null]\n[true,["x"],1.5]\n')).toEqual([
    [1, 'a\n', null],
    [true, ['x'], 1.5],
  ]);
  expect(parseRows('[1]')).toEqual([[1]]);
  expect(parseRows('')).toEqual([]);
});
