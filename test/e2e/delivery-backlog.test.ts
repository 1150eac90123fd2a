// What happens when a destination is away for longer than its backlog may grow: nothing more is accepted, and it
// is said where an administrator looks, or the oldest is dropped, on record.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyOf, REGION } from '../compat/aws-world.ts';
import {
  MAIN,
  type RunningServer,
  startServer,
  temporaryDirectory,
  until,
} from './running-server.ts';

const WITHIN_MS = 90_000;
/** The least that can be set. */
const BACKLOG = '64MiB';
const EVENTS_A_POST = 2_000;
const POSTS_MAX = 400;

const directory = temporaryDirectory();
const data = join(directory.path, 'data');
let server: RunningServer;
let posted = 0;

beforeAll(async () => {
  server = await startServer(data);
});

afterAll(async () => {
  await server?.stop();
  directory.remove();
});

const run = promisify(execFile);

async function cli(...args: readonly string[]): Promise<string> {
  const where = ['--endpoint-url', server.url, '--data', data];
  const { stdout } = await run(process.execPath, [MAIN, 'deliveries', ...args, ...where]);
  return stdout;
}

/** Some 700 KB of events; the answer's status. */
async function post(): Promise<number> {
  const lines = Array.from({ length: EVENTS_A_POST }, (_, at) =>
    JSON.stringify({
      log_type: 'AUTHENTICATION_LOGS',
      event_timestamp: Date.now(),
      request_id: `request-${posted + at}`,
      user: 'anna',
      auth_successful: true,
      detail: 'x'.repeat(200),
    }),
  );
  const { status } = await server.post(lines.join('\n'));
  if (status === 200) posted += EVENTS_A_POST;
  return status;
}

interface Status {
  readonly position: number;
  readonly dropped: number;
  readonly behindEvents: number;
  readonly behindBytes: number;
}

async function statusOf(name: string): Promise<Status> {
  const [told] = JSON.parse(await cli('list', '-o', 'json').catch(() => '[]')) as readonly {
    readonly name: string;
    readonly status: Status;
  }[];
  if (told?.name !== name) throw new Error(`the delivery ${name} is not there`);
  return told.status;
}

test('nothing more is accepted while a backlog is full, and it goes on by itself', async () => {
  const client = new CloudWatchLogsClient({
    endpoint: server.url,
    region: REGION,
    credentials: keyOf(data),
    maxAttempts: 1,
  });
  await cli(
    'create',
    'copies',
    '--log',
    'authentication',
    '--to',
    'log-group:/copies',
    '--backlog',
    BACKLOG,
  );
  let status = 200;
  for (let posts = 0; status === 200 && posts < POSTS_MAX; posts++) status = await post();
  expect(status).toBe(507);
  const ready = await fetch(`${server.url}/readyz`);
  expect([ready.status, await ready.text()]).toEqual([
    503,
    expect.stringMatching(/the delivery [0-9a-f]{16} \(copies\) is \d+ bytes behind/),
  ]);
  // What the server says itself is taken, and the way out is open.
  await client.send(new CreateLogGroupCommand({ logGroupName: '/copies' }));
  await until(
    async () => ((await post()) === 200 ? true : undefined),
    WITHIN_MS,
    () => server.log(),
  );
  await until(
    async () => ((await statusOf('copies')).behindEvents === 0 ? true : undefined),
    WITHIN_MS,
    () => server.log(),
  );
  // All of it, in the store, too; more than was posted would be an event twice.
  const copies = async (): Promise<number> => {
    const [row] = await server.query('stats count(*) as n', { logGroups: ['/copies'] });
    return Number(row?.['n']);
  };
  await until(
    async () => ((await copies()) >= posted ? true : undefined),
    WITHIN_MS,
    () => server.log(),
  );
  expect(await copies()).toBe(posted);
  client.destroy();
  await cli('delete', 'copies');
});

test('the oldest is dropped where that is wanted, and it is on record how many', async () => {
  const more = ['--backlog', BACKLOG, '--when-backlog-full', 'drop-oldest'];
  await cli('create', 'lossy', '--log', 'authentication', '--to', 'log-group:/nowhere', ...more);
  let dropped = 0;
  for (let posts = 0; dropped === 0 && posts < POSTS_MAX; posts++) {
    expect(await post()).toBe(200);
    if (posts % 10 === 9) ({ dropped } = await statusOf('lossy'));
  }
  await until(
    async () => {
      ({ dropped } = await statusOf('lossy'));
      return dropped > 0 ? true : undefined;
    },
    WITHIN_MS,
    () => server.log(),
  );
  const told = await until(
    async () => {
      const rows = await server.query(
        'filter event_name = "DropDeliveryBacklog" | fields event_name, after.records, after.destinationName',
        { logGroups: ['/mailtrail/default/management'] },
      );
      return rows.length > 0 ? rows : undefined;
    },
    WITHIN_MS,
    () => server.log(),
  );
  const records = told.map((row) => Number(row['after.records']));
  expect(records.reduce((sum, each) => sum + each, 0)).toBe((await statusOf('lossy')).dropped);
  expect(told[0]?.['after.destinationName']).toBe('lossy');
});
