import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  FakeWorld,
  KEY_ENV,
  NOW_MS,
  queryAnswer,
  refusal,
  runCli,
  type FakeOptions,
} from '../../test/cli/fake-world.ts';
import { runProgram } from './program.ts';
import { openOutputFile } from './output-file.ts';

const ROWS = Array.from({ length: 25_000 }, (_, n) => ({ user: `u${n}`, '@ptr': `p${n}` }));

const EMPTY: FakeOptions = { answer: () => queryAnswer(['user'], []) };

function exported(argv: readonly string[], more: FakeOptions = {}): ReturnType<typeof runCli> {
  return runCli(['export', ...argv], {
    env: KEY_ENV,
    answer: () => queryAnswer(['user', '@ptr'], ROWS),
    ...more,
  });
}

test('all rows go to standard output, as one object a line', async () => {
  const { code, out, err, world } = await exported(['fields user', '--start', '2h']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const lines = out.trimEnd().split('\n');
  expect(lines).toHaveLength(ROWS.length);
  expect(lines[24_999]).toBe('{"user":"u24999"}');
  expect(world.requests[0]?.url.pathname).toBe('/v1/export');
  expect(JSON.parse(world.requests[0]?.body ?? '')).toEqual({
    query: 'fields user',
    startTime: NOW_MS - 7_200_000,
    endTime: NOW_MS,
  });
});

test('other formats', async () => {
  const csv = await exported(['fields user', '-o', 'csv']);
  expect(csv.out.slice(0, 16)).toBe('user\r\nu0\r\nu1\r\nu2');
  const json = await exported(['fields user', '-o', 'json']);
  expect(JSON.parse(json.out)).toHaveLength(ROWS.length);
  expect((await exported(['fields user', '-o', 'table'])).code).toBe(2);
});

test('a file is whole, and an existing one is kept unless it may be replaced', async () => {
  const argv = ['fields user', '--to', 'users.ndjson'];
  const { code, out, world } = await exported(argv);
  expect({ code, out }).toEqual({ code: 0, out: '' });
  expect(world.files['/cwd/users.ndjson']?.split('\n')).toHaveLength(ROWS.length + 1);
  const files = { '/cwd/users.ndjson': 'old' };
  const kept = await exported(argv, { files });
  expect(kept.code).not.toBe(0);
  expect(kept.world.requests).toHaveLength(0);
  expect(kept.world.files['/cwd/users.ndjson']).toBe('old');
  const replaced = await exported([...argv, '--force'], { files });
  expect(replaced.world.files['/cwd/users.ndjson']).toContain('u24999');
});

test('what breaks off leaves no file', async () => {
  const broken = await exported(['fields user', '--to', 'users.ndjson'], {
    answer: () => new Response('{"columns":["user"]}\n[{"field":"user","value":"a"}]\n'),
  });
  expect(broken.code).toBe(6);
  expect(broken.world.files).toEqual({});
});

test('the progress is shown on a terminal, and a last line where one asks for it', async () => {
  const world = new FakeWorld(['export', 'fields user', '--to', 'x'], {
    env: KEY_ENV,
    stderrTerminal: true,
    answer: () => queryAnswer(['user'], ROWS.slice(0, 20)),
  });
  // Time passes with each look at the clock.
  world.clock.now = () => (world.nowMs += 100);
  expect(await runProgram(world)).toBe(0);
  const shown = world.err.split('\r\u001b[K').slice(1);
  expect(shown.length).toBeGreaterThan(2);
  expect(shown.at(-1)).toMatch(/^20 rows, \d+ B, .*\n$/);
  const verbose = await exported(['fields user', '--verbose']);
  expect(verbose.err).toMatch(/^25000 rows, \d+\.\d KiB, 0 ms\n$/);
});

test('a mistake in the query, and no results', async () => {
  const mistake = await exported(['fields'], {
    answer: () =>
      refusal(400, { code: 'MalformedQueryException', message: 'unexpected', start: 0, end: 6 }),
  });
  expect(mistake.code).toBe(2);
  expect((await exported([' '])).err).toContain('the query is empty');
  expect((await exported(['fields user'], EMPTY)).code).toBe(0);
  expect((await exported(['fields user', '--fail-on-empty'], EMPTY)).code).toBe(1);
});

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mailtrail-cli-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('a file on the disk has its name when it is whole', async () => {
  const path = join(directory, 'out');
  const file = await openOutputFile(path, { replace: false });
  await file.write('one ');
  await file.write('two');
  expect(readdirSync(directory)).not.toContain('out');
  await file.finish();
  await file.discard();
  expect(readdirSync(directory)).toEqual(['out']);
  expect(readFileSync(path, 'utf8')).toBe('one two');
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a file that came meanwhile is kept; one that is given up leaves nothing', async () => {
  const path = join(directory, 'out');
  const late = await openOutputFile(path, { replace: false });
  const early = await openOutputFile(path, { replace: true });
  await late.write('late');
  await early.write('early');
  await early.finish();
  await expect(late.finish()).rejects.toThrow('out exists');
  await late.discard();
  expect(readdirSync(directory)).toEqual(['out']);
  await expect(openOutputFile(path, { replace: false })).rejects.toThrow('--force');
  const dropped = await openOutputFile(path, { replace: true });
  await dropped.discard();
  expect(readFileSync(path, 'utf8')).toBe('early');
  const nowhere = join(directory, 'none', 'out');
  await expect(openOutputFile(nowhere, { replace: false })).rejects.toThrow('cannot be written');
});

test('a program that is ended midway leaves nothing either', async () => {
  const before = process.listenerCount('exit');
  const file = await openOutputFile(join(directory, 'out'), { replace: false });
  await file.write('a part');
  const [atExit] = process.listeners('exit').slice(before);
  atExit?.(130);
  expect(readdirSync(directory)).toEqual([]);
  await file.discard();
  expect(process.listenerCount('exit')).toBe(before);
});
