// Saved queries take the place of their calls, and what is wrong is told where it was written.
import { expect, test } from 'vitest';
import { compileQuery, type QueryScope } from './index.ts';
import { expandSaved, type SavedQuery } from './saved-queries.ts';

const SAVED: Readonly<Record<string, SavedQuery>> = {
  ErrorsByLevel: {
    queryString:
      'fields @timestamp, @message\n| filter level = {{logLevel}}\n| filter applicationName = {{applicationName}} # by name',
    parameters: [
      { name: 'logLevel', defaultValue: 'ERROR' },
      { name: 'applicationName', defaultValue: '"OrderService"' },
    ],
  },
  RecentN: {
    queryString: 'sort @timestamp desc | limit {{count}}',
    parameters: [{ name: 'count', defaultValue: '20' }],
  },
  'team/By Text': {
    queryString: `filter @message like "a {{ word }}'s" and b = '{{word}}' | stats count(*) by bin({{every}})`,
    parameters: [{ name: 'word' }, { name: 'every', defaultValue: '5m' }],
  },
  Nested: { queryString: 'fields a | $RecentN()', parameters: [] },
  Wrong: { queryString: 'filter a = 1 b', parameters: [] },
};

function saved(name: string): SavedQuery | undefined {
  return Object.hasOwn(SAVED, name) ? SAVED[name] : undefined;
}

function expand(text: string): string {
  return expandSaved(text, saved).text;
}

const SCOPE: QueryScope = {
  groups: [{ name: '/g', logType: 'AUTHENTICATION_LOGS' }],
  account: '000000000000',
  startMs: 0,
  endMs: 1,
  nowMs: 1,
  savedQueries: saved,
};

test("as AWS's guide has it", () => {
  const call =
    '$ErrorsByLevel(logLevel = "WARN", applicationName = "OrderService")\n| $RecentN(count = 10)';
  expect(expand(call)).toBe(
    [
      'fields @timestamp, @message',
      '| filter level = "WARN"',
      '| filter applicationName = "OrderService" # by name',
      '',
      '| sort @timestamp desc | limit 10',
    ].join('\n'),
  );
  expect(compileQuery(call, SCOPE).ok).toBe(true);
});

test('defaults: numbers, periods and what has quotes as they are, other text in quotes', () => {
  expect(expand('$ErrorsByLevel()')).toContain('level = "ERROR"\n');
  expect(expand('$ErrorsByLevel()')).toContain('= "OrderService"');
  expect(expand('fields a | $RecentN()')).toBe('fields a | sort @timestamp desc | limit 20');
});

test('values inside of quotes lose their own and cannot end those around', () => {
  expect(expand('$`team/By Text`(word = "it\'s \\"x\\"")')).toBe(
    `filter @message like "a it's \\"x\\"'s" and b = 'it\\'s \\"x\\"' | stats count(*) by bin(5m)`,
  );
});

test.each([
  'fields a # | $RecentN()',
  'filter a like /x|$RecentN(y)/',
  'filter a = "|$RecentN()"',
  'fields `a|$b()`',
])('no call: %s', (text) => {
  expect(expand(text)).toBe(text);
});

test.each([
  ['fields a | $Nothing()', 12, 19, 'no saved query is called Nothing'],
  ['$RecentN(c = 1)', 9, 10, 'has no parameter c'],
  ['$RecentN(count = 1, count = 2)', 20, 25, 'given two values'],
  ['$`team/By Text`()', 0, 17, 'the parameter word has no value'],
  ['fields a | $Nested()', 11, 20, 'cannot call another'],
  ['fields a | $RecentN', 19, 19, "expecting {'('}"],
  ['$RecentN(count 1)', 15, 16, "expecting {'='}"],
  ['$RecentN(count = )', 17, 18, 'expecting {STRING'],
  ['$RecentN(count = 1 2)', 19, 20, "expecting {',', ')'}"],
  ['$(a = 1)', 1, 2, 'expecting {IDENTIFIER}'],
  // What is wrong in the saved text is told at the call, what is wrong behind it at its own place.
  ['fields a | $Wrong() | limit 1', 11, 19, "mismatched input 'b'"],
  ['$RecentN() | filter x y', 22, 23, "mismatched input 'y'"],
  ['fields q r | $RecentN()', 9, 10, "mismatched input 'r'"],
  ['$RecentN(count = -5)', 0, 20, "mismatched input '-'"],
])('%s', (text, start, end, message) => {
  const compiled = compileQuery(text, SCOPE);
  expect(compiled).toMatchObject({ ok: false, error: { start, end } });
  expect(!compiled.ok && compiled.error.message).toContain(message);
});

test('without knowing any, a query is checked as if what it calls were there', () => {
  const { savedQueries: _, ...scope } = SCOPE;
  const call = '$ErrorsByLevel(logLevel = "WARN") | $RecentN() | stats count(*)';
  expect(compileQuery(call, scope).ok).toBe(true);
  expect(compileQuery('$RecentN(count) | limit 1', scope)).toMatchObject({
    ok: false,
    error: { start: 14, end: 15 },
  });
});
