// One engine process from its start to its end, as the server sees it. Every call that is pending
// when the process goes is rejected; a new process is the engine client's business.
import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { StoreError } from '../event-store.ts';
import { ERROR_LINES_MAX } from './limits.ts';
import type { OpenRequest, Request, Response } from './protocol.ts';

export interface EngineChildOptions {
  /** The compiled engine-process.js. */
  readonly entry: string;
  readonly open: OpenRequest;
  readonly log: Log;
  readonly clock: Clock;
}

/** Takes what the engine answers to one request. */
interface Caller {
  answer(response: Response): void;
  gone(error: StoreError): void;
}

/** What a query has read, told at its end. */
export interface StreamEnd {
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly elapsedMs: number;
}

/** The text of a running query. */
export interface ChildStream {
  /**
   * The next slice of whole lines, or how the query ended. Rejects with an Error that has the
   * engine's message, or with a StoreError when the engine is gone.
   */
  next(): Promise<Uint8Array | StreamEnd>;
  /** Stops the query in the engine; what `next` waits for then rejects. */
  cancel(): void;
  /** Resolves when the engine is done with it, so that its lane is free. */
  readonly ended: Promise<void>;
}

export class EngineChild {
  readonly #process: ChildProcess;
  readonly #callers = new Map<number, Caller>();
  readonly #options: EngineChildOptions;
  readonly #errorLines: string[] = [];
  #nextId = 1;
  #goneReason: string | undefined;
  /** Resolves when the directory is open; rejects with the reason when it cannot be opened. */
  readonly opened: Promise<void>;
  /** Resolves to the reason when the process has ended. */
  readonly exited: Promise<string>;

  constructor(options: EngineChildOptions) {
    this.#options = options;
    this.#process = fork(options.entry, [String(process.pid)], {
      execArgv: [],
      // Each lane, the control session and some file work may be in the engine at the same time.
      env: { ...process.env, UV_THREADPOOL_SIZE: String(options.open.lanes.length + 4) },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#logErrors();
    this.exited = new Promise((resolve) => {
      const end = (reason: string): void => {
        this.#end(reason);
        resolve(reason);
      };
      this.#process.once('error', (error) => end(`could not be started: ${error.message}`));
      this.#process.once('exit', (code, signal) => end(this.#exitReason(code, signal)));
    });
    this.opened = new Promise((resolve, reject) => {
      this.#process.on('message', (response: Response) => {
        if (response.type === 'opened') resolve();
        else if (response.type === 'refused') reject(new Error(this.#withLines(response.reason)));
        else this.#callers.get(response.id)?.answer(response);
      });
      void this.exited.then((reason) => reject(new Error(reason)));
    });
    this.#send(options.open);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  #logErrors(): void {
    const { stderr } = this.#process;
    if (!stderr) return;
    createInterface({ input: stderr }).on('line', (line) => {
      this.#errorLines.push(line);
      if (this.#errorLines.length > ERROR_LINES_MAX) this.#errorLines.shift();
      this.#options.log.warn('engine says', { line });
    });
  }

  /** The engine tells some reasons, such as a lock held by another process, on stderr only. */
  #withLines(reason: string): string {
    return [reason, ...this.#errorLines].join('; ');
  }

  #exitReason(code: number | null, signal: NodeJS.Signals | null): string {
    return this.#withLines(
      signal === null
        ? `the engine process ended with code ${code ?? 0}`
        : `the engine process was ended by ${signal}${signal === 'SIGKILL' ? ' (out of memory?)' : ''}`,
    );
  }

  #end(reason: string): void {
    this.#goneReason = reason;
    const error = this.#gone();
    for (const caller of this.#callers.values()) caller.gone(error);
    this.#callers.clear();
  }

  #gone(): StoreError {
    return new StoreError('unavailable', `The store is restarting: ${this.#goneReason ?? ''}`);
  }

  #send(request: Request): void {
    // A broken channel shows as the process's end, which rejects whatever is pending.
    if (this.#process.connected) this.#process.send(request, () => {});
  }

  #call(caller: Caller): number {
    const id = this.#nextId++;
    this.#callers.set(id, caller);
    if (this.#goneReason !== undefined) {
      this.#callers.delete(id);
      caller.gone(this.#gone());
    }
    return id;
  }

  #once(request: (id: number) => Request): Promise<string> {
    return new Promise((resolve, reject) => {
      const id = this.#call({
        answer: (response) => {
          this.#callers.delete(id);
          if (response.type === 'done') resolve(response.text);
          else reject(new Error(response.type === 'error' ? response.message : response.type));
        },
        gone: reject,
      });
      this.#send(request(id));
    });
  }

  /** Runs a statement and gives its text. Errors as with `ChildStream.next`. */
  run(
    lane: number,
    sql: string,
    settings?: Readonly<Record<string, string | number>>,
  ): Promise<string> {
    return this.#once((id) => ({ type: 'run', id, lane, sql, ...(settings ? { settings } : {}) }));
  }

  /** Resident memory of the engine in bytes. */
  async residentBytes(): Promise<number> {
    return Number(await this.#once((id) => ({ type: 'memory', id })));
  }

  /** Starts a query on a lane that nothing else uses until `ended`. */
  stream(
    lane: number,
    sql: string,
    parameters: Readonly<Record<string, unknown>>,
    settings: Readonly<Record<string, string | number>>,
  ): ChildStream {
    const stream = new PulledStream((request) => this.#send(request));
    const id = this.#call(stream);
    stream.ended.then(
      () => this.#callers.delete(id),
      () => {},
    );
    stream.begin(id);
    this.#send({ type: 'query', id, lane, sql, parameters, settings });
    return stream;
  }

  /** Asks the process to close its directory and end; ends it by force when it takes too long. */
  async close(timeoutMs: number): Promise<void> {
    this.#send({ type: 'close' });
    const force = this.#options.clock.after(timeoutMs, () => this.kill());
    await this.exited;
    force.cancel();
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

type Piece = Uint8Array | StreamEnd;

/** One slice is asked for ahead, so that the engine works while the last one is parsed. */
class PulledStream implements ChildStream, Caller {
  readonly #send: (request: Request) => void;
  readonly ended: Promise<void>;
  readonly #ready: Piece[] = [];
  #id = 0;
  #markEnded: () => void = () => {};
  #waiting: { resolve: (piece: Piece) => void; reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;
  #cancelled = false;
  #pulled = false;

  constructor(send: (request: Request) => void) {
    this.#send = send;
    this.ended = new Promise((resolve) => (this.#markEnded = resolve));
  }

  begin(id: number): void {
    this.#id = id;
  }

  #pull(): void {
    if (this.#pulled) return;
    this.#pulled = true;
    this.#send({ type: 'pull', id: this.#id });
  }

  next(): Promise<Piece> {
    const piece = this.#ready.shift();
    if (piece !== undefined) {
      if (piece instanceof Uint8Array) this.#pull();
      return Promise.resolve(piece);
    }
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#pull();
    });
  }

  cancel(): void {
    this.#cancelled = true;
    this.#send({ type: 'cancel', id: this.#id });
  }

  answer(response: Response): void {
    if (response.type === 'error') return this.#fail(new Error(response.message));
    if (response.type === 'end') {
      this.#give(response);
      this.#markEnded();
      return;
    }
    if (response.type !== 'chunk') return;
    this.#pulled = false;
    // The cancellation may have found the engine between two slices.
    if (this.#cancelled) return this.#send({ type: 'cancel', id: this.#id });
    const handed = this.#waiting !== undefined;
    this.#give(response.bytes);
    if (handed) this.#pull();
  }

  gone(error: StoreError): void {
    this.#fail(error);
  }

  #give(piece: Piece): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting.resolve(piece);
    else this.#ready.push(piece);
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
    this.#markEnded();
  }
}
