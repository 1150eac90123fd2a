// The API with a state on a disk in memory, and requests signed with any key, at any time.
import { signRequest } from '../../src/api/sigv4.ts';
import type { HttpServerOptions } from '../../src/api/server.ts';
import type { AuditEvent } from '../../src/event/audit-event.ts';
import { createLog } from '../../src/platform/log.ts';
import { SimulatedDisk } from '../../src/platform/simulated-disk.ts';
import { openState } from '../../src/state/open.ts';
import type { State } from '../../src/state/state.ts';
import { KEYS, startWorld, type World } from '../e2e/api-world.ts';

export interface Secrets {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly bearerToken: string;
}

export interface KeysWorld {
  readonly world: World;
  readonly state: State;
  /** Management events of changes and refusals. */
  readonly recorded: (AuditEvent & Record<string, unknown>)[];
  readonly log: string[];
  nowMs: number;
  /** What was waited for, ms: none of it takes any time. */
  readonly waited: number[];
  /** Refuses to take events with this message. */
  refusing: string | undefined;
  /** With the token of a key, the administrator's unless said otherwise. */
  ask(method: string, path: string, body?: unknown, key?: Secrets): Promise<Answer>;
  /** Signed with a key, once; the result sends it, as often as it is called. */
  signed(method: string, path: string, body: string, key?: Secrets): () => Promise<Answer>;
  /** Makes a key. */
  create(name: string, access: string): Promise<Secrets>;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly error?: Record<string, unknown> };
  readonly headers: Headers;
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const last = text.trimEnd().split('\n').at(-1) ?? '';
  const body = (last === '' ? {} : JSON.parse(last)) as Answer['body'];
  return { status: response.status, body, headers: response.headers };
}

export async function startKeysWorld(
  overrides: Partial<HttpServerOptions> = {},
): Promise<KeysWorld> {
  const recorded: KeysWorld['recorded'] = [];
  const logged: string[] = [];
  const log = createLog((line) => logged.push(line), { level: 'debug', now: Date.now });
  const clock = {
    now: () => keys.nowMs,
    after: (delayMs: number, callback: () => void) => {
      keys.waited.push(delayMs);
      setImmediate(callback);
      return { cancel() {} };
    },
  };
  const state = await openState({
    disk: new SimulatedDisk(),
    directory: '/state',
    clock,
    log,
    accept: async (events) => {
      if (keys.refusing !== undefined) throw new Error(keys.refusing);
      recorded.push(...(events as KeysWorld['recorded']));
    },
    checkpoint: () => undefined,
  });
  const keys = {
    state,
    recorded,
    log: logged,
    nowMs: Date.UTC(2026, 10, 23, 12, 30),
    refusing: undefined as string | undefined,
    waited: [] as number[],
  };
  const world = await startWorld({ state, clock, log, ...overrides });
  const whole: KeysWorld = Object.assign(keys, {
    world,
    ask: async (method: string, path: string, body?: unknown, key: Secrets = KEYS) =>
      answerOf(
        await fetch(world.url + path, {
          method,
          headers: { authorization: `Bearer ${key.bearerToken}`, 'user-agent': 'test/1' },
          ...(body !== undefined && {
            body: typeof body === 'string' ? body : JSON.stringify(body),
          }),
        }),
      ),
    signed: (method: string, path: string, body: string, key: Secrets = KEYS) => {
      const url = new URL(world.url + path);
      const scope = { region: 'us-east-1', service: 'logs', nowMs: keys.nowMs };
      const headers = signRequest({ method, url, headers: {}, body }, key, scope);
      return async () =>
        answerOf(await fetch(url, { method, headers, ...(method !== 'GET' && { body }) }));
    },
    create: async (name: string, access: string) => {
      const made = await whole.ask('POST', '/v1/keys', { name, access });
      return made.body as unknown as Secrets;
    },
  });
  return whole;
}
