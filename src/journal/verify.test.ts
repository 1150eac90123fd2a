import { beforeAll, describe, expect, test } from 'vitest';
import { DIRECTORY, events, openSimulated } from '../../test/sim/journal-world.ts';
import { SimulatedDisk } from '../platform/simulated-disk.ts';
import { segmentNames } from './segments.ts';
import { verifyJournal } from './verify.ts';

const EVENTS = 12;

let whole: SimulatedDisk;
let names: string[];

/** A small journal of several segments with several blocks each, stopped cleanly. */
beforeAll(async () => {
  whole = new SimulatedDisk();
  const journal = await openSimulated(whole, { limits: { segmentBytesMax: 1000 } });
  for (let id = 0; id < EVENTS; id++) {
    await journal.append({ ...events(id), checkpoint: { source: 'log', value: { id } } });
  }
  await journal.close();
  names = segmentNames(await whole.list(DIRECTORY));
  expect(names.length).toBeGreaterThanOrEqual(3);
});

const path = (name: string | undefined): string => `${DIRECTORY}/${name}`;

/** What verification says when one file has another content. */
function verifyWith(name: string | undefined, content: Uint8Array | undefined) {
  const copy = whole.copy();
  copy.tamper(path(name), content);
  return verifyJournal(DIRECTORY, { disk: copy });
}

/** Where the blocks of a segment begin and end. */
function blocksOf(content: Uint8Array): { begin: number; end: number }[] {
  const text = Buffer.from(content).toString('latin1');
  let begin = 0;
  return [...text.matchAll(/^\{"_seal".*\n/gm)].map((match) => {
    const block = { begin, end: match.index + match[0].length };
    begin = block.end;
    return block;
  });
}

test('a whole journal is counted', async () => {
  const result = await verifyJournal(DIRECTORY, { disk: whole });
  const bytes = names.reduce((sum, name) => sum + whole.contentOf(path(name)).length, 0);
  const counts = { segments: names.length, blocks: EVENTS, events: EVENTS, begin: 0, end: EVENTS };
  expect(result).toMatchObject({ ok: true, ...counts, bytes });
  expect(result.unsealed).toBeUndefined();
});

test('any change of any byte is found, in the block where it is', async () => {
  for (const name of names) {
    const content = whole.contentOf(path(name));
    const blocks = blocksOf(content);
    for (let at = 0; at < content.length; at++) {
      for (const flip of [0x01, 0x20]) {
        const changed = content.slice();
        changed[at] = (changed[at] ?? 0) ^ flip;
        const { ok, damage } = await verifyWith(name, changed);
        expect(ok, `${name} byte ${at} ^ ${flip}`).toBe(false);
        const { begin } = blocks.find(({ end }) => at < end) ?? { begin: -1 };
        expect({ file: damage?.file, offset: damage?.offset }).toEqual({
          file: name,
          offset: begin,
        });
      }
    }
  }
});

test('a directory without a journal is a clear error', async () => {
  await expect(verifyJournal('/nowhere', { disk: new SimulatedDisk() })).rejects.toThrow(
    '/nowhere holds no journal',
  );
});

describe('what is missing or moved is found', () => {
  test('a block', async () => {
    for (const name of names) {
      const content = whole.contentOf(path(name));
      for (const { begin, end } of blocksOf(content)) {
        const without = Buffer.concat([content.subarray(0, begin), content.subarray(end)]);
        expect((await verifyWith(name, without)).ok, `${name} ${begin}`).toBe(false);
      }
    }
  });

  test('two blocks that changed places', async () => {
    const content = whole.contentOf(path(names[1]));
    const [first, second] = blocksOf(content);
    if (first === undefined || second === undefined) throw new Error('two blocks are needed');
    const swapped = Buffer.concat([
      content.subarray(second.begin, second.end),
      content.subarray(first.begin, first.end),
      content.subarray(second.end),
    ]);
    expect((await verifyWith(names[1], swapped)).ok).toBe(false);
  });

  test('the end of a segment, wherever it is cut', async () => {
    for (const name of names) {
      const content = whole.contentOf(path(name));
      for (let bytes = 0; bytes < content.length; bytes++) {
        const cut = content.slice(0, bytes);
        expect((await verifyWith(name, cut)).ok, `${name} cut at ${bytes}`).toBe(false);
      }
    }
  });

  test('a whole segment, first, middle and last', async () => {
    for (const name of names) {
      const { ok, damage } = await verifyWith(name, undefined);
      expect(ok, name).toBe(false);
      expect(damage?.expected).toBeTruthy();
    }
  });

  test('a segment too many', async () => {
    const result = await verifyWith('00000000000000000001.ndjson', whole.contentOf(path(names[1])));
    expect(result).toMatchObject({ ok: false, damage: { file: '00000000000000000001.ndjson' } });
  });
});

test('an unfinished block at the end is reported and is no damage', async () => {
  const disk = new SimulatedDisk();
  const journal = await openSimulated(disk);
  await journal.append(events(0));
  const { bytes } = journal.status();
  disk.crash(false);
  const content = disk.contentOf(path(names[0])).slice();
  content.set(Buffer.from('{"log_type":"TE'), bytes);
  disk.tamper(path(names[0]), content);
  expect(await verifyJournal(DIRECTORY, { disk })).toMatchObject({
    ok: true,
    end: 1,
    unsealed: { file: names[0], offset: bytes, bytes: 15 },
  });
});

test('a journal that is being written, rolled and shortened verifies at any moment', async () => {
  const disk = new SimulatedDisk(7);
  const limits = { segmentBytesMax: 1500, keepBytes: 4000 };
  const journal = await openSimulated(disk, { limits });
  journal.cursor('store');
  const progress = { done: false };
  const writer = async (): Promise<void> => {
    for (let id = 0; id < 300; id++) {
      const position = await journal.append(events(id));
      if (id % 10 === 0) await journal.commit('store', { position });
    }
    progress.done = true;
  };
  const written = writer();
  let walks = 0;
  for (; !progress.done; walks++) {
    const { ok, damage } = await verifyJournal(DIRECTORY, { disk });
    expect({ ok, damage }).toEqual({ ok: true, damage: undefined });
  }
  await written;
  expect(walks).toBeGreaterThan(5);
  expect(journal.status().begin).toBeGreaterThan(0);
});
