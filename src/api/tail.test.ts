import { afterEach, expect, test } from 'vitest';
import {
  batchesOf,
  BEARER,
  rowsOf,
  startWorld,
  stopWorlds,
  type World,
} from '../../test/e2e/api-world.ts';
import { StoreError, type Row } from '../store/event-store.ts';
import type { QueryScope } from './query-language.ts';

afterEach(stopWorlds);

const QUICK = { pollMs: 5, heartbeatMs: 60_000 };

/** Follows a tail; `lines` grows as lines come. */
async function follow(world: World, search = '') {
  const abort = new AbortController();
  const response = await fetch(`${world.url}/v1/tail${search}`, {
    headers: BEARER,
    signal: abort.signal,
  });
  const lines: unknown[] = [];
  let ended = false;
  void (async () => {
    let text = '';
    try {
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk as Uint8Array).toString();
        const parts = text.split('\n');
        text = parts.pop() ?? '';
        lines.push(...parts.map((part) => JSON.parse(part) as unknown));
      }
    } catch {
      // the test left
    }
    ended = true;
  })();
  return { response, lines, ended: () => ended, leave: () => abort.abort() };
}

function messages(lines: readonly unknown[]): unknown[] {
  return lines.flatMap((line) =>
    Array.isArray(line) ? [(line as { value: string }[])[0]?.value] : [],
  );
}

/** A store that holds rows whose pointer is their position. */
function hold(world: World, rows: Row[]): { texts: string[]; scopes: QueryScope[] } {
  const texts: string[] = [];
  const scopes: QueryScope[] = [];
  world.query = async ({ sql, parameters }) => {
    const scope = JSON.parse(String(parameters['scope'])) as QueryScope;
    texts.push(sql);
    scopes.push(scope);
    return rowsOf(batchesOf(rows.filter((row) => Number(row[1]) >= (scope.afterPosition ?? 0))));
  };
  return { texts, scopes };
}

test('what is loaded after the start is shown once, in order, and nothing older', async () => {
  const world = await startWorld({ tail: { pollMs: 5, heartbeatMs: 10 } });
  const rows: Row[] = [
    ['old', 0],
    ['older', 1],
  ];
  world.loadedTo = 2;
  const { texts, scopes } = hold(world, rows);
  const tail = await follow(
    world,
    '?logGroup=/mailtrail/default/authentication&filter=user%20%3D%20"b"',
  );
  await expect.poll(() => tail.lines.length).toBeGreaterThan(0);
  expect(tail.lines[0]).toEqual({ columns: ['@message', '@ptr'] });
  rows.push(['a', 2], ['b', 3]);
  world.loadedTo = 3; // b is loaded, but the loader has not said so yet
  await expect.poll(() => messages(tail.lines)).toEqual(['a', 'b']);
  rows.push(['c', 4]);
  world.loadedTo = 5;
  await expect.poll(() => messages(tail.lines)).toEqual(['a', 'b', 'c']);
  const looks = texts.length;
  const heartbeats = tail.lines.length + 3;
  await expect.poll(() => tail.lines.length).toBeGreaterThan(heartbeats);
  expect(texts.length).toBe(looks); // nothing new, nothing asked
  expect(texts[0]).toMatch(/^fields @timestamp, @log, @message \| filter user = "b"\n\| sort/);
  expect(scopes[0]?.groups).toEqual([
    { name: '/mailtrail/default/authentication', logType: 'AUTHENTICATION_LOGS' },
  ]);
  tail.leave();
  await expect.poll(() => world.server.status().tailsFollowed).toBe(0);
});

test('a silent tail shows that it lives', async () => {
  const world = await startWorld({ tail: { pollMs: 5, heartbeatMs: 10 } });
  const tail = await follow(world);
  await expect.poll(() => tail.lines.length).toBeGreaterThan(2);
  expect(tail.lines[1]).toEqual({ heartbeat: expect.any(Number) });
});

test('rows beyond the limit of one look are said to be missing', async () => {
  const world = await startWorld({ tail: { ...QUICK, rowsMax: 2 } });
  const { texts } = hold(world, [
    ['a', 0],
    ['b', 1],
  ]);
  const tail = await follow(world);
  world.loadedTo = 2;
  await expect.poll(() => tail.lines.at(-1)).toEqual({ truncated: { rowsMax: 2 } });
  expect(texts[0]).toContain('limit 2');
});

test('an engine that restarts ends no tail; another failure does, with its reason', async () => {
  const world = await startWorld({ tail: QUICK });
  const rows: Row[] = [['a', 0]];
  let failures = 0;
  world.query = async () => {
    failures++;
    throw new StoreError('unavailable', 'starting');
  };
  const tail = await follow(world);
  world.loadedTo = 1;
  await expect.poll(() => failures).toBeGreaterThan(2);
  hold(world, rows);
  await expect.poll(() => messages(tail.lines)).toEqual(['a']);
  world.query = async () => {
    throw new StoreError('timeout', 'too slow');
  };
  world.loadedTo = 2;
  await expect.poll(tail.ended).toBe(true);
  expect(tail.lines.at(-1)).toEqual({
    error: { code: 'QueryTimeoutException', message: 'too slow' },
  });
});

test("a mistake in the filter has the filter's offsets", async () => {
  const world = await startWorld();
  const { response } = await follow(world, '?filter=user%20!');
  expect(response.status).toBe(400);
  const unknown = await follow(world, '?logGroup=/nowhere');
  expect(unknown.response.status).toBe(404);
  const { error } = (await (
    await fetch(`${world.url}/v1/tail?filter=user%20!`, { headers: BEARER })
  ).json()) as { error: unknown };
  expect(error).toMatchObject({ code: 'MalformedQueryException', start: 5, end: 6 });
});

test('only so many tails are followed, and stopping ends them', async () => {
  const world = await startWorld({ tail: { ...QUICK, tailsMax: 2 } });
  const tails = [await follow(world), await follow(world)];
  expect((await follow(world)).response.status).toBe(429);
  tails[0]?.leave();
  await expect.poll(() => world.server.status().tailsFollowed).toBe(1);
  expect((await follow(world)).response.status).toBe(200);
  await world.stop(60_000);
  await expect.poll(() => tails[1]?.ended()).toBe(true);
});
