// Events as they were put or told, with AWS's SDK before the built program: by stream, by filter pattern, live,
// one by its pointer, and which fields there are.
import {
  type CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  GetLogGroupFieldsCommand,
  GetLogRecordCommand,
  GetQueryResultsCommand,
  type OutputLogEvent,
  paginateFilterLogEvents,
  PutLogEventsCommand,
  StartLiveTailCommand,
  StartQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../e2e/running-server.ts';
import { type AwsWorld, startAwsWorld } from './aws-world.ts';

const AUDIT = '/mailtrail/default/authentication';
const GROUP = '/app';
const DEADLINE_MS = 30_000;
/** The events of the tests are some minutes old, so that all fit before now. */
const BASE_MS = Date.now() - 5 * 60_000;
const COUNT = 25;

let world: AwsWorld;
let client: CloudWatchLogsClient;

function message(n: number): string {
  return JSON.stringify({ n, level: n % 5 === 0 ? 'error' : 'info', user: { name: `u${n}` } });
}

function numbersOf(events: readonly OutputLogEvent[] = []): number[] {
  return events.map((event) => (JSON.parse(event.message ?? '') as { n: number }).n);
}

async function put(
  logStreamName: string,
  texts: readonly string[],
  firstMs: number,
): Promise<void> {
  const logEvents = texts.map((text, n) => ({ timestamp: firstMs + n, message: text }));
  await client.send(new PutLogEventsCommand({ logGroupName: GROUP, logStreamName, logEvents }));
}

beforeAll(async () => {
  world = await startAwsWorld();
  ({ client } = world);
  await client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
  for (const logStreamName of ['a', 'b']) {
    await client.send(new CreateLogStreamCommand({ logGroupName: GROUP, logStreamName }));
  }
  await put(
    'a',
    Array.from({ length: COUNT }, (_, n) => message(n)),
    BASE_MS,
  );
  await put('b', ['plain ERROR one', 'plain two'], BASE_MS + 10);
  await world.server.post(
    [1, 2, 3]
      .map((n) =>
        JSON.stringify({
          log_type: 'AUTHENTICATION_LOGS',
          event_timestamp: BASE_MS + n,
          user: `user${n}`,
          auth_successful: n !== 2,
          source_ip: '192.0.2.7',
        }),
      )
      .join('\n'),
  );
  await until(
    async () => {
      const { events = [] } = await client.send(
        new FilterLogEventsCommand({ logGroupName: GROUP }),
      );
      const audit = await client.send(new FilterLogEventsCommand({ logGroupName: AUDIT }));
      return events.length === COUNT + 2 && audit.events?.length === 3 ? true : undefined;
    },
    DEADLINE_MS,
    () => 'the events were not loaded',
  );
}, 90_000);
afterAll(() => world.remove());

test('a stream is read from its head, page by page, to an end that says so', async () => {
  const seen: (string | undefined)[] = [];
  const input = { logGroupName: GROUP, logStreamName: 'a', startFromHead: true, limit: 10 };
  let nextToken: string | undefined;
  for (;;) {
    const page = await client.send(new GetLogEventsCommand({ ...input, nextToken }));
    seen.push(...(page.events ?? []).map((event) => event.message));
    expect(page.nextBackwardToken).toBeDefined();
    if (page.nextForwardToken === nextToken) break;
    nextToken = page.nextForwardToken;
  }
  expect(seen).toEqual(Array.from({ length: COUNT }, (_, n) => message(n)));
  await put('a', ['new'], BASE_MS + 1000);
  const next = await until(
    async () => {
      const page = await client.send(new GetLogEventsCommand({ ...input, nextToken }));
      return page.events?.length === 1 ? page.events : undefined;
    },
    DEADLINE_MS,
    () => 'the new event did not come',
  );
  expect(next[0]).toMatchObject({ message: 'new', timestamp: BASE_MS + 1000 });
  expect(next[0]?.ingestionTime).toBeGreaterThan(BASE_MS);
});

test('without a head the newest come, in the order of time, and older ones behind the backward token', async () => {
  const input = { logGroupName: GROUP, logStreamName: 'a', limit: 3, endTime: BASE_MS + COUNT };
  const newest = await client.send(new GetLogEventsCommand(input));
  expect(numbersOf(newest.events)).toEqual([22, 23, 24]);
  const nextToken = newest.nextBackwardToken;
  const older = await client.send(new GetLogEventsCommand({ ...input, nextToken }));
  expect(numbersOf(older.events)).toEqual([19, 20, 21]);
  const forward = older.nextForwardToken;
  const again = await client.send(new GetLogEventsCommand({ ...input, nextToken: forward }));
  expect(numbersOf(again.events)).toEqual([22, 23, 24]);
  const from = { startTime: BASE_MS + 4, endTime: BASE_MS + 6 };
  const range = await client.send(new GetLogEventsCommand({ ...input, ...from }));
  expect(numbersOf(range.events)).toEqual([4, 5]);
});

test('events are filtered by pattern, stream and time, over pages', async () => {
  const seen: (string | undefined)[] = [];
  const pages = paginateFilterLogEvents(
    { client, pageSize: 2 },
    { logGroupName: GROUP, filterPattern: '{ $.level = "error" && $.n < 20 }' },
  );
  for await (const { events = [] } of pages) seen.push(...events.map((event) => event.message));
  expect(seen).toEqual([0, 5, 10, 15].map(message));
  const text = await client.send(
    new FilterLogEventsCommand({ logGroupName: GROUP, filterPattern: 'plain -two' }),
  );
  expect(text.events).toMatchObject([
    { logStreamName: 'b', message: 'plain ERROR one', timestamp: BASE_MS + 10 },
  ]);
  expect(text.events?.[0]?.eventId).toMatch(/^\d{56}$/);
  const inStream = await client.send(
    new FilterLogEventsCommand({
      logGroupIdentifier: `arn:aws:logs:us-east-1:000000000000:log-group:${GROUP}`,
      logStreamNamePrefix: 'b',
      endTime: BASE_MS + 10,
    }),
  );
  expect(inStream.events).toHaveLength(1);
  const bad = new FilterLogEventsCommand({ logGroupName: GROUP, filterPattern: '{ $.x' });
  await expect(client.send(bad)).rejects.toMatchObject({ name: 'InvalidParameterException' });
});

test('an audit log is read in the same way', async () => {
  const failed = await client.send(
    new FilterLogEventsCommand({
      logGroupName: AUDIT,
      filterPattern: '{ $.auth_successful IS FALSE && $.source_ip = 192.0.2.* }',
    }),
  );
  expect(failed.events).toHaveLength(1);
  expect(failed.events?.[0]?.logStreamName).toBe('mailtrail');
  expect(JSON.parse(failed.events?.[0]?.message ?? '')).toMatchObject({
    user: 'user2',
    auth_successful: false,
  });
  const stream = { logGroupName: AUDIT, logStreamName: 'mailtrail', startFromHead: true };
  const { events = [] } = await client.send(new GetLogEventsCommand({ ...stream, limit: 2 }));
  expect(events.map(({ timestamp }) => timestamp)).toEqual([BASE_MS + 1, BASE_MS + 2]);
});

test('a result of a query leads to its whole record', async () => {
  const now = Math.floor(Date.now() / 1000);
  const { queryId } = await client.send(
    new StartQueryCommand({
      logGroupName: GROUP,
      queryString: 'fields n | filter n = 7',
      startTime: now - 3600,
      endTime: now,
    }),
  );
  const pointer = await until(
    async () => {
      const { status, results } = await client.send(new GetQueryResultsCommand({ queryId }));
      if (status !== 'Complete') return undefined;
      return results?.[0]?.find(({ field }) => field === '@ptr')?.value;
    },
    DEADLINE_MS,
    () => 'the query did not end',
  );
  const { logRecord } = await client.send(new GetLogRecordCommand({ logRecordPointer: pointer }));
  expect(logRecord).toMatchObject({
    n: '7',
    level: 'info',
    'user.name': 'u7',
    '@message': message(7),
    '@logStream': 'a',
    '@log': `000000000000:${GROUP}`,
  });
  const nowhere = new GetLogRecordCommand({
    logRecordPointer: Buffer.from('e99').toString('base64'),
  });
  await expect(client.send(nowhere)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('the fields of a group are told with how many events have them', async () => {
  const { logGroupFields = [] } = await client.send(
    new GetLogGroupFieldsCommand({ logGroupName: GROUP }),
  );
  const percent = new Map(logGroupFields.map(({ name, percent: of }) => [name, of]));
  expect(percent.get('@message')).toBe(100);
  expect(percent.get('user.name')).toBe(89);
});

test('a live tail shows what comes from now on, and nothing else', async () => {
  const arn = `arn:aws:logs:us-east-1:000000000000:log-group:${GROUP}`;
  const leave = new AbortController();
  const { responseStream } = await client.send(
    new StartLiveTailCommand({ logGroupIdentifiers: [arn], logEventFilterPattern: 'live' }),
    { abortSignal: leave.signal },
  );
  if (responseStream === undefined) throw new Error('there is no stream');
  const shown: unknown[] = [];
  for await (const event of responseStream) {
    if (event.sessionStart !== undefined) {
      expect(event.sessionStart.logGroupIdentifiers).toEqual([arn]);
      await put('b', ['not this', 'a live one'], Date.now());
    }
    shown.push(...(event.sessionUpdate?.sessionResults ?? []));
    if (shown.length > 0) break;
  }
  leave.abort();
  expect(shown).toMatchObject([
    { message: 'a live one', logStreamName: 'b', logGroupIdentifier: arn },
  ]);
});
