import { describe, expect, it } from 'vitest';
import { addressesOf } from './address-list.ts';
import { cutText, headerText, unfold } from './header-text.ts';
import { MIME_PARAMETERS_MAX } from './limits.ts';
import { parseMimeField } from './mime-fields.ts';

/** One character for each octet, as a field comes from the wire. */
function octets(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

describe('a file name', () => {
  it.each([
    ['plain', 'attachment; filename=a.txt', 'a.txt'],
    [
      'quoted, with what would end it',
      'attachment; filename="a;b\\"c\\\\d.txt"; x=y',
      'a;b"c\\d.txt',
    ],
    ['RFC 2231', "attachment; filename*=UTF-8'de'Gr%C3%BC%C3%9Fe.txt", 'Grüße.txt'],
    ['RFC 2231 in ISO-8859-1', "attachment; filename*=iso-8859-1''Gr%FC.txt", 'Grü.txt'],
    ['RFC 2231 in an unknown character set', "attachment; filename*=x''%C3%BC.txt", 'ü.txt'],
    [
      'RFC 2231 in pieces out of order, a character split between two',
      "attachment; filename*1*=%BC.txt; filename*0*=utf-8''Gr%C3",
      'Grü.txt',
    ],
    ['RFC 2231 in plain pieces', 'attachment; filename*0="a b"; filename*1=c', 'a bc'],
    ['RFC 2231 with a piece missing', 'attachment; filename*0=a; filename*2=c', 'a'],
    ['RFC 2231 before the plain one', "attachment; filename=old; filename*=utf-8''new", 'new'],
    ['the first of two', 'attachment; filename=a; filename=b', 'a'],
    ['RFC 2047 in quotes', 'attachment; filename="=?utf-8?B?R3LDvC50eHQ=?="', 'Grü.txt'],
    ['RFC 2047 in two words', 'x; filename="=?utf-8?Q?a=C3=BC?= =?utf-8?Q?b?="', 'aüb'],
    ['bytes in UTF-8', octets('attachment; filename="Grüße.txt"'), 'Grüße.txt'],
    ['bytes in a Western character set', 'attachment; filename="Gr\u00fc.txt"', 'Grü.txt'],
    ['behind comments', 'attachment (see (below)); (a "b) filename=c" filename=d', 'c" filename=d'],
    ['in capitals', 'ATTACHMENT; FILENAME=A.TXT', 'A.TXT'],
    ['behind what is no parameter', 'attachment; ; =x; y; filename=z', 'z'],
    ['without its closing quote', 'attachment; filename="open', 'open'],
  ])('%s', (_, field, name) => {
    expect(parseMimeField(field).parameters.get('filename')).toBe(name);
  });

  it(`is looked for among ${MIME_PARAMETERS_MAX} parameters`, () => {
    const many = 'a=b;'.repeat(MIME_PARAMETERS_MAX);
    expect(parseMimeField(`x;${many}filename=late`).parameters.has('filename')).toBe(false);
    expect(parseMimeField(`x;${many.slice(4)}filename=last`).parameters.has('filename')).toBe(true);
  });

  it('takes time in proportion to its length', () => {
    const hostile = `x; filename="${'\\'.repeat(60_000)}${'('.repeat(4_000)}${"*0*=''".repeat(200)}`;
    expect(parseMimeField(hostile).value).toBe('x');
  });
});

describe('a header text', () => {
  it('is one line, decoded', () => {
    expect(headerText(Buffer.from(' =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?Q?_aus?= Y\n'))).toBe(
      'Grüße aus Y',
    );
    expect(unfold('a\n\tb\nc\r\n')).toBe('a\tb c');
  });

  it('is not cut through a character', () => {
    expect(cutText('ab😀c', 3)).toBe('ab');
    expect(cutText('ab😀c', 4)).toBe('ab😀');
    expect(cutText('ab', 2)).toBe('ab');
  });
});

describe('an address list', () => {
  it.each([
    ['a@x.example', ['a@x.example']],
    ['A B <a@x.example>, b@x.example', ['a@x.example', 'b@x.example']],
    ['"b@y.example, <c@y.example>" <a@x.example>', ['a@x.example']],
    ['a@x.example (see <b@y.example>, (c@y.example))', ['a@x.example']],
    ['(b@y.example) <a@x.example> (c@y.example)', ['a@x.example']],
    ['=?utf-8?q?=3Cb=40y.example=3E?= <a@x.example>', ['a@x.example']],
    ['"a b>"@x.example', ['"a b>"@x.example']],
    ['X <"a > b"@x.example>', ['"a > b"@x.example']],
    [
      'Team: a@x.example, B <b@x.example>; c@x.example',
      ['a@x.example', 'b@x.example', 'c@x.example'],
    ],
    ['undisclosed-recipients:;', []],
    ['<@relay.example:a@x.example>', []],
    ['grün@exämple.example', ['grün@exämple.example']],
    ['a@[192.0.2.1], b@[IPv6:2001:db8::1]', ['a@[192.0.2.1]', 'b@[IPv6:2001:db8::1]']],
    ['nobody', []],
    ['a@x@y.example', []],
    ['', []],
    ['"open <a@x.example>', []],
  ])('%s', (text, addresses) => {
    expect(addressesOf(text, 10)).toEqual(addresses);
  });

  it('is read as far as is wanted', () => {
    expect(addressesOf('a@x.example, b@x.example, c@x.example', 2)).toEqual([
      'a@x.example',
      'b@x.example',
    ]);
  });
});
