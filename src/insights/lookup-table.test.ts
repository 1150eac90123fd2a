// Lookup tables are read whole or not at all.
import { expect, test } from 'vitest';
import { compileQuery, type QueryScope } from './index.ts';
import { LOOKUP_CHARS_MAX, LOOKUP_TABLE_BYTES_MAX } from './limits.ts';
import { isLookupTableName, readLookupTable } from './lookup-table.ts';

test('cells with commas, quotes and line breaks; lines without text are passed over', () => {
  expect(readLookupTable('\uFEFFa, b \r\n"1,""x""","2\n3"\n\n,\n')).toEqual({
    columns: ['a', 'b'],
    rows: [
      ['1,"x"', '2\n3'],
      ['', ''],
    ],
  });
});

test('a cell as large as a table may be, and many small ones', () => {
  const long = 'x""'.repeat(LOOKUP_TABLE_BYTES_MAX / 3);
  expect(readLookupTable(`a\n"${long}"`)).toMatchObject({ columns: ['a'] });
  const many = readLookupTable(`a,b\n${'1,2\n'.repeat(100_000)}`);
  expect('rows' in many && many.rows.length).toBe(100_000);
});

test('the last line needs no end', () => {
  expect(readLookupTable('a\n1')).toEqual({ columns: ['a'], rows: [['1']] });
  expect(readLookupTable('a,b\n1,')).toEqual({ columns: ['a', 'b'], rows: [['1', '']] });
  expect(readLookupTable('a')).toEqual({ columns: ['a'], rows: [] });
});

test.each([
  ['', 'it is empty'],
  ['\n\n', 'it is empty'],
  ['a,\n', 'column 2 has no name'],
  ['a,b,a\n', '"a" is the name of two columns'],
  ['a,b\n"1\n2",3\n4\n', 'line 4 has 1 cells: expected 2'],
  ['a,b\n1,"2"x\n', 'line 2: expected a comma'],
  ['a,b\n1,"2\n', 'line 2: a quote that nothing ends'],
  ['a,b\n1,2"3\n', 'line 2: expected a comma'],
])('%j is no table', (csv, problem) => {
  expect(readLookupTable(csv)).toEqual({ problem: expect.stringContaining(problem) });
});

test('names', () => {
  expect(['net_table', 'A1'].every(isLookupTableName)).toBe(true);
  expect(['', '../x', 'a b', 'a.csv', 'ä', 'a'.repeat(257)].some(isLookupTableName)).toBe(false);
});

/** A query that looks so many times. */
function looks(times: number): string {
  return Array.from({ length: times }, (_, at) => `lookup t${at} k OUTPUT v as v${at}`).join(' | ');
}

test('the tables of one query have a size in all', () => {
  const cell = 'x'.repeat(LOOKUP_CHARS_MAX / 3);
  const columns = ['k', 'v'];
  const scope: QueryScope = {
    groups: [],
    account: '000000000000',
    startMs: 0,
    endMs: 1,
    nowMs: 1,
    lookupTables: { get: (name) => ({ columns, rows: [[name, cell]] }) },
  };
  expect(compileQuery(looks(2), scope).ok).toBe(true);
  expect(compileQuery(looks(3), scope)).toMatchObject({
    ok: false,
    error: {
      message: expect.stringContaining('more than 33554432 characters'),
      start: looks(2).length + ' | lookup '.length,
    },
  });
});
