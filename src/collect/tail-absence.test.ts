// A log that is away or may not be read for hours, at any moment: it is said what is missing and what
// to do, and when it is back, reading goes on where it was. On a simulated disk, whose time a test owns.
import { expect, test } from 'vitest';
import { MemoryLogDisk } from '../../test/collect/memory-log-disk.ts';
import { silentLog } from '../platform/log.ts';
import { Tail } from './tail.ts';
import type { TailPlace } from './tail-place.ts';

const PATH = '/log/mail.log';
const HOURS_MS = 5 * 3_600_000;
/** Looks at a disk where nothing more comes. */
const LOOKS = 50;

const clock = { now: () => 0, after: () => ({ cancel: () => undefined }) };

/** A tail that is looked after: it ends when it finds nothing in so many looks. */
async function readSome(
  disk: MemoryLogDisk,
  from?: TailPlace,
): Promise<{ lines: string[]; place: TailPlace | undefined; tail: Tail }> {
  let looks = 0;
  const wakeup = {
    wait: async () => {
      await Promise.resolve();
      if (++looks > LOOKS) tail.stop();
    },
    found: () => undefined,
    close: () => undefined,
  };
  const options = { path: PATH, clock, log: silentLog, disk, wakeup };
  const tail = new Tail({ ...options, ...(from !== undefined && { from }) });
  const lines: string[] = [];
  let place = from;
  for (;;) {
    const batch = await tail.next();
    if (batch === undefined) return { lines, place, tail };
    lines.push(...batch.bytes.toString('utf8').split('\n').slice(0, -1));
    ({ place } = batch);
  }
}

function away(disk: MemoryLogDisk): () => void {
  disk.rename(PATH, '/elsewhere/mail.log');
  return () => disk.rename('/elsewhere/mail.log', PATH);
}

function forbidden(disk: MemoryLogDisk): () => void {
  disk.forbidden.add(PATH);
  return () => disk.forbidden.delete(PATH);
}

const CASES = [
  ['away', away, /^\/log\/mail\.log does not exist yet; it is read as soon as it does$/],
  [
    'forbidden',
    forbidden,
    /may not be read by user .*; let it: setfacl -m u:.*:r \/log\/mail\.log/,
  ],
] as const;

test.each(CASES)('a log that is %s at the start, and later is there', async (_, hide, reason) => {
  const disk = new MemoryLogDisk();
  disk.append(PATH, 'a\n');
  const restore = hide(disk);
  const first = await readSome(disk);
  expect(first).toMatchObject({ lines: [], place: undefined });
  expect(first.tail.waitingFor).toMatch(reason);
  disk.tick(HOURS_MS);
  restore();
  const { lines, tail } = await readSome(disk);
  expect(lines).toEqual(['a']);
  expect([tail.waitingFor, tail.lost]).toEqual([undefined, undefined]);
});

test.each(CASES)(
  'a log that is %s for hours over a restart is read on where it was',
  async (_, hide, reason) => {
    const disk = new MemoryLogDisk();
    disk.append(PATH, 'a\nb\nhalf');
    const before = await readSome(disk);
    const restore = hide(disk);
    disk.tick(HOURS_MS);
    const between = await readSome(disk, before.place);
    expect(between.lines).toEqual([]);
    expect(between.tail.waitingFor).toMatch(reason);
    disk.tick(HOURS_MS);
    restore();
    disk.append(PATH, ' a line\nc\n');
    const after = await readSome(disk, before.place);
    expect(after.lines).toEqual(['half a line', 'c']);
    expect(after.tail.lost).toBeUndefined();
  },
);

test('a log that is away while it is followed: what comes after hours is read', async () => {
  const disk = new MemoryLogDisk();
  disk.append(PATH, 'a\n');
  const lines: string[] = [];
  let looks = 0;
  let restore: (() => void) | undefined;
  const reasons = new Set<string | undefined>();
  const wakeup = {
    wait: async () => {
      await Promise.resolve();
      reasons.add(tail.waitingFor);
      looks++;
      if (looks === 3) restore = away(disk);
      if (looks === 10) disk.tick(HOURS_MS);
      if (looks === 12) restore?.();
      if (looks === 14) disk.append(PATH, 'b\n');
      if (looks > LOOKS) tail.stop();
    },
    found: () => undefined,
    close: () => undefined,
  };
  const tail = new Tail({ path: PATH, clock, log: silentLog, disk, wakeup });
  for (let batch = await tail.next(); batch !== undefined; batch = await tail.next()) {
    lines.push(...batch.bytes.toString('utf8').split('\n').slice(0, -1));
  }
  expect(lines).toEqual(['a', 'b']);
  expect(reasons).toContain('/log/mail.log does not exist yet; it is read as soon as it does');
  expect([tail.waitingFor, tail.lost]).toEqual([undefined, undefined]);
});
