import { expect, test } from 'vitest';
import { countryFile } from '../../test/access/country-file.ts';
import { CountryDatabase } from './country-database.ts';

const COUNTRIES = {
  '192.0.2.0/24': 'DE',
  '198.51.100.128/25': 'NO',
  '2001:db8:0:0:0:0:0:0/32': 'FR',
};

test.each([24, 28, 32] as const)('the country of an address, in a tree of %i bits', (bits) => {
  const database = new CountryDatabase(countryFile(COUNTRIES, bits));
  expect(database.countryOf('192.0.2.7')).toBe('DE');
  expect(database.countryOf('::ffff:192.0.2.7')).toBe('DE');
  expect(database.countryOf('198.51.100.200')).toBe('NO');
  expect(database.countryOf('198.51.100.7')).toBeUndefined();
  expect(database.countryOf('2001:db8::1')).toBe('FR');
  expect(database.countryOf('2001:db9::1')).toBeUndefined();
  expect(database.countryOf('not an address')).toBeUndefined();
});

/** Opens a file whose metadata say something else. */
function opening(more: Record<string, number>): () => CountryDatabase {
  return () => new CountryDatabase(countryFile(COUNTRIES, 24, more));
}

test('what is no database says why', () => {
  expect(() => new CountryDatabase(Buffer.from('x'))).toThrow('no metadata');
  expect(opening({ binary_format_major_version: 3 })).toThrow('another version');
  expect(opening({ record_size: 20 })).toThrow('records of 20 bits');
  expect(opening({ node_count: 10_000_000 })).toThrow('cut short');
});

test('a broken record has no country, wherever it is broken, and comes to an end', () => {
  const whole = countryFile(COUNTRIES, 24);
  const end = whole.indexOf('MaxMind.com') - 3;
  for (let at = 0; at < end; at++) {
    for (const byte of [0x00, 0x20, 0x3f, 0xe1, 0xff]) {
      const broken = Buffer.from(whole);
      broken[at] = byte;
      const found = new CountryDatabase(broken).countryOf('192.0.2.7');
      expect(['string', 'undefined']).toContain(typeof found);
    }
  }
});
