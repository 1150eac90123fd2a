import { expect, test } from 'vitest';
import { decodeEncodedWords } from '../encoded-words.ts';
import { addressOf } from './email-records.ts';
import { parseClient, parseDelivery, parseHeader, parseMaillogLine } from './maillog-line.ts';

process.env['TZ'] = 'UTC';
const NOW_MS = Date.UTC(2026, 10, 24);

test.each([
  [
    'Nov 23 05:56:52 mail postfix/submission/smtpd[1]: 4jXwF05NJdzJ9ZJ: client=x',
    'mail smtpd submission 4jXwF05NJdzJ9ZJ client=x',
  ],
  ['Nov 23 05:56:52 mail postfix/qmgr[1]: 3F2A41B0C: removed', 'mail qmgr  3F2A41B0C removed'],
  [
    '2026-11-23T05:56:52.123+00:00 mail postfix-out/smtp[1]: 3F2A41B0C: to=<a>',
    'mail smtp  3F2A41B0C to=<a>',
  ],
  [
    'Nov 23 05:56:52 mail postfix/smtpd[1]: NOQUEUE: reject: x',
    'mail smtpd  undefined NOQUEUE: reject: x',
  ],
  ['Nov 23 05:56:52 mail postfix/smtpd[1]: connect from a', 'mail smtpd  undefined connect from a'],
])('%s', (line, expected) => {
  const parsed = parseMaillogLine(line, NOW_MS);
  expect(
    `${parsed?.host} ${parsed?.program} ${parsed?.instance} ${parsed?.queueId} ${parsed?.text}`,
  ).toBe(expected);
});

test.each([
  'Nov 23 05:56:52 mail dovecot: x',
  'postfix/smtpd[1]: x',
  'Nov 23 05:56:52 mail notpostfix/smtpd[1]: x',
  '',
])('%j is not a line of Postfix', (line) => {
  expect(parseMaillogLine(line, NOW_MS)).toBeUndefined();
});

test.each([
  [
    'client=unknown[127.0.0.1], sasl_method=PLAIN, sasl_username=alice@example.test',
    '127.0.0.1',
    'alice@example.test',
  ],
  ['client=mx.example.test[2001:db8::1]:2525', '2001:db8::1', undefined],
  ['client=a[192.0.2.1], sasl_method=LOGIN, sasl_username=a, sasl_sender=b@c', '192.0.2.1', 'a'],
  ['client=localhost[127.0.0.1], orig_queue_id=X, orig_client=a[1.2.3.4]', '127.0.0.1', undefined],
  ['client=unknown[unknown]', 'unknown', undefined],
])('%s', (text, address, saslUser) => {
  expect(parseClient(text)).toMatchObject({ address, saslUser });
});

test.each([
  [
    'client=localhost[127.0.0.1], orig_queue_id=4jXwF05NJdzJ9ZJ, orig_client=a[192.0.2.4]',
    { originalQueueId: '4jXwF05NJdzJ9ZJ', originalAddress: '192.0.2.4' },
  ],
  [
    'client=localhost[127.0.0.1], orig_client=unknown[unknown]',
    { originalQueueId: undefined, originalAddress: 'unknown' },
  ],
  ['client=localhost[127.0.0.1]', { originalQueueId: undefined, originalAddress: undefined }],
  [
    'client=a[192.0.2.4], sasl_method=PLAIN, sasl_username=x, orig_client=b[192.0.2.5]',
    { saslUser: 'x', originalQueueId: undefined, originalAddress: undefined },
  ],
])('whose it was before: %s', (text, expected) => {
  expect(parseClient(text)).toMatchObject(expected);
});

test.each([
  [
    'to=<bob@x>, orig_to=<team@x>, relay=127.0.0.1[127.0.0.1]:24, conn_use=2, delay=0.02, delays=0.01/0.01/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok (really))',
    {
      to: 'bob@x',
      originalTo: 'team@x',
      relay: '127.0.0.1[127.0.0.1]:24',
      dsn: '2.0.0',
      status: 'sent',
      response: '250 2.0.0 Ok (really)',
    },
  ],
  [
    'to=<x@down>, relay=none, delay=0, delays=0/0/0/0, dsn=4.4.1, status=deferred (connect: refused)',
    { relay: 'none', originalTo: 'x@down', status: 'deferred' },
  ],
  ['to=<a>, relay=none, status=sent (x)', undefined],
])('%s', (text, expected) => {
  const parsed = parseDelivery(text);
  if (expected === undefined) expect(parsed).toBeUndefined();
  else expect(parsed).toMatchObject(expected);
});

test.each([
  [
    'info: header Subject: a b from unknown[1.2.3.4]; from=<a@b> to=<c@d> proto=ESMTP helo=<h>',
    { name: 'subject', value: 'a b', to: 'c@d' },
  ],
  ['info: header From: x from local; from=<root>', { name: 'from', value: 'x', to: undefined }],
  ['info: header Subject: no end', undefined],
  ['discard: header Subject: x from local; from=<root>', undefined],
])('%s', (text, expected) => {
  expect(parseHeader(text)).toEqual(expected);
});

test.each([
  ['=?utf-8?q?H=C3=A9llo_r=C3=A9port?=', 'Héllo réport'],
  ['=?UTF-8?B?SMOpbGxv?= =?iso-8859-1?Q?_w=F6rld?= and', 'Héllo wörld and'],
  ['=?nonsense?Q?x?=', '=?nonsense?Q?x?='],
  ['plain =?', 'plain =?'],
])('%s is %s', (text, expected) => {
  expect(decodeEncodedWords(text)).toBe(expected);
});

test.each([
  ['"Ann, B" <ann@example.test>', 'ann@example.test'],
  ['ann@example.test', 'ann@example.test'],
  ['<a@b> <c@d>', 'c@d'],
  ['nobody', undefined],
  ['a@b, c@d', undefined],
])('the address of %s', (header, expected) => {
  expect(addressOf(header)).toBe(expected);
});
