import { expect, test } from 'vitest';
import { decodeFolderName, expandSet, folderOf, imapTokens } from './imap-arguments.ts';
import { fetchedContent } from './imap-fetch.ts';
import { deviceOfId, userAgentOfId, USER_AGENT_LENGTH_MAX } from './user-agent.ts';

test.each([
  ['INBOX (\\Flagged) <451 byte literal>', ['atom INBOX', 'list (\\Flagged)', 'literal ']],
  ['"a \\"b\\" \\\\c" x', ['quoted a "b" \\c', 'atom x']],
  [
    '1:4 (BODY.PEEK[HEADER.FIELDS (FROM)] "x)y")',
    ['atom 1:4', 'list (BODY.PEEK[HEADER.FIELDS (FROM)] "x)y")'],
  ],
  ['(a (b) c', ['list (a (b) c']],
  ['"cut', ['quoted cut']],
  ['', []],
])('%s', (text, expected) => {
  expect(imapTokens(text).map((token) => `${token.kind} ${token.text}`)).toEqual(expected);
});

test.each([
  ['Entw&APw-rfe', 'Entwürfe'],
  ['R&-D', 'R&D'],
  ['&2D3cAA-', '\u{1f400}'],
  ['&AP-', '&AP-'],
  ['a&b', 'a&b'],
])('%s is %s', (name, expected) => {
  expect(decodeFolderName(name)).toBe(expected);
});

test('a folder that the log does not show is not known', () => {
  expect(folderOf(imapTokens('<7 byte literal>')[0])).toBeUndefined();
  expect(folderOf(undefined)).toBeUndefined();
});

test.each([
  ['1:3,7', 10, [1, 2, 3, 7]],
  ['3:1', 10, [3, 2, 1]],
  ['1:*', 10, undefined],
  ['1:11', 10, undefined],
  ['1:4294967295', 10, undefined],
  ['', 10, undefined],
  ['1,,2', 10, undefined],
])('%s of at most %d', (set, most, expected) => {
  expect(expandSet(set, most)).toEqual(expected);
});

test.each([
  ['1 (BODY[])', true, [], true],
  ['1 (BODY.PEEK[])', true, [], false],
  ['1 RFC822', true, [], true],
  ['1 (RFC822.SIZE FLAGS)', false, [], false],
  ['1 (RFC822.HEADER)', false, [], false],
  ['1 (BODY.PEEK[HEADER.FIELDS (SUBJECT)])', false, [], false],
  ['1 (BODY.PEEK[1.2])', true, [], false],
  ['1 (BODY.PEEK[2])', false, ['2'], false],
  ['1 (BODY.PEEK[2.MIME] BINARY[2] BODY[1]<0.10>)', true, ['2'], true],
  ['1 (BODY.PEEK[3.1.TEXT])', false, ['3.1'], false],
  ['1 (FLAGS ENVELOPE BODYSTRUCTURE)', false, [], false],
])('FETCH %s', (args, body, attachments, marksSeen) => {
  expect(fetchedContent(args)).toEqual({ body, attachments, marksSeen });
});

test.each([
  ['"name" "Thunderbird" "version" "128.1" "vendor" "Mozilla"', 'Thunderbird/128.1'],
  ['("version" "1.0" "NAME" "imapflow")', 'imapflow/1.0'],
  ['("name" "x")', 'x'],
  ['("name" NIL "version" "1")', undefined],
  ['("version" "1")', undefined],
  ['NIL', undefined],
  ['', undefined],
])('the client of ID %s', (text, expected) => {
  expect(userAgentOfId(text)).toBe(expected);
});

test('a long client name is cut', () => {
  expect(userAgentOfId(`("name" "${'x'.repeat(5000)}")`)).toHaveLength(USER_AGENT_LENGTH_MAX);
});

test('a device by what an ID says', () => {
  expect(
    deviceOfId('"name" "Thunderbird" "version" "128.1" "os" "Linux" "os-version" "6.1" "name" "x"'),
  ).toEqual({
    deviceType: 'Thunderbird',
    deviceOperatingSystem: 'Linux 6.1',
    deviceUserAgent: 'Thunderbird/128.1',
  });
  expect(deviceOfId('"os" "iOS"')).toEqual({ deviceOperatingSystem: 'iOS' });
  expect(deviceOfId('"version" "1" "name"')).toBeUndefined();
  expect(deviceOfId('')).toBeUndefined();
});
