import { expect, test } from 'vitest';
import { receivedLines } from './received-line.ts';

process.env['TZ'] = 'UTC';
const NOW_MS = Date.UTC(2026, 10, 23, 12);

test.each([
  [
    'RFC 3164',
    '<22>Nov 23 11:59:58 mx dovecot: imap-login: Login: x',
    '2026-11-23T11:59:58.000Z mx dovecot: imap-login: Login: x\n',
  ],
  [
    'RFC 5424',
    '<22>1 2026-11-23T11:59:58.123456+01:00 mx postfix/smtpd 7 - [x@1 a="]"] connect',
    '2026-11-23T10:59:58.123Z mx postfix/smtpd[7]: connect\n',
  ],
  ['no priority', 'Nov 23 11:59:58 mx x: y', '2026-11-23T11:59:58.000Z mx x: y\n'],
  ['no time', '<13>hello', '2026-11-23T12:00:00.000Z 192.0.2.1 hello\n'],
  [
    'newlines are no ends of lines',
    '<13>Nov 23 11:59:58 mx x: a\nNov 23 11:59:58 mx dovecot: forged\0\r',
    '2026-11-23T11:59:58.000Z mx x: a#012Nov 23 11:59:58 mx dovecot: forged#000#015\n',
  ],
  [
    'a newline at the end is none of the message',
    '<13>a\n',
    '2026-11-23T12:00:00.000Z 192.0.2.1 a\n',
  ],
  [
    'a counted repetition',
    '<22>Nov 23 11:59:58 mx x: message repeated 2 times: [ y]',
    '2026-11-23T11:59:58.000Z mx x: y\n'.repeat(2),
  ],
  ['nothing', '', '2026-11-23T12:00:00.000Z 192.0.2.1 \n'],
])('%s', (_, message, expected) => {
  expect(receivedLines(Buffer.from(message), '192.0.2.1', NOW_MS)).toBe(expected);
});
