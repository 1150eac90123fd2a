// `mailtrail query`: asks the server and prints the rows as they come.
import { DAY_MS, formatDuration, formatSize } from '../config/quantity.ts';
import { ApiClient } from './api-client.ts';
import { CliError } from './cli-error.ts';
import type { Call } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { resolveGroupNames } from './log-groups.ts';
import { locateMistake } from './query-mistake.ts';
import { streamItems, type StreamItem } from './query-stream.ts';
import { resultWriter } from './result-writer.ts';
import { parseTime } from './time-argument.ts';

/** A query longer than this is refused by the server; reading on would only take memory. */
const QUERY_CHARACTERS_MAX = 1024 * 1024;
const LIMIT_MAX = Number.MAX_SAFE_INTEGER;
const POINTER = '@ptr';

/** The query of the argument, or from standard input for `-`. Throws a CliError when it is empty. */
export async function queryText(call: Call): Promise<string> {
  const [argument = ''] = call.arguments;
  const query = argument === '-' ? await readQuery(call) : argument;
  if (query.trim() === '') throw new CliError(EXIT.usage, 'the query is empty');
  return query;
}

async function readQuery({ world }: Call): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of world.stdin) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    if (text.length > QUERY_CHARACTERS_MAX) {
      const message = `standard input: expected a query of at most ${QUERY_CHARACTERS_MAX} characters, found more`;
      throw new CliError(EXIT.usage, message);
    }
  }
  return text;
}

/** `--start` and `--end`, by default the last day. */
export function timeRange({ options, world }: Call): { startMs: number; endMs: number } {
  const nowMs = world.clock.now();
  const endMs = parseTime(options.text('end') ?? 'now', '--end', nowMs);
  const start = options.text('start');
  const startMs = start === undefined ? endMs - DAY_MS : parseTime(start, '--start', nowMs);
  if (startMs > endMs) {
    const shown = `${new Date(startMs).toISOString()} is after ${new Date(endMs).toISOString()}`;
    throw new CliError(EXIT.usage, `--start ${shown}, the end; swap them`);
  }
  return { startMs, endMs };
}

/** A whole number from 1; undefined when the option was not given. */
export function countOption({ options }: Call, name: string): number | undefined {
  const text = options.text(name);
  if (text === undefined) return undefined;
  const count = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= LIMIT_MAX) return count;
  throw new CliError(EXIT.usage, `--${name} ${text}: expected a whole number from 1`);
}

function emptyHint(range: { startMs: number; endMs: number }, groups: readonly string[]): string {
  const from = new Date(range.startMs).toISOString();
  const to = new Date(range.endMs).toISOString();
  const where = groups.length === 0 ? 'all log groups' : groups.join(', ');
  return `No events matched in ${where} from ${from} to ${to}. Look further back with --start (e.g. --start 7d); "mailtrail groups" tells what there is.\n`;
}

/**
 * The pointer that every event carries is for programs that read the API; here it is shown only to
 * who asks for it, as the Logs Insights console does.
 */
export function withoutPointer(item: StreamItem, query: string): StreamItem {
  if (query.includes(POINTER)) return item;
  if (item.kind === 'columns') {
    return { ...item, columns: item.columns.filter((name) => name !== POINTER) };
  }
  if (item.kind !== 'row') return item;
  return { ...item, row: new Map([...item.row].filter(([name]) => name !== POINTER)) };
}

function statisticsLine(item: StreamItem & { kind: 'end' }): string {
  const { recordsScanned, bytesScanned, elapsedMs } = item.statistics;
  const parts = [`${item.resultCount} ${item.resultCount === 1 ? 'row' : 'rows'}`];
  if (recordsScanned !== undefined) parts.push(`${recordsScanned} events read`);
  if (bytesScanned !== undefined) parts.push(formatSize(bytesScanned));
  if (elapsedMs !== undefined) parts.push(formatDuration(elapsedMs));
  return `${parts.join(', ')}\n`;
}

/**
 * Runs the query. Ends with 2 when the query has a mistake, with 1 when it is empty and
 * `--fail-on-empty` was given.
 */
export async function run(call: Call): Promise<ExitCode> {
  const { stderr } = call.world;
  const query = await queryText(call);
  const range = timeRange(call);
  const limit = countOption(call, 'limit');
  const client = await ApiClient.find(call);
  const logGroups = await resolveGroupNames(client, call.options.texts('log-group'));
  const request = {
    query,
    startTime: range.startMs,
    endTime: range.endMs,
    ...(logGroups.length > 0 && { logGroups }),
    ...(limit !== undefined && { limit }),
  };
  let response: Response;
  try {
    response = await client.post('/v1/query', request);
  } catch (error) {
    throw locateMistake(error, query);
  }
  const writer = resultWriter(call);
  let rows = 0;
  for await (const whole of streamItems(response)) {
    const item = withoutPointer(whole, query);
    if (item.kind === 'columns') await writer.begin(item.columns);
    else if (item.kind === 'row') {
      rows++;
      await writer.row(item.row);
    } else if (item.kind === 'end') {
      await writer.end();
      const wanted = stderr.isTerminal || call.options.on('verbose');
      if (wanted && rows > 0) await stderr.write(statisticsLine(item));
    }
  }
  if (rows > 0) return EXIT.ok;
  await stderr.write(emptyHint(range, logGroups));
  return call.options.on('fail-on-empty') ? EXIT.failure : EXIT.ok;
}
