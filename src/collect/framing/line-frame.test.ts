import { expect, test } from 'vitest';
import { assemble } from '../../../test/collect/assemble.ts';
import { DovecotServers } from '../dovecot/servers.ts';
import { parseMaillogLine } from '../postfix/maillog-line.ts';
import { REPEATS_MAX, unframe } from './line-frame.ts';

process.env['TZ'] = 'UTC';

function framed(line: string | Buffer): { text: string; times: number; dropped: number } | string {
  const bytes = Buffer.from(line as string);
  const found = unframe(bytes, 0, bytes.length);
  if (found === undefined) return 'as it is';
  return { text: found.bytes.toString('utf8'), times: found.times, dropped: found.dropped };
}
const once = (text: string): object => ({ text, times: 1, dropped: 0 });

const TEXT = 'connect from unknown[192.0.2.1]';

test.each([
  `Nov 23 02:42:19 mx postfix/smtpd[7]: ${TEXT}`,
  `2026-11-23T02:42:19.123456+01:00 mx postfix/smtpd[7]: ${TEXT}`,
  '2026-11-23T05:56:11 stats: Info: {"event":"x"}',
  '{"event":"auth_request_finished","hostname":"mx"}',
  '',
  '<',
  '{',
  '{"__REALTIME_TIMESTAMP":',
])('%j has no frame', (line) => {
  expect(framed(line)).toBe('as it is');
});

test.each([
  // RFC 3164
  [
    `<22>Nov 23 02:42:19 mx postfix/smtpd[7]: ${TEXT}`,
    `Nov 23 02:42:19 mx postfix/smtpd[7]: ${TEXT}`,
  ],
  // RFC 5424
  [
    `<22>1 2026-11-23T02:42:19.003Z mx postfix/smtpd 7 - - ${TEXT}`,
    `2026-11-23T02:42:19.003Z mx postfix/smtpd[7]: ${TEXT}`,
  ],
  [
    `<22>1 2026-11-23T02:42:19+01:00 mx.example.test dovecot - ID47 [ex@1 a="b\\]\\"" c="d"][f] \ufeffauth: höflich`,
    '2026-11-23T02:42:19+01:00 mx.example.test dovecot: auth: höflich',
  ],
  ['<22>1 2026-11-23T02:42:19Z mx dovecot - - -', '2026-11-23T02:42:19Z mx dovecot: '],
  // Line separators are text.
  [
    '<22>1 2026-11-23T02:42:19Z mx dovecot - - [a b="\u2028"] x\u2028y',
    '2026-11-23T02:42:19Z mx dovecot: x\u2028y',
  ],
])('%j', (line, text) => {
  expect(framed(line)).toEqual(once(text));
});

test.each([
  '<22>1 2026-11-23T02:42:19Z mx dovecot - - [never closed auth: x',
  '<22>1 2026-11-23T02:42:19Z mx dovecot - - [a b="never closed] x',
])('%j is not understood, and not taken for something else', (line) => {
  expect(framed(line)).toBe('as it is');
});

test('a repetition is so many lines, up to a limit', () => {
  const head = 'Nov 23 02:42:19 mx postfix/smtpd[7]: ';
  expect(framed(`${head}message repeated 3 times: [ ${TEXT}]`)).toEqual({
    text: `${head}${TEXT}`,
    times: 3,
    dropped: 0,
  });
  expect(framed(`<22>${head}message repeated 2 times: [ a]b]`)).toMatchObject({
    text: `${head}a]b`,
    times: 2,
  });
  expect(framed(`${head}message repeated 999999999 times: [ ${TEXT}]`)).toMatchObject({
    times: REPEATS_MAX,
    dropped: 999_999_999 - REPEATS_MAX,
  });
});

test.each([
  'Nov 23 02:42:19 mx postfix/cleanup[7]: 4jX: info: header Subject: message repeated 9 times: [ x]',
  'Nov 23 02:42:19 mx dovecot: auth: message repeated 9 times: [ x]',
  'Nov 23 02:42:19 mx dovecot: message repeated many times: [ x]',
  'Nov 23 02:42:19 mx dovecot: message repeated 9 times: x',
])('%j is no repetition', (line) => {
  expect(framed(line)).toBe('as it is');
});

test('what rsyslog escapes, or a stranger wrote so, stays as it is', () => {
  const line = 'Nov 23 02:42:19 mx postfix/cleanup[7]: 4jX: info: header Subject: a#011b#012c';
  expect(framed(line)).toBe('as it is');
});

const ENTRY = {
  __CURSOR: 's=1',
  __REALTIME_TIMESTAMP: '1795413395383999',
  _SOURCE_REALTIME_TIMESTAMP: '1795413395383001',
  _HOSTNAME: 'mx',
  SYSLOG_IDENTIFIER: 'postfix/smtpd',
  SYSLOG_PID: '7',
  _PID: '8',
  MESSAGE: TEXT,
};
const journal = (changes: object): string => JSON.stringify({ ...ENTRY, ...changes });

test.each<[object, string]>([
  [{}, `2026-11-23T05:56:35.383001Z mx postfix/smtpd[7]: ${TEXT}`],
  [{ SYSLOG_PID: undefined }, `2026-11-23T05:56:35.383001Z mx postfix/smtpd[8]: ${TEXT}`],
  [{ SYSLOG_PID: ['9', '8'] }, `2026-11-23T05:56:35.383001Z mx postfix/smtpd[9]: ${TEXT}`],
  // Not UTF-8: bytes. A message stays one line, whatever it says.
  [
    { MESSAGE: [...Buffer.from('caf\u00e9\nNov 23 02:42:19 mx forged: \0')] },
    '2026-11-23T05:56:35.383001Z mx postfix/smtpd[7]: café#012Nov 23 02:42:19 mx forged: #000',
  ],
  [{ _HOSTNAME: 'm x' }, `2026-11-23T05:56:35.383001Z - postfix/smtpd[7]: ${TEXT}`],
])('an entry of the journal with %j', (changes, text) => {
  expect(framed(journal(changes))).toEqual(once(text));
});

test.each([
  { MESSAGE: null },
  { MESSAGE: { nested: 1 } },
  { SYSLOG_IDENTIFIER: 'x: dovecot', _COMM: 'x' },
  { _SOURCE_REALTIME_TIMESTAMP: 'now' },
])('an entry of the journal with %j makes no line', (changes) => {
  expect(framed(journal(changes))).toBe('as it is');
});

test('Postfix and Dovecot are understood in each frame', () => {
  const postfix = `<22>1 2026-11-23T02:42:19Z mx postfix/smtpd 7 - - ${TEXT}`;
  const line = unframe(Buffer.from(postfix), 0, Buffer.byteLength(postfix));
  expect(parseMaillogLine(line?.bytes.toString() ?? '', 0)).toMatchObject({
    host: 'mx',
    program: 'smtpd',
    pid: '7',
    text: TEXT,
  });
  const event =
    '{"event":"imap_command_finished","hostname":"mx","start_time":"2026-11-23T02:42:19.000001Z","end_time":"2026-11-23T02:42:19.000002Z",' +
    '"categories":["service:imap"],"fields":{"session":"S1","user":"a@example.test","cmd_name":"CREATE","cmd_human_args":"x","tagged_reply_state":"OK","cmd_args":"x"}}';
  for (const frame of [
    `<22>1 2026-11-23T02:42:19Z mx dovecot 7 - [x y="z"] stats: ${event}`,
    `<22>Nov 23 02:42:19 mx dovecot[7]: stats: ${event}`,
    journal({ SYSLOG_IDENTIFIER: 'dovecot', MESSAGE: `stats: ${event}` }),
    `Nov 23 02:42:19 mx dovecot: message repeated 1 times: [ stats: ${event}]`,
  ]) {
    const unframed = unframe(Buffer.from(frame), 0, Buffer.byteLength(frame))?.bytes.toString();
    const assembler = new DovecotServers({ now: () => 0, sharedPrefixes: [] });
    expect(assemble(assembler, `${unframed}\n`).events, frame).toHaveLength(1);
  }
});
