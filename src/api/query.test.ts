import { afterEach, expect, test } from 'vitest';
import {
  batchesOf,
  BEARER,
  Gate,
  LANGUAGE,
  rowsOf,
  startWorld,
  stopWorlds,
  type World,
} from '../../test/e2e/api-world.ts';
import { startKeysWorld } from '../../test/api/keys-world.ts';
import { StoreError, type Row } from '../store/event-store.ts';
import { QUERIES_MAX, QUERY_TIMEOUT_MS } from './limits.ts';
import type { QueryScope } from './query-language.ts';

afterEach(stopWorlds);

function ask(world: World, body: unknown, signal?: AbortSignal): Promise<Response> {
  return fetch(`${world.url}/v1/query`, {
    method: 'POST',
    headers: BEARER,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal && { signal }),
  });
}

async function linesOf(response: Response): Promise<unknown[]> {
  const text = await response.text();
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

async function errorOf(response: Response): Promise<Record<string, unknown>> {
  return ((await response.json()) as { error: Record<string, unknown> }).error;
}

function cells(message: string, pointer: string): unknown {
  return [
    { field: '@message', value: message },
    { field: '@ptr', value: pointer },
  ];
}

test('rows come as lines of cells between the columns and the statistics', async () => {
  const world = await startWorld();
  world.query = async () =>
    rowsOf(
      batchesOf(
        [['a', 1]],
        [],
        [
          ['b', 2],
          ['c', 3],
        ],
      ),
    );
  const response = await ask(world, { query: 'fields @message' });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  expect(await linesOf(response)).toEqual([
    { columns: ['@message', '@ptr'] },
    cells('a', '1'),
    cells('b', '2'),
    cells('c', '3'),
    { statistics: { recordsScanned: 7, bytesScanned: 700, elapsedMs: 3 }, resultCount: 3 },
  ]);
});

test('a query is about all groups and the last day when it does not say', async () => {
  const world = await startWorld();
  const scopes: QueryScope[] = [];
  world.query = async ({ parameters }, { timeoutMs }) => {
    expect(timeoutMs).toBe(QUERY_TIMEOUT_MS);
    scopes.push(JSON.parse(String(parameters['scope'])) as QueryScope);
    return rowsOf(batchesOf([]));
  };
  await (await ask(world, { query: 'q' })).text();
  const said = {
    query: 'q',
    logGroups: ['/mailtrail/default/authentication'],
    startTime: 5,
    endTime: 9,
    limit: 2,
  };
  await (await ask(world, said)).text();
  const [first, second] = scopes;
  expect(first?.groups.length).toBe(7);
  expect(second?.known).toEqual(first?.groups);
  expect(first?.endMs).toBe(first?.nowMs);
  expect((first?.endMs ?? 0) - (first?.startMs ?? 0)).toBe(86_400_000);
  expect(first?.limitMax).toBeUndefined();
  expect(second).toMatchObject({
    account: '000000000000',
    groups: [{ name: '/mailtrail/default/authentication', logType: 'AUTHENTICATION_LOGS' }],
    startMs: 5,
    endMs: 9,
    limitMax: 2,
  });
});

test('a mistake in the query is told with its place', async () => {
  const world = await startWorld();
  const response = await ask(world, { query: 'fields !' });
  expect(response.status).toBe(400);
  expect(await errorOf(response)).toEqual({
    code: 'MalformedQueryException',
    message: 'unexpected !',
    start: 7,
    end: 8,
  });
});

test('an unknown log group is named, and those that exist', async () => {
  const world = await startWorld();
  const response = await ask(world, { query: 'q', logGroups: ['/mailtrail/other/authentication'] });
  expect(response.status).toBe(404);
  expect(await errorOf(response)).toMatchObject({
    code: 'ResourceNotFoundException',
    message: expect.stringMatching(/"\/mailtrail\/other\/authentication".*default\/management/),
  });
  const bySource = await ask(world, { query: 'SOURCE gone' });
  expect(bySource.status).toBe(404);
  expect(await errorOf(bySource)).toMatchObject({
    code: 'ResourceNotFoundException',
    message: expect.stringContaining('"gone"'),
  });
});

test('a body that is not a request is refused by its field', async () => {
  const world = await startWorld();
  const cases: [unknown, string][] = [
    ['', 'not JSON'],
    ['{"query":', 'not JSON'],
    ['[1]', 'must be a JSON object'],
    [{}, 'query is missing'],
    [{ query: ' ' }, 'query is missing'],
    [{ query: 5 }, 'query is missing'],
    [{ query: 'x'.repeat(10_001) }, '10001 characters'],
    [{ query: 'q', startTIme: 1 }, '"startTIme" is not known'],
    [{ query: 'q', startTime: '1h' }, 'startTime must be'],
    [{ query: 'q', endTime: 1.5 }, 'endTime must be'],
    [{ query: 'q', startTime: 2, endTime: 1 }, 'startTime 2 is after endTime 1'],
    [{ query: 'q', limit: 0 }, 'limit must be'],
    [{ query: 'q', logGroups: 'a' }, 'logGroups must be'],
    [{ query: 'q', logGroups: Array(51).fill('a') }, 'has 51 names'],
  ];
  for (const [body, message] of cases) {
    const response = await ask(world, body);
    expect(response.status, message).toBe(400);
    expect((await errorOf(response))['message']).toContain(message);
  }
});

test('a failure before the first row is a status, one after it is the last line', async () => {
  const world = await startWorld();
  const cases = [
    ['unavailable', 503, 'ServiceUnavailableException'],
    ['timeout', 504, 'QueryTimeoutException'],
    ['memory', 422, 'LimitExceededException'],
    ['query', 500, 'InternalFailure'],
  ] as const;
  async function* failing(code: (typeof cases)[number][0], rows: Row[]): AsyncGenerator<Row[]> {
    if (rows.length > 0) yield rows;
    throw new StoreError(code, `the reason of ${code}`);
  }
  for (const [code, status, name] of cases) {
    const broken = new StoreError(code, 'no statistics');
    world.query = async () => ({ batches: failing(code, []), statistics: Promise.reject(broken) });
    const early = await ask(world, { query: 'q' });
    expect(early.status).toBe(status);
    expect(await errorOf(early)).toMatchObject({ code: name });
    world.query = async () => ({ ...rowsOf(failing(code, [['a', 1]])) });
    const late = await linesOf(await ask(world, { query: 'q' }));
    expect(late.length).toBe(3);
    expect(late[2]).toMatchObject({ error: { code: name } });
  }
  expect(world.log.filter((line) => line.includes('the reason of query')).length).toBe(2);
  expect(world.server.status().queriesRunning).toBe(0);
});

async function* endless(signal: AbortSignal | undefined, given: Row[][]): AsyncGenerator<Row[]> {
  for (;;) {
    if (signal?.aborted === true) throw new StoreError('cancelled', 'cancelled');
    given.push(Array.from({ length: 100 }, (_, i) => ['x'.repeat(1000), i]));
    yield given.at(-1) ?? [];
  }
}

test('a client that does not read holds its query back, one that leaves cancels it', async () => {
  const world = await startWorld();
  const given: Row[][] = [];
  let cancelled = false;
  world.query = async (_, { signal }) => {
    signal?.addEventListener('abort', () => (cancelled = true));
    return rowsOf(endless(signal, given));
  };
  const abort = new AbortController();
  await ask(world, { query: 'q' }, abort.signal);
  // It goes on until the buffers between here and there are full.
  let before = -1;
  await expect.poll(() => before === (before = given.length), { interval: 100 }).toBe(true);
  expect(given.length).toBeGreaterThan(1);
  expect(cancelled).toBe(false);
  expect(world.server.status().queriesRunning).toBe(1);
  abort.abort();
  await expect.poll(() => cancelled).toBe(true);
  await expect.poll(() => world.server.status().queriesRunning).toBe(0);
});

test('a client that leaves before the first row cancels its query too', async () => {
  const world = await startWorld();
  let cancelled = false;
  world.query = (_, { signal }) =>
    new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        cancelled = true;
        reject(new StoreError('cancelled', 'cancelled'));
      });
    });
  const abort = new AbortController();
  const response = ask(world, { query: 'q' }, abort.signal);
  await expect.poll(() => world.server.status().queriesRunning).toBe(1);
  abort.abort();
  await expect(response).rejects.toThrow();
  await expect.poll(() => cancelled).toBe(true);
  await expect.poll(() => world.server.status().requestsInFlight).toBe(0);
});

test('only so many queries run', async () => {
  const world = await startWorld();
  const done = new Gate();
  world.query = async () => {
    await done.opened;
    return rowsOf(batchesOf([]));
  };
  const waiting = Array.from({ length: QUERIES_MAX }, () => ask(world, { query: 'q' }));
  await expect.poll(() => world.server.status().queriesRunning).toBe(QUERIES_MAX);
  const refused = await ask(world, { query: 'q' });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
  expect((await errorOf(refused))['code']).toBe('LimitExceededException');
  done.open();
  for (const response of waiting) expect((await response).status).toBe(200);
  await Promise.all((await Promise.all(waiting)).map((response) => response.text()));
  expect((await ask(world, { query: 'q' })).status).toBe(200);
});

test('an export has no limit of rows but its own, and is recorded before its first row', async () => {
  const scopes: QueryScope[] = [];
  const language = {
    ...LANGUAGE,
    compileQuery: (text: string, scope: QueryScope) => {
      scopes.push(scope);
      return LANGUAGE.compileQuery(text, scope);
    },
  };
  const keys = await startKeysWorld({ language });
  keys.world.query = async () => {
    expect(keys.recorded).toHaveLength(1);
    return rowsOf(batchesOf([['a', 1]]));
  };
  const asked = { query: 'fields @message', startTime: 5, endTime: 9 };
  expect(await keys.ask('POST', '/v1/export', asked)).toMatchObject({
    status: 200,
    body: { resultCount: 1 },
  });
  expect(scopes[0]).toMatchObject({ limitDefault: Number.MAX_SAFE_INTEGER });
  expect(keys.recorded).toMatchObject([
    { event_name: 'Export', resource: '/mailtrail/default/*', after: asked, user_agent: 'test/1' },
  ]);
  await keys.ask('POST', '/v1/query', asked);
  expect(scopes[1]).not.toHaveProperty('limitDefault');
  expect(keys.recorded).toHaveLength(1);
});

test('an export whose record cannot be kept is refused, and one too many, too', async () => {
  const keys = await startKeysWorld({ queries: { exportsMax: 1 } });
  keys.refusing = 'no room';
  expect((await keys.ask('POST', '/v1/export', { query: 'fields a' })).status).toBe(500);
  keys.refusing = undefined;
  const gate = new Gate();
  let running = false;
  keys.world.query = async () => {
    running = true;
    await gate.opened;
    return rowsOf(batchesOf([]));
  };
  const first = keys.ask('POST', '/v1/export', { query: 'fields a' });
  await expect.poll(() => running).toBe(true);
  const second = await keys.ask('POST', '/v1/export', { query: 'fields a' });
  expect(second).toMatchObject({
    status: 429,
    body: { error: { code: 'LimitExceededException' } },
  });
  expect(second.body.error?.['message']).toContain('1 exports are running');
  gate.open();
  expect((await first).status).toBe(200);
});
