// CloudWatch Logs with AWS's own client: groups, streams, retention, tags, events put, saved queries.
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DeleteLogStreamCommand,
  DeleteQueryDefinitionCommand,
  DeleteRetentionPolicyCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  DescribeQueryDefinitionsCommand,
  ListLogGroupsCommand,
  ListTagsForResourceCommand,
  ListTagsLogGroupCommand,
  paginateDescribeLogGroups,
  paginateDescribeLogStreams,
  PutLogEventsCommand,
  PutLogGroupDeletionProtectionCommand,
  PutQueryDefinitionCommand,
  PutRetentionPolicyCommand,
  TagLogGroupCommand,
  TestMetricFilterCommand,
  TagResourceCommand,
  UntagLogGroupCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, expect, test } from 'vitest';
import { stopWorlds } from '../../../../test/e2e/api-world.ts';
import type { StreamTimes } from './logs-options.ts';
import { type LogsWorld, NOW_MS, startLogsWorld } from '../../../../test/api/logs-world.ts';

afterEach(stopWorlds);

const AUDIT = '/mailtrail/default/authentication';
const ARN = 'arn:aws:logs:eu-west-1:123456789012:log-group:';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A refusal's name and message. */
async function refusalOf(sent: Promise<unknown>): Promise<[string, string, number | undefined]> {
  try {
    await sent;
  } catch (error) {
    const { name, message, $metadata } = error as Error & {
      $metadata?: { httpStatusCode?: number };
    };
    return [name, message, $metadata?.httpStatusCode];
  }
  throw new Error('nothing was refused');
}

function times(lastEventAtMs: number): StreamTimes {
  return { firstEventAtMs: 1, lastEventAtMs, lastIngestionAtMs: 9 };
}

async function makeStream({ client }: LogsWorld, logGroupName: string, logStreamName = 's') {
  await client.send(new CreateLogGroupCommand({ logGroupName }));
  await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
}

test('a group is made, described, protected and deleted, each with its record', async () => {
  const world = await startLogsWorld();
  const { client, state, recorded } = world;
  const logGroupName = '/app/web';
  await client.send(
    new CreateLogGroupCommand({
      logGroupName,
      tags: { team: 'mail' },
      deletionProtectionEnabled: true,
    }),
  );
  const again = client.send(new CreateLogGroupCommand({ logGroupName }));
  expect(await refusalOf(again)).toEqual([
    'ResourceAlreadyExistsException',
    'The specified log group already exists',
    400,
  ]);
  world.storedBytes.set('id-1', 42);
  const described = await client.send(
    new DescribeLogGroupsCommand({ logGroupNamePrefix: '/app/' }),
  );
  expect(described.logGroups).toEqual([
    {
      logGroupName,
      creationTime: NOW_MS,
      arn: `${ARN}/app/web:*`,
      logGroupArn: `${ARN}/app/web`,
      metricFilterCount: 0,
      storedBytes: 42,
      logGroupClass: 'STANDARD',
      deletionProtectionEnabled: true,
      bearerTokenAuthenticationEnabled: false,
    },
  ]);
  const [name] = await refusalOf(client.send(new DeleteLogGroupCommand({ logGroupName })));
  expect(name).toBe('ValidationException');
  await client.send(
    new PutLogGroupDeletionProtectionCommand({
      logGroupIdentifier: `${ARN}${logGroupName}`,
      deletionProtectionEnabled: false,
    }),
  );
  await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName: 'one' }));
  await client.send(new DeleteLogGroupCommand({ logGroupName }));
  expect(state.count('log-group')).toBe(0);
  expect(state.count('log-stream')).toBe(0);
  expect(world.forgotten).toEqual([{ groupId: 'id-1' }]);
  expect(recorded.map((event) => 'event_name' in event && event.event_name)).toEqual([
    'CreateLogGroup',
    'PutLogGroupDeletionProtection',
    'CreateLogStream',
    'DeleteLogGroup',
  ]);
  const document = {
    groupId: 'id-1',
    createdAtMs: NOW_MS,
    class: 'STANDARD',
    tags: { team: 'mail' },
  };
  expect(recorded[0]).toMatchObject({
    log_type: 'MANAGEMENT_LOGS',
    event_timestamp: NOW_MS,
    user_id: 'MTAKTESTTESTTESTTEST',
    source_ip: '127.0.0.1',
    user_agent: expect.stringContaining('aws-sdk-js'),
    event_source: 'logs.amazonaws.com',
    resource: `${ARN}/app/web`,
    after: { ...document, deletionProtection: true },
  });
  expect(recorded.at(-1)).toMatchObject({ before: document });
  expect(await refusalOf(client.send(new DeleteLogGroupCommand({ logGroupName })))).toEqual([
    'ResourceNotFoundException',
    'The specified log group does not exist.',
    400,
  ]);
});

test('audit logs are groups that nobody makes, deletes or writes to', async () => {
  const world = await startLogsWorld();
  const { client } = world;
  const { logGroups = [] } = await client.send(
    new DescribeLogGroupsCommand({ logGroupNamePattern: 'mailtrail' }),
  );
  expect(logGroups.map(({ logGroupName }) => logGroupName)).toContain(AUDIT);
  expect(Object.keys(logGroups[0] ?? {}).toSorted()).toEqual([
    'arn',
    'creationTime',
    'logGroupName',
  ]);
  const logStreamName = 'mailtrail';
  const logEvents = [{ timestamp: NOW_MS, message: 'forged' }];
  const refused = [
    client.send(new DeleteLogGroupCommand({ logGroupName: AUDIT })),
    client.send(new CreateLogStreamCommand({ logGroupName: AUDIT, logStreamName: 'mine' })),
    client.send(new DeleteLogStreamCommand({ logGroupName: AUDIT, logStreamName })),
    client.send(new PutLogEventsCommand({ logGroupName: AUDIT, logStreamName, logEvents })),
  ];
  for (const sent of refused) expect((await refusalOf(sent))[0]).toBe('AccessDeniedException');
  const made = client.send(new CreateLogGroupCommand({ logGroupName: AUDIT }));
  expect((await refusalOf(made))[0]).toBe('ResourceAlreadyExistsException');
  expect(world.events).toEqual([]);
  const { logStreams } = await client.send(new DescribeLogStreamsCommand({ logGroupName: AUDIT }));
  expect(logStreams?.map((stream) => stream.logStreamName)).toEqual(['mailtrail']);
});

test('lists come in pages, in the order of names', async () => {
  const { client } = await startLogsWorld();
  const names = Array.from({ length: 7 }, (_, n) => `/paged/${n}`);
  for (const logGroupName of names.toReversed()) {
    await client.send(new CreateLogGroupCommand({ logGroupName }));
  }
  const seen: (string | undefined)[][] = [];
  const pages = paginateDescribeLogGroups(
    { client, pageSize: 3 },
    { logGroupNamePrefix: '/paged/' },
  );
  for await (const { logGroups = [] } of pages) seen.push(logGroups.map((g) => g.logGroupName));
  expect(seen).toEqual([names.slice(0, 3), names.slice(3, 6), names.slice(6)]);
  const bad = client.send(new DescribeLogGroupsCommand({ nextToken: 'bm8' }));
  expect(await refusalOf(bad)).toEqual([
    'InvalidParameterException',
    'The specified nextToken is invalid.',
    400,
  ]);
  const listed = await client.send(
    new ListLogGroupsCommand({ logGroupNamePattern: '^/paged|email', limit: 2 }),
  );
  expect(listed.logGroups?.map((group) => group.logGroupName)).toEqual([
    '/mailtrail/default/email-events',
    '/paged/0',
  ]);
  expect(listed.nextToken).toBeDefined();
});

test('a token of yesterday is too old', async () => {
  const world = await startLogsWorld();
  const { client } = world;
  const { nextToken } = await client.send(new DescribeLogGroupsCommand({ limit: 1 }));
  world.nowMs += DAY_MS + 1;
  const sent = client.send(new DescribeLogGroupsCommand({ limit: 1, nextToken }));
  expect((await refusalOf(sent))[1]).toBe('The specified nextToken has expired.');
});

test('streams are listed by name and by their last event', async () => {
  const world = await startLogsWorld();
  const { client } = world;
  const logGroupName = 'g';
  await makeStream(world, logGroupName, 'b');
  for (const logStreamName of ['a', 'c']) {
    await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  }
  world.streamTimes.set(
    'id-1',
    new Map([
      ['a', times(20)],
      ['b', times(30)],
    ]),
  );
  const byName = await client.send(new DescribeLogStreamsCommand({ logGroupName }));
  expect(byName.logStreams?.map((stream) => stream.logStreamName)).toEqual(['a', 'b', 'c']);
  expect(byName.logStreams?.[0]).toEqual({
    logStreamName: 'a',
    creationTime: NOW_MS,
    firstEventTimestamp: 1,
    lastEventTimestamp: 20,
    lastIngestionTime: 9,
    arn: `${ARN}g:log-stream:a`,
    storedBytes: 0,
  });
  const seen: (string | undefined)[] = [];
  const pages = paginateDescribeLogStreams(
    { client, pageSize: 1 },
    { logGroupIdentifier: `${ARN}g`, orderBy: 'LastEventTime', descending: true },
  );
  for await (const { logStreams = [] } of pages)
    seen.push(...logStreams.map((s) => s.logStreamName));
  expect(seen).toEqual(['b', 'a', 'c']);
  const both = new DescribeLogStreamsCommand({
    logGroupName,
    orderBy: 'LastEventTime',
    logStreamNamePrefix: 'a',
  });
  expect((await refusalOf(client.send(both)))[0]).toBe('InvalidParameterException');
  await client.send(new DeleteLogStreamCommand({ logGroupName, logStreamName: 'a' }));
  expect(world.forgotten).toEqual([{ groupId: 'id-1', stream: 'a' }]);
});

test('retention and tags change a group, an audit log too', async () => {
  const world = await startLogsWorld();
  const { client } = world;
  const days = async (): Promise<number | undefined> => {
    const answer = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: AUDIT }));
    return answer.logGroups?.[0]?.retentionInDays;
  };
  await client.send(new PutRetentionPolicyCommand({ logGroupName: AUDIT, retentionInDays: 30 }));
  expect(await days()).toBe(30);
  await client.send(new DeleteRetentionPolicyCommand({ logGroupName: AUDIT }));
  expect(await days()).toBeUndefined();
  expect(world.retained).toBe(2);
  const odd = client.send(
    new PutRetentionPolicyCommand({ logGroupName: AUDIT, retentionInDays: 2 }),
  );
  expect((await refusalOf(odd))[0]).toBe('InvalidParameterException');

  const resourceArn = `${ARN}${AUDIT}`;
  await client.send(new TagResourceCommand({ resourceArn, tags: { a: '1', b: '2' } }));
  await client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a'] }));
  await client.send(new TagLogGroupCommand({ logGroupName: AUDIT, tags: { c: '3' } }));
  await client.send(new UntagLogGroupCommand({ logGroupName: AUDIT, tags: ['b'] }));
  const tags = { c: '3' };
  expect((await client.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual(tags);
  const legacy = await client.send(new ListTagsLogGroupCommand({ logGroupName: AUDIT }));
  expect(legacy.tags).toEqual(tags);
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, 'v']));
  const tooMany = client.send(new TagResourceCommand({ resourceArn, tags: many }));
  expect((await refusalOf(tooMany))[0]).toBe('TooManyTagsException');
});

test('events that are put keep their text, and what is too old or too new is told', async () => {
  const world = await startLogsWorld();
  const { client } = world;
  const logGroupName = 'g';
  const logStreamName = 's';
  await makeStream(world, logGroupName);
  const message = '{"a":"ä\\u0000","b":[1,2]}\n second line';
  const taken = await client.send(
    new PutLogEventsCommand({
      logGroupName,
      logStreamName,
      logEvents: [
        { timestamp: NOW_MS - 1, message },
        { timestamp: NOW_MS + 2 * HOUR_MS, message: 'b' },
        { timestamp: NOW_MS + 2 * HOUR_MS + 1, message: 'too new' },
      ],
    }),
  );
  expect(taken.rejectedLogEventsInfo).toEqual({ tooNewLogEventStartIndex: 2 });
  const event = { log_type: 'LOG_EVENT', log_group_id: 'id-1', log_stream: 's' };
  expect(world.events).toEqual([
    { ...event, event_timestamp: NOW_MS - 1, message },
    { ...event, event_timestamp: NOW_MS + 2 * HOUR_MS, message: 'b' },
  ]);
  await client.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 3 }));
  const old = await client.send(
    new PutLogEventsCommand({
      logGroupName,
      logStreamName,
      logEvents: [
        { timestamp: NOW_MS - 3 * DAY_MS - 1, message: 'expired' },
        { timestamp: NOW_MS - 3 * DAY_MS, message: 'kept' },
      ],
    }),
  );
  expect(old.rejectedLogEventsInfo).toEqual({ expiredLogEventEndIndex: 1 });
  const older = await client.send(
    new PutLogEventsCommand({
      logGroupName,
      logStreamName,
      logEvents: [{ timestamp: NOW_MS - 14 * DAY_MS - 1, message: 'old' }],
    }),
  );
  expect(older.rejectedLogEventsInfo).toEqual({
    tooOldLogEventEndIndex: 1,
    expiredLogEventEndIndex: 1,
  });
  expect(world.events).toHaveLength(3);
});

test('a batch that breaks a rule is refused whole', async () => {
  const world = await startLogsWorld();
  const { client } = world;
  const logGroupName = 'g';
  const logStreamName = 's';
  await makeStream(world, logGroupName);
  const put = (logEvents: { timestamp: number; message: string }[], stream = logStreamName) =>
    refusalOf(
      client.send(new PutLogEventsCommand({ logGroupName, logStreamName: stream, logEvents })),
    );
  const message = 'm';
  const order = await put([
    { timestamp: NOW_MS, message },
    { timestamp: NOW_MS - 1, message },
  ]);
  expect(order[1]).toMatch(/chronological order/);
  const span = await put([
    { timestamp: NOW_MS - DAY_MS - 1, message },
    { timestamp: NOW_MS, message },
  ]);
  expect(span[1]).toMatch(/span more than 24 hours/);
  const size = await put([
    { timestamp: NOW_MS, message: 'x'.repeat(1_048_576 - 2 * 26) },
    { timestamp: NOW_MS, message },
  ]);
  expect(size[1]).toBe('Upload too large: 1048577 bytes exceeds limit of 1048576');
  const many = Array.from({ length: 10_001 }, () => ({ timestamp: NOW_MS, message }));
  expect((await put(many))[1]).toMatch(
    /^1 validation error detected: Value .* at 'logEvents' failed to satisfy constraint: Member must have length less than or equal to 10000$/,
  );
  expect((await put([{ timestamp: NOW_MS, message: '' }]))[1]).toBe(
    "1 validation error detected: Value '' at 'logEvents.1.member.message' failed to satisfy constraint: Member must have length greater than or equal to 1",
  );
  expect(await put([{ timestamp: NOW_MS, message }], 'none')).toEqual([
    'ResourceNotFoundException',
    'The specified log stream does not exist.',
    400,
  ]);
  expect(world.events).toEqual([]);
});

test('saved queries are put, changed, listed and deleted', async () => {
  const { client } = await startLogsWorld();
  const queryString = 'fields @message';
  const clientToken = 'c'.repeat(36);
  const saved = { name: 'mail/top', queryString, logGroupNames: [AUDIT], clientToken };
  const first = await client.send(new PutQueryDefinitionCommand(saved));
  const same = await client.send(new PutQueryDefinitionCommand(saved));
  expect(same.queryDefinitionId).toBe(first.queryDefinitionId);
  const { queryDefinitionId } = first;
  const parameters = [{ name: 'user', defaultValue: 'a' }];
  const template = 'filter user = {{ user }}';
  await client.send(
    new PutQueryDefinitionCommand({
      queryDefinitionId,
      name: 'mail/new',
      queryString: template,
      parameters,
    }),
  );
  await client.send(new PutQueryDefinitionCommand({ name: 'other', queryString }));
  const listed = await client.send(
    new DescribeQueryDefinitionsCommand({ queryDefinitionNamePrefix: 'mail/' }),
  );
  expect(listed.queryDefinitions).toEqual([
    {
      queryDefinitionId,
      name: 'mail/new',
      queryString: template,
      queryLanguage: 'CWLI',
      lastModified: NOW_MS,
      parameters,
    },
  ]);
  const names: (string | undefined)[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new DescribeQueryDefinitionsCommand({ maxResults: 1, nextToken }),
    );
    names.push(...(page.queryDefinitions ?? []).map(({ name }) => name));
    ({ nextToken } = page);
  } while (nextToken !== undefined);
  expect(names).toEqual(['mail/new', 'other']);
  const gone = new DeleteQueryDefinitionCommand({ queryDefinitionId });
  expect((await client.send(gone)).success).toBe(true);
  expect((await refusalOf(client.send(gone)))[0]).toBe('ResourceNotFoundException');
});

test.each([
  ['Required parameters not found in queryString: b', 'filter x = {{a}}', ['a', 'b'], undefined],
  ['Duplicate parameter name: a', 'filter x = {{a}}', ['a', 'a'], undefined],
  ['Parameters are only supported for CWLI query language', 'x {{a}}', ['a'], 'SQL' as const],
])('saved queries are refused: %s', async (message, queryString, names, queryLanguage) => {
  const { client } = await startLogsWorld();
  const parameters = names.map((name) => ({ name }));
  const put = new PutQueryDefinitionCommand({
    name: 'x',
    queryString,
    parameters,
    queryLanguage,
  });
  expect(await refusalOf(client.send(put))).toEqual(['InvalidParameterException', message, 400]);
});

test('a filter pattern is tried on messages', async () => {
  const { client } = await startLogsWorld();
  const logEventMessages = ['{"a":1}', 'no', '{"a":2}'];
  const { matches } = await client.send(
    new TestMetricFilterCommand({ filterPattern: '{ $.a > 1 }', logEventMessages }),
  );
  expect(matches).toEqual([
    { eventNumber: 3, eventMessage: '{"a":2}', extractedValues: { '$.a': '2' } },
  ]);
  const bad = client.send(
    new TestMetricFilterCommand({ filterPattern: '{ $.a > ', logEventMessages }),
  );
  expect(await refusalOf(bad)).toEqual([
    'InvalidParameterException',
    'Invalid filter pattern: expected a value at character 7, the pattern ends.',
    400,
  ]);
});

test.each([
  ['Logs_20140328.Nothing', '{}', 404, 'UnknownOperationException', /is not an operation/],
  ['Logs_20140328.toString', '{}', 404, 'UnknownOperationException', /is not an operation/],
  ['', '{}', 404, 'UnknownOperationException', /X-Amz-Target is missing/],
  ['Logs_20140328.CreateLogGroup', '{', 400, 'SerializationException', /not JSON/],
  ['Logs_20140328.CreateLogGroup', '[]', 400, 'SerializationException', /JSON object/],
  [
    'Logs_20140328.CreateLogGroup',
    '{"logGroupName":null}',
    400,
    'InvalidParameterException',
    /^1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null$/,
  ],
  [
    'Logs_20140328.CreateLogGroup',
    '{"logGroupName":"a b","logGroupClass":"GOLD"}',
    400,
    'InvalidParameterException',
    /^2 validation errors detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: .*; Value 'GOLD' at 'logGroupClass' failed to satisfy constraint: Member must satisfy enum value set: \[STANDARD, INFREQUENT_ACCESS, DELIVERY\]$/,
  ],
  [
    'Logs_20140328.CreateLogGroup',
    '{"logGroupName":7}',
    400,
    'SerializationException',
    /^logGroupName: expected string, found a value of type number$/,
  ],
  [
    'Logs_20140328.DescribeLogGroups',
    '{"limit":51}',
    400,
    'InvalidParameterException',
    /Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50$/,
  ],
  [
    'Logs_20140328.CreateLogGroup',
    '{"logGroupName":"g","tags":{"a<b":"v"}}',
    400,
    'InvalidParameterException',
    /Value 'a<b' at 'tags\.a<b' failed to satisfy constraint: Member must satisfy regular expression pattern/,
  ],
  [
    'Logs_20140328.CreateLogGroup',
    '{"logGroupName":"aws/mine"}',
    400,
    'InvalidParameterException',
    /reserved/,
  ],
])('%s with %s is refused', async (target, body, status, type, message) => {
  const world = await startLogsWorld();
  const response = await world.post(target, body);
  const answer = (await response.json()) as { __type: string; message: string };
  expect([response.status, answer.__type]).toEqual([status, type]);
  expect(answer.message).toMatch(message);
  expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.1');
  expect(world.recorded).toEqual([]);
});

test('a stranger is told who he is not, in the form that clients read', async () => {
  const { world } = await startLogsWorld();
  const response = await fetch(world.url, {
    method: 'POST',
    headers: { authorization: 'Bearer wrong', 'x-amz-target': 'Logs_20140328.DescribeLogGroups' },
    body: '{}',
  });
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({ __type: 'UnrecognizedClientException' });
});
