// The HTTP server on a free port with everything behind it played: a journal in memory, a store
// that gives what a test says. For tests of the server alone.
import { connect } from 'node:net';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../src/api/server.ts';
import type { QueryLanguage } from '../../src/api/query-language.ts';
import { admitLines } from '../../src/collect/http/admit-batch.ts';
import type { AppendBatch } from '../../src/journal/journal.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLog } from '../../src/platform/log.ts';
import type { BoundQuery, QueryLimits, QueryRows, Row } from '../../src/store/event-store.ts';

export const KEYS = {
  accessKeyId: 'MTAKTESTTESTTESTTEST',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  bearerToken: 'a-token-of-forty-characters-that-is-known',
};
export const BEARER = { authorization: `Bearer ${KEYS.bearerToken}` };

/** An event's line that the front door takes as it is. */
export function eventLine(user: string): string {
  return `{"log_type":"AUTHENTICATION_LOGS","event_timestamp":${Date.now()},"user":"${user}","auth_successful":true}`;
}

/** Something to wait for that a test lets happen. */
export class Gate {
  readonly opened: Promise<void>;
  #open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
  }
}

/** Rows given in one batch each. */
export async function* batchesOf(
  ...batches: readonly (readonly Row[])[]
): AsyncGenerator<readonly Row[]> {
  yield* batches;
}

export function rowsOf(batches: AsyncIterable<readonly Row[]>): QueryRows {
  return {
    batches,
    statistics: Promise.resolve({ rowsRead: 7, bytesRead: 700, elapsedMs: 3 }),
  };
}

/** Every text compiles but one with an exclamation mark and `SOURCE gone`; rows have a message and a pointer. */
export const LANGUAGE: QueryLanguage = {
  compileQuery(text, scope) {
    const at = text.indexOf('!');
    if (at >= 0) return { ok: false, error: { message: 'unexpected !', start: at, end: at + 1 } };
    if (text.startsWith('SOURCE gone')) {
      const missing = { message: 'no gone', start: 7, end: 11, missingGroup: 'gone' };
      return { ok: false, error: missing };
    }
    const columns = ['@message', '@ptr'].map((name) => ({ name, type: 'text' as const }));
    const parameters = { scope: JSON.stringify(scope) };
    return { ok: true, query: { sql: text, parameters }, columns, limit: 10_000 };
  },
  formatRow: (columns, row) =>
    columns.map(({ name }, index) => ({ field: name, value: String(row[index]) })),
};

/** What the played parts were told, and what a test makes them do. */
export interface World {
  readonly server: HttpServer;
  readonly url: string;
  readonly port: number;
  /** Lines that the journal has. */
  readonly lines: string[];
  readonly log: string[];
  append: (batch: AppendBatch) => Promise<number>;
  query: (query: BoundQuery, limits: QueryLimits) => Promise<QueryRows>;
  policy: (command: string, body: unknown) => Promise<object>;
  ready: boolean;
  loadedTo: number;
  stop(drainMs?: number): Promise<void>;
}

const worlds: World[] = [];

/** Ends every server that a test left. */
export async function stopWorlds(): Promise<void> {
  for (const world of worlds.splice(0)) await world.stop(0);
}

export async function startWorld(overrides: Partial<HttpServerOptions> = {}): Promise<World> {
  const lines: string[] = [];
  const log: string[] = [];
  const server = createHttpServer({
    keys: () => KEYS,
    admit: admitLines,
    append: (batch) => world.append(batch),
    policy: { handle: (command, body) => world.policy(command, body) },
    store: {
      query: (query, limits) => world.query(query, limits),
      groups: async () => [
        {
          logType: 'AUTHENTICATION_LOGS',
          events: 3,
          storedBytes: 99,
          firstEventAtMs: 1,
          lastEventAtMs: 2,
        },
      ],
    },
    language: LANGUAGE,
    loadedTo: () => world.loadedTo,
    organization: 'default',
    account: '000000000000',
    version: { name: 'mailtrail', version: '0.0.1' },
    readiness: () => ({
      ready: world.ready,
      reasons: [
        { component: 'store', ok: world.ready, ...(!world.ready && { reason: 'starting' }) },
      ],
    }),
    status: () => ({ journal: { end: lines.length } }),
    clock: systemClock,
    log: createLog((line) => log.push(line), { level: 'debug', now: Date.now }),
    ...overrides,
  });
  const world: World = {
    server,
    url: '',
    port: 0,
    lines,
    log,
    append: async (batch) => {
      const text = Buffer.from(batch.lines).toString();
      lines.push(...text.split('\n').slice(0, -1));
      return lines.length;
    },
    query: async () => rowsOf(batchesOf([])),
    policy: async () => ({ status: 0, msg: '' }),
    ready: true,
    loadedTo: 0,
    stop: (drainMs = 1000) => server.stop({ drainMs }),
  };
  const { host, port } = await server.start({ host: '127.0.0.1', port: 0 });
  Object.assign(world, { url: `http://${host}:${port}`, port });
  worlds.push(world);
  return world;
}

/** Sends bytes on a socket of its own and reads until the server closes it. */
export function rawExchange(
  port: number,
  ...pieces: readonly (string | Buffer)[]
): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => {
      for (const piece of pieces) socket.write(piece);
    });
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => {}).on('close', () => resolve(text));
  });
}
