// What asking by StartQuery and GetQueryResults adds to a query, with AWS's own client against the built program:
// the same queries by POST /v1/query beside it, in turns.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudWatchLogsClient,
  GetQueryResultsCommand,
  StartQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { startServer, temporaryDirectory, until } from '../test/e2e/running-server.ts';
import { figure, percentile } from './measure.ts';

const EVENTS = 10_000;
const ROUNDS = 200;
const WARM_UP = 20;
const LOAD_DEADLINE_MS = 60_000;
const GROUP = '/mailtrail/default/authentication';
const QUERY =
  'filter auth_successful = 0 | stats count(*) as n by source_ip | sort n desc | limit 20';

function events(nowMs: number): string {
  return Array.from({ length: EVENTS }, (_, n) =>
    JSON.stringify({
      log_type: 'AUTHENTICATION_LOGS',
      event_timestamp: nowMs - n,
      user: `user${n % 50}`,
      source_ip: `192.0.2.${n % 200}`,
      auth_successful: n % 3 > 0,
    }),
  ).join('\n');
}

function clientOf(url: string, directory: string): CloudWatchLogsClient {
  const text = readFileSync(join(directory, 'credentials'), 'utf8');
  const setting = (name: string): string =>
    new RegExp(`^${name} = (.*)$`, 'm').exec(text)?.[1] ?? '';
  return new CloudWatchLogsClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: {
      accessKeyId: setting('aws_access_key_id'),
      secretAccessKey: setting('aws_secret_access_key'),
    },
  });
}

/** Starts the query and asks until it has ended, without a pause: how long, and how often was asked. */
async function byStartQuery(client: CloudWatchLogsClient, now: number): Promise<number> {
  const from = performance.now();
  const { queryId } = await client.send(
    new StartQueryCommand({
      logGroupName: GROUP,
      queryString: QUERY,
      startTime: now - 3600,
      endTime: now,
    }),
  );
  for (;;) {
    const { status } = await client.send(new GetQueryResultsCommand({ queryId }));
    if (status === 'Complete') return performance.now() - from;
    if (status !== 'Running' && status !== 'Scheduled') throw new Error(`the query is ${status}`);
  }
}

export async function run(): Promise<void> {
  const directory = temporaryDirectory();
  const server = await startServer(directory.path);
  const client = clientOf(server.url, directory.path);
  const nowMs = Date.now();
  const now = Math.ceil(nowMs / 1000);
  const direct = async (): Promise<number> => {
    const from = performance.now();
    await server.query(QUERY, { logGroups: [GROUP], startTime: nowMs - 3_600_000, endTime: nowMs });
    return performance.now() - from;
  };
  try {
    await server.post(events(nowMs));
    const all = async (): Promise<true | undefined> => {
      const [row] = await server.query('stats count(*) as n', { logGroups: [GROUP] });
      return row?.['n'] === String(EVENTS) ? true : undefined;
    };
    await until(all, LOAD_DEADLINE_MS, () => 'the events were not loaded');
    const [started, asked]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS + WARM_UP; round++) {
      const [one, other] = [await byStartQuery(client, now), await direct()];
      if (round < WARM_UP) continue;
      started.push(one);
      asked.push(other);
    }
    const added = started.map((ms, round) => ms - (asked[round] ?? 0));
    for (const [name, values] of [
      ['StartQuery to results', started],
      ['POST /v1/query', asked],
      ['added', added],
    ] as const) {
      figure(`${name}, p50, ms`, percentile(values, 0.5).toFixed(1));
      figure(`${name}, p99, ms`, percentile(values, 0.99).toFixed(1));
    }
  } finally {
    client.destroy();
    await server.stop();
    directory.remove();
  }
}
