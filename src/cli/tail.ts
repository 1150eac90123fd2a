// `mailtrail tail`: the newest events, and with -f those that arrive, as they arrive.
import { DAY_MS } from '../config/quantity.ts';
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { escapeForTerminal, safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { resolveGroupNames, shortName } from './log-groups.ts';
import { countOption } from './query.ts';
import { locateMistake } from './query-mistake.ts';
import { streamItems } from './query-stream.ts';
import type { ResultRow } from './result-writer.ts';
import { paintFor } from './style.ts';

const LINES_DEFAULT = 10;
/** The newest events are kept in memory to be turned around. */
const LINES_MAX = 10_000;
/** How far back "the newest" looks; older events are found with `query`. */
const LOOK_BACK_MS = 30 * DAY_MS;
/** Events may be dated ahead a little, as admission allows. */
const LOOK_AHEAD_MS = 2 * 60 * 60 * 1000;

const FIELDS = 'fields @timestamp, @log, @message';

type Print = (row: ResultRow) => Promise<void>;

function printer(call: Call): Print {
  const { stdout } = call.world;
  if (call.options.text('output') === 'ndjson') {
    return (row) => stdout.write(`${safeJson(Object.fromEntries(row))}\n`);
  }
  const paint = paintFor(call, stdout);
  return async (row) => {
    const time = escapeForTerminal(row.get('@timestamp') ?? '');
    const log = escapeForTerminal(shortName(row.get('@log') ?? ''));
    const message = escapeForTerminal(row.get('@message') ?? '');
    await stdout.write(`${paint(time, 'dim')} ${paint(log, 'bold')} ${message}\n`);
  };
}

/** The newest events, oldest of them first. */
async function newest(
  call: Call,
  client: ApiClient,
  logGroups: readonly string[],
  print: Print,
): Promise<void> {
  const lines = Math.min(countOption(call, 'lines') ?? LINES_DEFAULT, LINES_MAX);
  const filter = call.options.text('filter');
  const prefix = `${FIELDS} | filter `;
  const nowMs = call.world.clock.now();
  // On a line of its own, as the filter may end with a comment.
  const text = filter === undefined ? FIELDS : prefix + filter;
  const request = {
    query: `${text}\n| sort @timestamp desc | limit ${lines}`,
    startTime: nowMs - LOOK_BACK_MS,
    endTime: nowMs + LOOK_AHEAD_MS,
    ...(logGroups.length > 0 && { logGroups }),
  };
  let response: Response;
  try {
    response = await client.post('/v1/query', request);
  } catch (error) {
    throw locateMistake(error, filter ?? '', prefix.length);
  }
  const rows: ResultRow[] = [];
  for await (const item of streamItems(response)) if (item.kind === 'row') rows.push(item.row);
  for (const row of rows.reverse()) await print(row);
  if (rows.length === 0) {
    await call.world.stderr.write(
      'No events in the last 30 days. "mailtrail doctor" tells whether the logs are read.\n',
    );
  }
}

/** What arrives, until it is interrupted or the server stops. */
async function follow(
  call: Call,
  client: ApiClient,
  logGroups: readonly string[],
  print: Print,
): Promise<void> {
  const filter = call.options.text('filter');
  const search = new URLSearchParams();
  if (filter !== undefined) search.set('filter', filter);
  for (const group of logGroups) search.append('logGroup', group);
  let response: Response;
  try {
    response = await client.get('/v1/tail', search);
  } catch (error) {
    throw locateMistake(error, filter ?? '');
  }
  for await (const item of streamItems(response)) {
    if (item.kind === 'row') await print(item.row);
    else if (item.kind === 'truncated') {
      const message = `More than ${item.rowsMax} events came at once; some are not shown. Narrow it with --filter, or find them with "mailtrail query".\n`;
      await call.world.stderr.write(message);
    }
  }
}

/** Prints the newest events; with `--follow` it goes on until it is interrupted. */
export async function run(call: Call): Promise<ExitCode> {
  const client = await ApiClient.find(call);
  const logGroups = await resolveGroupNames(client, call.options.texts('log-group'));
  const print = printer(call);
  if (call.options.on('follow')) await follow(call, client, logGroups, print);
  else await newest(call, client, logGroups, print);
  return EXIT.ok;
}
