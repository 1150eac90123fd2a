import { describe, expect, test } from 'vitest';
import { folderRecord, imapCommand } from './imap-commands.ts';

function asked(name: string, args: string): string | undefined {
  const fields = { user: 'alice', cmd_args: args, tagged_reply_state: 'OK' };
  return folderRecord(imapCommand(name, fields, ['shared/']))?.folder_path;
}

describe('what a listing asked for', () => {
  test.each([
    ['LIST', '"" "*"', '*'],
    ['LIST', '"Work/" "%"', 'Work/%'],
    ['LIST', '"" ""', undefined],
    ['LIST', '(SUBSCRIBED) "" "%" RETURN (STATUS (MESSAGES))', '%'],
    ['LIST', '() "" "*"', '*'],
    ['LIST', '"" ("*")', '*'],
    ['LIST', '"" ("Entw&APw-rfe") RETURN (CHILDREN)', 'Entwürfe'],
    ['LIST', '"" (INBOX "Fu%")', undefined],
    ['LIST', '"" (INBOX <5 byte literal>)', undefined],
    ['LIST', '"Work/" <5 byte literal>', undefined],
    ['LIST', '"" ()', undefined],
    ['LSUB', '"Fu" "%"', 'Fu%'],
  ])('%s %s', (name, args, path) => {
    expect(asked(name, args)).toBe(path);
  });
});

test.each([
  ['GETMETADATA', '"" (/private/comment)', undefined],
  ['GETMETADATA', '(DEPTH infinity) Full (/private/comment)', 'Full'],
])('%s %s is about its folder, or about none', (name, args, path) => {
  expect(asked(name, args)).toBe(path);
});
