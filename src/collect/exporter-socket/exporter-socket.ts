// Where Dovecot 2.4's exporter `unix` sends its events: a socket that Mailtrail listens on. What comes is
// added to the log in which Dovecot writes everything else, and becomes events from there, in one order
// with the lines that belong to it, as if Dovecot's exporter `file` had written it.
//
// Dovecot waits for nobody and tells nobody: what it sends while nobody listens, or faster than it is
// taken, it drops. So everything is read at once, whatever becomes of the log, and kept in memory until
// the log takes it.
import { chmod, lstat, unlink } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Collector, CollectorStatus } from '../collector.ts';
import { LineCutter } from '../line-cutter.ts';
import { LogAppender, systemAppendDisk, type AppendDisk } from './log-appender.ts';

/** Most connections at a time: Dovecot has one stats process, and while it is reloaded a second one. */
export const EXPORTER_CONNECTIONS_MAX = 16;
/** Most that waits for a log that cannot be written, in bytes: some 100,000 events. */
export const WAITING_BYTES_MAX = 64 * 1024 * 1024;
/** Most that is written to the log at once, in bytes. */
const WRITE_BYTES_MAX = 1024 * 1024;
/** Between two attempts to write to a log that takes nothing, in ms. */
const RETRY_MS = 1_000;
/** How often at most it is said in our own log that something was dropped, in ms. */
const DROPPED_TOLD_EVERY_MS = 10_000;

const NEWLINE = 0x0a;
/** Every event's JSON begins with its name; nothing else is let into the log. */
const EVENT_START = Buffer.from('{"event":"');

export interface ExporterSocketOptions {
  /** The path of the socket. */
  readonly path: string;
  /** The log that Dovecot writes. */
  readonly logPath: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The operating system's when undefined. */
  readonly disk?: AppendDisk;
  /** For tests of the limits. */
  readonly limits?: { readonly connectionsMax?: number; readonly waitingBytesMax?: number };
}

/** Only the lines that can be events. */
function eventsOf(lines: Buffer): {
  readonly events: Buffer;
  readonly count: number;
  readonly others: number;
} {
  const kept: Buffer[] = [];
  let others = 0;
  let start = 0;
  for (let end = lines.indexOf(NEWLINE); end >= 0; end = lines.indexOf(NEWLINE, start)) {
    const line = lines.subarray(start, end + 1);
    start = end + 1;
    if (line.subarray(0, EVENT_START.length).equals(EVENT_START)) kept.push(line);
    else if (line.length > 1) others++;
  }
  return { events: others === 0 ? lines : Buffer.concat(kept), count: kept.length, others };
}

class ExporterSocket implements Collector {
  readonly #options: ExporterSocketOptions;
  readonly #appender: LogAppender;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waitingMax: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #endPause: (() => void) | undefined;
  #stopping = false;
  #state: CollectorStatus['state'] = 'stopped';
  #reason: string | undefined;
  #seen = 0;
  #rejected = 0;
  #dropped = 0;
  #droppedToldAtMs = -Infinity;

  constructor(options: ExporterSocketOptions) {
    this.#options = options;
    this.#appender = new LogAppender(options.logPath, options.disk ?? systemAppendDisk);
    this.#waitingMax = options.limits?.waitingBytesMax ?? WAITING_BYTES_MAX;
    this.#server = createServer((socket) => this.#connected(socket));
    this.#server.maxConnections = options.limits?.connectionsMax ?? EXPORTER_CONNECTIONS_MAX;
  }

  async start(): Promise<void> {
    const { path, log } = this.#options;
    await removeStaleSocket(path);
    await new Promise<void>((resolve, reject) => {
      const failed = (error: Error): void => {
        this.#reason =
          `Dovecot's events cannot be taken on ${path}: ${error.message}; its directory must be there ` +
          'and be writable for this user';
        this.#state = 'failed';
        reject(new Error(this.#reason, { cause: error }));
      };
      this.#server.once('error', failed);
      this.#server.listen(path, () => {
        this.#server.off('error', failed);
        this.#server.on('error', (error) => log.warn(error.message));
        resolve();
      });
    });
    // Dovecot's stats process runs as its own user; who may reach the socket is decided by its directory.
    await chmod(path, 0o666);
    this.#state = 'running';
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) {
      await new Promise<void>((resolve) => {
        this.#server.close(() => resolve());
      });
    }
    this.#endPause?.();
    await this.#writing;
    if (this.#waitingBytes > 0) this.#drop(this.#waitingBytes);
    await this.#appender.close();
    this.#state = 'stopped';
  }

  status(): CollectorStatus {
    const waits = this.#state === 'running' && this.#reason !== undefined;
    return {
      name: `dovecot-exporter:${this.#options.path}`,
      state: waits ? 'waiting' : this.#state,
      ...(this.#reason !== undefined && { reason: this.#reason }),
      ...(this.#dropped > 0 && {
        lost: `${this.#dropped} bytes of events, while ${this.#options.logPath} could not be written`,
      }),
      seen: this.#seen,
      // They are told, and counted, by what reads the log.
      events: 0,
      rejected: this.#rejected,
      behindBytes: this.#waitingBytes,
    };
  }

  #connected(socket: Socket): void {
    const cutter = new LineCutter(0);
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      // The connection broke inside a line, which is no event.
      if (cutter.readTo > cutter.place) this.#rejected++;
    });
    socket.on('data', (chunk: Buffer) => {
      const cut = cutter.take(chunk);
      if (cut === undefined) return;
      this.#rejected += cut.overlong.length;
      const { events, count, others } = eventsOf(cut.bytes);
      this.#rejected += others;
      this.#seen += count;
      this.#take(events);
    });
  }

  #take(lines: Buffer): void {
    if (lines.length === 0) return;
    if (this.#waitingBytes + lines.length > this.#waitingMax) {
      this.#drop(lines.length);
      return;
    }
    this.#waiting.push(lines);
    this.#waitingBytes += lines.length;
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#writing = this.#writeAll();
  }

  #drop(bytes: number): void {
    this.#dropped += bytes;
    const nowMs = this.#options.clock.now();
    if (nowMs - this.#droppedToldAtMs < DROPPED_TOLD_EVERY_MS) return;
    this.#droppedToldAtMs = nowMs;
    this.#options.log.warn("Dovecot's events are lost, because the log takes nothing", {
      file: this.#options.logPath,
      bytesSoFar: this.#dropped,
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0] ?? Buffer.alloc(0);
      let count = 1;
      for (let bytes = first.length; count < this.#waiting.length; count++) {
        bytes += this.#waiting[count]?.length ?? 0;
        if (bytes > WRITE_BYTES_MAX) break;
      }
      const lines = Buffer.concat(this.#waiting.splice(0, count));
      const written = await this.#write(lines);
      this.#waitingBytes -= written;
      if (written === lines.length) continue;
      this.#waiting.unshift(lines.subarray(written));
      if (this.#stopping) break;
      await this.#pause();
    }
    this.#isWriting = false;
  }

  async #write(lines: Buffer): Promise<number> {
    const { logPath, log } = this.#options;
    const before = this.#reason;
    let written = 0;
    try {
      written = await this.#appender.append(lines);
      this.#reason =
        written < lines.length ? `${logPath} takes no more: is the disk full?` : undefined;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const denied = code === 'EACCES' || code === 'EPERM';
      this.#reason = denied
        ? `${logPath} may not be written, where Dovecot's events go; let the group of this user write it (mode 0660)`
        : `${logPath} cannot be written, where Dovecot's events go: ${message}`;
    }
    if (this.#reason !== undefined && before === undefined) log.warn(this.#reason);
    return written;
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(RETRY_MS, resolve);
      this.#endPause = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#endPause = undefined;
  }
}

/** A socket that an earlier run left, which would keep this one from listening. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() === true) await unlink(path);
}

/**
 * Makes the listener for Dovecot's events; what it takes is added to the log. `start` rejects, naming
 * the path, when the socket cannot be made. What could not be written is named as lost in its status.
 *
 * @see Dovecot 2.4.1, event_exporter_driver = unix: JSON lines over one connection, none sent twice
 */
export function createExporterSocket(options: ExporterSocketOptions): Collector {
  return new ExporterSocket(options);
}
