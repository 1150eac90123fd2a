// Starts the built program the way an administrator would, for tests that need the whole of it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The project's folder, whether this runs as it is or compiled into build/. */
function projectRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** The built program. */
export const MAIN = join(projectRoot(), 'dist', 'main.js');

/** How long a server may take until it answers that it is ready, engine included. */
const READY_DEADLINE_MS = 60_000;

export interface Cells {
  readonly field: string;
  readonly value: string;
}

export interface RunningServer {
  readonly process: ChildProcess;
  readonly directory: string;
  readonly url: string;
  readonly token: string;
  /** What the server wrote to standard error so far. */
  log(): string;
  post(ndjson: string, search?: string): Promise<Response>;
  /** The rows of a query as objects. */
  query(text: string, more?: Record<string, unknown>): Promise<Record<string, string>[]>;
  /** Sends the signal and waits for the end; the exit code, or the signal that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/** A new empty directory, removed by `remove`. */
export function temporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'mailtrail-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Waits until the condition gives something; fails with the explanation at the deadline. */
export async function until<T>(
  condition: () => Promise<T | undefined> | T | undefined,
  deadlineMs: number,
  explain: () => string,
): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error(explain());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The process ids of a process's children, from /proc. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        return false; // it ended meanwhile
      }
    })
    .map(Number);
}

function bearerToken(directory: string): string {
  const text = readFileSync(join(directory, 'credentials'), 'utf8');
  const token = /^bearer_token\s*=\s*(\S+)/m.exec(text)?.[1];
  if (token === undefined) throw new Error(`no bearer_token in ${directory}/credentials`);
  return token;
}

/**
 * Starts `mailtrail serve` on a free port and waits until it is ready.
 *
 * @param directory the data directory, which may hold an earlier server's data
 */
export async function startServer(
  directory: string,
  options: {
    arguments?: readonly string[];
    waitForStore?: boolean;
    /** Besides the tester's own. */
    environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<RunningServer> {
  const child = spawn(
    process.execPath,
    [MAIN, 'serve', '--data', directory, '--listen', '127.0.0.1:0', ...(options.arguments ?? [])],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...options.environment, NO_COLOR: '1' },
    },
  );
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const url = await until(
    () => {
      if (child.exitCode !== null) throw new Error(`the server ended at start:\n${log}`);
      return /http:\/\/127\.0\.0\.1:\d+/.exec(log)?.[0];
    },
    READY_DEADLINE_MS,
    () => `the server did not say where it listens:\n${log}`,
  );
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`the server ended at start:\n${log}`);
      const path = options.waitForStore === false ? '/healthz' : '/readyz';
      return (await fetch(url + path)).status === 200 && existsSync(join(directory, 'credentials'))
        ? true
        : undefined;
    },
    READY_DEADLINE_MS,
    () => `the server was not ready:\n${log}`,
  );
  const token = bearerToken(directory);
  const headers = { authorization: `Bearer ${token}` };
  return {
    process: child,
    directory,
    url,
    token,
    log: () => log,
    post: (ndjson, search = '') =>
      fetch(`${url}/v1/events${search}`, { method: 'POST', headers, body: ndjson }),
    query: async (query, more) => {
      const body = JSON.stringify({ query, ...more });
      const response = await fetch(`${url}/v1/query`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body,
      });
      const text = await response.text();
      if (response.status !== 200) throw new Error(`query failed: ${response.status} ${text}`);
      return rowsOf(text);
    },
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      const [code, by] = await ended;
      return code ?? by;
    },
  };
}

function rowsOf(text: string): Record<string, string>[] {
  const rows: Record<string, string>[] = [];
  for (const line of text.split('\n').filter((l) => l !== '')) {
    const value = JSON.parse(line) as unknown;
    if (Array.isArray(value)) {
      rows.push(Object.fromEntries((value as Cells[]).map((cell) => [cell.field, cell.value])));
    } else if (typeof value === 'object' && value !== null && 'error' in value) {
      throw new Error(`query failed midway: ${line}`);
    }
  }
  return rows;
}
