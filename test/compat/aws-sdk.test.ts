// CloudWatch Logs of the built program with AWS's SDK for JavaScript: the real server, engine, journal and
// state behind it, over a kill.
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DeleteQueryDefinitionCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  GetQueryResultsCommand,
  PutLogEventsCommand,
  PutQueryDefinitionCommand,
  DescribeQueryDefinitionsCommand,
  PutRetentionPolicyCommand,
  type ResultField,
  StartQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../e2e/running-server.ts';
import { type AwsWorld, startAwsWorld } from './aws-world.ts';

const AUDIT = '/mailtrail/default/authentication';
const DEADLINE_MS = 30_000;

let world: AwsWorld;
beforeAll(async () => {
  world = await startAwsWorld();
}, 90_000);
afterAll(() => world.remove());

/** The rows of a query over the last hour as objects. */
async function rowsOf(
  queryString: string,
  ...logGroupNames: readonly string[]
): Promise<Record<string, string>[]> {
  const now = Math.floor(Date.now() / 1000);
  const { queryId } = await world.client.send(
    new StartQueryCommand({
      logGroupNames: [...logGroupNames],
      queryString,
      startTime: now - 3600,
      endTime: now,
    }),
  );
  const results = await until(
    async () => {
      const answer = await world.client.send(new GetQueryResultsCommand({ queryId }));
      return answer.status === 'Complete' ? (answer.results ?? []) : undefined;
    },
    DEADLINE_MS,
    () => `the query did not end: ${queryString}`,
  );
  return results.map(objectOf);
}

function objectOf(row: readonly ResultField[]): Record<string, string> {
  const cells = row.filter(({ field }) => field !== '@ptr');
  return Object.fromEntries(cells.map(({ field = '', value = '' }) => [field, value]));
}

/** Asks until the rows are so many: events are loaded within a second or two. */
function rowsWhenThere(count: number, queryString: string, ...groups: readonly string[]) {
  return until(
    async () => {
      const rows = await rowsOf(queryString, ...groups);
      return rows.length >= count ? rows : undefined;
    },
    DEADLINE_MS,
    () => `no ${count} rows: ${queryString}`,
  );
}

test('what is put is queried, alone and beside an audit log, and survives a kill', async () => {
  const logGroupName = '/app/web';
  const logStreamName = 'host/1';
  await world.client.send(new CreateLogGroupCommand({ logGroupName, tags: { team: 'web' } }));
  await world.client.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  const timestamp = Date.now();
  const texts = ['{"user":"bob","status":500}', '{"user":"eve","status":200}', 'plain text'];
  await world.client.send(
    new PutLogEventsCommand({
      logGroupName,
      logStreamName,
      logEvents: texts.map((message, n) => ({ timestamp: timestamp + n, message })),
    }),
  );
  await world.restart('SIGKILL');
  const sorted = 'fields @message, @logStream | sort @timestamp asc';
  expect(await rowsWhenThere(3, sorted, logGroupName)).toEqual(
    texts.map((text) => ({ '@message': text, '@logStream': logStreamName })),
  );
  await world.server.post(
    `{"log_type":"AUTHENTICATION_LOGS","event_timestamp":${timestamp},"user":"bob","auth_successful":true}\n`,
  );
  const both = 'stats count(*) as n by user, @log | sort user, n';
  await rowsWhenThere(1, 'filter user = "bob"', AUDIT);
  const rows = await rowsOf(`filter ispresent(user) | ${both}`, AUDIT, logGroupName);
  expect(rows).toEqual([
    { user: 'bob', '@log': expect.stringContaining(':') as string, n: '1' },
    { user: 'bob', '@log': expect.stringContaining(':') as string, n: '1' },
    { user: 'eve', '@log': expect.stringContaining(':/app/web') as string, n: '1' },
  ]);
  const named = { logGroups: [logGroupName] };
  expect(await world.server.query('stats count(*) as n', named)).toEqual([{ n: '3' }]);
  const { logStreams } = await world.client.send(new DescribeLogStreamsCommand({ logGroupName }));
  expect(logStreams).toMatchObject([
    { logStreamName, firstEventTimestamp: timestamp, lastEventTimestamp: timestamp + 2 },
  ]);
});

test('what was changed is there after a kill, and each change is one management event', async () => {
  const queryString = 'stats count(*) by user';
  await world.client.send(new PutQueryDefinitionCommand({ name: 'mine', queryString }));
  await world.client.send(
    new PutRetentionPolicyCommand({ logGroupName: AUDIT, retentionInDays: 731 }),
  );
  await world.restart('SIGKILL');
  const { queryDefinitions } = await world.client.send(new DescribeQueryDefinitionsCommand({}));
  expect(queryDefinitions).toMatchObject([{ name: 'mine', queryString }]);
  const { logGroups } = await world.client.send(
    new DescribeLogGroupsCommand({ logGroupNamePrefix: AUDIT }),
  );
  expect(logGroups).toMatchObject([{ logGroupName: AUDIT, retentionInDays: 731 }]);
  const changes = await rowsWhenThere(
    4,
    'filter event_source = "logs.amazonaws.com" | stats count(*) as n by event_name | sort event_name',
    '/mailtrail/default/management',
  );
  expect(changes).toEqual(
    ['CreateLogGroup', 'CreateLogStream', 'PutQueryDefinition', 'PutRetentionPolicy'].map(
      (name) => ({ event_name: name, n: '1' }),
    ),
  );
});

test('a group that is deleted and made anew is empty', async () => {
  const logGroupName = '/app/short';
  const logStreamName = 's';
  const make = async (message: string): Promise<void> => {
    await world.client.send(new CreateLogGroupCommand({ logGroupName }));
    await world.client.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
    const logEvents = [{ timestamp: Date.now(), message }];
    await world.client.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
  };
  await make('of the first');
  expect(await rowsWhenThere(1, 'fields @message', logGroupName)).toHaveLength(1);
  await world.client.send(new DeleteLogGroupCommand({ logGroupName }));
  await expect(rowsOf('fields @message', logGroupName)).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  await make('of the second');
  expect(await rowsWhenThere(1, 'fields @message', logGroupName)).toEqual([
    { '@message': 'of the second' },
  ]);
});

test('a mistake in a query comes with its place', async () => {
  await expect(rowsOf('fields @message | filtre x', AUDIT)).rejects.toMatchObject({
    name: 'MalformedQueryException',
    queryCompileError: { location: { startCharOffset: 18, endCharOffset: 24 } },
  });
});

test('a saved query is called by its name, with a value or its default', async () => {
  const parameters = [{ name: 'who', defaultValue: 'bob' }];
  const queryString = 'filter user = {{who}} | stats count(*) as n by user';
  const saved = new PutQueryDefinitionCommand({ name: 'of/user', queryString, parameters });
  const { queryDefinitionId } = await world.client.send(saved);
  expect(await rowsOf('$`of/user`()', AUDIT)).toEqual([{ user: 'bob', n: '1' }]);
  expect(await rowsOf('$`of/user`(who = "nobody") | limit 1', AUDIT)).toEqual([]);
  await world.client.send(new DeleteQueryDefinitionCommand({ queryDefinitionId }));
  const failure = rowsOf('$`of/user`()', AUDIT);
  await expect(failure).rejects.toMatchObject({ name: 'MalformedQueryException' });
});
