import { expect, test } from 'vitest';
import { headerText, LOGGED_HEADER_BYTES } from './logged-header.ts';

const LINE = 'x'.repeat(60);
const REST = 'goes on behind it';
const FULL = LOGGED_HEADER_BYTES - 'subject: '.length;

test.each([
  ['a plain one', 'Hello', 'Hello'],
  ['encoded words', '=?UTF-8?Q?Gr=C3=BC=C3=9Fe?= aus', 'Grüße aus'],
  ['encoded words on two lines', '=?UTF-8?Q?Gr?=? =?UTF-8?Q?=C3=BC=C3=9Fe?=', 'Grüße'],
  ['a question', 'Really? Yes? No', 'Really? Yes? No'],
  ['a folded line', `${LINE}? ${REST}`, `${LINE} ${REST}`],
  ['two folded lines', `${LINE}? ${LINE}? ${REST}`, `${LINE} ${LINE} ${REST}`],
  ['a question at the end of a folded line', `${LINE}?? ${REST}`, `${LINE}? ${REST}`],
  ['a question in a line that is not folded', `${LINE}${LINE}? yes`, `${LINE}${LINE}? yes`],
  ['a question at the end of a line that fits', `${LINE}? yes`, `${LINE}? yes`],
  ['one byte less than is logged', 'y'.repeat(FULL - 1), 'y'.repeat(FULL - 1)],
  ['as much as is logged', 'y'.repeat(FULL), `${'y'.repeat(FULL)}...`],
  ['bytes, not characters', 'ü'.repeat(FULL / 2 + 1), `${'ü'.repeat(FULL / 2 + 1)}...`],
])('%s', (_, value, expected) => {
  expect(headerText('subject', value)).toBe(expected);
});

test.each(['=?UTF-8?Q?Gr=C3', '=?UTF-8?Q', '=?UTF', '=?UTF-8?Q?abc?'])(
  'a word that was cut, %s, is left out',
  (word) => {
    const whole = `${'y'.repeat(FULL - word.length - 1)} `;
    expect(headerText('subject', whole + word)).toBe(`${whole.trimEnd()}...`);
  },
);
