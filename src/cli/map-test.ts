// `mailtrail map test`: what a mapping file makes of lines, or whether its own tests pass, before a
// server uses it.
import { resolve } from 'node:path';
import { type NumberedContent, recordsOf } from '../collect/mapping/body-records.ts';
import { recordOfLine } from '../collect/mapping/file-line.ts';
import type { ForeignRecord } from '../collect/mapping/foreign-record.ts';
import { type MappingFileResult, readMappingFile } from '../collect/mapping/mapping-file.ts';
import { MappingSet } from '../collect/mapping/mapping-set.ts';
import { runMappingTest, shownEvent } from '../collect/mapping/mapping-test.ts';
import { nearest } from '../config/suggest.ts';
import { CliError, errorCode, wordsOf } from './cli-error.ts';
import type { Call } from './command.ts';
import { problemLines } from './configuration.ts';
import { escapeForTerminal, safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { paintFor } from './style.ts';
import { TableWriter } from './table.ts';

type ReadFile = Extract<MappingFileResult, { ok: true }>;

function readText({ world }: Call, path: string): string {
  try {
    return world.readFile(resolve(world.cwd, path));
  } catch (error) {
    const code = errorCode(error) === 'EACCES' ? EXIT.permission : EXIT.failure;
    throw new CliError(code, `${path} cannot be read: ${wordsOf(error)}`, { cause: error });
  }
}

function readMappings(call: Call): ReadFile {
  const path = call.arguments[0] ?? '';
  const result = readMappingFile(readText(call, path), path);
  if (!result.ok) throw new CliError(EXIT.config, problemLines(result.problems));
  return result;
}

/** The mapping named by --mapping; undefined for all. */
function named(call: Call, { file }: ReadFile): string | undefined {
  const name = call.options.text('mapping');
  const names = file.mappings.map((mapping) => mapping.name);
  if (name === undefined || names.includes(name)) return name;
  const near = nearest(name, names);
  const advice = near === undefined ? `there are ${names.join(', ')}` : `did you mean "${near}"?`;
  throw new CliError(EXIT.usage, `--mapping: the file has no mapping "${name}"; ${advice}`);
}

/** A record with what became of it. */
interface Tried {
  readonly line: number;
  readonly mapping?: string;
  readonly event?: Readonly<Record<string, unknown>>;
  readonly refused?: string;
}

function tryRecord(set: MappingSet, record: ForeignRecord, line: number, only?: string): Tried[] {
  const mapped = set.map(record, only);
  if (mapped.length === 0) return [{ line }];
  return mapped.map((each) => {
    const event = shownEvent(each);
    const { mapping, problems } = each;
    const refused = problems.join('; ');
    return { line, mapping, ...(event && { event }), ...(refused !== '' && { refused }) };
  });
}

function recordOf(set: MappingSet, { content }: NumberedContent, nowMs: number): ForeignRecord {
  if (typeof content === 'string') return recordOfLine(content, set.file.lines, nowMs);
  return { source: 'file', receivedMs: nowMs, content };
}

async function readInput(call: Call, path: string): Promise<string> {
  if (path !== '-') return readText(call, path);
  const chunks: Buffer[] = [];
  for await (const chunk of call.world.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function resultOf({ mapping, event, refused }: Tried): string {
  if (refused !== undefined) return `refused: ${refused}`;
  if (event !== undefined) return JSON.stringify(event);
  return mapping === undefined ? 'no mapping is for it' : 'no event, as the mapping says';
}

async function printTried(call: Call, tried: readonly Tried[]): Promise<void> {
  const { stdout } = call.world;
  if (call.options.text('output') === 'json') {
    const items = tried.map((each) => `\n  ${safeJson(each)}`).join(',');
    await stdout.write(`[${items}${items === '' ? '' : '\n'}]\n`);
    return;
  }
  const table = new TableWriter(stdout, paintFor(call, stdout));
  await table.begin(['line', 'mapping', 'result']);
  for (const each of tried) {
    const cells = { line: String(each.line), mapping: each.mapping ?? '-', result: resultOf(each) };
    await table.row(new Map(Object.entries(cells)));
  }
  await table.end();
}

async function tryInput(call: Call, read: ReadFile, path: string): Promise<ExitCode> {
  const only = named(call, read);
  const set = new MappingSet(read.file);
  const records = recordsOf(await readInput(call, path));
  const nowMs = call.world.clock.now();
  const tried = records.flatMap((each) =>
    tryRecord(set, recordOf(set, each, nowMs), each.line, only),
  );
  await printTried(call, tried);
  const count = (is: (each: Tried) => boolean): number => tried.filter(is).length;
  const events = count(({ event }) => event !== undefined);
  const refused = count((each) => each.refused !== undefined);
  const passed = count(({ mapping }) => mapping === undefined);
  await call.world.stderr.write(
    `${records.length} records: ${events} events, ${refused} refused, ${passed} that no mapping is for\n`,
  );
  return refused > 0 || passed === records.length ? EXIT.failure : EXIT.ok;
}

async function runTests(call: Call, read: ReadFile): Promise<ExitCode> {
  const { stdout, stderr, clock } = call.world;
  if (read.tests.length === 0) {
    throw new CliError(EXIT.failure, 'the file has no tests; write some, or give lines by --input');
  }
  const only = named(call, read);
  const set = new MappingSet(read.file);
  const chosen = read.tests.filter(({ mapping }) => only === undefined || mapping === only);
  const results = chosen.map((test) => {
    const failures = runMappingTest(set, test, clock.now());
    return { name: test.name, passed: failures.length === 0, failures };
  });
  if (call.options.text('output') === 'json') {
    await stdout.write(`[\n${results.map((each) => `  ${safeJson(each)}`).join(',\n')}\n]\n`);
  } else {
    const paint = paintFor(call, stdout);
    for (const { name, passed, failures } of results) {
      const mark = passed ? paint('✓', 'green') : paint('✗', 'red');
      const why = failures.map((failure) => `    ${escapeForTerminal(failure)}\n`);
      await stdout.write(`${mark} ${escapeForTerminal(name)}\n${why.join('')}`);
    }
  }
  const failed = results.filter(({ passed }) => !passed).length;
  await stderr.write(`${results.length - failed} of ${results.length} tests pass\n`);
  return failed === 0 && results.length > 0 ? EXIT.ok : EXIT.failure;
}

/** Ends with 0 when all is well, 1 when a test fails or a line is refused, 3 when the file is wrong. */
export async function run(call: Call): Promise<ExitCode> {
  const read = readMappings(call);
  const input = call.options.text('input');
  return input === undefined ? runTests(call, read) : tryInput(call, read, input);
}
