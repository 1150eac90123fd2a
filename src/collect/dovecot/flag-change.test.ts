import { expect, test } from 'vitest';
import { agreement, changesNothing, flagChange, rightsNeeded } from './flag-change.ts';
import { imapTokens } from './imap-arguments.ts';

function change(args: string): NonNullable<ReturnType<typeof flagChange>> {
  const found = flagChange(imapTokens(args));
  if (found === undefined) throw new Error(`${args} changes no flags`);
  return found;
}

test.each([
  ['1 +FLAGS (\\Seen)', '\\Seen \\Recent', 'fully'],
  ['1 +flags \\SEEN', '\\Answered \\Seen', 'fully'],
  ['1 +FLAGS (\\Seen)', '\\Answered', 'no'],
  ['1 -FLAGS (\\Seen)', '\\Answered', 'fully'],
  ['1 -FLAGS (\\Seen)', '\\Seen', 'no'],
  ['1:3 +FLAGS.SILENT (\\Answered $Forwarded)', '\\Answered', 'partly'],
  ['1:3 +FLAGS.SILENT (\\Answered $Forwarded)', '\\Answered $Forwarded', 'fully'],
  ['1 +FLAGS ($Forwarded)', '\\Seen', 'no'],
  ['1 FLAGS (\\Seen \\Flagged)', '\\Flagged \\Seen \\Recent', 'fully'],
  ['1 FLAGS (\\Seen)', '\\Flagged \\Seen', 'no'],
  ['3 FLAGS.SILENT ()', '\\Recent $Forwarded', 'partly'],
  ['3 FLAGS.SILENT ()', '\\Recent', 'fully'],
  ['3 (UNCHANGEDSINCE 1) +FLAGS (\\Seen)', '\\Seen', 'fully'],
])('STORE %s and flags=(%s) agree: %s', (args, flags, expected) => {
  expect(agreement(change(args), flags)).toBe(expected);
  expect(changesNothing(change(args), flags)).toBe(expected === 'fully');
});

test('a cut command names no flags', () => {
  expect(flagChange(imapTokens('1,2,3,4...'))).toBeUndefined();
  expect(flagChange(imapTokens('1 +FLAGS'))).toBeUndefined();
});

test.each([
  ['1 +FLAGS (\\Seen)', ['s']],
  ['1 -FLAGS (\\Deleted \\Seen)', ['t', 's']],
  ['1 FLAGS (\\Flagged $Junk)', ['w']],
  ['1 FLAGS ()', []],
])('STORE %s needs %j', (args, rights) => {
  expect(rightsNeeded(change(args))).toEqual(rights);
});
