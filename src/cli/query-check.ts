// `mailtrail query check`: which of many queries parse and compile, without a server.
import { resolve } from 'node:path';
import { logGroupName, LOG_TYPES } from '../event/log-type.ts';
import { compileQuery, type QueryScope } from '../insights/index.ts';
import { CliError, errorCode, wordsOf } from './cli-error.ts';
import type { Call } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** A query has 10,000 characters at most, each of which JSON may write with six. */
export const CHECKED_LINE_CHARACTERS_MAX = 1024 * 1024;

async function* standardInput({ world }: Call): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of world.stdin) {
    yield typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  }
}

function* file({ world }: Call, path: string): Generator<string> {
  try {
    yield world.readFile(resolve(world.cwd, path));
  } catch (error) {
    const code = errorCode(error) === 'EACCES' ? EXIT.permission : EXIT.failure;
    throw new CliError(code, `${path} cannot be read: ${wordsOf(error)}`, { cause: error });
  }
}

async function* linesOf(chunks: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > CHECKED_LINE_CHARACTERS_MAX) {
      const message = `a line has more than ${CHECKED_LINE_CHARACTERS_MAX} characters: expected {"query": "…"} on each line`;
      throw new CliError(EXIT.usage, message);
    }
  }
  yield rest;
}

/** The query of a line such as `{"query": "…"}`; undefined when the line is something else. */
function queryOf(line: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const query = (value as { query?: unknown } | null)?.query;
  return typeof query === 'string' ? query : undefined;
}

/** A scope of all log groups there are, for queries that are only looked at. */
export function offlineScope({ world, options }: Call): QueryScope {
  const nowMs = world.clock.now();
  return {
    groups: LOG_TYPES.map((logType) => ({ name: logGroupName('default', logType), logType })),
    account: '000000000000',
    startMs: 0,
    endMs: nowMs,
    nowMs,
    lenient: options.on('lenient'),
  };
}

interface Mistake {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

function mistakeIn(line: string, scope: QueryScope): Mistake | undefined {
  const query = queryOf(line);
  if (query === undefined) {
    return { message: 'the line is no query: expected {"query": "…"}', start: 0, end: 0 };
  }
  const compiled = compileQuery(query, scope);
  if (compiled.ok) return undefined;
  const { message, start, end } = compiled.error;
  return { message, start, end };
}

/**
 * Prints one JSON line for each line: `{"ok":true}`, or `{"ok":false}` with the message and the
 * characters it is about. Ends with 1 when a query has a mistake.
 */
export async function run(call: Call): Promise<ExitCode> {
  const [path = '-'] = call.arguments;
  const scope = offlineScope(call);
  let mistakes = 0;
  for await (const line of linesOf(path === '-' ? standardInput(call) : file(call, path))) {
    if (line.trim() === '') continue;
    const mistake = mistakeIn(line, scope);
    if (mistake !== undefined) mistakes++;
    const said = mistake === undefined ? { ok: true } : { ok: false, ...mistake };
    await call.world.stdout.write(`${JSON.stringify(said)}\n`);
  }
  return mistakes > 0 ? EXIT.failure : EXIT.ok;
}
