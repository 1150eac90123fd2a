import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { createLog, silentLog } from '../platform/log.ts';
import { LINE_BYTES_MAX } from './line-cutter.ts';
import type { LineBatch } from './line-source.ts';
import { Tail } from './tail.ts';
import type { TailPlace } from './tail-place.ts';

let directory = '';
let path = '';
let open: Tail[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tail-'));
  path = join(directory, 'log');
  open = [];
});
afterEach(async () => {
  for (const tail of open) {
    tail.stop();
    await tail.next();
  }
  rmSync(directory, { recursive: true, force: true });
});

function tailOf(from?: TailPlace, again?: number, log = silentLog): Tail {
  const tail = new Tail({
    path,
    clock: systemClock,
    log,
    ...(from !== undefined && { from }),
    ...(again !== undefined && { again }),
  });
  open.push(tail);
  return tail;
}

const linesOf = (batch: LineBatch): string[] =>
  batch.bytes.toString('utf8').split('\n').slice(0, -1);

/** Reads until there are so many lines; what was read and where it ended. */
async function read(
  tail: Tail,
  count: number,
): Promise<{ lines: string[]; place: TailPlace; overlong: number }> {
  const lines: string[] = [];
  let place: TailPlace | undefined;
  let overlong = 0;
  while (lines.length < count || place === undefined) {
    const batch = await tail.next();
    if (batch === undefined) throw new Error(`the tail ended after ${lines.join('|')}`);
    lines.push(...linesOf(batch));
    place = batch.place;
    overlong += batch.overlong.length;
  }
  return { lines, place, overlong };
}

const stamp = (n: number): string => `2026-11-23T02:42:19 host line ${n}\n`;
const some = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => stamp(from + i)).join('');
const numbers = (lines: string[]): number[] =>
  lines.map((line) => Number(/line (\d+)$/.exec(line)?.[1]));
const upTo = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

test('reads from the beginning at first sight, and what is appended', async () => {
  writeFileSync(path, some(0, 3));
  const tail = tailOf();
  expect(numbers((await read(tail, 3)).lines)).toEqual([0, 1, 2]);
  appendFileSync(path, some(3, 5));
  expect(numbers((await read(tail, 2)).lines)).toEqual([3, 4]);
});

test('waits for a file that does not exist yet, and says so', async () => {
  const tail = tailOf();
  const first = tail.next();
  while (tail.waitingFor === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(tail.waitingFor).toMatch(/log does not exist yet/);
  writeFileSync(path, some(0, 1));
  expect(linesOf((await first)!)).toHaveLength(1);
  expect(tail.waitingFor).toBeUndefined();
});

test('a last line waits for its newline', async () => {
  writeFileSync(path, 'one\ntw');
  const tail = tailOf();
  const first = await read(tail, 1);
  expect(first.lines).toEqual(['one']);
  expect(first.place.at).toBe(4);
  appendFileSync(path, 'o\n');
  expect((await read(tail, 1)).lines).toEqual(['two']);
});

test('follows a rename: the old file to its end, also what comes late, then the new one', async () => {
  writeFileSync(path, some(0, 2));
  const tail = tailOf();
  await read(tail, 2);
  renameSync(path, `${path}.1`);
  appendFileSync(`${path}.1`, some(2, 3));
  expect(numbers((await read(tail, 1)).lines)).toEqual([2]);
  writeFileSync(path, '');
  appendFileSync(`${path}.1`, some(3, 4));
  expect(numbers((await read(tail, 1)).lines)).toEqual([3]);
  appendFileSync(`${path}.1`, 'line 4');
  appendFileSync(path, some(5, 6));
  expect(numbers((await read(tail, 2)).lines)).toEqual([4, 5]);
});

test('follows copy and truncation, with what was written between the last read and the copy', async () => {
  writeFileSync(path, some(0, 20));
  const tail = tailOf();
  await read(tail, 20);
  const resume = tail.next();
  truncateSync(path, 0);
  appendFileSync(path, some(20, 21));
  expect(numbers(linesOf((await resume)!))).toEqual([20]);
  await new Promise((resolve) => setTimeout(resolve, 0));
  appendFileSync(path, some(21, 40));
  copyFileSync(path, `${path}.1`);
  truncateSync(path, 0);
  appendFileSync(path, some(40, 41));
  expect(numbers((await read(tail, 20)).lines)).toEqual(upTo(21, 41));
});

test('goes on where it stopped, at every byte of the file', async () => {
  writeFileSync(path, some(0, 4));
  const { place } = await read(tailOf(), 4);
  for (let done = 0; done < 4; done++) {
    const at = stamp(0).length * done;
    const { lines } = await read(tailOf({ ...place, at }), 4 - done);
    expect(numbers(lines)).toEqual(upTo(done, 4));
  }
});

test('goes on in the renamed file, then in all that came after it', async () => {
  writeFileSync(path, some(0, 10));
  const { place } = await read(tailOf(), 10);
  appendFileSync(path, some(10, 12));
  for (const [from, to] of [
    [12, 14],
    [14, 16],
  ] as const) {
    renameSync(path, `${path}.${from}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
    writeFileSync(path, some(from, to));
  }
  const rest = await read(tailOf(place), 6);
  expect(numbers(rest.lines)).toEqual(upTo(10, 16));
  expect(rest.place.at).toBe(some(0, 16).length);
});

test('goes on in the copy that truncation left', async () => {
  writeFileSync(path, some(0, 10));
  const { place } = await read(tailOf(), 10);
  appendFileSync(path, some(10, 12));
  copyFileSync(path, `${path}-20261123`);
  truncateSync(path, 0);
  appendFileSync(path, some(12, 30));
  expect(numbers((await read(tailOf(place), 20)).lines)).toEqual(upTo(10, 30));
});

test('a file with other first bytes is another file, whatever its inode and size', async () => {
  writeFileSync(path, some(0, 10));
  const { place } = await read(tailOf(), 10);
  writeFileSync(path, some(100, 120));
  const warnings: string[] = [];
  const log = createLog((line) => warnings.push(line), { level: 'warn', now: () => 0 });
  expect(numbers((await read(tailOf(place, undefined, log), 20)).lines)).toEqual(upTo(100, 120));
  expect(warnings.join('')).toMatch(/lines may be missing.*was deleted or overwritten/);
});

test('gives earlier lines again when asked, across a rotation', async () => {
  writeFileSync(path, some(0, 10));
  const tail = tailOf();
  await read(tail, 10);
  renameSync(path, `${path}.1`);
  writeFileSync(path, some(10, 20));
  const { place } = await read(tail, 10);
  const length = stamp(0).length;
  const again = tailOf(place, 8 * length);
  appendFileSync(path, some(20, 21));
  const batches: number[] = [];
  const got: number[] = [];
  while (got.length < 13) {
    const batch = (await again.next())!;
    batches.push(batch.at);
    got.push(...numbers(linesOf(batch)));
  }
  expect(got).toEqual(upTo(8, 21));
  expect(batches[0]).toBe(8 * length);
  unlinkSync(`${path}.1`);
  expect(numbers((await read(tailOf(place, 8 * length), 11)).lines)).toEqual(upTo(10, 21));
});

test('a line over the limit is skipped to its newline; a restart in its middle skips it again', async () => {
  writeFileSync(path, some(0, 1));
  const tail = tailOf();
  await read(tail, 1);
  appendFileSync(path, 'x'.repeat(LINE_BYTES_MAX + 10));
  const skipping = await tail.next();
  expect(skipping?.overlong).toHaveLength(1);
  appendFileSync(path, `${'y'.repeat(3 * LINE_BYTES_MAX)}\n${stamp(1)}`);
  const after = await read(tail, 1);
  expect(numbers(after.lines)).toEqual([1]);
  const again = await read(tailOf(skipping!.place), 1);
  expect(numbers(again.lines)).toEqual([1]);
  expect(again.overlong).toBe(1);
});

test('a line of exactly the limit is whole', async () => {
  writeFileSync(path, `${'x'.repeat(LINE_BYTES_MAX)}\n${'y'.repeat(LINE_BYTES_MAX + 1)}\nz\n`);
  const { lines, overlong } = await read(tailOf(), 2);
  expect(lines.map((line) => `${line[0]}${line.length}`)).toEqual([`x${LINE_BYTES_MAX}`, 'z1']);
  expect(overlong).toBe(1);
});

test('stop ends the waiting', async () => {
  const tail = tailOf();
  const waiting = tail.next();
  tail.stop();
  expect(await waiting).toBeUndefined();
});

/** As logrotate does: the renamed file is compressed and goes. */
function compress(file: string): void {
  writeFileSync(`${file}.gz`, gzipSync(readFileSync(file)));
  unlinkSync(file);
}

test('goes on in the middle of a compressed file, then in all that came after it', async () => {
  writeFileSync(path, some(0, 6));
  const first = tailOf();
  const { place } = await read(first, 6);
  first.stop();
  appendFileSync(path, some(6, 2000));
  renameSync(path, `${path}.2`);
  compress(`${path}.2`);
  writeFileSync(path, some(2000, 2010));
  renameSync(path, `${path}.1`);
  compress(`${path}.1`);
  writeFileSync(path, some(2010, 2012));
  // The name says which is older, and so does the time that compressing keeps.
  utimesSync(`${path}.2.gz`, 1000, 1000);
  utimesSync(`${path}.1.gz`, 2000, 2000);
  const again = await read(tailOf(place), 2006);
  expect(numbers(again.lines)).toEqual(upTo(6, 2012));
});

test('gives earlier lines of a compressed file again when asked', async () => {
  writeFileSync(path, some(0, 6));
  const first = tailOf();
  const { place } = await read(first, 6);
  first.stop();
  renameSync(path, `${path}.1`);
  compress(`${path}.1`);
  writeFileSync(path, some(6, 8));
  const again = await read(tailOf(place, stamp(0).length * 3), 5);
  expect(numbers(again.lines)).toEqual(upTo(3, 8));
});

test('a file that is being compressed is read as it was', async () => {
  writeFileSync(path, some(0, 2));
  const first = tailOf();
  const { place } = await read(first, 2);
  first.stop();
  appendFileSync(path, some(2, 4));
  renameSync(path, `${path}.1`);
  writeFileSync(`${path}.1.gz`, gzipSync(some(0, 4)).subarray(0, 20));
  writeFileSync(path, some(4, 5));
  expect(numbers((await read(tailOf(place), 3)).lines)).toEqual(upTo(2, 5));
});

test.each([
  [
    'is damaged',
    (): string => {
      writeFileSync(`${path}.1.gz`, gzipSync(some(0, 4000)).subarray(0, -40));
      return 'unexpected end of file';
    },
  ],
  [
    'needs a program that is not there',
    (): string => {
      writeFileSync(`${path}.1.zst`, 'zstd');
      return 'needs the program zstd: install it';
    },
  ],
])(
  'a compressed file that %s is said to be lost, and what came after it is read',
  async (_, rotate) => {
    writeFileSync(path, some(0, 2));
    const first = tailOf();
    const { place } = await read(first, 2);
    first.stop();
    unlinkSync(path);
    const reason = rotate();
    for (const ending of ['gz', 'zst']) {
      if (!existsSync(`${path}.1.${ending}`)) continue;
      // Nobody is still compressing it.
      utimesSync(`${path}.1.${ending}`, Date.now() / 1000 - 120, Date.now() / 1000 - 120);
    }
    writeFileSync(`${path}.0`, some(4000, 4002));
    utimesSync(`${path}.0`, Date.now() / 1000 + 5, Date.now() / 1000 + 5);
    writeFileSync(path, some(4002, 4003));
    const said: string[] = [];
    const log = createLog((line) => said.push(line), { level: 'info', now: () => 0 });
    const searchPath = process.env['PATH'];
    process.env['PATH'] = directory;
    try {
      const tail = tailOf(place, undefined, log);
      let last: string | undefined;
      while (last !== stamp(4002).trim()) last = (await read(tail, 1)).lines.at(-1);
    } finally {
      process.env['PATH'] = searchPath;
    }
    expect(said.join('')).toContain(reason);
  },
);

test('what is written while a batch is worked on comes as one batch', async () => {
  writeFileSync(path, 'first\n');
  let waits = 0;
  const wait = async (): Promise<void> => {
    waits++;
    appendFileSync(path, 'second\nthird\n');
    await Promise.resolve();
  };
  const wakeup = { found: () => undefined, wait, close: () => undefined };
  const tail = new Tail({ path, clock: systemClock, log: silentLog, wakeup });
  open.push(tail);
  const [one, two] = [await tail.next(), await tail.next()];
  expect([one, two].map((batch) => batch && linesOf(batch))).toEqual([
    ['first'],
    ['second', 'third'],
  ]);
  expect(waits).toBe(1);
});
