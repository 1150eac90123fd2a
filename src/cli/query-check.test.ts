// The commands about queries that need no server.
import { expect, test } from 'vitest';
import { runCli } from '../../test/cli/fake-world.ts';
import { CHECKED_LINE_CHARACTERS_MAX } from './query-check.ts';

const lines = (...queries: readonly string[]): string =>
  queries.map((query) => `${JSON.stringify({ id: 1, query })}\n`).join('');

const said = (out: string): unknown[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

test('check: one line of JSON for each query, from a file or standard input', async () => {
  const text = lines('fields user', 'fields user | stats', "SOURCE 'any' | limit 1");
  const expected = [
    { ok: true },
    { ok: false, message: expect.stringContaining('mismatched input'), start: 19, end: 19 },
    { ok: true },
  ];
  const piped = await runCli(['query', 'check', '-'], { stdin: text });
  expect(said(piped.out)).toEqual(expected);
  expect(piped.code).toBe(1);
  const read = await runCli(['query', 'check', 'q.jsonl'], { files: { '/cwd/q.jsonl': text } });
  expect(said(read.out)).toEqual(expected);
  const right = await runCli(['query', 'check', '-'], { stdin: lines('limit 5').trim() });
  expect(right).toMatchObject({ code: 0, out: '{"ok":true}\n', err: '' });
});

test('check: lenient where that is asked for', async () => {
  const stdin = lines('dedup user | sort user');
  expect((await runCli(['query', 'check', '-'], { stdin })).code).toBe(1);
  expect((await runCli(['query', 'check', '--lenient', '-'], { stdin })).code).toBe(0);
});

test('check: what is no query does not keep the others from being read', async () => {
  const stdin = `{"q":1}\n\nnull\nx\n${lines('limit 5')}`;
  const wrong = await runCli(['query', 'check', '-'], { stdin });
  expect(wrong.code).toBe(1);
  const no = {
    ok: false,
    message: expect.stringContaining('the line is no query'),
    start: 0,
    end: 0,
  };
  expect(said(wrong.out)).toEqual([no, no, no, { ok: true }]);
  const missing = await runCli(['query', 'check', 'none.jsonl']);
  expect(missing.code).toBe(1);
  expect(missing.err).toContain('none.jsonl cannot be read');
  const long = await runCli(['query', 'check', '-'], {
    stdin: 'x'.repeat(CHECKED_LINE_CHARACTERS_MAX + 1),
  });
  expect(long.code).toBe(2);
  expect(long.err).toContain(`more than ${CHECKED_LINE_CHARACTERS_MAX} characters`);
});

test('explain: the tree, the plan, the SQL and its parameters', async () => {
  const query = 'FIELDS user|filter user="x\u001b"';
  const { code, out } = await runCli(['query', 'explain', query]);
  expect(code).toBe(0);
  for (const part of ['--- query\nfields user\n| filter', '--- tree', '--- plan', '--- sql']) {
    expect(out).toContain(part);
  }
  expect(out).not.toContain('\u001b');
  const json = await runCli(['query', 'explain', '-o', 'json', query]);
  expect(JSON.parse(json.out)).toMatchObject({
    ast: { kind: 'query' },
    plan: { events: true },
    sql: expect.stringContaining('SELECT'),
    parameters: expect.objectContaining({}),
    columns: [{ name: 'user' }, { name: '@ptr' }],
  });
});

test('explain: a mistake is shown where it is', async () => {
  const { code, err } = await runCli(['query', 'explain', 'fields nope(1)']);
  expect(code).toBe(2);
  expect(err).toContain('fields nope(1)\n         ^^^^^^^');
});
