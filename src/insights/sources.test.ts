// Which groups and times `SOURCE` chooses, seen in what a query is bound to.
import { expect, test } from 'vitest';
import { compileQuery, type KnownGroup } from './index.ts';
import { SOURCE_PREFIXES_MAX, SOURCES_MAX } from './limits.ts';

const NOW_MS = 1_795_700_000_000;
const KNOWN: readonly KnownGroup[] = [
  {
    name: '/m/authentication',
    logType: 'AUTHENTICATION_LOGS',
    tags: { team: 'mail', env: 'prod' },
  },
  { name: '/m/email-events', logType: 'EMAIL_EVENT_LOGS', tags: { team: 'abuse' } },
  {
    name: '/n/mailbox-access',
    logType: 'WORKMAIL_MAILBOX_ACCESS_LOGS',
    class: 'INFREQUENT_ACCESS',
  },
];
const SCOPE = {
  groups: [{ name: '/m/authentication', logType: 'AUTHENTICATION_LOGS' as const }],
  known: KNOWN,
  account: '000000000000',
  startMs: 1000,
  endMs: 2000,
  nowMs: NOW_MS,
};

/** The log types and times that the SQL is bound to. */
function bound(text: string): readonly string[] {
  const compiled = compileQuery(text, SCOPE);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return Object.values(compiled.query.parameters).slice(0, -1);
}

const AUTH = 'AUTHENTICATION_LOGS';
const MAIL = 'EMAIL_EVENT_LOGS';
const BOX = 'WORKMAIL_MAILBOX_ACCESS_LOGS';

test.each([
  [`SOURCE '/m/email-events' | fields user`, [MAIL]],
  ['SOURCE `/m/email-events`|SOURCE "/n/mailbox-access"|fields user', [MAIL, BOX]],
  [`source '/m/email-events', '/n/mailbox-access' | fields user`, [MAIL, BOX]],
  [`SOURCE 'arn:aws:logs:eu-west-1:1:log-group:/m/email-events:*' | fields user`, [MAIL]],
  ['SOURCE logGroups() | fields user', [AUTH, MAIL]],
  [`SOURCE logGroups(namePrefix: ['/m/a', '/n']) | fields user`, [AUTH]],
  [
    `SOURCE logGroups(class: ['INFREQUENT_ACCESS', 'STANDARD'], namePrefix:['/n']) | fields user`,
    [BOX],
  ],
  [`SOURCE logGroups(logGroupClass: ["Infrequent Access"]) | fields user`, [BOX]],
  [
    `SOURCE logGroups(accountIdentifiers: ['accountId' = '000000000000']) | fields user`,
    [AUTH, MAIL],
  ],
  [`SOURCE logGroups(accountIdentifier: ['1']) | fields user`, []],
  [`SOURCE logGroupTags([{"key":"team","values":["mail","x"]}]) | fields user`, [AUTH]],
  [`SOURCE logGroupTags([{"key":"team","values":["a*e"]}]) | fields user`, [MAIL]],
  [`SOURCE logGroupTags([{"key":"team","values":["!mail"]}]) | fields user`, [MAIL]],
  [
    `SOURCE logGroups() logGroupTags([{"key":"team","values":["*a*"]},{"key":"env"}]) | fields user`,
    [AUTH],
  ],
  [`SOURCE dataSource(['amazon_vpc.flow']) | fields user`, []],
])('%s', (text, logTypes) => {
  expect(bound(text)).toEqual([...logTypes, '1000', '2000']);
});

test.each([
  ['start=-1d end=now', NOW_MS - 86_400_000, NOW_MS],
  ['START=now-2h END=now()-1h', NOW_MS - 7_200_000, NOW_MS - 3_600_000],
  ['start=1795600000 end=1795600001000', 1_795_600_000_000, 1_795_600_001_000],
])('times: %s', (times, from, to) => {
  expect(bound(`SOURCE '/m/email-events' ${times} | fields user`)).toEqual([
    MAIL,
    String(from),
    String(to),
  ]);
});

test.each([
  [`SOURCE '/m/x' | fields user`, 7, 13, 'log group "/m/x" does not exist'],
  ['SOURCE lg | fields user', 7, 9, 'log group "lg" does not exist'],
  ['SOURCE groups(lg) | fields user', 7, 13, 'expecting {STRING, logGroups'],
  ['fields user | SOURCE "a"', 14, 20, "mismatched input 'SOURCE'"],
  ['SOURCE logGroups(name: ["a"]) | fields user', 17, 21, 'expecting {namePrefix'],
  [`SOURCE '/m/email-events' start=soon | fields user`, 31, 35, 'soon is no time'],
  ['SOURCE logGroupTags([{"values":["a"]}]) | fields user', 21, 37, 'expects a "key"'],
])('%s is refused', (text, start, end, message) => {
  const compiled = compileQuery(text, SCOPE);
  expect(compiled).toMatchObject({ ok: false, error: { start, end } });
  expect(compiled.ok ? '' : compiled.error.message).toContain(message);
});

test('a group that is missing is told by its name', () => {
  const compiled = compileQuery(`SOURCE 'gone' | fields user`, SCOPE);
  expect(compiled).toMatchObject({ ok: false, error: { missingGroup: 'gone' } });
});

test.each([
  "filter user in (SOURCE 'gone' | fields user)",
  "stats sum(user in (SOURCE 'gone' | fields user))",
  "join left=a right=b where a.user=b.user (SOURCE 'gone')",
  "stats count(*) | appendcols (SOURCE 'gone' | fields user)",
])('a group that is missing inside is told by its name: %s', (text) => {
  const error = { start: text.indexOf("'gone'"), missingGroup: 'gone' };
  expect(compileQuery(text, SCOPE)).toMatchObject({ ok: false, error });
});

test('without the groups there are, what the text chooses is only read', () => {
  const { known: _, ...unknowing } = SCOPE;
  const compiled = compileQuery(`SOURCE 'gone' start=soon | fields user`, unknowing);
  expect(compiled.ok && compiled.query.parameters).toMatchObject({ p1: AUTH, p2: '1000' });
});

function names(count: number): string {
  return Array.from({ length: count }, () => "'a'").join(',');
}

test('no more of each than the limit', () => {
  const prefixes = `SOURCE logGroups(namePrefix: [${names(SOURCE_PREFIXES_MAX + 1)}]) | limit 1`;
  expect(compileQuery(prefixes, SCOPE)).toMatchObject({
    error: { message: `more than ${SOURCE_PREFIXES_MAX} namePrefix in SOURCE` },
  });
  const sources = `${`SOURCE '/m/email-events' | `.repeat(SOURCES_MAX + 1)} limit 1`;
  expect(compileQuery(sources, SCOPE)).toMatchObject({
    error: { message: `more than ${SOURCES_MAX} SOURCE commands` },
  });
});
