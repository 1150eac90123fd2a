import { describe, expect, test } from 'vitest';
import { mailLogAction, parseMailLog, readMailLog, withoutFolderInFront } from './mail-log.ts';

const REST =
  'msgid=<m1@example.test>, size=432, vsize=451, from=Carol <c@example.test>, subject=Hello, flags=(\\Seen)';

describe('a line read for a known folder', () => {
  test('tells all that is in it', () => {
    expect(
      readMailLog(`flag_change: box=INBOX, uid=7, ${REST}`, 'flag_change', { folder: 'INBOX' }),
    ).toEqual({
      action: 'flag_change',
      sourceFolder: undefined,
      folder: 'INBOX',
      uid: 7,
      messageId: '<m1@example.test>',
      subject: 'Hello',
      flags: '\\Seen',
    });
  });

  test.each([
    ['another field in its name', 'a, uid=9', 'a, uid=9'],
    ['a line in its name', 'x: box=y, uid=1, msgid=<f>', 'x: box=y, uid=1, msgid=<f>'],
    ['control characters in its name', 'a\tb\u0085', 'a?b?'],
    ['a line separator in its name', 'a\u2028b', 'a\u2028b'],
    ['a long name', 'f'.repeat(100), `${'f'.repeat(61)}...`],
    ['a long name, cut in front of dots', `${'f'.repeat(61)}.x.y`, `${'f'.repeat(61)}...`],
    ['a long name, of which only a dot was cut', `${'f'.repeat(61)}.`, `${'f'.repeat(61)}...`],
    ['a long name, cut in front of more dots', `${'f'.repeat(61)}..x`, `${'f'.repeat(61)}...`],
    [
      'a long name, cut inside a character',
      `${'f'.repeat(60)}${'ä'.repeat(20)}`,
      `${'f'.repeat(60)}\ufffd...`,
    ],
  ])('%s', (_, folder, written) => {
    const line = readMailLog(`delete: box=${written}, uid=7, ${REST}`, 'delete', { folder });
    expect(line).toMatchObject({ folder, uid: 7, messageId: '<m1@example.test>' });
  });

  test.each([
    ['another folder', 'INBOX', 'Trash'],
    ['a folder that begins with its name', 'a', 'a, uid=9'],
    ['a folder that is the beginning of its name', 'Archive', 'Arch'],
    ['a short name with dots', 'Archive', 'Arch...'],
  ])('%s is not it', (_, folder, written) => {
    const text = `delete: box=${written}, uid=7, ${REST}`;
    expect(readMailLog(text, 'delete', { folder })).toBeUndefined();
  });

  test('a copy names both folders', () => {
    const text = `copy from a: box=b: box=c, uid=7, ${REST}`;
    expect(readMailLog(text, 'copy', { sourceFolder: 'a: box=b', folder: 'c' })).toMatchObject({
      sourceFolder: 'a: box=b',
      folder: 'c',
    });
    expect(readMailLog(text, 'copy', { sourceFolder: 'a', folder: 'b: box=c' })).toMatchObject({
      folder: 'b: box=c',
    });
    expect(readMailLog(text, 'copy', { sourceFolder: 'b', folder: 'c' })).toBeUndefined();
    // Where the destination is not known, only a line that can be read in one way counts.
    expect(readMailLog(text, 'copy', { sourceFolder: 'a', folder: undefined })).toBeUndefined();
  });

  test('only the details in doubt are left out', () => {
    const forged =
      'delete: box=INBOX, uid=7, msgid=<a>, size=1, vsize=1, from=x, subject=y, size=2, flags=(), ' +
      'subject=z, flags=(\\Deleted)';
    expect(readMailLog(forged, 'delete', { folder: 'INBOX' })).toEqual({
      action: 'delete',
      sourceFolder: undefined,
      folder: 'INBOX',
      uid: 7,
      messageId: undefined,
      subject: undefined,
      flags: '\\Deleted',
    });
  });
});

describe('with fewer fields in mail_log_fields', () => {
  test.each([
    ['the defaults', 'msgid=<a@b>, size=432', '<a@b>'],
    ['only the Message-ID', 'msgid=<a@b>', '<a@b>'],
    ['no sizes', 'msgid=<a@b>, from=C <c@d>, subject=Hello, flags=()', '<a@b>'],
    ['the virtual size', 'msgid=<a@b>, vsize=451, flags=(\\Seen)', '<a@b>'],
    ['the subject and flags', 'msgid=<a@b>, subject=Hello, flags=()', '<a@b>'],
    ['none', 'size=432', undefined],
    ['an empty one', 'msgid=, subject=Hello', undefined],
    ["the next field's name in it", 'msgid=<a, from=x@b>, from=C <c@d>, flags=()', undefined],
    ['its own name in the subject', 'msgid=<a@b>, subject=x, msgid=<f@g>', undefined],
  ])('%s', (_, details, messageId) => {
    const text = `delete: box=INBOX, uid=7, ${details}`;
    expect(readMailLog(text, 'delete', { folder: 'INBOX' })).toMatchObject({ uid: 7, messageId });
  });
});

test('without a folder a line that can be read in two ways is not read', () => {
  expect(parseMailLog(`save: box=a, uid=7, ${REST}`)).toMatchObject({ folder: 'a', uid: 7 });
  expect(parseMailLog(`save: box=a, uid=9, uid=7, ${REST}`)).toBeUndefined();
});

test.each([
  ['Mailbox created: x', undefined],
  [`expunge: box=a\u2028b, uid=7, ${REST}`, 'expunge'],
])('what %j says was done', (text, action) => {
  expect(mailLogAction(text)).toBe(action);
});

describe("Dovecot 2.4's folder in front of the line", () => {
  test.each([
    ['INBOX', 'save: box=INBOX, uid=7'],
    ['a: save: b', 'save: box=a: save: b, uid=7'],
    ['Projects', 'copy from INBOX: box=Projects, uid=7'],
    ['x'.repeat(80), `delete: box=${'x'.repeat(61)}..., uid=7`],
  ])('%s is taken away', (folder, line) => {
    expect(withoutFolderInFront(`Mailbox ${folder}: ${line}, ${REST}`)).toBe(`${line}, ${REST}`);
  });

  test.each(['Mailbox created: Trash', 'Mailbox INBOX: Mailbox created', 'save: box=a, uid=7'])(
    'other text stays: %s',
    (text) => {
      expect(withoutFolderInFront(text)).toBe(text);
    },
  );

  test('a name that looks like a line makes it unreadable, never another line', () => {
    const forged = 'x: delete: box=x, uid=1';
    expect(withoutFolderInFront(`Mailbox ${forged}: save: box=${forged}, uid=7, ${REST}`)).toBe('');
  });
});
