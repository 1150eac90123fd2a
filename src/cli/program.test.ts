import { expect, test, vi } from 'vitest';
import { KEY_ENV, FakeWorld, queryAnswer, runCli } from '../../test/cli/fake-world.ts';
import { COMMANDS } from './commands.ts';
import { EXIT_MEANINGS } from './exit-code.ts';
import { runProgram } from './program.ts';
import { cliReference } from './reference.ts';

test('the help begins with examples and ends with the exit codes', async () => {
  const { code, out, err } = await runCli(['--help']);
  expect(code).toBe(0);
  expect(err).toBe('');
  expect(out).toMatch(/^Examples:\n {2}mailtrail serve\n/);
  for (const [exit, meaning] of EXIT_MEANINGS) expect(out).toContain(`${exit}  ${meaning}`);
});

test.each(COMMANDS.map(({ name }) => name))(
  'the help of %s begins with its examples',
  async (name) => {
    const { code, out } = await runCli([...name.split(' '), '--help']);
    const spec = COMMANDS.find((command) => command.name === name);
    expect(code).toBe(0);
    expect(out).toMatch(/^Examples:\n/);
    for (const [command] of spec?.examples ?? []) expect(out).toContain(command);
    for (const option of spec?.options ?? []) expect(out).toContain(option.flags);
  },
);

test('every option of an example exists', () => {
  for (const { name, examples, options } of COMMANDS) {
    for (const [command] of examples) {
      const own = command.replaceAll(/'[^']*'/g, '').split(/[<>|]/)[0] ?? '';
      for (const flag of own.match(/(?<=\s)--?[a-z][a-z-]*/g) ?? []) {
        const known = options.some((option) => option.flags.split(/[ ,]+/).includes(flag));
        expect(known, `${flag} in an example of ${name}`).toBe(true);
      }
    }
  }
});

test('the version, in three ways', async () => {
  for (const argv of [['version'], ['--version'], ['-V']]) {
    const { code, out } = await runCli(argv);
    expect(code).toBe(0);
    expect(out).toBe(`mailtrail 1.2.3 (Node ${process.version})\n`);
  }
});

test.each([
  [['serv'], /unknown command 'serv'[\s\S]*Did you mean serve\?/],
  [['query'], /missing required argument 'query'/],
  [['query', 'x', '--outptu', 'json'], /unknown option '--outptu'[\s\S]*--output/],
  [['query', 'x', '--output', 'xml'], /--output xml: expected table, json, ndjson, csv/],
  [['query', 'x', 'y'], /too many arguments/],
  [['query', 'x', '--start'], /argument missing/],
  [['completion', 'tcsh'], /shell "tcsh": expected bash, zsh, fish/],
  [['config'], /Usage: mailtrail config/],
  [[], /Usage: mailtrail/],
])('wrong usage %j ends with 2 and says what is right', async (argv, said) => {
  const { code, out, err } = await runCli(argv);
  expect(code).toBe(2);
  expect(out).toBe('');
  expect(err).toMatch(said);
});

test('a reader that goes away is no error', async () => {
  const rows = Array.from({ length: 100 }, (_, i) => ({ user: `u${i}` }));
  const { code, err } = await runCli(['query', 'fields user', '-o', 'ndjson'], {
    env: KEY_ENV,
    closesAfterWrites: 3,
    answer: () => queryAnswer(['user'], rows),
  });
  expect({ code, err }).toEqual({ code: 0, err: '' });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s cancels the request and ends with %i', async (signal, expected) => {
  let cancelled = false;
  const world = new FakeWorld(['query', 'fields user'], {
    env: KEY_ENV,
    answer: (_, cancel) =>
      new Promise((_resolve, reject) => {
        cancel?.addEventListener('abort', () => {
          cancelled = true;
          reject(new DOMException('aborted', 'AbortError'));
        });
      }),
  });
  const running = runProgram(world);
  await vi.waitFor(() => expect(world.requests).toHaveLength(1));
  expect(world.signal(signal)).toBe(true);
  expect(await running).toBe(expected);
  expect(cancelled).toBe(true);
  expect(world.err).toBe('');
});

test('what nobody foresaw is told with its stack', async () => {
  const { code, err } = await runCli(['serve']);
  expect(code).toBe(1);
  expect(err).toMatch(/^mailtrail: unexpected error: the test has no server to start\n.*\n\s+at /);
});

test('the reference is current', async () => {
  await expect(cliReference()).toMatchFileSnapshot('../../docs/reference/cli.md');
});
