// Regular expressions: what RE2 has not is refused with its place.
import { describe, expect, test } from 'vitest';
import { MalformedQuery } from './error.ts';
import { readRegex } from './regex.ts';

const read = (source: string): ReturnType<typeof readRegex> =>
  readRegex({ kind: 'regex', source, start: 10, end: 12 + source.length });

describe('taken as they are', () => {
  test.each([
    'a|b',
    '(?i)abc',
    '^(?i)\\w+$',
    '(?:x)*?',
    '[^/]+\\/',
    '[]a]',
    '[a-]',
    '[\\d-z]',
    '[[:alpha:]_]',
    '\\pL\\p{Greek}\\P{Lu}',
    '\\x41\\x{1F600}\\012\\0',
    'a{2}b{2,}c{2,5}?',
    'a{,5}{',
    '\\Qa(b\\E+',
    '(?i:x)(?s-i:y)',
    '$^',
  ])('%s', (source) => {
    expect(read(source).pattern).toBe(source);
  });
});

test('an empty quote is nothing', () => {
  expect(read('a\\Q\\E+').pattern).toBe('a+');
  expect(() => read('\\Q\\E+')).toThrow('nothing to repeat with +');
});

describe('refused', () => {
  test.each([
    ['x(?=y)', 'look-around (?= is not supported', 12, 15],
    ['(?<!x)', 'look-around (?<! is not supported', 11, 15],
    ['(a)\\1', 'the backreference \\1 is not supported', 14, 16],
    ['\\k<x>', 'backreferences are not supported', 11, 13],
    ['(?>a)', '(?> is not supported', 11, 14],
    ['a++', 'possessive quantifiers are not supported', 13, 14],
    ['a**', '* repeats a repetition', 13, 14],
    ['*', 'nothing to repeat with *', 11, 12],
    ['(|+)', 'nothing to repeat with +', 13, 14],
    ['(a', 'unclosed (', 11, 12],
    ['a)', 'unexpected )', 12, 13],
    ['[a', 'unclosed [', 11, 12],
    ['[z-a]', 'the range z-a does not rise', 12, 15],
    ['[[:foo:]]', 'unknown character class', 12, 14],
    ['\\Z', 'the escape \\Z is not supported', 11, 13],
    ['\\u0041', 'the escape \\u is not supported', 11, 13],
    ['\\xg', 'expecting two hex digits after \\x', 11, 13],
    ['\\p{foo}', 'expecting the name of a Unicode class after \\p', 11, 13],
    ['a\\', 'nothing follows the last \\', 12, 13],
    ['a{1001}', 'the repetition {1001} must rise and end at most at 1000', 12, 18],
    ['(a{50}){50}', 'repetitions inside of each other may multiply to 1000 at most', 18, 22],
    ['\\pL{500}', '{500} makes the expression too large', 14, 19],
    ['(?<n>a)(?<n>b)', 'the group name n is given twice', 18, 23],
  ])('%s', (source, message, start, end) => {
    let error: unknown;
    try {
      read(source);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(MalformedQuery);
    expect(error).toMatchObject({ start, end });
    expect((error as Error).message).toBe(`invalid regular expression: ${message}`);
  });
});

test('names of groups may be any, and are taken out', () => {
  const { pattern, groups } = read('(?<@a b>x)(?:y)(z)(?P<c>w)');
  expect(pattern).toBe('(x)(?:y)(z)(w)');
  expect(groups.map(({ name }) => name?.name)).toEqual(['@a b', undefined, 'c']);
  expect(groups[0]?.name).toMatchObject({ start: 14, end: 18 });
});
