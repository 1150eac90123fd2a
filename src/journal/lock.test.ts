import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { JournalError } from './journal.ts';
import { acquireDataLock, type DataLock } from './lock.ts';

let directory: string;
let held: DataLock[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mailtrail-lock-'));
  held = [];
});

afterEach(async () => {
  for (const lock of held) await lock.release();
  await chmod(directory, 0o700);
  await rm(directory, { recursive: true });
});

async function acquire(path = directory): Promise<DataLock> {
  const lock = await acquireDataLock(path);
  held.push(lock);
  return lock;
}

test('the second owner is told the process number of the first', async () => {
  await acquire();
  await expect(acquire()).rejects.toMatchObject({
    code: 'in-use',
    message: expect.stringContaining(`is in use by process ${process.pid};`) as string,
  });
});

test('a released directory is free again and clean', async () => {
  const lock = await acquireDataLock(directory);
  await lock.release();
  expect(await readdir(join(directory, 'lock'))).toEqual([]);
  await acquire();
});

test('of many who start at the same moment exactly one wins', async () => {
  for (let round = 0; round < 10; round++) {
    const answers = await Promise.allSettled(
      Array.from({ length: 8 }, () => acquireDataLock(directory)),
    );
    const locks = answers.flatMap((a) => (a.status === 'fulfilled' ? [a.value] : []));
    const errors = answers.flatMap((a) => (a.status === 'rejected' ? [a.reason as unknown] : []));
    for (const lock of locks) await lock.release();
    expect(locks).toHaveLength(1);
    for (const error of errors) expect(error).toMatchObject({ code: 'in-use' });
  }
});

test('a directory whose path is too long for a socket works as well', async () => {
  const deep = join(directory, 'x'.repeat(100), 'y'.repeat(100));
  await mkdir(deep, { recursive: true });
  const lock = await acquireDataLock(deep);
  await expect(acquireDataLock(deep)).rejects.toMatchObject({ code: 'in-use' });
  await lock.release();
  expect(await readdir(join(deep, 'lock'))).toEqual([]);
});

test('an owner that does not answer still owns', async () => {
  await mkdir(join(directory, 'lock'));
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => {
    silent.listen(join(directory, 'lock', 'a.sock'), resolve);
  });
  await expect(acquire()).rejects.toMatchObject({
    code: 'in-use',
    message: expect.stringContaining('did not answer') as string,
  });
  silent.close();
});

test('a path that is no directory is a clear error', async () => {
  const file = join(directory, 'file');
  await writeFile(file, '');
  const refused = acquire(file);
  await expect(refused).rejects.toBeInstanceOf(JournalError);
  await expect(refused).rejects.toThrow(file);
});
