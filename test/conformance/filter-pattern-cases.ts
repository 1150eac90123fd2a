// Filter patterns with the messages that they match and others that they do not: the matcher in memory and
// the condition of SQL are both held to them.
// @see CloudWatch Logs user guide, "Filter pattern syntax"

export interface FilterPatternCase {
  readonly about: string;
  readonly pattern: string;
  readonly matches: readonly string[];
  readonly others: readonly string[];
}

const TRAIL = JSON.stringify({
  eventType: 'UpdateTrail',
  sourceIPAddress: '111.111.111.111',
  arrayKey: ['value', 'another value'],
  objectList: [
    { name: 'a', id: 1 },
    { name: 'b', id: 2 },
  ],
  SomeObject: null,
  'cluster.name': 'c',
});
const PEOPLE = JSON.stringify({
  user: { id: 1, email: 'John.Stiles@example.com' },
  users: [{ id: 2, email: 'John.Doe@example.com' }],
  actions: ['GET', 'PUT', 'DELETE'],
  coordinates: [
    [0, 1, 2],
    [4, 5, 6],
  ],
});
const ACCESS =
  '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534';
const SIGN_IN = '{"protocol":"IMAP","auth_successful":false,"port":993,"tries":"3"}';

export const CASES: readonly FilterPatternCase[] = [
  { about: 'nothing', pattern: '', matches: ['', 'a', '{}'], others: [] },
  { about: 'a space in quotes', pattern: '" "', matches: ['', 'a'], others: [] },
  {
    about: 'one term',
    pattern: 'ERROR',
    matches: ['[ERROR 1]', 'MYERRORS'],
    others: ['error', ''],
  },
  { about: 'two terms', pattern: 'ERROR ARG', matches: ['ARG ERROR'], others: ['ERROR', 'ARG'] },
  { about: 'either term', pattern: '?ERROR ?ARG', matches: ['ERROR', 'an ARG'], others: ['x'] },
  {
    about: 'question marks beside other terms mean nothing',
    pattern: '?ERROR ?ARG REQUEST',
    matches: ['REQUEST'],
    others: ['ERROR ARG'],
  },
  {
    about: 'a phrase',
    pattern: '"SERVER ERROR"',
    matches: ['a SERVER ERROR b'],
    others: ['SERVER  ERROR', 'ERROR SERVER'],
  },
  { about: 'an escaped quote', pattern: '"a\\"b"', matches: ['xa"b'], others: ['ab'] },
  { about: 'an excluded term', pattern: 'ERROR -ARG', matches: ['ERROR'], others: ['ERROR ARG'] },
  { about: 'an excluded phrase', pattern: '-"a b"', matches: ['ab', ''], others: ['x a b'] },
  { about: 'a regular expression', pattern: '%colou?r%', matches: ['color'], others: ['Colour'] },
  { about: 'anchors', pattern: '%^[hc]at$%', matches: ['hat'], others: ['that', 'hats'] },
  { about: 'repetitions', pattern: '%^a{2,3}$%', matches: ['aa', 'aaa'], others: ['a', 'aaaa'] },
  { about: 'without a minimum', pattern: '%^a{,2}b%', matches: ['b', 'aab'], others: ['aaab'] },
  { about: 'escapes', pattern: '%\\x28\\d+\\)%', matches: ['x(12)'], others: ['12', '(a)'] },
  { about: 'a class of brackets', pattern: '%^[[a]$%', matches: ['[', 'a'], others: ['b'] },
  {
    about: 'a text',
    pattern: '{ $.eventType = "UpdateTrail" }',
    matches: [TRAIL],
    others: ['{"eventType":"UpdateTrails"}', 'UpdateTrail', '["UpdateTrail"]', '{"eventType":['],
  },
  {
    about: 'a text with an asterisk, not equal',
    pattern: '{ $.sourceIPAddress != 123.123.* }',
    matches: [TRAIL],
    others: ['{"sourceIPAddress":"123.123.1.1"}', '{}', '{"sourceIPAddress":null}'],
  },
  {
    about: 'asterisks inside',
    pattern: '{ $.a = "x*y*z" }',
    matches: ['{"a":"xyz"}', '{"a":"x.y\\ny.z"}'],
    others: ['{"a":"xz"}', '{"a":"xyzz."}'],
  },
  { about: 'an item', pattern: '{ $.arrayKey[0] = "value" }', matches: [TRAIL], others: [PEOPLE] },
  {
    about: 'an index of an object',
    pattern: '{ $.a[0] = 1 }',
    matches: ['{"a":[1]}'],
    others: ['{"a":{"b":1}}'],
  },
  {
    about: 'a regex of a value',
    pattern: '{ $.eventType = %Trail% }',
    matches: [TRAIL],
    others: [PEOPLE],
  },
  {
    about: 'any item',
    pattern: '{ $.arrayKey[*] = %val.{2}% }',
    matches: [TRAIL],
    others: [PEOPLE],
  },
  {
    about: 'any item and a key of it',
    pattern: '{ $.objectList[*].id = 2 }',
    matches: [TRAIL],
    others: ['{"objectList":{"id":2}}', '{"objectList":[2]}'],
  },
  {
    about: 'any value',
    pattern: '{ $.* = %111\\.111\\.111% }',
    matches: [TRAIL],
    others: [PEOPLE],
  },
  {
    about: 'a key with a dot',
    pattern: '{ $.[\'cluster.name\'] = "c" }',
    matches: [TRAIL],
    others: ['{"cluster":{"name":"c"}}'],
  },
  {
    about: 'without the dot',
    pattern: "{ $['cluster.name'] = c }",
    matches: [TRAIL],
    others: ['{}'],
  },
  {
    about: 'null',
    pattern: '{ $.SomeObject IS NULL }',
    matches: [TRAIL],
    others: ['{}', '{"SomeObject":"null"}'],
  },
  {
    about: 'false',
    pattern: '{ $.auth_successful IS FALSE && $.protocol = "IMAP" }',
    matches: [SIGN_IN],
    others: [
      '{"auth_successful":true,"protocol":"IMAP"}',
      '{"auth_successful":"false","protocol":"IMAP"}',
    ],
  },
  {
    about: 'true',
    pattern: '{ $.a is true }',
    matches: ['{"a":true}'],
    others: ['{"a":1}', '{"a":[true]}'],
  },
  {
    about: 'what is not there',
    pattern: '{ $.SomeOtherObject NOT EXISTS }',
    matches: [TRAIL],
    others: ['{"SomeOtherObject":null}', 'no JSON'],
  },
  {
    about: 'an item that is not there',
    pattern: '{ $.a[1] NOT EXISTS }',
    matches: ['{"a":[1]}', '{"a":{}}'],
    others: ['{"a":[1,2]}'],
  },
  {
    about: 'and',
    pattern: '{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }',
    matches: [PEOPLE],
    others: [TRAIL],
  },
  {
    about: 'and before or',
    pattern:
      '{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "no" && $.actions[2] = "no" }',
    matches: [PEOPLE],
    others: [],
  },
  {
    about: 'parentheses first',
    pattern:
      '{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "no") && $.actions[2] = "no" }',
    matches: [],
    others: [PEOPLE],
  },
  {
    about: 'greater',
    pattern: '{ $.port > 992.5 }',
    matches: [SIGN_IN],
    others: ['{"port":992}', '{}'],
  },
  {
    about: 'at least',
    pattern: '{ $.port >= 9.93e2 }',
    matches: [SIGN_IN],
    others: ['{"port":992}'],
  },
  {
    about: 'less',
    pattern: '{ $.port < 993 }',
    matches: ['{"port":-1}'],
    others: [SIGN_IN, '{"port":"x"}'],
  },
  {
    about: 'at most, of a number in a text',
    pattern: '{ $.tries <= 3 }',
    matches: [SIGN_IN],
    others: ['{"tries":"3a"}', '{"tries":true}'],
  },
  {
    about: 'equal numbers',
    pattern: '{ $.n = 1e+3 }',
    matches: ['{"n":1000}', '{"n":1e3}', '{"n":"1e+3"}'],
    others: ['{"n":"1000"}', '{"n":999}'],
  },
  {
    about: 'numbers not equal',
    pattern: '{ $.n != 5 }',
    matches: ['{"n":6}', '{"n":"6"}'],
    others: ['{"n":5}', '{"n":5.0}', '{"n":null}', '{"n":{}}'],
  },
  {
    about: 'a number with an asterisk',
    pattern: '{ $.n = 4* }',
    matches: ['{"n":404}', '{"n":"4"}'],
    others: ['{"n":504}'],
  },
  {
    about: 'a boolean as a word',
    pattern: '{ $.a = true }',
    matches: ['{"a":true}', '{"a":"true"}'],
    others: ['{"a":false}'],
  },
  {
    about: 'an object is nothing to compare',
    pattern: '{ $.user != "x" }',
    matches: ['{"user":"y"}'],
    others: [PEOPLE],
  },
  {
    about: 'escapes in JSON',
    pattern: '{ $.a = "ä\\"b" }',
    matches: ['{"a":"\\u00e4\\"b"}'],
    others: ['{"a":"ä"}'],
  },
  {
    about: 'fields',
    pattern:
      '[ip=%127\\.0\\.0\\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]',
    matches: [ACCESS],
    others: [ACCESS.replace('404', '200'), ACCESS.replace('html', 'txt'), '127.0.0.1 Prod'],
  },
  {
    about: 'an ellipsis',
    pattern: '[..., request =*.html*, status_code = 4*, bytes]',
    matches: [ACCESS],
    others: ['404 1'],
  },
  {
    about: 'an ellipsis inside',
    pattern: '[ip, ..., bytes > 1000]',
    matches: [ACCESS],
    others: [ACCESS.replace('1534', '534'), '2000'],
  },
  {
    about: 'either value of a field',
    pattern: '[a, b, c, d, e, code = 404 || code = 410, bytes]',
    matches: [ACCESS],
    others: [ACCESS.replace('404', '500')],
  },
  {
    about: 'the first word',
    pattern: '[w1=ERROR, w2]',
    matches: ['ERROR 09/25 12:00 Failed to'],
    others: ['INFO ERROR x', 'ERROR'],
  },
  {
    about: 'two words excluded',
    pattern: '[w1!=ERROR&&w1!=WARNING, w2]',
    matches: ['INFO x y'],
    others: ['ERROR x', 'WARNING x'],
  },
  {
    about: 'the last field takes the rest',
    pattern: '[a, b="x y*"]',
    matches: ['1 x y z', '1 "x y"'],
    others: ['1 x'],
  },
  {
    about: 'comparisons of fields',
    pattern: '[a < 5, b >= -1.5]',
    matches: ['4 -1.5'],
    others: ['5 0', 'x 0', '4 -2'],
  },
];
