// Everything a command may touch outside of itself, so that tests can own it.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import type { Writable } from 'node:stream';
import type { Config } from '../config/schema.ts';
import { systemClock, type Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { openOutputFile, type OutputFile } from './output-file.ts';

/** Where text goes. */
export interface Sink {
  /** Resolves when more may be written; rejects with OutputClosedError when nobody reads it. */
  write(text: string): Promise<void>;
  readonly isTerminal: boolean;
  /** The terminal's width in columns. */
  readonly columns: number | undefined;
}

/** The reader has gone (`mailtrail query … | head`): nothing is wrong, and nothing more to do. */
export class OutputClosedError extends Error {
  override readonly name = 'OutputClosedError';
}

/** The running server, as `serve` sees it. */
export interface RunningApp {
  /** The URL it answers on. */
  readonly address: string;
  /** Takes no more events, makes durable what was taken, closes everything. */
  stop(): Promise<void>;
  /** Takes the configuration over, or keeps the old one and says why. */
  reload(
    config: Config,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly reason: string }>;
}

/** Builds and starts the whole server; rejects with an error whose message is for people. */
export type StartApp = (options: {
  readonly config: Config;
  readonly log: Log;
}) => Promise<RunningApp>;

export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export interface World {
  /** What follows the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<string | Uint8Array>;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly cwd: string;
  readonly home: string;
  /** The user's number; undefined where there is none. */
  readonly uid: number | undefined;
  /** Throws the operating system's error. */
  readonly readFile: (path: string) => string;
  /** Begins a file; rejects with a CliError when there is one already, unless it may be replaced. */
  readonly openOutputFile: (
    path: string,
    options: { readonly replace: boolean },
  ) => Promise<OutputFile>;
  /** Calls back at every such signal, instead of what it would do, until it is taken back. */
  onSignal(signal: SignalName, handler: () => void): () => void;
  /** Loads the server only when it is wanted: it is most of the program. */
  readonly loadApp: () => Promise<{ readonly startApp: StartApp }>;
  /** The program's version. */
  readonly version: () => string;
}

function sinkOf(stream: Writable & { isTTY?: boolean; columns?: number }): Sink {
  let failure: Error | undefined;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    failure = error.code === 'EPIPE' ? new OutputClosedError('nobody reads the output') : error;
  });
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) {
          reject(failure);
          return;
        }
        // The callback comes after the 'error' event, so `failure` is known by then.
        stream.write(text, (error) => {
          if (error) setImmediate(() => reject(failure ?? error));
          else resolve();
        });
      }),
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns;
    },
  };
}

/** The process this runs in. */
export function processWorld(program: Pick<World, 'loadApp' | 'version'>): World {
  return {
    argv: process.argv.slice(2),
    env: process.env,
    stdin: process.stdin,
    stdout: sinkOf(process.stdout),
    stderr: sinkOf(process.stderr),
    fetch: globalThis.fetch,
    clock: systemClock,
    cwd: process.cwd(),
    home: homedir(),
    uid: process.getuid?.(),
    readFile: (path) => readFileSync(path, 'utf8'),
    openOutputFile,
    onSignal(signal, handler) {
      process.on(signal, handler);
      return () => process.off(signal, handler);
    },
    ...program,
  };
}
