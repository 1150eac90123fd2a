// Filter patterns on the real engine: the condition of SQL says of every message what the matcher says.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'chdb';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createMatcher,
  filterPatternSql,
  InvalidFilterPattern,
  parseFilterPattern,
} from '../../src/insights/filter-pattern/index.ts';
import { Parameters } from '../../src/insights/sql/parameters.ts';
import { CASES } from './filter-pattern-cases.ts';

const seed = Number(process.env['MAILTRAIL_TEST_SEED'] ?? Date.now() % 2 ** 31);
const directory = mkdtempSync(join(tmpdir(), 'mailtrail-patterns-'));
let session: Session;

beforeAll(() => {
  session = new Session(join(directory, 'engine'));
});

afterAll(() => {
  session.close();
  rmSync(directory, { recursive: true });
});

/** Which of the messages the engine says match. */
function matchedBySql(pattern: string, messages: readonly string[]): boolean[] {
  const parameters = new Parameters();
  const condition = filterPatternSql(parseFilterPattern(pattern), 'message', parameters);
  const all = parameters.bind(JSON.stringify(messages), 'String');
  const sql = `SELECT toUInt8(${condition}) FROM (SELECT arrayJoin(JSONExtract(${all}, 'Array(String)')) AS message)`;
  const answer = session.queryBind(sql, parameters.values, 'JSONCompactEachRow');
  const rows = answer
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as [number]);
  return rows.map(([matched]) => matched === 1);
}

function matchedInMemory(pattern: string, messages: readonly string[]): boolean[] {
  const matcher = createMatcher(parseFilterPattern(pattern));
  return messages.map((message) => matcher.match(message) !== undefined);
}

test('the engine agrees with every case', () => {
  for (const { pattern, matches, others } of CASES) {
    const messages = [...matches, ...others];
    const expected = messages.map((_, index) => index < matches.length);
    expect({ pattern, matched: matchedBySql(pattern, messages) }).toEqual({
      pattern,
      matched: expected,
    });
  }
});

const key = fc.constantFrom('a', 'b', 'c');
const scalar = fc.oneof(
  fc.constantFrom('x', 'xy', '5', '-1.5', '', 'a b', 'ä"b', 'null', 'true', '[x]'),
  fc.integer({ min: -5, max: 500 }),
  fc.constantFrom(0.5, 1e3, true, false, null),
);
const { value: json } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    { weight: 3, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.dictionary(key, tie('value'), { maxKeys: 3 }) },
  ),
}));
const jsonMessage = fc.dictionary(key, json, { maxKeys: 3 }).map((value) => JSON.stringify(value));
const textMessage = fc
  .array(fc.constantFrom('ERROR', 'x', '5', '404', '"a b"', '[c d]', 'ä', '-1.5', '.', ''), {
    maxLength: 5,
  })
  .map((words) => words.join(' '));
const message = fc.oneof(jsonMessage, textMessage);

const step = fc.oneof(
  key.map((name) => `.${name}`),
  fc.constantFrom('[0]', '[1]', '[*]', '.*', "['a']"),
);
const selector = fc
  .array(step, { minLength: 1, maxLength: 3 })
  .map((steps) => `$${steps.join('')}`);
const value = fc.constantFrom(
  'x',
  '"a b"',
  '5',
  '-1.5',
  '1e3',
  'x*',
  '"*"',
  '%^x%',
  '%[0-9]%',
  'true',
  '4*',
  '""',
);
const operator = fc.constantFrom('=', '!=', '<', '<=', '>', '>=');
const comparison = (subject: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(subject, operator, value).map((parts) => parts.join(' '));
const jsonLeaf = fc.oneof(
  { weight: 4, arbitrary: comparison(selector) },
  selector.map((text) => `${text} IS NULL`),
  selector.map((text) => `${text} IS TRUE`),
  selector.map((text) => `${text} NOT EXISTS`),
);
const jsonPattern = fc
  .array(fc.tuple(fc.constantFrom('&&', '||'), jsonLeaf), { minLength: 1, maxLength: 3 })
  .map(
    (parts) =>
      `{ ${parts.map(([join_, leaf], n) => (n === 0 ? leaf : `${join_} ${leaf}`)).join(' ')} }`,
  );
const field = fc.oneof(
  fc.constantFrom('f', '', '...'),
  comparison(fc.constant('f')).filter((text) => !text.includes('"*"')),
);
const fieldsPattern = fc
  .array(field, { minLength: 1, maxLength: 4 })
  .map((fields) => `[${fields.join(', ')}]`);
const termsPattern = fc
  .array(
    fc.tuple(
      fc.constantFrom('', '', '?', '-'),
      fc.constantFrom('x', 'ERROR', '"a b"', '%[0-9]+$%', '5'),
    ),
    { maxLength: 3 },
  )
  .map((terms) => terms.map(([mark, term]) => mark + term).join(' '));

test(`the engine agrees with the matcher on whatever is written (seed ${seed})`, () => {
  const pattern = fc.oneof(jsonPattern, fieldsPattern, termsPattern);
  let compared = 0;
  fc.assert(
    fc.property(pattern, fc.array(message, { minLength: 5, maxLength: 20 }), (text, messages) => {
      let inMemory: boolean[];
      try {
        inMemory = matchedInMemory(text, messages);
      } catch (error) {
        if (error instanceof InvalidFilterPattern) return;
        throw error;
      }
      compared++;
      expect(matchedBySql(text, messages)).toEqual(inMemory);
    }),
    { numRuns: 1500, seed },
  );
  expect(compared).toBeGreaterThan(500);
}, 60_000);
