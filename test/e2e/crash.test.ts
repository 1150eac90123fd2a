// The promise of the whole program: nothing acknowledged is lost, nothing is doubled, in the store
// and not only in the journal, wherever it was killed.
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import {
  childrenOf,
  MAIN,
  type RunningServer,
  startServer,
  temporaryDirectory,
  until,
} from './running-server.ts';

const SERVER_KILLS = 50;
const ENGINE_KILLS = 50;
const EVENTS_PER_REQUEST = 50;
const WRITERS = 4;
/** Between two requests of a writer, in ms: on a fast disk a test must not outgrow its one query. */
const WRITER_PAUSE_MS = 8;
/** Most rows that a query answers with: the comparison asks for all requests at once. */
const REQUESTS_MAX = 100_000;

/** A small generator of random numbers, so that a failure can be repeated from its seed. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

const seed = Number(process.env['MAILTRAIL_TEST_SEED'] ?? Date.now() % 2 ** 31);

/** What was sent, and what of it was acknowledged, by request. */
class Ledger {
  readonly sent = new Set<string>();
  readonly acknowledged = new Set<string>();
  #next = 0;

  /** A request of events that can be told from all others. */
  request(): { id: string; body: string } {
    const id = `r${this.#next++}`;
    this.sent.add(id);
    const lines: string[] = [];
    for (let i = 0; i < EVENTS_PER_REQUEST; i++) {
      lines.push(
        `{"log_type":"WORKMAIL_MAILBOX_ACCESS_LOGS","event_timestamp":${Date.now()},"request_id":"${id}",` +
          `"user_id":"bob","protocol":"IMAP","action":"read","item_id":"${id}-${i}","action_allowed":true}`,
      );
    }
    return { id, body: `${lines.join('\n')}\n` };
  }
}

/** Sends requests one after the other until the server goes away. */
async function write(server: RunningServer, ledger: Ledger, stopped: () => boolean): Promise<void> {
  while (!stopped()) {
    const { id, body } = ledger.request();
    try {
      const response = await server.post(body);
      const answer = (await response.json()) as { accepted?: number };
      if (response.status === 200 && answer.accepted === EVENTS_PER_REQUEST) {
        ledger.acknowledged.add(id);
      }
    } catch {
      return; // killed in the middle: this request was not acknowledged
    }
    await new Promise((resolve) => setTimeout(resolve, WRITER_PAUSE_MS));
  }
}

/** The rows; undefined while the engine is started again, which may be noticed only by asking. */
async function answerOf(
  server: RunningServer,
  query: string,
): Promise<Awaited<ReturnType<RunningServer['query']>> | undefined> {
  try {
    return await server.query(query, { logGroups: ['/mailtrail/default/mailbox-access'] });
  } catch (error) {
    if (String(error).includes('query failed: 503')) return undefined;
    throw error;
  }
}

/** Compares the store with the ledger: every acknowledged request whole, no event twice. */
async function compare(server: RunningServer, ledger: Ledger): Promise<void> {
  expect(ledger.sent.size, 'requests that one query can answer').toBeLessThan(REQUESTS_MAX);
  let missing: readonly string[] = [];
  await until(
    async () => ((await fetch(`${server.url}/readyz`)).ok ? true : undefined),
    60_000,
    () => `the server did not become ready again (seed ${seed})\n${server.log()}`,
  );
  const rows = await until(
    async () => {
      const found = await answerOf(
        server,
        `stats count(*) as n, count_distinct(item_id) as d by request_id | limit ${REQUESTS_MAX}`,
      );
      if (found === undefined) return undefined;
      const known = new Set(found.map((row) => row['request_id']));
      missing = [...ledger.acknowledged].filter((id) => !known.has(id));
      return missing.length === 0 ? found : undefined;
    },
    60_000,
    () =>
      `${missing.length} of ${ledger.acknowledged.size} acknowledged requests are missing in the store, the first ${missing[0]} (seed ${seed})\n${server.log()}`,
  );
  const wrong = rows.filter(
    (row) =>
      !ledger.sent.has(row['request_id'] ?? '') ||
      row['n'] !== String(EVENTS_PER_REQUEST) ||
      row['d'] !== String(EVENTS_PER_REQUEST),
  );
  expect(wrong, `seed ${seed}`).toEqual([]);
}

function verifyJournal(directory: string): void {
  const result = spawnSync(process.execPath, [MAIN, 'journal', 'verify', '--data', directory], {
    encoding: 'utf8',
  });
  expect(result.status, result.stdout + result.stderr).toBe(0);
}

test(
  `the server killed at ${SERVER_KILLS} random moments under load`,
  { timeout: 600_000 },
  async () => {
    console.log(`seed ${seed}`);
    const random = seededRandom(seed);
    const directory = temporaryDirectory();
    const ledger = new Ledger();
    for (let kill = 0; kill < SERVER_KILLS; kill++) {
      // every third time the writing begins before the engine is there
      const server = await startServer(directory.path, { waitForStore: kill % 3 !== 0 });
      let stopped = false;
      const writers = Array.from({ length: WRITERS }, () => write(server, ledger, () => stopped));
      await new Promise((resolve) => setTimeout(resolve, 10 + random() * 1200));
      await server.stop('SIGKILL');
      stopped = true;
      await Promise.all(writers);
    }
    expect(ledger.acknowledged.size).toBeGreaterThan(SERVER_KILLS);
    const server = await startServer(directory.path);
    await compare(server, ledger);
    expect(await server.stop()).toBe(0);
    verifyJournal(directory.path);
    directory.remove();
  },
);

test(
  `the engine killed at ${ENGINE_KILLS} random moments under load`,
  { timeout: 600_000 },
  async () => {
    console.log(`seed ${seed}`);
    const random = seededRandom(seed + 1);
    const directory = temporaryDirectory();
    const ledger = new Ledger();
    const server = await startServer(directory.path);
    let stopped = false;
    const writers = Array.from({ length: WRITERS }, () => write(server, ledger, () => stopped));
    const killed = new Set<number>();
    for (let kill = 0; kill < ENGINE_KILLS; kill++) {
      const engine = await until(
        () => childrenOf(server.process.pid ?? 0).find((pid) => !killed.has(pid)),
        30_000,
        () => `no new engine was started\n${server.log()}`,
      );
      await new Promise((resolve) => setTimeout(resolve, 50 + random() * 1000));
      killed.add(engine);
      process.kill(engine, 'SIGKILL');
    }
    stopped = true;
    await Promise.all(writers);
    await compare(server, ledger);
    expect(await server.stop()).toBe(0);
    directory.remove();
  },
);
