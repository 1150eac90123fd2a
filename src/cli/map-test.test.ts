import { expect, test } from 'vitest';
import { runCli } from '../../test/cli/fake-world.ts';

const MAPPING = `name: x
mappings:
  - name: sign-in
    parse: { regex: '^(?<user>\\S+) (?<size>\\S+) (?<how>ok|no)$' }
    log_type: AUTHENTICATION_LOGS
    fields:
      user: user
      source_port: size
      auth_successful: { path: how, then: { boolean: { true: ok, false: no } } }
  - { name: noise, parse: { regex: '^noise' }, log_type: none }
tests:
  - name: a sign-in
    input: bob 5 ok
    mapping: sign-in
    now: 2026-11-23T12:00:00Z
    event: { log_type: AUTHENTICATION_LOGS, event_timestamp: 2026-11-23T12:00:00Z, user: bob, source_port: 5, auth_successful: true }
  - name: a wrong port
    input: bob x ok
    refused: 'field source_port'
`;
const FILES = { '/cwd/x.yaml': MAPPING };
const RUN = ['map', 'test', 'x.yaml'];

test('the tests of a file pass', async () => {
  const { code, out, err } = await runCli(RUN, { files: FILES });
  expect({ code, out, err }).toEqual({
    code: 0,
    out: '✓ a sign-in\n✓ a wrong port\n',
    err: '2 of 2 tests pass\n',
  });
});

test('a test that fails says each field that is wrong', async () => {
  const files = { '/cwd/x.yaml': MAPPING.replace('user: bob', "user: eve, scope: '\\u001b'") };
  const { code, out, err } = await runCli(RUN, { files });
  expect(code).toBe(1);
  expect(out).toContain(
    '✗ a sign-in\n    user: expected "eve", found "bob"\n    scope: expected "\\\\u001b", found nothing\n',
  );
  expect(err).toBe('1 of 2 tests pass\n');
  const json = await runCli([...RUN, '-o', 'json'], { files });
  expect(JSON.parse(json.out)).toMatchObject([
    { name: 'a sign-in', passed: false },
    { name: 'a wrong port', passed: true, failures: [] },
  ]);
});

test('a file with mistakes is not run', async () => {
  const files = { '/cwd/x.yaml': MAPPING.replace('user: user', 'usr: user') };
  expect(await runCli(RUN, { files })).toMatchObject({
    code: 3,
    out: '',
    err: 'x.yaml:7:7: mappings[0].fields.usr: unknown key; did you mean "user"?\n',
  });
  const missing = await runCli(['map', 'test', 'y.yaml'], { files });
  expect(missing.code).toBe(1);
  expect(missing.err).toContain('y.yaml cannot be read: ENOENT');
  const none = await runCli(RUN, { files: { '/cwd/x.yaml': MAPPING.replace(/tests:[^]*/, '') } });
  expect(none).toMatchObject({ code: 1, out: '' });
  expect(none.err).toContain('the file has no tests');
});

test('lines are shown with the mapping that took them and what they became', async () => {
  const lines = 'bob 5 ok\n\nnoise\nelse\nbob x no\n';
  const files = { ...FILES, '/cwd/lines': lines };
  const { code, out, err } = await runCli([...RUN, '--input', 'lines'], { files });
  expect(code).toBe(1);
  expect(out.split('\n').map((row) => row.trimEnd())).toEqual([
    'line  mapping  result',
    expect.stringMatching(/^────  ───────  ─+$/),
    expect.stringContaining('   1  sign-in  {"log_type":"AUTHENTICATION_LOGS","event_timestamp":'),
    '   3  noise    no event, as the mapping says',
    '   4  -        no mapping is for it',
    '   5  sign-in  refused: field source_port: expected a whole number, found "x"',
    '',
  ]);
  expect(err).toBe('4 records: 1 events, 1 refused, 1 that no mapping is for\n');
  const json = await runCli([...RUN, '--input', '-', '-o', 'json'], { files, stdin: 'bob 5 ok' });
  expect(json.code).toBe(0);
  expect(JSON.parse(json.out)).toMatchObject([
    { line: 1, mapping: 'sign-in', event: { user: 'bob', source_port: 5 } },
  ]);
});

function only(name: string): ReturnType<typeof runCli> {
  return runCli([...RUN, '--input', '-', '--mapping', name], { files: FILES, stdin: 'bob 5 ok\n' });
}

test('one mapping alone, and a name that there is not', async () => {
  expect((await only('noise')).code).toBe(1);
  expect((await only('sign-in')).code).toBe(0);
  expect(await only('sign-im')).toMatchObject({
    code: 2,
    err: expect.stringContaining('the file has no mapping "sign-im"; did you mean "sign-in"?'),
  });
});

test('a line cannot drive the terminal', async () => {
  const stdin = '\u001b[2Jbob 5 ok\n';
  const { out } = await runCli([...RUN, '--input', '-'], { files: FILES, stdin });
  expect(out).toContain(String.raw`\u001b[2Jbob`);
  expect(out).not.toContain('\u001b');
});
