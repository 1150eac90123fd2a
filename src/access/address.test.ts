import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { expect, test } from 'vitest';
import { contains, parseAddress, parseRange, rangeSet } from './address.ts';

function within(range: string, address: string): boolean | string {
  const parsedRange = parseRange(range);
  const parsedAddress = parseAddress(address);
  if (parsedRange === undefined) return 'no range';
  if (parsedAddress === undefined) return 'no address';
  return contains(rangeSet([parsedRange]), parsedAddress);
}

test.each([
  ['10.0.0.0/8', '10.255.255.255', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['10.1.2.3/8', '10.9.9.9', true],
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1', '192.0.2.2', false],
  ['0.0.0.0/0', '255.255.255.255', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['255.255.255.255/32', '255.255.255.255', true],
  ['2001:db8::/33', '2001:db8:7fff::1', true],
  ['2001:db8::/33', '2001:db8:8000::1', false],
  ['::/0', '2001:db8::1', true],
  ['::/0', '192.0.2.1', false],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['192.0.2.0/24', '::ffff:192.0.2.9', true],
  ['192.0.2.0/24', '::ffff:c000:209', true],
  ['::ffff:192.0.2.0/120', '192.0.2.9', true],
  ['::ffff:192.0.2.0/120', '192.0.3.9', false],
])('%s has %s: %s', (range, address, expected) => {
  expect(within(range, address)).toBe(expected);
});

test.each([
  '',
  '/',
  '10.0.0.0/',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/08',
  '10.0.0/8',
  '010.0.0.0/8',
  '10.0.0.0/8/8',
  '::/129',
  '2001:db8::g/32',
  '1234',
  '0x0a000000',
  'localhost',
  '10.0.0.0 /8',
  '::1%lo/128',
])('%j is no range', (text) => {
  expect(parseRange(text)).toBeUndefined();
});

test.each(['', '10.0.0', '1234', '10.0.0.256', 'a.b.c.d', '::1::', '10.0.0.1/32', ' 10.0.0.1'])(
  '%j is no address',
  (text) => {
    expect(parseAddress(text)).toBeUndefined();
  },
);

const text = (a: number[]): string => a.map((w) => w.toString(16)).join(':');
const whole = (a: number[]): bigint => a.reduce((sum, w) => (sum << 16n) | BigInt(w), 0n);

test('IPv6 ranges hold what arithmetic on whole numbers says', () => {
  const word = fc.integer({ min: 0, max: 0xffff });
  const address = fc.array(word, { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(
      address,
      fc.integer({ min: 0, max: 128 }),
      address,
      fc.boolean(),
      (a, n, b, near) => {
        fc.pre(a.slice(0, 5).some((w) => w !== 0) && b.slice(0, 5).some((w) => w !== 0));
        const other = near ? [...a.slice(0, 7), b[7] ?? 0] : b;
        const shift = BigInt(128 - n);
        expect(within(`${text(a)}/${n}`, text(other))).toBe(
          whole(a) >> shift === whole(other) >> shift,
        );
      },
    ),
    { numRuns: 1000 },
  );
});

test('what is an address to others is one here, and the same', () => {
  const part = fc.constantFrom(
    '0',
    '1',
    '9',
    'a',
    'F',
    ':',
    '::',
    '.',
    '255',
    '256',
    '01',
    'ffff',
    'g',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 16 }), (parts) => {
      const given = parts.join('');
      const v4 = ipaddr.IPv4.isValidFourPartDecimal(given);
      const known = v4 || (given.includes(':') && ipaddr.IPv6.isValid(given));
      const parsed = parseAddress(given);
      expect(parsed !== undefined, given).toBe(known);
      if (parsed === undefined) return;
      const bytes = ipaddr.process(given).toByteArray();
      const words = parsed.words.flatMap((word) => [24, 16, 8, 0].map((n) => (word >>> n) & 255));
      expect(words, given).toEqual(bytes);
    }),
    { numRuns: 20_000 },
  );
});
