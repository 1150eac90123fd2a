import { expect, test } from 'vitest';
import { Parameters } from '../sql/parameters.ts';
import {
  createMatcher,
  filterPatternSql,
  InvalidFilterPattern,
  parseFilterPattern,
} from './index.ts';
import { CASES } from '../../../test/conformance/filter-pattern-cases.ts';

for (const { about, pattern, matches, others } of CASES) {
  test(`${about}: ${pattern}`, () => {
    const matcher = createMatcher(parseFilterPattern(pattern));
    const matched = (messages: readonly string[]): string[] =>
      messages.filter((message) => matcher.match(message) !== undefined);
    expect(matched(matches)).toEqual(matches);
    expect(matched(others)).toEqual([]);
  });
}

test.each([
  ['{ $.a.b = "x" && $.c[1] > 2 }', '{"a":{"b":"x"},"c":[1,3]}', { '$.a.b': 'x', '$.c[1]': '3' }],
  ['{ $.a IS FALSE }', '{"a":false}', { '$.a': 'false' }],
  ['{ $.a NOT EXISTS }', '{}', {}],
  ['[ip, , code=4*]', '1.2.3.4 x 404', { $ip: '1.2.3.4', $2: 'x', $code: '404' }],
  ['[ip, ..., "x"]'.replace('"x"', 'code'), 'a b c d', { $ip: 'a', $code: 'd' }],
  ['[w1=ERROR, w2]', 'ERROR "a b" [c]', { $w1: 'ERROR', $w2: '"a b" [c]' }],
  ['ERROR', 'an ERROR', {}],
])('%s extracts from %s', (pattern, message, extracted) => {
  expect(createMatcher(parseFilterPattern(pattern)).match(message)).toEqual(extracted);
});

test.each([
  ['{ $.a = }', 8, /expected a value/],
  ['{ $.a = 1', 9, /expected "}" at character 9, the pattern ends/],
  ['{ a = 1 }', 2, /expected a selector, \$\.name at character 2, found "a = 1 }"/],
  ['{ $ = 1 }', 3, /expected \.name/],
  ['{ $.a 1 }', 6, /expected an operator, IS or NOT EXISTS/],
  ['{ $.a IS NOT NULL }', 6, /expected an operator/],
  ['{ $.a EXISTS }', 6, /expected an operator/],
  ['{ $.a > "x" }', 8, /expected a number behind >/],
  ['{ ($.a = 1 }', 11, /expected "\)"/],
  ['{ $.a = 1 } x', 12, /nothing behind the closing brace/],
  ['{ $.a[*].b[*] = 1 }', 2, /at most one wildcard/],
  ['{ $.*=1 || $.a[*]=1 || $.b[*]=1 || $.c[*]=1 }', 35, /at most 3 wildcard/],
  ['{ $.a=%x% || $.b=%y% || $.c=%z% }', 28, /at most 2 regular expressions/],
  ['{ $.a = %(x)% }', 9, /"\(" is not supported/],
  ['{ $.a = %x{2000}% }', 10, /more than 1000 repetitions/],
  ['%ab', 0, /not ended by a percent sign/],
  ['%%', 1, /nothing is/],
  ['%[a%', 1, /a class is not ended/],
  ['%a{}%', 2, /number of repetitions/],
  ['%é%', 1, /is not supported/],
  ['"abc', 0, /not ended by a double quotation mark/],
  ['[a, b', 5, /expected an operator/],
  ['[a, b=1', 7, /expected "," or "\]"/],
  ['[a=1 || b=2]', 8, /the field's own name a/],
  ['[..., a, ...]', 12, /one ellipsis/],
  ['[a] b', 4, /nothing behind the closing bracket/],
  ['x'.repeat(1025), 1024, /has 1025 characters/],
])('%s is refused at %i', (pattern, start, message) => {
  const error = (() => {
    try {
      parseFilterPattern(pattern);
      return undefined;
    } catch (reason) {
      return reason;
    }
  })();
  expect(error).toBeInstanceOf(InvalidFilterPattern);
  expect((error as InvalidFilterPattern).message).toMatch(message);
  expect((error as InvalidFilterPattern).start).toBe(start);
});

test('nothing of a pattern is in the SQL but as a placeholder', () => {
  for (const { pattern } of CASES) {
    const marked = pattern.replace(/[A-Za-z]{3,}/g, (word) => `${word}zzz`);
    if (/IS|NOT|is true/.test(pattern)) continue;
    const sql = filterPatternSql(parseFilterPattern(marked), 'message', new Parameters());
    expect(sql).not.toContain('zzz');
  }
});
