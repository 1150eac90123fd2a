// The engine's own process: opens the store's directory and serves the requests of the process that
// started it. A crash or an out-of-memory kill in here costs queries and a reload, never an event.
import { Worker } from 'node:worker_threads';
import { Lane, type ResultStream } from './lane.ts';
import { PARENT_CHECK_INTERVAL_MS } from './limits.ts';
import type { OpenRequest, Request, Response } from './protocol.ts';

/** A query that was started and not yet ended. */
interface RunningQuery {
  readonly request: Request & { type: 'query' };
  readonly result: ResultStream;
  readonly startedAtMs: number;
  rowsRead: number;
  bytesRead: number;
  /** Pulls that were not answered yet. */
  pulls: number;
  serving: boolean;
}

function send(response: Response): void {
  if (process.connected) process.send?.(response);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * How the engine's list of processes tells our queries apart. It has no room for an id of ours, and
 * the text of a query with bound parameters is not the text that was sent.
 */
function isQuery(id: number): string {
  return `Settings['log_comment'] = 'query ${id}'`;
}

class EngineProcess {
  readonly #lanes: Lane[] = [];
  readonly #queries = new Map<number, RunningQuery>();
  #control: Lane | undefined;
  #chunkBytes = 0;

  handle(request: Request): void {
    switch (request.type) {
      case 'open':
        return this.#open(request);
      case 'run':
        return void this.#run(request);
      case 'query':
        return this.#query(request);
      case 'pull':
        return this.#pull(request.id);
      case 'cancel':
        return void this.#cancel(request.id);
      case 'memory':
        return send({ type: 'done', id: request.id, text: String(process.memoryUsage.rss()) });
      case 'close':
        return this.#close();
    }
  }

  #open(request: OpenRequest): void {
    this.#chunkBytes = request.chunkBytes;
    try {
      for (const settings of request.lanes) {
        const first = this.#lanes.length === 0;
        this.#lanes.push(new Lane(request.path, settings, first ? request.engineArguments : []));
      }
      this.#control = new Lane(request.path, { max_threads: 1 }, []);
      send({ type: 'opened' });
    } catch (error) {
      send({ type: 'refused', reason: messageOf(error) });
    }
  }

  #lane(index: number): Lane {
    const lane = this.#lanes[index];
    if (!lane) throw new Error(`there is no lane ${index}; there are ${this.#lanes.length}`);
    return lane;
  }

  async #run(request: Request & { type: 'run' }): Promise<void> {
    const { id } = request;
    try {
      const lane = this.#lane(request.lane);
      if (request.settings) lane.set(request.settings);
      send({ type: 'done', id, text: await lane.run(request.sql) });
    } catch (error) {
      send({ type: 'error', id, message: messageOf(error) });
    }
  }

  #query(request: Request & { type: 'query' }): void {
    const { id } = request;
    try {
      const lane = this.#lane(request.lane);
      lane.set({ ...request.settings, log_comment: `query ${id}` });
      const result = lane.stream(request.sql, request.parameters, this.#chunkBytes, () =>
        this.#noteProgress(id),
      );
      const startedAtMs = performance.now();
      this.#queries.set(id, {
        request,
        result,
        startedAtMs,
        rowsRead: 0,
        bytesRead: 0,
        pulls: 0,
        serving: false,
      });
    } catch (error) {
      send({ type: 'error', id, message: messageOf(error) });
    }
  }

  /** The engine tells what a query has read only while it is running: asked after each piece. */
  async #noteProgress(id: number): Promise<void> {
    const query = this.#queries.get(id);
    if (!query || !this.#control) return;
    const sql = `SELECT read_rows, read_bytes FROM system.processes WHERE ${isQuery(id)}`;
    const text = await this.#control.run(sql);
    if (text === '') return;
    const [rowsRead, bytesRead] = JSON.parse(text) as [number, number];
    query.rowsRead = rowsRead;
    query.bytesRead = bytesRead;
  }

  /** A query that finds nothing is over before it can be asked: the engine's own estimate is told. */
  async #estimateRowsRead(request: Request & { type: 'query' }): Promise<number> {
    try {
      const estimate = this.#lane(request.lane).stream(
        `SELECT sum(rows) FROM (EXPLAIN ESTIMATE ${request.sql})`,
        request.parameters,
        this.#chunkBytes,
        () => Promise.resolve(),
      );
      const bytes = await estimate.next();
      await estimate.close();
      const [rows = 0] = JSON.parse(new TextDecoder().decode(bytes)) as [number?];
      return rows;
    } catch {
      return 0; // not every query can be estimated, and the result does not depend on it
    }
  }

  #pull(id: number): void {
    const query = this.#queries.get(id);
    if (!query) return; // it has ended with an error that is on its way
    query.pulls++;
    if (!query.serving) void this.#serve(id, query);
  }

  async #serve(id: number, query: RunningQuery): Promise<void> {
    query.serving = true;
    try {
      while (query.pulls > 0) {
        const bytes = await query.result.next();
        if (bytes === undefined) {
          if (query.rowsRead === 0) query.rowsRead = await this.#estimateRowsRead(query.request);
          this.#queries.delete(id);
          const elapsedMs = performance.now() - query.startedAtMs;
          send({
            type: 'end',
            id,
            rowsRead: query.rowsRead,
            bytesRead: query.bytesRead,
            elapsedMs,
          });
          return;
        }
        query.pulls--;
        send({ type: 'chunk', id, bytes });
      }
    } catch (error) {
      this.#queries.delete(id);
      send({ type: 'error', id, message: messageOf(error) });
    } finally {
      query.serving = false;
    }
  }

  /** Stops a query in the engine itself, so that its threads and memory are free at once. */
  async #cancel(id: number): Promise<void> {
    const query = this.#queries.get(id);
    if (!query) return;
    try {
      await this.#control?.run(`KILL QUERY WHERE ${isQuery(id)} ASYNC`);
      if (this.#queries.get(id) !== query) return; // it ended meanwhile
      if (query.serving) return; // the piece being fetched fails, and that ends the query
      this.#queries.delete(id);
      await query.result.close();
      send({ type: 'error', id, message: 'Code: 394. The query was cancelled' });
    } catch (error) {
      this.#queries.delete(id);
      send({ type: 'error', id, message: messageOf(error) });
    }
  }

  #close(): void {
    for (const lane of this.#lanes) lane.close();
    this.#control?.close();
    process.exit(0);
  }
}

/**
 * Ends this process when its parent is gone, even while the engine keeps the main thread busy: an
 * engine without a parent would only keep the next one from opening the directory.
 */
function dieWithParent(parent: number): void {
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  const source = `setInterval(() => {
    if (process.ppid !== ${parent}) process.kill(process.pid, 'SIGKILL');
  }, ${PARENT_CHECK_INTERVAL_MS});`;
  const watch = new Worker(source, {
    eval: true,
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 },
  });
  watch.unref();
}

// Signals to the whole group (Ctrl-C) are the server's to handle: it tells us when to close.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
dieWithParent(Number(process.argv[2]));
const engine = new EngineProcess();
process.on('message', (request: Request) => engine.handle(request));
