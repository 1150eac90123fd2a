import { beforeEach, describe, expect, test } from 'vitest';
import { DIRECTORY, events, openSimulated, readIds, upTo } from '../../test/sim/journal-world.ts';
import { createLog } from '../platform/log.ts';
import { SimulatedDisk } from '../platform/simulated-disk.ts';
import { segmentNames } from './segments.ts';
import { verifyJournal } from './verify.ts';

const FIRST = `${DIRECTORY}/00000000000000000000.ndjson`;
const PADDING_BYTES = 64;

let disk: SimulatedDisk;

beforeEach(() => {
  disk = new SimulatedDisk();
});

/** Blocks of one event each; resolves to the byte at which each block ends. */
async function write(count: number, segmentBytesMax = 1e6): Promise<number[]> {
  const journal = await openSimulated(disk, { limits: { segmentBytesMax } });
  const ends: number[] = [];
  for (let id = 0; id < count; id++) {
    const checkpoint = { source: 'log', value: id };
    await journal.append({ ...events(id), checkpoint });
    ends.push(journal.status().bytes);
  }
  // The process dies here; nothing is cut or noted.
  disk.crash(false);
  return ends;
}

/** The disk with another content of the first segment. */
function withFirst(content: Uint8Array): SimulatedDisk {
  const copy = disk.copy();
  copy.tamper(FIRST, content);
  return copy;
}

async function expectWhole(copy: SimulatedDisk, count: number, what: string): Promise<void> {
  const journal = await openSimulated(copy);
  expect(await readIds(journal), what).toEqual(upTo(count));
  expect(journal.checkpoint('log'), what).toBe(count - 1);
  expect(await journal.append(events(count)), what).toBe(count + 1);
  await journal.close();
  const { ok, end } = await verifyJournal(DIRECTORY, { disk: copy });
  expect({ ok, end }, what).toEqual({ ok: true, end: count + 1 });
}

describe('a torn last block', () => {
  for (const [name, filler] of [
    ['newlines', 0x0a],
    ['zeros', 0],
  ] as const) {
    test(`is cut wherever it was torn, before padding of ${name}`, async () => {
      const ends = await write(4);
      const [begin = 0, end = 0] = ends.slice(-2);
      const written = disk.contentOf(FIRST);
      for (let kept = begin; kept <= end; kept++) {
        const torn = new Uint8Array(end + PADDING_BYTES).fill(filler);
        torn.set(written.subarray(0, kept));
        // The seal's own newline may as well be the first of the padding.
        const whole = kept === end || (kept === end - 1 && filler === 0x0a);
        await expectWhole(withFirst(torn), whole ? 4 : 3, `torn at byte ${kept}`);
      }
    });
  }

  test('is cut when the end of it reached the disk without the beginning', async () => {
    const ends = await write(4);
    const [begin = 0, end = 0] = ends.slice(-2);
    for (let missing = begin + 1; missing < end; missing += 3) {
      const torn = disk.contentOf(FIRST).slice(0, end + PADDING_BYTES);
      torn.fill(0x0a, begin, missing);
      await expectWhole(withFirst(torn), 3, `lost up to byte ${missing}`);
    }
  });

  test('is reported with its place', async () => {
    const ends = await write(2);
    const entries: string[] = [];
    const log = createLog((line) => entries.push(line), { level: 'warn', now: () => 0 });
    const torn = disk.contentOf(FIRST).slice(0, (ends[0] ?? 0) + 10);
    await openSimulated(withFirst(torn), { log });
    expect(entries).toEqual([expect.stringContaining(`offset=${ends[0]} bytes=10`)]);
  });
});

describe('damage that is no torn write', () => {
  test('inside the last segment is refused with file and byte', async () => {
    const ends = await write(4);
    const damaged = disk.contentOf(FIRST).slice();
    damaged[(ends[1] ?? 0) + 20] = 0x21;
    await expect(openSimulated(withFirst(damaged))).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(
        new RegExp(`${FIRST} is damaged at byte ${ends[1]}: .*mailtrail journal verify`),
      ) as string,
    });
  });

  test('a block wiped out by newlines in front of others is refused', async () => {
    const ends = await write(4);
    const damaged = disk.contentOf(FIRST).slice().fill(0x0a, ends[0], ends[1]);
    await expect(openSimulated(withFirst(damaged))).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('at the end of an earlier segment is refused', async () => {
    await write(30, 2000);
    const content = disk.contentOf(FIRST);
    await expect(openSimulated(withFirst(content.slice(0, -5)))).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(FIRST) as string,
    });
  });

  test('a segment that is missing is refused', async () => {
    await write(30, 2000);
    const [, second = ''] = segmentNames(await disk.list(DIRECTORY));
    disk.tamper(`${DIRECTORY}/${second}`, undefined);
    await expect(openSimulated(disk)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(second) as string,
    });
  });

  test('an end that is missing after a clean stop is refused', async () => {
    const ends = await write(3);
    await (await openSimulated(disk)).close();
    const short = disk.contentOf(FIRST).slice(0, ends[1]);
    await expect(openSimulated(withFirst(short))).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('a cursor beyond the end is refused', async () => {
    await write(3);
    const cursor = Buffer.from('{"position":9}\n');
    disk.tamper(`${DIRECTORY}/cursors/store.json`, cursor);
    await expect(openSimulated(disk)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('cursors/store.json is at position 9') as string,
    });
  });
});

describe('a crash while a segment rolls', () => {
  test('leaves an empty next segment: positions and checkpoints go on', async () => {
    await write(30, 2000);
    const names = segmentNames(await disk.list(DIRECTORY));
    const last = `${DIRECTORY}/${names.at(-1)}`;
    const begin = Number(names.at(-1)?.slice(0, 20));
    for (const content of [Buffer.alloc(0), Buffer.alloc(300, '\n'), Buffer.alloc(300)]) {
      const copy = disk.copy();
      copy.tamper(last, content);
      await expectWhole(copy, begin, `${content.length} bytes of padding`);
    }
  });

  test('leaves padding in the full segment, which is cut', async () => {
    await write(30, 2000);
    const content = disk.contentOf(FIRST);
    const padded = new Uint8Array(content.length + 100).fill(0x0a);
    padded.set(content);
    const copy = withFirst(padded);
    await expectWhole(copy, 30, 'padding in the first segment');
    expect(copy.contentOf(FIRST)).toEqual(content);
  });

  test('leaves a spare file, which goes', async () => {
    await write(2);
    const copy = disk.copy();
    copy.tamper(`${DIRECTORY}/next.spare`, Buffer.alloc(100));
    await expectWhole(copy, 2, 'a spare file');
    expect(await copy.list(DIRECTORY)).not.toContain('next.spare');
  });
});
