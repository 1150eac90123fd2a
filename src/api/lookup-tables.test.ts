// Lookup tables are read of their files when they are asked for.
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LOOKUP_TABLE_BYTES_MAX, LOOKUP_TABLES_MAX } from '../insights/index.ts';
import { lookupTablesIn } from './lookup-tables.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mailtrail-lookup-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

/** The file of a table. */
function path(name: string): string {
  return join(directory, `${name}.csv`);
}

test('a table is what its file says now', () => {
  const tables = lookupTablesIn(() => directory);
  expect(tables.get('people')).toBeUndefined();
  writeFileSync(join(directory, 'people.csv'), 'user,floor\nann,2\n');
  expect(tables.get('people')).toEqual({ columns: ['user', 'floor'], rows: [['ann', '2']] });
  writeFileSync(join(directory, 'people.csv'), 'user\nbob\n');
  expect(tables.get('people')).toEqual({ columns: ['user'], rows: [['bob']] });
});

test('without a directory, or with one that is gone, there are none', () => {
  expect(lookupTablesIn(() => undefined).get('people')).toBeUndefined();
  expect(lookupTablesIn(() => join(directory, 'gone')).get('people')).toBeUndefined();
});

test('no name leads out of the directory', () => {
  const inside = join(directory, 'inside');
  mkdirSync(inside);
  writeFileSync(join(directory, 'secret.csv'), 'a\n1\n');
  const tables = lookupTablesIn(() => inside);
  for (const name of ['../secret', '..\\secret', `${directory}/secret`, 'x/../../secret', '\0']) {
    expect(tables.get(name)).toBeUndefined();
  }
});

test('what cannot be taken is told with its file', () => {
  writeFileSync(path('ragged'), 'a,b\n1\n');
  writeFileSync(path('latin'), Buffer.from([0x61, 0x0a, 0xe4, 0x0a]));
  writeFileSync(path('large'), 'a\n');
  truncateSync(path('large'), LOOKUP_TABLE_BYTES_MAX + 1);
  mkdirSync(path('folder'));
  const tables = lookupTablesIn(() => directory);
  const problemOf = (name: string): unknown => tables.get(name);
  expect(problemOf('ragged')).toEqual({
    problem: `${path('ragged')}: line 2 has 1 cells: expected 2, as in line 1`,
  });
  expect(problemOf('latin')).toEqual({ problem: `${path('latin')} is not in UTF-8` });
  expect(problemOf('large')).toEqual({
    problem: `${path('large')} has 10485761 bytes: at most 10485760 are allowed`,
  });
  expect(problemOf('folder')).toEqual({ problem: `${path('folder')} cannot be read (EISDIR)` });
});

test('more tables than there may be are none', () => {
  for (let index = 0; index <= LOOKUP_TABLES_MAX; index++) {
    writeFileSync(join(directory, `t${index}.csv`), 'a\n');
  }
  const problem = `${directory} has 101 tables: at most 100 are allowed`;
  expect(lookupTablesIn(() => directory).get('t1')).toEqual({ problem });
});
