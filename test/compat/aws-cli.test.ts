// CloudWatch Logs of the built program with the AWS CLI of Debian 12, as runbooks call it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../e2e/running-server.ts';
import { type AwsWorld, startAwsWorld } from './aws-world.ts';

const AUDIT = '/mailtrail/default/authentication';
const GROUP = '/runbook';
const DEADLINE_MS = 60_000;

let world: AwsWorld;
beforeAll(async () => {
  world = await startAwsWorld();
}, 90_000);
afterAll(() => world.remove());

/** What the command line wrote to standard error. */
async function refusalOf(...words: readonly string[]): Promise<string> {
  try {
    await world.cli(...words);
  } catch (error) {
    return (error as { stderr?: string }).stderr ?? '';
  }
  throw new Error(`nothing was refused: ${words.join(' ')}`);
}

test('groups, streams, retention and tags', async () => {
  const { cli } = world;
  await cli('create-log-group', '--log-group-name', GROUP, '--tags', 'team=mail');
  await cli('put-retention-policy', '--log-group-name', GROUP, '--retention-in-days', '30');
  await cli('create-log-stream', '--log-group-name', GROUP, '--log-stream-name', 'one');
  const groups = await cli('describe-log-groups', '--log-group-name-prefix', GROUP);
  expect(groups['logGroups']).toMatchObject([{ logGroupName: GROUP, retentionInDays: 30 }]);
  const arn = `arn:aws:logs:us-east-1:000000000000:log-group:${GROUP}`;
  expect(await cli('list-tags-for-resource', '--resource-arn', arn)).toEqual({
    tags: { team: 'mail' },
  });
  await cli('tag-resource', '--resource-arn', arn, '--tags', 'a=b');
  await cli('untag-resource', '--resource-arn', arn, '--tag-keys', 'team');
  expect(await cli('list-tags-log-group', '--log-group-name', GROUP)).toEqual({ tags: { a: 'b' } });
  const all = await cli('describe-log-groups', '--page-size', '2', '--max-items', '5');
  expect(all['logGroups']).toHaveLength(5);
  expect(await refusalOf('create-log-group', '--log-group-name', GROUP)).toContain(
    '(ResourceAlreadyExistsException) when calling the CreateLogGroup operation',
  );
  expect(await refusalOf('delete-log-group', '--log-group-name', AUDIT)).toContain(
    'AccessDeniedException',
  );
});

test('events are put, read, filtered and tailed', async () => {
  const { cli } = world;
  const stream = ['--log-group-name', GROUP, '--log-stream-name', 'one'];
  const timestamp = Date.now() - 1000;
  const events = ['first ü', '{"level":"error","n":2}'].map((message, n) => ({
    timestamp: timestamp + n,
    message,
  }));
  await cli('put-log-events', ...stream, '--log-events', JSON.stringify(events));
  await until(
    async () => {
      const answer = await cli('get-log-events', ...stream, '--start-from-head');
      return (answer['events'] as unknown[]).length === 2 ? answer : undefined;
    },
    DEADLINE_MS,
    () => 'the events were not loaded',
  );
  const filtered = await cli(
    'filter-log-events',
    '--log-group-name',
    GROUP,
    '--filter-pattern',
    '{ $.level = "error" }',
  );
  expect(filtered['events']).toMatchObject([{ message: events[1]?.message, logStreamName: 'one' }]);
  const tailed = await world.text('tail', GROUP, '--since', '1h', '--format', 'short');
  expect(tailed).toContain('first ü');
  expect(tailed.trim().split('\n')).toHaveLength(2);
  const streams = await cli('describe-log-streams', '--log-group-name', GROUP);
  expect(streams['logStreams']).toMatchObject([{ firstEventTimestamp: timestamp }]);
});

test('a query of a runbook over an audit log', async () => {
  const { cli } = world;
  const at = Date.now();
  await world.server.post(
    ['mallory', 'mallory', 'alice']
      .map((user) =>
        JSON.stringify({
          log_type: 'AUTHENTICATION_LOGS',
          event_timestamp: at,
          user,
          source_ip: '203.0.113.9',
          protocol: 'IMAP',
          auth_successful: user === 'alice',
        }),
      )
      .join('\n'),
  );
  const now = Math.floor(at / 1000);
  const query = [
    '--log-group-name',
    AUDIT,
    '--start-time',
    String(now - 3600),
    '--end-time',
    String(now + 60),
    '--query-string',
    'filter auth_successful = 0 | stats count(*) as failures by user, source_ip | sort failures desc',
  ];
  const results = await until(
    async () => {
      const { queryId } = await cli('start-query', ...query);
      const answer = await cli('get-query-results', '--query-id', String(queryId));
      const rows = answer['results'] as unknown[];
      return answer['status'] === 'Complete' && rows.length > 0 ? rows : undefined;
    },
    DEADLINE_MS,
    () => 'the query gave no rows',
  );
  expect(results).toEqual([
    [
      { field: 'user', value: 'mallory' },
      { field: 'source_ip', value: '203.0.113.9' },
      { field: 'failures', value: '2' },
    ],
  ]);
  const described = await cli('describe-queries', '--log-group-name', AUDIT);
  expect(described['queries']).not.toEqual([]);
  expect(await refusalOf('start-query', ...query.slice(0, -1), 'stats')).toContain(
    'MalformedQueryException',
  );
});

test('saved queries and filter patterns', async () => {
  const { cli } = world;
  const put = await cli('put-query-definition', '--name', 'top', '--query-string', 'limit 1');
  const { queryDefinitions } = await cli('describe-query-definitions');
  expect(queryDefinitions).toMatchObject([
    { name: 'top', queryDefinitionId: put['queryDefinitionId'] },
  ]);
  const id = ['--query-definition-id', String(put['queryDefinitionId'])];
  expect(await cli('delete-query-definition', ...id)).toEqual({ success: true });
  const tested = await cli(
    'test-metric-filter',
    '--filter-pattern',
    '[ip, status=4*]',
    '--log-event-messages',
    '192.0.2.1 404',
    '192.0.2.1 200',
  );
  expect(tested['matches']).toEqual([
    {
      eventNumber: 1,
      eventMessage: '192.0.2.1 404',
      extractedValues: { $ip: '192.0.2.1', $status: '404' },
    },
  ]);
});
