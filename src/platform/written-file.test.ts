import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from './log.ts';
import { WrittenFile } from './written-file.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mailtrail-written-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('the file has the newest text, whole, for everybody to read', async () => {
  const log: string[] = [];
  const file = new WrittenFile(
    join(directory, 'file'),
    createLog((line) => log.push(line), { level: 'debug', now: Date.now }),
  );
  file.write('one\n');
  file.write('not while it is being written\n');
  await file.stop();
  expect(readFileSync(file.path, 'utf8')).toBe('one\n');
  const { ino, mode } = statSync(file.path);
  expect(mode & 0o777).toBe(0o644);
  file.write('one\n');
  await file.stop();
  expect(statSync(file.path).ino).toBe(ino);
  file.write('two\n');
  await file.stop();
  expect(readFileSync(file.path, 'utf8')).toBe('two\n');
  expect(readdirSync(directory)).toEqual(['file']);
  expect(log).toEqual([]);
});

test('where it cannot be written that is said once, and it is tried again', async () => {
  const log: string[] = [];
  const file = new WrittenFile(
    join(directory, 'not-there', 'file'),
    createLog((line) => log.push(line), { level: 'debug', now: Date.now }),
  );
  for (let tries = 0; tries < 3; tries++) {
    file.write('one\n');
    await file.stop();
  }
  expect(log).toHaveLength(1);
  expect(log[0]).toContain('cannot be written');
  mkdirSync(join(directory, 'not-there'));
  file.write('one\n');
  await file.stop();
  expect(readFileSync(file.path, 'utf8')).toBe('one\n');
});
