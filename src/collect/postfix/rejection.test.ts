import { expect, test } from 'vitest';
import { ENVELOPE_PLACES_MAX, parseRejection } from './rejection.ts';

test.each([
  [
    'reject: RCPT from unknown[198.51.100.62]: 550 5.1.1 <ghost@x.test>: Recipient address rejected: User unknown in virtual mailbox table; from=<carol@partner.test> to=<ghost@x.test> proto=ESMTP helo=<client.test>',
    {
      action: 'reject',
      byMilter: false,
      stage: 'RCPT',
      address: '198.51.100.62',
      dsn: '5.1.1',
      reason:
        '550 5.1.1 <ghost@x.test>: Recipient address rejected: User unknown in virtual mailbox table',
      sender: 'carol@partner.test',
      recipient: 'ghost@x.test',
    },
  ],
  [
    'reject: MAIL from mx.partner.test[2001:db8::1]: 552 5.3.4 Message size exceeds fixed limit; from=<carol@partner.test> proto=ESMTP helo=<client.test>',
    { stage: 'MAIL', address: '2001:db8::1', dsn: '5.3.4', recipient: undefined },
  ],
  [
    'milter-reject: END-OF-MESSAGE from unknown[192.0.2.1]: 5.7.1 rejected by DMARC policy for partner.test; from=<a@partner.test> to=<b@x.test> proto=ESMTP helo=<h>',
    {
      action: 'reject',
      byMilter: true,
      stage: 'END-OF-MESSAGE',
      dsn: '5.7.1',
      reason: '5.7.1 rejected by DMARC policy for partner.test',
    },
  ],
  [
    'reject: RCPT from [192.0.2.7]:40123: 550 5.7.1 Service unavailable; client [192.0.2.7] blocked using list.test; from=<a@b.test>, to=<c@x.test>, proto=ESMTP, helo=<h>',
    { address: '192.0.2.7', sender: 'a@b.test', recipient: 'c@x.test' },
  ],
  [
    'reject: CONNECT from unknown[unknown]: 521 5.7.1 no; proto=SMTP',
    { address: undefined, reason: '521 5.7.1 no', sender: undefined },
  ],
  [
    'reject: header Subject: buy from unknown[192.0.2.1]; from=<a@b.test> to=<c@x.test> proto=ESMTP helo=<h>: 5.7.1 no such mail',
    {
      stage: 'header',
      address: '192.0.2.1',
      dsn: '5.7.1',
      reason: '5.7.1 no such mail',
      recipient: 'c@x.test',
    },
  ],
  [
    'discard: body buy; from=<x> now from local; from=<a@b.test> to=<c@x.test>',
    {
      action: 'discard',
      stage: 'body',
      reason: 'buy; from=<x> now',
      sender: 'a@b.test',
    },
  ],
  [
    'milter-hold: END-OF-MESSAGE from mx.partner.test[192.0.2.1]: milter triggers HOLD action; from=<a@b.test> to=<c@x.test> proto=ESMTP helo=<h>',
    { action: 'hold', byMilter: true, reason: 'milter triggers HOLD action' },
  ],
  [
    'reject: CONNECT from [192.0.2.7]:40123: all server ports busy',
    { stage: 'CONNECT', address: '192.0.2.7', reason: 'all server ports busy', dsn: undefined },
  ],
  [
    'reject: RCPT from mx.partner.test[192.0.2.1]:2525: 450 4.2.0 <c@x.test>: Recipient address rejected: Greylisted; see http://list.test/; from=<a@b.test> to=<c@x.test> proto=ESMTP helo=<h>',
    { dsn: '4.2.0', sender: 'a@b.test', recipient: 'c@x.test' },
  ],
  [
    'reject: RCPT from unknown[192.0.2.1]: 550 5.7.1 <müller@x.test>: no; from=<jürgen@b.test> to=<müller@x.test> proto=ESMTP helo=<h>',
    { sender: 'jürgen@b.test', recipient: 'müller@x.test' },
  ],
])('%s', (text, expected) => {
  expect(parseRejection(text)).toMatchObject(expected);
});

test.each(['client=unknown[192.0.2.1]', 'rejected: x', 'to=<a@b>, status=sent (reject: x)', ''])(
  '%j refuses nothing',
  (text) => {
    expect(parseRejection(text)).toBeUndefined();
  },
);

test('a quoted local part that looks like the rest of the line is an address', () => {
  const text =
    'reject: RCPT from unknown[192.0.2.1]: 550 5.1.1 no; from=<"a>, to=<b@x.test> proto=ESMTP helo=<h"@evil.test> to=<c@x.test> proto=ESMTP helo=<h>';
  expect(parseRejection(text)).toMatchObject({
    sender: '"a>, to=<b@x.test> proto=ESMTP helo=<h"@evil.test',
    recipient: 'c@x.test',
  });
});

test('with a HELO that looks like an envelope neither is believed', () => {
  const text =
    'reject: RCPT from unknown[192.0.2.1]: 550 5.1.1 no; from=<a@b.test> to=<c@x.test> proto=ESMTP helo=<h; from=<root@x.test> to=<victim@x.test> proto=ESMTP helo=<h>';
  const rejection = parseRejection(text);
  expect(rejection).toMatchObject({ address: '192.0.2.1', dsn: '5.1.1' });
  expect(rejection?.recipient).toBeUndefined();
  expect(rejection?.sender).toBeUndefined();
});

function withPlaces(places: number): string {
  const more = '; proto='.repeat(places - 1);
  return `reject: RCPT from unknown[192.0.2.1]: 550 no${more}; from=<a@b.test> to=<c@x.test>`;
}

test(`of more than ${ENVELOPE_PLACES_MAX} places that look like the envelope none is believed`, () => {
  expect(parseRejection(withPlaces(ENVELOPE_PLACES_MAX))?.recipient).toBe('c@x.test');
  const rejection = parseRejection(withPlaces(ENVELOPE_PLACES_MAX + 1));
  expect(rejection).toMatchObject({ recipient: undefined, reason: '550 no' });
});
