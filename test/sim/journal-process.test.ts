// The journal on real disks and in real processes: killed with kill -9, owned once, on a disk that
// is full or read-only. The writing process runs the built program (`npm run build`).
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openJournal } from '../../src/journal/open.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { FREE_CHECK_INTERVAL_MS } from '../../src/journal/limits.ts';
import { verifyJournal } from '../../src/journal/verify.ts';
import { systemDisk, type Disk } from '../../src/platform/disk.ts';
import { silentLog } from '../../src/platform/log.ts';
import { SimulatedDisk, seededRandom } from '../../src/platform/simulated-disk.ts';
import { ManualClock, events, readIds, until, upTo } from './journal-world.ts';

const SEED = 20270331;
const KILLS = 12;
const BATCH = 20;
const WRITER = join(import.meta.dirname, 'journal-writer.mjs');

let root: string;
let cleanUp: (() => void)[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailtrail-sim-'));
  cleanUp = [() => rmSync(root, { recursive: true })];
});

afterEach(() => {
  for (const step of cleanUp.reverse()) step();
});

function open(
  directory: string,
  more: { disk?: Disk; clock?: ManualClock } = {},
): Promise<Journal> {
  return openJournal({
    directory,
    clock: more.clock ?? new ManualClock(),
    log: silentLog,
    limits: { minFreeBytes: 0, segmentBytesMax: 100_000 },
    ...(more.disk instanceof SimulatedDisk && {
      disk: more.disk.process(),
      lock: async () => ({ release: async () => {} }),
    }),
  });
}

/** Lets a process write until it has told `lines` acknowledgements, then kills it. */
async function writeAndKill(
  directory: string,
  first: number,
  lines: number,
): Promise<{ end: number; id: number }[]> {
  const child = spawn(process.execPath, [WRITER, directory, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const told: { end: number; id: number }[] = [];
  const gone = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    const [end = Number.NaN, id = Number.NaN] = line.split(' ').map(Number);
    told.push({ end, id });
    if (told.length === lines) child.kill('SIGKILL');
  }
  expect(await gone).toEqual([null, 'SIGKILL']);
  return told;
}

test(`nothing acknowledged is lost or doubled over ${KILLS} kills (seed ${SEED})`, async () => {
  const random = seededRandom(SEED);
  const directory = join(root, 'journal');
  const acknowledged = new Map<number, number>();
  let first = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const told = await writeAndKill(directory, first, 1 + Math.floor(random() * 400));
    for (const { end, id } of told) acknowledged.set(end - BATCH, id);
    const journal = await open(directory);
    const ids = await readIds(journal, { position: 0 }, { eventsMax: 1e5, bytesMax: 1e7 });
    expect(ids).toHaveLength(journal.status().end);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [position, id] of acknowledged) expect(ids[position]).toBe(id);
    first = (ids.at(-1) ?? -1) + 1;
    expect(journal.checkpoint('test')).toBe(first);
    await journal.close();
  }
  expect((await verifyJournal(directory)).ok).toBe(true);
});

test('a second process is told who owns the journal; a killed owner owns nothing', async () => {
  const directory = join(root, 'journal');
  const child = spawn(process.execPath, [WRITER, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanUp.push(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  child.stdout.resume();
  await expect(open(directory)).rejects.toMatchObject({
    code: 'in-use',
    message: expect.stringContaining(`process ${child.pid}`) as string,
  });
  expect((await verifyJournal(directory)).ok).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await open(directory)).close();
});

test('of several processes that start at once one owns the journal', async () => {
  const directory = join(root, 'journal');
  const starters = upTo(5).map(() => {
    const child = spawn(process.execPath, [WRITER, directory], { stdio: 'pipe' });
    cleanUp.push(() => child.kill('SIGKILL'));
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const wrote = once(child.stdout, 'data').then(() => 'owner');
    const ended = once(child, 'close').then(() => said);
    child.stdout.resume();
    return Promise.race([wrote, ended]);
  });
  const answers = await Promise.all(starters);
  expect(answers.filter((answer) => answer === 'owner')).toHaveLength(1);
  expect(answers.filter((answer) => answer.includes("code: 'in-use'"))).toHaveLength(4);
});

/** A file system of its own, where this machine allows to mount one; a simulated one elsewhere. */
function smallDisk(bytes: number): { disk: Disk; path: string; setReadOnly: () => void } {
  const path = join(root, 'disk');
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'mailtrail-test', path], {
      stdio: 'ignore',
    });
  } catch {
    const disk = new SimulatedDisk();
    disk.capacityBytes = bytes;
    return { disk, path, setReadOnly: () => (disk.readOnly = true) };
  }
  cleanUp.push(() => execFileSync('umount', ['--lazy', path]));
  const setReadOnly = (): void => {
    execFileSync('mount', ['-o', 'remount,ro', path]);
  };
  return { disk: systemDisk, path, setReadOnly };
}

async function writeFileOf(disk: Disk, path: string, bytes: number): Promise<void> {
  const file = await disk.open(path, 'replace');
  await file.write([Buffer.alloc(bytes, 'x')], 0);
  await file.close();
}

test('a full disk refuses events and loses none, and takes them again when there is room', async () => {
  const { disk, path } = smallDisk(8 * 2 ** 20);
  const directory = join(path, 'journal');
  const clock = new ManualClock();
  const journal = await open(directory, { disk, clock });
  const ballast = join(path, 'ballast');
  await writeFileOf(disk, ballast, 6 * 2 ** 20);
  let taken = 0;
  const ids = (): number[] => Array.from({ length: 1000 }, (_, n) => taken + n);
  for (;;) {
    const answer = await journal.append(events(...ids())).catch((error: unknown) => error);
    if (answer instanceof Error) {
      expect(answer).toMatchObject({ code: 'disk-full' });
      break;
    }
    taken += 1000;
  }
  const all = { eventsMax: 1e6, bytesMax: 1e7 };
  expect(taken).toBeGreaterThan(1000);
  expect(await readIds(journal, { position: 0 }, all)).toEqual(upTo(taken));
  expect((await verifyJournal(directory, { disk })).ok).toBe(true);

  await disk.remove(ballast);
  clock.advance(FREE_CHECK_INTERVAL_MS);
  await until(() => journal.status().refusing === undefined);
  expect(await journal.append(events(...ids()))).toBe(taken + 1000);
  await journal.close();
  const again = await open(directory, { disk });
  expect(await readIds(again, { position: 0 }, all)).toEqual(upTo(taken + 1000));
  await again.close();
});

test('a read-only disk is named, and what is there can be verified', async () => {
  const { disk, path, setReadOnly } = smallDisk(8 * 2 ** 20);
  const directory = join(path, 'journal');
  const journal = await open(directory, { disk });
  await journal.append(events(0));
  await journal.close();
  setReadOnly();
  await expect(open(directory, { disk })).rejects.toMatchObject({
    code: 'read-only',
    message: expect.stringContaining(directory) as string,
  });
  expect(await verifyJournal(directory, { disk })).toMatchObject({ ok: true, end: 1 });
});
