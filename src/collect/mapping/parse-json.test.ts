import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from './parse-json.ts';

test('identifiers that a number cannot hold keep all their digits', () => {
  const text =
    '{"id":18446744073709551615,"a":[-9007199254740993],"t":"1234567890123456789","n":12,"f":0.1234567890123456}';
  expect(parseJson(text)).toEqual({
    id: '18446744073709551615',
    a: ['-9007199254740993'],
    t: '1234567890123456789',
    n: 12,
    f: 0.1234567890123456,
  });
  expect(() => parseJson('{"a":"\\"')).toThrow(SyntaxError);
});

test('everything else is what JSON.parse makes of it', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const whole = JSON.parse(text) as unknown;
      if (!/\d{16}/.test(text)) expect(parseJson(text)).toEqual(whole);
    }),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string()), (value) => {
      const long = { ...value, 'long "1234567890123456': '"12345678901234567\\' };
      expect(parseJson(JSON.stringify(long))).toEqual(long);
    }),
  );
});
