// A world for the command line in which tests own everything: files, environment, terminal, server.
import { runProgram } from '../../src/cli/program.ts';
import {
  OutputClosedError,
  type SignalName,
  type Sink,
  type StartApp,
  type World,
} from '../../src/cli/world.ts';

/** The present in all tests that do not say another one. */
export const NOW_MS = Date.UTC(2026, 10, 23, 12, 0, 0);

/** A request as the fake server sees it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
}

export interface FakeOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** The width of the terminal that standard output is; a pipe when absent. */
  readonly terminal?: number;
  readonly stderrTerminal?: boolean;
  /** After so many writes nobody reads standard output any more. */
  readonly closesAfterWrites?: number;
  /** The server; nothing listens when it is absent. */
  readonly answer?:
    | ((request: SeenRequest, signal: AbortSignal | undefined) => Response | Promise<Response>)
    | undefined;
  readonly startApp?: StartApp;
  readonly uid?: number;
  readonly nowMs?: number;
}

/** A key for every request, so that no file is looked for. */
export const KEY_ENV = { AWS_ACCESS_KEY_ID: 'MTAKTEST', AWS_SECRET_ACCESS_KEY: 'secret' };

export class FakeWorld implements World {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly fetch: typeof globalThis.fetch;
  readonly cwd = '/cwd';
  readonly home = '/home/ann';
  readonly uid: number;
  readonly requests: SeenRequest[] = [];
  readonly clock = { now: (): number => this.nowMs, after: () => ({ cancel: () => {} }) };
  nowMs: number;
  out = '';
  err = '';
  /** What the files hold; a test may change it while the program runs. */
  readonly files: Record<string, string>;
  readonly #options: FakeOptions;
  readonly #handlers = new Map<SignalName, Set<() => void>>();

  constructor(argv: readonly string[], options: FakeOptions = {}) {
    this.argv = argv;
    this.#options = options;
    this.env = options.env ?? {};
    this.files = { ...options.files };
    this.nowMs = options.nowMs ?? NOW_MS;
    this.uid = options.uid ?? 1000;
    let writes = 0;
    this.stdout = {
      write: async (text) => {
        if (writes++ >= (options.closesAfterWrites ?? Infinity))
          throw new OutputClosedError('gone');
        this.out += text;
      },
      isTerminal: options.terminal !== undefined,
      columns: options.terminal,
    };
    this.stderr = {
      write: async (text) => {
        this.err += text;
      },
      isTerminal: options.stderrTerminal === true,
      columns: 80,
    };
    this.fetch = async (input, init) => {
      const request = {
        method: init?.method ?? 'GET',
        url: new URL(input instanceof Request ? input.url : input),
        headers: new Headers(init?.headers),
        body: typeof init?.body === 'string' ? init.body : '',
      };
      this.requests.push(request);
      if (options.answer === undefined) {
        const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
        throw new TypeError('fetch failed', { cause });
      }
      return options.answer(request, init?.signal ?? undefined);
    };
  }

  get stdin(): AsyncIterable<string> {
    const text = this.#options.stdin ?? '';
    return (async function* () {
      yield text;
    })();
  }

  readonly readFile = (path: string): string => {
    const text = this.files[path];
    if (text !== undefined) return text;
    throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), {
      code: 'ENOENT',
    });
  };

  readonly openOutputFile: World['openOutputFile'] = async (path, { replace }) => {
    if (this.files[path] !== undefined && !replace) throw new Error(`${path} exists`);
    let text = '';
    return {
      write: async (piece) => {
        text += piece;
      },
      finish: async () => {
        this.files[path] = text;
      },
      discard: async () => {},
    };
  };

  onSignal(signal: SignalName, handler: () => void): () => void {
    const handlers = this.#handlers.get(signal) ?? new Set();
    this.#handlers.set(signal, handlers.add(handler));
    return () => handlers.delete(handler);
  }

  /** Sends a signal to the program; false when it would have been killed by it. */
  signal(signal: SignalName): boolean {
    const handlers = [...(this.#handlers.get(signal) ?? [])];
    for (const handler of handlers) handler();
    return handlers.length > 0;
  }

  readonly loadApp: World['loadApp'] = async () => {
    const { startApp } = this.#options;
    if (startApp === undefined) throw new Error('the test has no server to start');
    return { startApp };
  };

  readonly version = (): string => '1.2.3';
}

/** Runs a command line to its end. */
export async function runCli(
  argv: readonly string[],
  options: FakeOptions = {},
): Promise<{ code: number; out: string; err: string; world: FakeWorld }> {
  const world = new FakeWorld(argv, options);
  const code = await runProgram(world);
  return { code, out: world.out, err: world.err, world };
}

/** The answer to a query: rows of cells under columns. */
export function queryAnswer(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, string>>[],
): Response {
  const lines = [
    { columns },
    ...rows.map((row) => Object.entries(row).map(([field, value]) => ({ field, value }))),
    {
      statistics: { recordsScanned: 1234, bytesScanned: 2048, elapsedMs: 15 },
      resultCount: rows.length,
    },
  ];
  return new Response(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** A refusal as the server words it. */
export function refusal(
  status: number,
  error: object,
  headers: Record<string, string> = {},
): Response {
  return new Response(JSON.stringify({ error }), { status, headers });
}
