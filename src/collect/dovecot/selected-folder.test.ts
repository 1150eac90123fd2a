import { expect, test } from 'vitest';
import { flagChange, type FlagChange } from './flag-change.ts';
import { imapTokens } from './imap-arguments.ts';
import { KNOWN_FLAGS_MAX, SelectedFolder } from './selected-folder.ts';

function change(args: string): FlagChange {
  const found = flagChange(imapTokens(args));
  if (found === undefined) throw new Error(args);
  return found;
}

const FLAG = change('1 +FLAGS (\\Flagged)');
const ANSWER = change('1 +FLAGS (\\Answered)');
const DELETE = change('1 +FLAGS (\\Deleted)');

test('a silent change is denied where nothing else is known', () => {
  expect(new SelectedFolder('f', false).isDenied(FLAG, 1)).toBe(true);
});

test('where the session has made such a change, a silent one was of no effect', () => {
  const folder = new SelectedFolder('f', false);
  folder.changed(ANSWER, 2, '\\Answered');
  expect(folder.isDenied(FLAG, 1)).toBe(false);
  expect(folder.isDenied(DELETE, 1)).toBe(true);
});

test('a flag that is known to be set cannot be denied', () => {
  const folder = new SelectedFolder('f', false);
  folder.changed(undefined, 1, '\\Deleted \\Flagged');
  expect(folder.isDenied(DELETE, 1)).toBe(false);
  expect(folder.isDenied(DELETE, 2)).toBe(true);
  expect(folder.isDenied(DELETE, undefined)).toBe(true);
});

test('in a folder that was opened read-only everything is denied', () => {
  const folder = new SelectedFolder('f', true);
  folder.changed(FLAG, 1, '\\Flagged');
  expect(folder.isDenied(FLAG, 1)).toBe(true);
});

test('beyond its limit the oldest flags are forgotten', () => {
  const folder = new SelectedFolder('f', false);
  for (let uid = 0; uid <= KNOWN_FLAGS_MAX; uid++) folder.changed(undefined, uid, '\\Deleted');
  expect(folder.isDenied(DELETE, 0)).toBe(true);
  expect(folder.isDenied(DELETE, 1)).toBe(false);
});
