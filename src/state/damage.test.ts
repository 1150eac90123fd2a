import { afterEach, expect, test } from 'vitest';
import {
  ACTOR,
  DIRECTORY,
  FILE,
  overwrite,
  putGroup,
  world,
} from '../../test/state/state-world.ts';
import type { State } from './state.ts';

let opened: State[] = [];
afterEach(async () => {
  for (const state of opened) await state.close();
  opened = [];
});

test.each([
  ['a changed byte', (text: string) => text.replace('"id":"a"', '"id":"x"')],
  ['a missing line', (text: string) => text.split('\n').toSpliced(1, 1).join('\n')],
  ['lines in another order', (text: string) => text.replace(/(.*\n)(.*\n)(.*\n)/, '$1$3$2')],
  ['a first line that is cut', (text: string) => text.slice(0, 10)],
  ['an empty file', () => ''],
])('%s is refused, with the place', async (_, change) => {
  const { open, disk } = world();
  const state = await open();
  for (const id of ['a', 'b', 'c']) await state.change(ACTOR, () => putGroup(id));
  await state.close();
  await overwrite(disk, change);
  await expect(open()).rejects.toThrow(
    /\/data\/state\/state\.ndjson is damaged at byte \d+: expected/,
  );
});

test.each([
  ['the last line changed', (text: string) => text.replace('"id":"c"', '"id":"x"'), 2],
  ['the last line cut', (text: string) => text.slice(0, -9), 2],
  ['the last line gone', (text: string) => text.replace(/[^\n]*\n$/, ''), 2],
])('a log with %s is refused as it is when the journal has its event', async (_, change, found) => {
  const { open, disk } = world();
  const state = await open();
  for (const id of ['a', 'b', 'c']) await state.change(ACTOR, () => putGroup(id));
  await state.close();
  await overwrite(disk, change);
  const before = disk.contentOf(FILE);
  await expect(open()).rejects.toThrow(
    `the changes up to number 3, whose events the journal has, found them up to ${found}`,
  );
  expect(disk.contentOf(FILE)).toEqual(before);
});

test('a log that is missing is not begun anew over what the journal knows', async () => {
  const { open, disk } = world();
  const state = await open();
  await state.change(ACTOR, () => putGroup('a'));
  await state.close();
  disk.tamper(FILE, undefined);
  await expect(open()).rejects.toThrow('state.ndjson is damaged at byte 0: expected the changes');
});

test.each([
  ['damaged', (text: string) => text.replace('"id":"b"', '"id":"x"'), ['a']],
  ['short', (text: string) => text.replace(/[^\n]*\n$/, ''), ['a', 'b']],
  ['empty', () => '', []],
])(
  'a log that is %s is gone on with when somebody accepts that, once and on record',
  async (_, change, left) => {
    const { open, disk, journal, log } = world();
    const state = await open();
    for (const id of ['a', 'b', 'c']) await state.change(ACTOR, () => putGroup(id));
    await state.close();
    await overwrite(disk, change);
    await expect(open()).rejects.toThrow(`make an empty file ${DIRECTORY}/accept-loss`);
    disk.tamper(`${DIRECTORY}/accept-loss`, new Uint8Array());
    const accepted = await open();
    expect([...accepted.list('log-group')].map(([id]) => id)).toEqual(left);
    expect(journal.events.at(-1)).toMatchObject({
      event_name: 'AcceptStateLoss',
      resource: FILE,
      error_message: expect.stringContaining('is damaged at byte'),
    });
    expect(log.join('')).toContain('changes were lost');
    await accepted.change(ACTOR, () => putGroup('d'));
    await accepted.close();
    const again = await open();
    opened.push(again);
    expect([...again.list('log-group')].map(([id]) => id)).toEqual([...left, 'd']);
    expect(journal.events).toHaveLength(5);
    expect(journal.checkpoint).toEqual({ seq: 4 });
    expect(await disk.list(DIRECTORY)).toEqual(['state.ndjson']);
  },
);

test('a missing log is gone on without when somebody accepts that', async () => {
  const { open, disk } = world();
  const state = await open();
  await state.change(ACTOR, () => putGroup('a'));
  await state.close();
  disk.tamper(FILE, undefined);
  disk.tamper(`${DIRECTORY}/accept-loss`, new Uint8Array());
  const accepted = await open();
  opened.push(accepted);
  expect(accepted.count('log-group')).toBe(0);
});

test('an acceptance of a loss that there is not is taken back', async () => {
  const { open, disk } = world();
  await (await open()).close();
  disk.tamper(`${DIRECTORY}/accept-loss`, new Uint8Array());
  opened.push(await open());
  expect(await disk.list(DIRECTORY)).toEqual(['state.ndjson']);
});
