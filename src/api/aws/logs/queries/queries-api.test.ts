// Queries with AWS's own client: started, asked for while they run and afterwards, stopped, listed.
import {
  CreateLogGroupCommand,
  DescribeQueriesCommand,
  GetQueryResultsCommand,
  type GetQueryResultsCommandOutput,
  MalformedQueryException,
  StartQueryCommand,
  StopQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, expect, test, vi } from 'vitest';
import { batchesOf, Gate, rowsOf, stopWorlds } from '../../../../../test/e2e/api-world.ts';
import { type LogsWorld, NOW_MS, startLogsWorld } from '../../../../../test/api/logs-world.ts';
import { type Row, StoreError } from '../../../../store/event-store.ts';

afterEach(stopWorlds);

const AUDIT = '/mailtrail/default/authentication';
const NOW = NOW_MS / 1000;

async function start({ client }: LogsWorld, queryString = 'q'): Promise<string> {
  const { queryId } = await client.send(
    new StartQueryCommand({ logGroupName: AUDIT, queryString, startTime: NOW - 60, endTime: NOW }),
  );
  return queryId ?? '';
}

async function* rowsBeforeAndAfter(gate: Gate): AsyncGenerator<readonly Row[]> {
  yield [['first', 'p']];
  await gate.opened;
  yield [['late', 'p']];
}

async function ended(
  { client }: LogsWorld,
  queryId: string,
): Promise<GetQueryResultsCommandOutput> {
  return vi.waitFor(async () => {
    const answer = await client.send(new GetQueryResultsCommand({ queryId }));
    expect(answer.status).not.toMatch(/Scheduled|Running/);
    return answer;
  });
}

async function refusalOf(sent: Promise<unknown>): Promise<string> {
  const error = await sent.then(
    () => new Error('nothing was refused'),
    (reason: unknown) => reason as Error,
  );
  return `${error.name}: ${error.message}`;
}

test('a query gives its rows, what was read for it, and where it stands', async () => {
  const world = await startLogsWorld();
  const scopes: unknown[] = [];
  world.query = async ({ parameters }) => {
    scopes.push(JSON.parse(String(parameters['scope'])));
    return rowsOf(batchesOf([['a "quoted"\nline', 'p1']], [['b', 'p2']]));
  };
  const queryId = await start(world);
  const answer = await ended(world, queryId);
  expect(answer).toMatchObject({
    status: 'Complete',
    queryLanguage: 'CWLI',
    results: [
      [
        { field: '@message', value: 'a "quoted"\nline' },
        { field: '@ptr', value: 'p1' },
      ],
      [
        { field: '@message', value: 'b' },
        { field: '@ptr', value: 'p2' },
      ],
    ],
    statistics: { recordsMatched: 2, recordsScanned: 7, bytesScanned: 700, logGroupsScanned: 1 },
  });
  expect(scopes).toMatchObject([
    {
      groups: [{ name: AUDIT, logType: 'AUTHENTICATION_LOGS' }],
      account: '123456789012',
      startMs: NOW_MS - 60_000,
      endMs: NOW_MS + 999,
      nowMs: NOW_MS,
    },
  ]);
  const { queries } = await world.client.send(new DescribeQueriesCommand({ logGroupName: AUDIT }));
  expect(queries).toEqual([
    {
      queryId,
      queryLanguage: 'CWLI',
      queryString: 'q',
      status: 'Complete',
      createTime: NOW_MS,
      logGroupName: AUDIT,
      queryDuration: 0,
      bytesScanned: 700,
      userIdentity: 'MTAKTESTTESTTESTTEST',
    },
  ]);
});

test('rows are given while more of them come, and the query can be stopped', async () => {
  const world = await startLogsWorld();
  const more = new Gate();
  let cancelled = false;
  world.query = async (_query, { signal }) => {
    signal?.addEventListener('abort', () => (cancelled = true));
    return rowsOf(rowsBeforeAndAfter(more));
  };
  const queryId = await start(world);
  await vi.waitFor(async () => {
    const { status, results } = await world.client.send(new GetQueryResultsCommand({ queryId }));
    expect([status, results?.length]).toEqual(['Running', 1]);
  });
  const stop = new StopQueryCommand({ queryId });
  expect((await world.client.send(stop)).success).toBe(true);
  expect(cancelled).toBe(true);
  expect(await refusalOf(world.client.send(stop))).toMatch(
    /^InvalidParameterException: Cannot stop a query that is not running/,
  );
  more.open();
  const answer = await ended(world, queryId);
  expect([answer.status, answer.results?.length]).toEqual(['Cancelled', 1]);
});

test('many rows come in pages, from a file', async () => {
  const world = await startLogsWorld();
  const rows = Array.from({ length: 25_000 }, (_, n): Row => [`row ${n}`, String(n)]);
  world.query = async () => rowsOf(batchesOf(rows.slice(0, 9_999), rows.slice(9_999)));
  const queryId = await start(world);
  await ended(world, queryId);
  const seen: (string | undefined)[] = [];
  const sizes: (number | undefined)[] = [];
  let nextToken: string | undefined;
  do {
    const page = await world.client.send(new GetQueryResultsCommand({ queryId, nextToken }));
    sizes.push(page.results?.length);
    seen.push(...(page.results ?? []).map((row) => row[0]?.value));
    ({ nextToken } = page);
  } while (nextToken !== undefined);
  expect(sizes).toEqual([10_000, 10_000, 5_000]);
  expect(seen).toEqual(rows.map(([text]) => text));
  const none = await world.client.send(new GetQueryResultsCommand({ queryId, maxItems: 0 }));
  expect([none.results, none.nextToken]).toEqual([[], undefined]);
});

test('a mistake in the text is told at once, with its place', async () => {
  const world = await startLogsWorld();
  const error = await start(world, 'fields !').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(MalformedQueryException);
  expect((error as MalformedQueryException).queryCompileError).toEqual({
    location: { startCharOffset: 7, endCharOffset: 8 },
    message: 'unexpected !',
  });
  expect((error as Error).message).toBe('unexpected !');
  expect(await refusalOf(start(world, 'SOURCE gone'))).toBe(
    'ResourceNotFoundException: The specified log group does not exist.',
  );
});

test.each([
  [{ logGroupName: 'gone' }, 'ResourceNotFoundException: The specified log group does not exist.'],
  [{}, 'InvalidParameterException: One of logGroupName, logGroupNames'],
  [{ logGroupName: AUDIT, logGroupNames: [AUDIT] }, 'InvalidParameterException: Only one of'],
  [{ logGroupName: AUDIT, queryLanguage: 'SQL' as const }, 'InvalidParameterException: SQL is not'],
  [{ logGroupName: AUDIT, startTime: NOW + 1 }, 'InvalidParameterException: The query start time'],
  [
    { logGroupIdentifiers: ['arn:aws:logs:eu-west-1:999999999999:log-group:x'] },
    'InvalidParameterException: The specified log group ARN is not of this account',
  ],
])('StartQuery with %j is refused', async (input, message) => {
  const { client } = await startLogsWorld();
  const query = { queryString: 'q', startTime: NOW, endTime: NOW, ...input };
  expect(await refusalOf(client.send(new StartQueryCommand(query)))).toContain(message);
});

test('groups are named by name, by ARN or by the text, times in seconds or milliseconds', async () => {
  const world = await startLogsWorld();
  const scopes: { groups: { name: string }[]; startMs: number; endMs: number }[] = [];
  world.query = async ({ parameters }) => {
    scopes.push(JSON.parse(String(parameters['scope'])) as (typeof scopes)[number]);
    return rowsOf(batchesOf([]));
  };
  const other = '/mailtrail/default/management';
  const arn = `arn:aws:logs:eu-west-1:123456789012:log-group:${other}`;
  const inputs = [
    { logGroupNames: [AUDIT, other, AUDIT] },
    { logGroupIdentifiers: [AUDIT, arn, other] },
    {
      queryString: '# all\nsource logGroups(namePrefix: ["/"])',
      startTime: NOW_MS,
      endTime: NOW_MS,
    },
  ];
  for (const input of inputs) {
    const query = { queryString: 'q', startTime: NOW, endTime: NOW, ...input };
    const { queryId = '' } = await world.client.send(new StartQueryCommand(query));
    await ended(world, queryId);
  }
  expect(scopes.map(({ groups }) => groups.map(({ name }) => name))).toEqual([
    [AUDIT, other],
    [AUDIT, other],
    [],
  ]);
  expect(scopes.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
    [NOW_MS, NOW_MS + 999],
    [NOW_MS, NOW_MS + 999],
    [NOW_MS, NOW_MS],
  ]);
});

test('what fails in the engine is told by the status', async () => {
  const world = await startLogsWorld();
  world.query = () => Promise.reject(new StoreError('timeout', 'too slow'));
  expect((await ended(world, await start(world))).status).toBe('Timeout');
  world.query = () => Promise.reject(new StoreError('memory', 'too much'));
  expect((await ended(world, await start(world))).status).toBe('Failed');
});

test('queries wait for their turn, and beyond the limit none is taken', async () => {
  const world = await startLogsWorld({ runningMax: 1, pendingMax: 2 });
  const gate = new Gate();
  world.query = async () => {
    await gate.opened;
    return rowsOf(batchesOf([['a', 'p']]));
  };
  const first = await start(world);
  const second = await start(world);
  const { status } = await world.client.send(new GetQueryResultsCommand({ queryId: second }));
  expect(status).toBe('Scheduled');
  expect(await refusalOf(start(world))).toBe(
    'LimitExceededException: 2 queries are scheduled or running, which is the limit.',
  );
  gate.open();
  expect((await ended(world, first)).status).toBe('Complete');
  expect((await ended(world, second)).status).toBe('Complete');
  expect(world.runs.pending).toBe(0);
});

test('results are forgotten when they are old, and the oldest when they are too many', async () => {
  const world = await startLogsWorld({ keptMax: 2, keptMs: 1000 });
  world.query = async () => rowsOf(batchesOf([['a', 'p']]));
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) {
    const queryId = await start(world);
    await ended(world, queryId);
    ids.push(queryId);
  }
  const gone = /^ResourceNotFoundException: The specified query does not exist/;
  const ask = (queryId = '') => world.client.send(new GetQueryResultsCommand({ queryId }));
  expect(await refusalOf(ask(ids[0]))).toMatch(gone);
  expect((await ask(ids[1])).status).toBe('Complete');
  world.nowMs += 1001;
  expect(await refusalOf(ask(ids[1]))).toMatch(gone);
  expect(await refusalOf(ask(ids[2]))).toMatch(gone);
});

test('queries are listed from the newest on, in pages', async () => {
  const world = await startLogsWorld();
  world.query = async () => rowsOf(batchesOf([]));
  await world.client.send(new CreateLogGroupCommand({ logGroupName: 'other' }));
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) ids.unshift(await start(world));
  for (const queryId of ids) await ended(world, queryId);
  const seen: (string | undefined)[] = [];
  let nextToken: string | undefined;
  do {
    const page = await world.client.send(
      new DescribeQueriesCommand({ status: 'Complete', maxResults: 1, nextToken }),
    );
    seen.push(...(page.queries ?? []).map(({ queryId }) => queryId));
    ({ nextToken } = page);
  } while (nextToken !== undefined);
  expect(seen).toEqual(ids);
  const others = await world.client.send(new DescribeQueriesCommand({ logGroupName: 'other' }));
  expect(others.queries).toEqual([]);
});
