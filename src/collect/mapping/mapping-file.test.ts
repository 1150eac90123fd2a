import { expect, test } from 'vitest';
import { formatProblem } from '../../config/raw-tree.ts';
import {
  EXPRESSION_DEPTH_MAX,
  MAPPING_TESTS_MAX,
  MAPPINGS_MAX,
  PATTERN_LENGTH_MAX,
} from './limits.ts';
import { readMappingFile } from './mapping-file.ts';

function problems(text: string): string[] {
  const result = readMappingFile(text, 'm.yaml');
  if (result.ok) throw new Error('the file was accepted');
  return result.problems.map(formatProblem);
}

const GOOD = `name: x
mappings:
  - name: sign-in
    parse: { regex: '^(?<user>\\S+) (?<how>ok|no)$' }
    log_type: AUTHENTICATION_LOGS
    fields:
      user: user
      auth_successful: { path: how, then: { boolean: { true: ok, false: no } } }
`;

test('a good file is read', () => {
  const result = readMappingFile(GOOD, 'm.yaml');
  expect(result).toMatchObject({ ok: true, file: { name: 'x', lines: 'plain' }, tests: [] });
});

test.each([
  ['- a', 'm.yaml:1:1: expected a name and "mappings:", found a list; see docs/guides/mappings.md'],
  [
    GOOD.replace('mappings:', 'mapings:'),
    'm.yaml:1:1: expected the key "mappings" here, found none; add it',
  ],
  [
    GOOD.replace('mappings:', 'mapings:'),
    'm.yaml:2:1: mapings: unknown key; did you mean "mappings"?',
  ],
  [
    GOOD.replace('AUTHENTICATION_LOGS', 'AUTHENTICATION_LOG'),
    'm.yaml:5:15: mappings[0].log_type: unknown log type "AUTHENTICATION_LOG"; did you mean "AUTHENTICATION_LOGS"?',
  ],
  [
    GOOD.replace('user: user', 'usr: user'),
    'm.yaml:7:7: mappings[0].fields.usr: unknown key; did you mean "user"?',
  ],
  [
    GOOD.replace('user: user', 'user: usr'),
    'm.yaml:7:13: mappings[0].fields.user: unknown path "usr"; did you mean "user"?',
  ],
  [
    GOOD.replace('user: user', 'user: "@programm"'),
    'm.yaml:7:13: mappings[0].fields.user: unknown path "@programm"; did you mean "@program"?',
  ],
  [
    GOOD.replace('user: user', 'revision_key: user'),
    'm.yaml:7:7: mappings[0].fields.revision_key: only Mailtrail itself sets this field; leave it out',
  ],
  [
    GOOD.replace('      auth_successful', '      #'),
    'm.yaml:7:7: mappings[0].fields: expected the field auth_successful, which AUTHENTICATION_LOGS must have, found none',
  ],
  [
    GOOD.replace('then: { boolean: { true: ok, false: no } }', 'then: { bolean: 1 }'),
    'm.yaml:8:45: mappings[0].fields.auth_successful.then.bolean: unknown key; did you mean "boolean"?',
  ],
  [
    GOOD.replace('then: { boolean: { true: ok, false: no } }', 'then: lowr'),
    'm.yaml:8:43: mappings[0].fields.auth_successful.then: unknown step "lowr"; did you mean "lower"?',
  ],
  [
    GOOD.replace('{ boolean: { true: ok, false: no } }', '{ lookup: { ok: "true", no: nein } }'),
    'm.yaml:8:71: mappings[0].fields.auth_successful.then.lookup.no: unknown value of auth_successful "nein"; known are true, false',
  ],
  [
    GOOD.replace('user: user', 'user: { path: user, constant: x }'),
    'm.yaml:7:13: mappings[0].fields.user: expected one of path, constant, firstOf, join, object, found path and constant',
  ],
  [
    GOOD.replace('user: user', 'event_timestamp: { path: user, then: { time: "%Y-%q" } }'),
    'm.yaml:7:52: mappings[0].fields.event_timestamp.then.time: expected one of %Y %m %b %d %e %H %M %S %f %z %%, found "%q"',
  ],
  [
    `${GOOD}tests: [{ name: t, input: x }]\n`,
    'm.yaml:9:9: tests[0]: expected one of event, events and refused, found none',
  ],
  [
    `${GOOD}    when: { source: htp }\n`,
    'm.yaml:9:21: mappings[0].when.source: unknown source "htp"; did you mean "http"?',
  ],
  [
    `${GOOD}    extra: { user: user }\n`,
    'm.yaml:9:14: mappings[0].extra.user: AUTHENTICATION_LOGS has this field itself; write it under "fields"',
  ],
])('a mistake is named with its place: %#', (text, message) => {
  expect(problems(text).join('\n')).toContain(message);
});

test.each([
  String.raw`(?<user>a)(?=b)`,
  String.raw`(?<user>a)\1`,
  '(?<user>',
  'a'.repeat(PATTERN_LENGTH_MAX + 1),
])('a pattern that is none of RE2 is refused: %#', (pattern) => {
  const [first] = problems(GOOD.replace(/regex: '.*'/, `regex: '${pattern}'`));
  expect(first).toMatch(/^m\.yaml:4:21: mappings\[0\]\.parse\.regex: expected /);
});

test('the number of mappings has a limit, and each its own name', () => {
  const one = '  - { name: a, log_type: none }\n';
  expect(problems(`name: x\nmappings:\n${one}${one}`)).toEqual([
    'm.yaml:4:13: mappings[1].name: expected a name of its own, found "a" again (mapping 1 has it)',
  ]);
  expect(problems(`name: x\nmappings:\n${one.repeat(MAPPINGS_MAX + 1)}`)[0]).toBe(
    `m.yaml:3:3: mappings: expected at most ${MAPPINGS_MAX} mappings, found ${MAPPINGS_MAX + 1}`,
  );
});

test('tests, and expressions in each other, have a limit', () => {
  const tests = '  - { name: t, input: x, events: [] }\n'.repeat(MAPPING_TESTS_MAX + 1);
  expect(problems(`${GOOD}tests:\n${tests}`)).toEqual([
    `m.yaml:10:3: tests: expected at most ${MAPPING_TESTS_MAX} tests, found ${MAPPING_TESTS_MAX + 1}`,
  ]);
  const nested = `${'{ firstOf: ['.repeat(EXPRESSION_DEPTH_MAX)}user${'] }'.repeat(EXPRESSION_DEPTH_MAX)}`;
  expect(problems(GOOD.replace('user: user', `user: ${nested}`))[0]).toContain(
    `expected at most ${EXPRESSION_DEPTH_MAX} expressions in each other, found more`,
  );
});

test('variables of the environment mean nothing in a mapping file', () => {
  const text = GOOD.replace('user: user', 'user: { constant: "${HOME}" }');
  expect(readMappingFile(text, 'm.yaml').ok).toBe(true);
});

test('a section takes over the keys of another, and its own stand above them', () => {
  const more = `  - name: b
    log_type: AUTHENTICATION_LOGS
    fields: { <<: *base, user_id: { constant: b } }
`;
  const text = GOOD.replace('fields:', 'fields: &base').replace("{ regex: '", "&p { regex: '");
  const parse = '    parse: *p\n';
  expect(readMappingFile(text + more + parse, 'm.yaml')).toMatchObject({ ok: true });
  expect(problems(text + more.replace('user_id', 'usr') + parse)).toEqual([
    'm.yaml:11:26: mappings[1].fields.usr: unknown key; did you mean "user"?',
  ]);
  expect(problems(`${text}${more.replace('*base', 'x')}${parse}`)[0]).toBe(
    'm.yaml:11:19: mappings[1].fields: expected a section behind <<, found none',
  );
});
