import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/sim/journal-world.ts';
import type { Disk } from '../../platform/disk.ts';
import { silentLog } from '../../platform/log.ts';
import { SimulatedDisk } from '../../platform/simulated-disk.ts';
import { MESSAGE_CONTENTS_AGE_MS, type MessageContents } from '../message-contents.ts';
import { ContentsNotes } from './contents-notes.ts';
import { NOTE_WAIT_MS, NOTES_BYTES_MAX, NOTES_PENDING_BYTES_MAX } from './limits.ts';

function contents(timeMs: number, more: Partial<MessageContents> = {}): MessageContents {
  return {
    queueId: 'A',
    timeMs,
    clientAddress: '192.0.2.1',
    saslUser: 'Ann@x.example',
    sender: 'ann@x.example',
    recipients: ['b@x.example'],
    authenticationResults: [],
    attachments: [],
    ...more,
  };
}

test('what was read and what was told outlives a crash', async () => {
  const disk = new SimulatedDisk();
  const clock = new ManualClock();
  const directory = '/data/milter';
  const notes = new ContentsNotes({ directory, disk: disk.process(), clock, log: silentLog });
  expect(await notes.open()).toEqual([]);
  await notes.write({ contents: contents(clock.now()) });
  const settled = { queueId: 'B', saslUser: 'ann', timeMs: clock.now() };
  await notes.write({ settled });
  disk.crash(false);
  const file = `${directory}/contents.ndjson`;
  const torn = Buffer.concat([disk.contentOf(file), Buffer.from('{"contents":{"queueId":"C"')]);
  disk.tamper(file, torn);
  const again = new ContentsNotes({ directory, disk: disk.process(), clock, log: silentLog });
  expect(await again.open()).toEqual([{ contents: contents(clock.now()) }, { settled }]);
  await again.write({ contents: contents(clock.now(), { queueId: 'D' }) });
  await again.close();
  const third = new ContentsNotes({ directory, disk, clock, log: silentLog });
  expect((await third.open()).length).toBe(3);
});

test('the file of notes is put aside when it is full, and what is in it is still known', async () => {
  const disk = new SimulatedDisk();
  const clock = new ManualClock();
  const notes = new ContentsNotes({ directory: '/d', disk, clock, log: silentLog });
  await notes.open();
  const subject = 'x'.repeat(NOTES_BYTES_MAX / 4);
  for (let n = 0; n < 9; n++)
    await notes.write({ contents: contents(clock.now(), { queueId: `${n}`, subject }) });
  await notes.close();
  expect(disk.usedBytes).toBeLessThan(NOTES_BYTES_MAX * 2.6);
  const again = new ContentsNotes({ directory: '/d', disk, clock, log: silentLog });
  const known = (await again.open()).map((note) => 'contents' in note && note.contents.queueId);
  expect(known).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8'].slice(-known.length));
  expect(known.length).toBeGreaterThanOrEqual(5);
});

test('a full disk is said once, and forgotten when there is room', async () => {
  const disk = new SimulatedDisk();
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
  const clock = new ManualClock();
  const notes = new ContentsNotes({ directory: '/d', disk, clock, log });
  await notes.open();
  disk.capacityBytes = 10;
  await notes.write({ contents: contents(clock.now()) });
  await notes.write({ contents: contents(clock.now()) });
  expect(notes.reason).toMatch(/not noted in \/d: ENOSPC/);
  expect(warnings.length).toBe(1);
  disk.capacityBytes = 1e9;
  await notes.write({ contents: contents(clock.now()) });
  expect(notes.reason).toBeUndefined();
  await notes.close();
  const again = new ContentsNotes({ directory: '/d', disk, clock, log });
  expect((await again.open()).length).toBe(1);
});

test('a disk that does not answer holds the mail server up only so long, and only so much waits', async () => {
  const disk = new SimulatedDisk();
  const clock = new ManualClock();
  let release: (() => void) | undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const slow: Disk = {
    ...disk.process(),
    open: async (path, mode) => {
      await held;
      return disk.open(path, mode);
    },
  };
  const hanging = new ContentsNotes({ directory: '/d', disk: slow, clock, log: silentLog });
  let answered = false;
  const writing = hanging.write({ contents: contents(clock.now()) }).then(() => (answered = true));
  await Promise.resolve();
  expect(answered).toBe(false);
  clock.advance(NOTE_WAIT_MS);
  await writing;
  expect(answered).toBe(true);
  const subject = 'x'.repeat(NOTES_PENDING_BYTES_MAX);
  await hanging.write({ contents: contents(clock.now(), { subject }) });
  expect(hanging.reason).toContain(`${NOTES_PENDING_BYTES_MAX} bytes of notes wait`);
  release?.();
  await hanging.close();
});

test('what is too old to be asked for is not read again', async () => {
  const disk = new SimulatedDisk();
  const clock = new ManualClock();
  const notes = new ContentsNotes({ directory: '/d', disk, clock, log: silentLog });
  await notes.open();
  await notes.write({ contents: contents(clock.now()) });
  clock.advance(MESSAGE_CONTENTS_AGE_MS + 1);
  await notes.write({ contents: contents(clock.now(), { queueId: 'new' }) });
  await notes.close();
  const again = new ContentsNotes({ directory: '/d', disk, clock, log: silentLog });
  expect(await again.open()).toMatchObject([{ contents: { queueId: 'new' } }]);
});
