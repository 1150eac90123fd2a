import { expect, test } from 'vitest';
import { decodeEncodedWords } from './encoded-words.ts';

test.each([
  ['plain', 'plain'],
  ['=?utf-8?Q?Gr=C3=BC=C3=9Fe_an_alle?=', 'Grüße an alle'],
  ['Re: =?ISO-8859-1?Q?Gr=FC=DFe?= an =?utf-8?b?YWxsZQ==?=!', 'Re: Grüße an alle!'],
  ['=?utf-8?Q?a?= =?utf-8?Q?b?=\n =?utf-8?B?Yw==?=', 'abc'],
  ['=?utf-8?Q?Gr=C3?= =?UTF-8?Q?=BCn?=', 'Grün'],
  ['=?utf-8?Q?=C3=BC?= =?iso-8859-1?Q?=FC?=', 'üü'],
  ['=?utf-8*de?Q?=C3=BC?=', 'ü'],
  ['=?x-unknown?Q?=C3=BC?= =?utf-8?Q?=C3=BC?=', '=?x-unknown?Q?=C3=BC?=ü'],
  ['=?utf-8?Q?50=25=?= =?utf-8?X?a?=', '50%= =?utf-8?X?a?='],
  ['=?utf-8?Q?cut of', '=?utf-8?Q?cut of'],
  [`=?${'x'.repeat(50)}?Q?a?=`, `=?${'x'.repeat(50)}?Q?a?=`],
])('%s', (text, decoded) => {
  expect(decodeEncodedWords(text)).toBe(decoded);
});

test('takes time in proportion to the length', () => {
  const hostile = ['=?utf-8?Q?', '=?utf-8?Q?a?= ', '?=', ' '].map((piece) => piece.repeat(20_000));
  for (const text of hostile) expect(decodeEncodedWords(text).length).toBeGreaterThan(0);
});
