// Which recipients are copies for the record.
import { expect, test } from 'vitest';
import { JournalAddresses } from './journal-addresses.ts';

const journal = new JournalAddresses(['Journal@archive.test']);
const TO = { to: 'journal@ARCHIVE.test', originalTo: 'journal@ARCHIVE.test' };

test.each([
  ['beside other recipients', 2, TO, true],
  ['beside others, by an alias', 2, { to: 'box@other.test', originalTo: TO.to }, true],
  ['behind an alias', 2, { to: TO.to, originalTo: 'all@x.test' }, true],
  ['alone: a message to the journal', 1, TO, false],
  ['of a message whose recipients were not counted', undefined, TO, false],
  ['of somebody else', 2, { to: 'a@x.test', originalTo: 'a@x.test' }, false],
])('%s', (_, recipientCount, delivery, expected) => {
  expect(journal.isCopy({ recipientCount }, delivery)).toBe(expected);
});

test('without addresses nothing is a copy', () => {
  expect(new JournalAddresses([]).isCopy({ recipientCount: 2 }, TO)).toBe(false);
});
