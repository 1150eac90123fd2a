// Deliveries as an administrator has them: declared in the configuration file and followed at a reload, or made,
// paused, resumed and deleted by the command line; with a filter, redaction and sampling.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteDeliveryCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyOf, REGION } from '../compat/aws-world.ts';
import {
  MAIN,
  type RunningServer,
  startServer,
  temporaryDirectory,
  until,
} from './running-server.ts';

const ARRIVES_WITHIN_MS = 60_000;
const directory = temporaryDirectory();
const data = join(directory.path, 'data');
const config = join(directory.path, 'config.yaml');
let server: RunningServer;
let client: CloudWatchLogsClient;

const declared = (filter: string): string => `
deliveries:
  - name: failures
    logs: [authentication, access-control]
    to: { logGroup: { logGroupName: /failures } }
    filter: ${filter}
    redact: [{ field: user, how: hash }]
`;

beforeAll(async () => {
  writeFileSync(config, declared('auth_successful = 0'));
  server = await startServer(data, { arguments: ['--config', config] });
  client = new CloudWatchLogsClient({
    endpoint: server.url,
    region: REGION,
    credentials: keyOf(data),
    maxAttempts: 1,
  });
  for (const logGroupName of ['/failures', '/all', '/some']) {
    await client.send(new CreateLogGroupCommand({ logGroupName }));
  }
});

afterAll(async () => {
  client?.destroy();
  await server?.stop();
  directory.remove();
});

interface Told {
  readonly id: string;
  readonly name: string;
  readonly logType: string;
  readonly declared?: true;
  readonly paused?: true;
  readonly filter?: string;
  readonly status?: { readonly position: number; readonly behindEvents: number };
}

const run = promisify(execFile);

async function cli(...args: readonly string[]): Promise<string> {
  const where = ['--endpoint-url', server.url, '--data', data];
  const { stdout } = await run(process.execPath, [MAIN, 'deliveries', ...args, ...where]);
  return stdout;
}

const listed = async (): Promise<readonly Told[]> =>
  JSON.parse(await cli('list', '-o', 'json')) as readonly Told[];

let posted = 0;

async function post(count: number): Promise<void> {
  const lines = Array.from({ length: count }, () => {
    const n = posted++;
    return JSON.stringify({
      log_type: 'AUTHENTICATION_LOGS',
      event_timestamp: Date.now(),
      request_id: `request-${n}`,
      user: `user${n}`,
      auth_successful: n % 2 === 0,
    });
  });
  expect((await server.post(lines.join('\n'))).status).toBe(200);
}

async function rowsIn(group: string, count: number): Promise<Record<string, string>[]> {
  const query = 'fields request_id, user, auth_successful | sort event_timestamp | limit 10000';
  return until(
    async () => {
      const rows = await server.query(query, { logGroups: [group] });
      return rows.length >= count ? rows : undefined;
    },
    ARRIVES_WITHIN_MS,
    () => `not all arrived in ${group}\n${server.log()}`,
  );
}

test('declared deliveries are made at the start, shown as such, and only changed in the file', async () => {
  const deliveries = await listed();
  expect(new Set(deliveries.map(({ name, logType }) => `${name} ${logType}`))).toEqual(
    new Set(['failures ACCESS_CONTROL_LOGS', 'failures AUTHENTICATION_LOGS']),
  );
  expect(deliveries.map(({ declared: is }) => is)).toEqual([true, true]);
  await post(10);
  const rows = await rowsIn('/failures', 5);
  expect(rows).toHaveLength(5);
  expect(rows.every((row) => /^[0-9a-f]{64}$/.test(row['user'] ?? ''))).toBe(true);
  expect(new Set(rows.map((row) => row['auth_successful']))).toEqual(new Set(['0']));
  const refused = {
    message: expect.stringMatching(/declared in (?:Mailtrail's|the) configuration file/),
  };
  await expect(cli('delete', 'failures')).rejects.toMatchObject(refused);
  const id = deliveries[0]?.id;
  await expect(client.send(new DeleteDeliveryCommand({ id }))).rejects.toMatchObject({
    name: 'ConflictException',
    ...refused,
  });
});

test('a reload changes what is declared, without a gap, and removes what is not any more', async () => {
  writeFileSync(config, declared('auth_successful = 1'));
  server.process.kill('SIGHUP');
  await until(
    async () =>
      (await listed()).every(({ filter }) => filter === 'auth_successful = 1') || undefined,
    ARRIVES_WITHIN_MS,
    () => server.log(),
  );
  // The run itself follows within a moment; until then the old filter holds.
  const before = (await rowsIn('/failures', 5)).length;
  await until(
    async () => {
      await post(2);
      const rows = await rowsIn('/failures', before);
      return rows.some((row) => row['auth_successful'] === '1') || undefined;
    },
    ARRIVES_WITHIN_MS,
    () => server.log(),
  );
  writeFileSync(config, 'deliveries: []\n');
  server.process.kill('SIGHUP');
  await until(
    async () => ((await listed()).length === 0 ? true : undefined),
    ARRIVES_WITHIN_MS,
    () => server.log(),
  );
});

test('a delivery is made by command, holds while it is paused, and goes on without a gap', async () => {
  const made = await cli('create', 'all', '--log', 'authentication', '--to', 'log-group:/all');
  expect(made).toMatch(/\(all\): AUTHENTICATION_LOGS to log group \/all made/);
  expect(await cli('test', 'all')).toMatch(/there is the log group \/all/);
  const first = posted;
  await post(20);
  await rowsIn('/all', 20);
  expect(await cli('pause', 'all')).toMatch(/paused$/m);
  await until(
    async () => ((await listed())[0]?.paused === true ? true : undefined),
    ARRIVES_WITHIN_MS,
    () => server.log(),
  );
  await post(30);
  expect(await cli('status', 'all')).toMatch(/: paused$/m);
  expect(await cli('resume', 'all')).toMatch(/goes on$/m);
  const rows = await rowsIn('/all', 50);
  const ids = new Set(rows.map((row) => row['request_id']));
  expect(rows).toHaveLength(50);
  expect(ids).toEqual(new Set(Array.from({ length: 50 }, (_, at) => `request-${first + at}`)));
  expect(await cli('show', 'all')).toMatch(
    /^deliveries:\n {2}# .*\n {2}- name: all\n[^]* {4}to:\n {6}logGroup:\n {8}logGroupName: \/all\n/,
  );
  const shown = join(directory.path, 'shown.yaml');
  writeFileSync(shown, await cli('show', 'all'));
  expect(await cli('put', '-f', shown, '--dry-run')).toBe('all: as it should be\n');
  expect(await cli('put', '-f', shown)).toMatch(/as described$/m);
  expect(await cli('delete', 'all', '--dry-run')).toMatch(/would be deleted/);
  expect(await listed()).toHaveLength(1);
  expect(await cli('delete', 'all')).toMatch(/deleted$/m);
  expect(await listed()).toEqual([]);
  await expect(cli('show', 'all')).rejects.toMatchObject({
    code: 5,
    message: expect.stringMatching(/there is no delivery "all"/),
  });
});

test('one of so many leaves, and every change is a management event', async () => {
  const file = join(directory.path, 'some.yaml');
  writeFileSync(
    file,
    'name: some\nlogs: [authentication]\nto: { logGroup: { logGroupName: /some } }\nsampleOneIn: 10\n',
  );
  await cli('create', '-f', file);
  await post(2000);
  await until(
    async () => ((await listed())[0]?.status?.behindEvents === 0 ? true : undefined),
    ARRIVES_WITHIN_MS,
    () => server.log(),
  );
  const { length } = await rowsIn('/some', 100);
  expect(length).toBeGreaterThan(150);
  expect(length).toBeLessThan(250);
  const told = await until(
    async () => {
      const rows = await server.query(
        'filter event_name like /Delivery/ | stats count(*) as changes by event_name | sort event_name',
        { logGroups: ['/mailtrail/default/management'] },
      );
      return rows.length >= 9 ? rows.map((row) => row['event_name']) : undefined;
    },
    ARRIVES_WITHIN_MS,
    () => server.log(),
  );
  expect(told).toEqual([
    'CreateDelivery',
    'DeleteDelivery',
    'DeleteDeliveryDestination',
    'DeleteDeliverySource',
    'PauseDelivery',
    'PutDeliveryDestination',
    'PutDeliverySource',
    'ResumeDelivery',
    'UpdateDeliveryConfiguration',
  ]);
});
