// What can be seen of a query without running it: trees, SQL, limits and the live tail.
import { describe, expect, test } from 'vitest';
import { withoutPlaces } from '../../test/conformance/generated-queries.ts';
import { compileQuery, completions, parseQuery, printQuery, type QueryScope } from './index.ts';
import { LIMIT_DEFAULT, NESTING_MAX, QUERY_CHARS_MAX } from './limits.ts';

const SCOPE: QueryScope = {
  groups: [{ name: '/mailtrail/acme/authentication', logType: 'AUTHENTICATION_LOGS' }],
  account: '000000000000',
  startMs: 1_795_600_000_000,
  endMs: 1_795_700_000_000,
  nowMs: 1_795_700_000_000,
};

function compiled(text: string, scope: Partial<QueryScope> = {}) {
  const result = compileQuery(text, { ...SCOPE, ...scope });
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result;
}

function refusal(text: string, scope: Partial<QueryScope> = {}) {
  const result = compileQuery(text, { ...SCOPE, ...scope });
  return result.ok ? undefined : result.error;
}

function ast(text: string): unknown {
  const parsed = parseQuery(text);
  return parsed.ok ? withoutPlaces(parsed.ast.commands) : parsed.error;
}

describe('trees', () => {
  test.each([
    ['filter a or b and not c = 1', 'filter a or (b and (not (c = 1)))'],
    ['filter a + b * c ^ 2 > -d', 'filter (a + (b * (c ^ 2))) > (-d)'],
    ['filter not a like /x/ and b in [1]', 'filter (not (a like /x/)) and (b in [1])'],
    ['sort by a', 'order a asc'],
    ['where a == 1', 'FILTER a = 1'],
    ['fields a.`b c`.d', 'fields `a.b c.d`'],
    ['fields a."b-c"', 'fields `a.b-c`'],
    ['fields bin( 5 minutes )', 'fields bin(5m)'],
    ['fields a / b / c', 'fields (a / b) / c'],
    ['parse a /x(?<y>.)/', 'parse a /x(?<y>.)/'],
    ["filter a =~ 'x/y'", 'filter a like /x\\/y/'],
  ])('%s is %s', (one, other) => {
    expect(ast(one)).toEqual(ast(other));
    expect(ast(one)).toBeInstanceOf(Array);
  });

  test('are frozen and know their places', () => {
    const parsed = parseQuery('fields  a + 1 as b');
    if (!parsed.ok) throw new Error(parsed.error.message);
    const [command] = parsed.ast.commands;
    expect(Object.isFrozen(parsed.ast) && Object.isFrozen(command)).toBe(true);
    expect(command).toMatchObject({
      kind: 'fields',
      start: 0,
      end: 18,
      items: [{ start: 8, end: 18, expression: { start: 8, end: 13 }, alias: { start: 17 } }],
    });
  });

  test('words of the language are fields where fields stand', () => {
    const text =
      'fields message, status, count, sort, limit, desc, stats, display | sort desc desc';
    expect(ast(text)).toBeInstanceOf(Array);
  });
});

describe('slack', () => {
  test.each([
    ['fields a, b,\n| limit 5', 'fields a, b | limit 5'],
    ['stats count(distinct user) as n', 'stats countDistinct(user) as n'],
  ])('%s is taken', (one, other) => {
    expect(ast(one)).toEqual(ast(other));
    expect(ast(one)).toBeInstanceOf(Array);
  });

  test.each([
    ['dedup user | sort user', 'sort'],
    ['stats count(case when user = "a" then 1 else 0 end) as n', 'when'],
    ['filter user = "a" case-sensitive = false', 'case'],
    ['filter user like "a"\n\n# Results\nuser: a', 'user'],
  ])('%s is taken only where that is asked for', (text, at) => {
    expect(refusal(text)?.start).toBe(text.lastIndexOf(at));
    expect(refusal(text, { lenient: true })).toBeUndefined();
  });

  test('what is lenient is still refused for what cannot be meant', () => {
    expect(refusal('filter a like', { lenient: true })).toMatchObject({ start: 13 });
    expect(refusal('fields x(1)', { lenient: true })?.message).toContain('unknown function');
  });

  test('the branches of case when are those of case', () => {
    const lenient = parseQuery('fields case when a then 1 when b then 2 else 3 end as c', true);
    expect(lenient.ok && withoutPlaces(lenient.ast.commands)).toEqual(
      ast('fields case(a, 1, b, 2, 3) as c'),
    );
  });
});

describe('SQL', () => {
  test('has bare columns where indexes can help', () => {
    const { sql, parameters } = compiled('filter source_ip = "192.0.2.1"').query;
    expect(sql).toContain('(`source_ip` = {p4:String})');
    expect(sql).toContain('`log_type` = {p1:String}');
    expect(sql).toContain("`event_time` >= fromUnixTimestamp64Milli({p2:Int64}, 'UTC')");
    expect(parameters).toMatchObject({ p1: 'AUTHENTICATION_LOGS', p4: '192.0.2.1' });
  });

  test('makes the message only where it is asked for', () => {
    expect(compiled('fields user').query.sql).not.toContain('toJSONString');
    const { sql } = compiled('fields @message').query;
    expect(sql).toContain('toJSONString');
    // No other log type's fields, as only this one's group is queried.
    expect(sql).not.toContain('event__subject');
  });

  test('has no rows for no groups', () => {
    expect(compiled('fields user', { groups: [] }).query.sql).toContain('WHERE (0)');
  });
});

describe('limits', () => {
  test('the default, the text, the scope: the least of them', () => {
    expect(compiled('fields user').limit).toBe(LIMIT_DEFAULT);
    expect(compiled('limit 5').limit).toBe(5);
    expect(compiled('limit 50', { limitMax: 20 }).limit).toBe(20);
    expect(compiled('fields user', { limitMax: 50_000 }).limit).toBe(LIMIT_DEFAULT);
    expect(compiled('limit 5 | stats count(*) by user').limit).toBe(LIMIT_DEFAULT);
  });

  test('the length of a query', () => {
    expect(refusal(`fields a${' '.repeat(QUERY_CHARS_MAX)}`)).toMatchObject({
      start: QUERY_CHARS_MAX,
      end: QUERY_CHARS_MAX + 8,
    });
  });

  test('nesting: in parentheses, in chains, in both', () => {
    const deep = '('.repeat(NESTING_MAX + 1) + 'a' + ')'.repeat(NESTING_MAX + 1);
    expect(refusal(`filter ${deep}`)?.message).toContain('nested deeper');
    const chain = Array.from({ length: NESTING_MAX + 1 }, () => 'a').join('+');
    expect(refusal(`fields ${chain}`)?.message).toContain('nested deeper');
    const ands = Array.from({ length: 1000 }, () => 'a').join(' and ');
    expect(refusal(`filter ${ands}`)).toBeUndefined();
    expect(refusal(`fields ${'!'.repeat(9000)}a`)?.message).toContain('nested deeper');
  });

  test('aliases that grow exponentially', () => {
    const steps = Array.from({ length: 60 }, (_, i) => `a${i} + a${i} as a${i + 1}`);
    const text = `fields strlen(user) as a0 | fields ${steps.join(' | fields ')}`;
    expect(refusal(text)?.message).toContain('too complex');
  });

  test('commands that each choose rows', () => {
    const text = Array.from({ length: 60 }, () => 'limit 5').join(' | ');
    expect(refusal(text)?.message).toContain('commands that choose rows');
  });

  test('stats commands', () => {
    const text = Array.from({ length: 11 }, () => 'stats count(*) as n').join(' | ');
    expect(refusal(text)?.message).toContain('more than 10 stats');
  });
});

describe('the live tail', () => {
  test('shows what came after a point, in the order of the journal', () => {
    const { query } = compiled('fields user | filter user = "a"', { afterPosition: 7 });
    expect(query.sql).toContain('`position` >= {p4:UInt64}');
    expect(query.sql).toContain('ORDER BY `position` ASC');
    expect(query.parameters).toMatchObject({ p4: '7' });
  });

  test('may sort and limit, but not group', () => {
    const tail = { afterPosition: 0 };
    expect(refusal('fields user\n| sort @timestamp asc | limit 5', tail)).toBeUndefined();
    expect(refusal('fields user | stats count(*)', tail)).toMatchObject({ start: 14, end: 28 });
    expect(refusal('dedup user', tail)?.message).toContain('live tail');
  });
});

test('what is printed has one command a line', () => {
  const parsed = parseQuery('FIELDS a|filter  b=1');
  expect(parsed.ok && printQuery(parsed.ast)).toBe('fields a\n| filter b = 1');
});

test('completions name commands and functions with how they are called', () => {
  expect(completions.commands.map(({ text }) => text)).toContain('stats');
  expect(completions.functions).toContainEqual(
    expect.objectContaining({ text: 'count_distinct', signature: 'countDistinct(any)' }),
  );
});
