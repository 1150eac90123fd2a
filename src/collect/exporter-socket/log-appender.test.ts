import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { LogAppender, systemAppendDisk, type AppendDisk } from './log-appender.ts';

const ending: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  while (ending.length > 0) await ending.pop()?.();
});

function systemAppender(): { path: string; appender: LogAppender } {
  const directory = mkdtempSync(join(tmpdir(), 'mailtrail-appender-'));
  const path = join(directory, 'audit.log');
  const appender = new LogAppender(path, systemAppendDisk);
  ending.push(
    () => rmSync(directory, { recursive: true, force: true }),
    () => appender.close(),
  );
  return { path, appender };
}

test('lines are added behind those of another writer, wherever a rotation puts the file', async () => {
  const { path, appender } = systemAppender();
  expect(await appender.append(Buffer.from('a\n'))).toBe(2);
  appendFileSync(path, 'other\n');
  await appender.append(Buffer.from('b\n'));
  expect(readFileSync(path, 'utf8')).toBe('a\nother\nb\n');
  renameSync(path, `${path}.1`);
  // Nothing is there yet: who reads the log still reads the old file.
  appendFileSync(`${path}.1`, 'other\n');
  appendFileSync(path, '');
  await appender.append(Buffer.from('c\n'));
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('a\nother\nb\nother\n');
  expect(readFileSync(path, 'utf8')).toBe('c\n');
});

test('while a rotation has taken the name away, the file that is held is written', async () => {
  const { path, appender } = systemAppender();
  await appender.append(Buffer.from('a\n'));
  renameSync(path, `${path}.1`);
  await appender.append(Buffer.from('b\n'));
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('a\nb\n');
});

/** A disk that takes so many bytes and is full then. */
function smallDisk(): { disk: AppendDisk; text: () => string; room: { bytes: number } } {
  const room = { bytes: 0 };
  let text = '';
  const disk: AppendDisk = {
    idOf: () => Promise.resolve('1'),
    open: () =>
      Promise.resolve({
        id: '1',
        append: (bytes) => {
          const count = Math.min(room.bytes, bytes.length);
          if (count === 0) return Promise.reject(new Error('ENOSPC: no space left on device'));
          room.bytes -= count;
          text += bytes.toString('utf8', 0, count);
          return Promise.resolve(count);
        },
        close: () => Promise.resolve(),
      }),
  };
  return { disk, text: () => text, room };
}

test('on a full disk no line is taken for written that is not whole', async () => {
  const { disk, text, room } = smallDisk();
  const appender = new LogAppender('/log', disk);
  const lines = Buffer.from('first\nsecond\nthird\n');
  await expect(appender.append(lines)).rejects.toThrow('ENOSPC');
  room.bytes = 9;
  const written = await appender.append(lines);
  expect(written).toBe('first\n'.length);
  room.bytes = 1_000;
  const rest = lines.subarray(written);
  expect(await appender.append(rest)).toBe(rest.length);
  // The piece is ended, so that it spoils nothing but itself.
  expect(text()).toBe('first\nsec\nsecond\nthird\n');
});
