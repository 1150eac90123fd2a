// The milter: Postfix shows it every message, it keeps what the log does not tell (headers, attachment
// names, submissions that were given up) and answers that mail may flow on. It never changes, delays
// or refuses mail: what it cannot read, and what is over a limit, passes unread.
import { chmod, lstat, unlink } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import type { Disk } from '../../platform/disk.ts';
import type { Log } from '../../platform/log.ts';
import type { Collector, CollectorStatus, Intake } from '../collector.ts';
import type { MailWaiting } from '../mail-waiting.ts';
import type { MessageContents, MessageContentsJoin } from '../message-contents.ts';
import { Aborts } from './aborts.ts';
import { ContentsNotes } from './contents-notes.ts';
import { MilterConversation, type ConversationOptions } from './conversation.ts';
import { MILTER_CONNECTIONS_MAX, MILTER_IDLE_MS, MILTER_UNREAD_CONNECTIONS_MAX } from './limits.ts';
import { MilterPacketReader, MilterProtocolError } from './wire.ts';

/** Where the milter listens. */
export type MilterListen =
  | { readonly host: string; readonly port: number }
  | { readonly path: string };

export interface MilterOptions {
  readonly listen: MilterListen;
  readonly contents: MessageContentsJoin;
  /** Shared with who reads the logs. */
  readonly mail?: Pick<MailWaiting, 'seen'>;
  /** Where the notes are kept that outlive a crash. */
  readonly directory: string;
  readonly disk: Disk;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
  /** For tests of the limits. */
  readonly limits?: {
    readonly connectionsMax?: number;
    readonly unreadConnectionsMax?: number;
    readonly idleMs?: number;
  };
}

/** The milter; `address` is where it listens once it was started. */
export interface Milter extends Collector {
  address(): string;
}

class MilterServer implements Milter {
  readonly #options: MilterOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #notes: ContentsNotes;
  readonly #aborts: Aborts;
  readonly #connectionsMax: number;
  #state: CollectorStatus['state'] = 'stopped';
  #failure: string | undefined;
  #read = 0;
  #unread = 0;
  #seen = 0;
  #rejected = 0;

  constructor(options: MilterOptions) {
    this.#options = options;
    this.#notes = new ContentsNotes(options);
    this.#aborts = new Aborts({ ...options, notes: this.#notes });
    this.#connectionsMax = options.limits?.connectionsMax ?? MILTER_CONNECTIONS_MAX;
    this.#server = createServer((socket) => this.#connected(socket));
    const unreadMax = options.limits?.unreadConnectionsMax ?? MILTER_UNREAD_CONNECTIONS_MAX;
    this.#server.maxConnections = this.#connectionsMax + unreadMax;
  }

  async start(): Promise<void> {
    const { listen, contents, log } = this.#options;
    for (const note of await this.#notes.open()) {
      if ('contents' in note) contents.offer(note.contents);
      else contents.settleAbort('milter', note.settled);
    }
    if ('path' in listen) await removeStaleSocket(listen.path);
    await new Promise<void>((resolve, reject) => {
      const failed = (error: Error): void => {
        const advice =
          'path' in listen ? '; its directory must be there and be writable for this user' : '';
        const where = describe(listen);
        this.#failure = `the milter cannot listen on ${where}: ${error.message}${advice}`;
        this.#state = 'failed';
        reject(new Error(this.#failure, { cause: error }));
      };
      this.#server.once('error', failed);
      this.#server.listen(listen, () => {
        this.#server.off('error', failed);
        this.#server.on('error', (error) => log.warn(error.message));
        resolve();
      });
    });
    // Postfix's smtpd and cleanup run as their own user; who may reach the socket is decided by its
    // directory.
    if ('path' in listen) await chmod(listen.path, 0o666);
    this.#state = 'running';
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) {
      await new Promise<void>((resolve) => {
        this.#server.close(() => resolve());
      });
    }
    await this.#aborts.stop();
    await this.#notes.close();
  }

  address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') return describe(this.#options.listen);
    return `${address.address}:${address.port}`;
  }

  status(): CollectorStatus {
    const unread =
      this.#unread === 0
        ? undefined
        : `${this.#unread} connections beyond ${this.#connectionsMax} at a time were let pass unread`;
    const reasons = [this.#failure, this.#notes.reason, unread].filter((why) => why !== undefined);
    return {
      name: `milter:${this.address()}`,
      state: this.#state,
      ...(reasons.length > 0 && { reason: reasons.join('; ') }),
      seen: this.#seen,
      events: this.#aborts.events,
      rejected: this.#rejected,
    };
  }

  #wish(): ConversationOptions['wish'] {
    if (this.#read >= this.#connectionsMax) return 'nothing';
    return 'path' in this.#options.listen ? 'read-without-replies' : 'read';
  }

  #connected(socket: Socket): void {
    const wish = this.#wish();
    if (wish === 'nothing') this.#unread++;
    else this.#read++;
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.setTimeout(this.#options.limits?.idleMs ?? MILTER_IDLE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (wish !== 'nothing') this.#read--;
    });
    const now = (): number => this.#options.clock.now();
    const conversation = new MilterConversation({ wish, now, offer: (read) => this.#offer(read) });
    const packets = new MilterPacketReader();
    let answering: Promise<void> = Promise.resolve();
    this.#options.mail?.seen();
    socket.on('data', (chunk: Buffer) => {
      this.#options.mail?.seen();
      socket.pause();
      answering = answering.then(() => this.#received(socket, conversation, packets, chunk));
    });
  }

  async #received(
    socket: Socket,
    conversation: MilterConversation,
    packets: MilterPacketReader,
    chunk: Buffer,
  ): Promise<void> {
    try {
      for (const packet of packets.take(chunk)) {
        const answer = await conversation.take(packet);
        if (socket.destroyed) return;
        if (answer.bytes !== undefined) socket.write(answer.bytes);
        if (answer.close === true) {
          socket.end();
          return;
        }
      }
      socket.resume();
    } catch (error) {
      this.#rejected++;
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof MilterProtocolError) {
        this.#options.log.warn('a milter connection was closed', { reason });
      } else {
        const message = 'a milter connection failed and was closed; its messages pass unread';
        this.#options.log.error(message, { reason });
      }
      socket.destroy();
    }
  }

  async #offer(contents: MessageContents): Promise<void> {
    this.#seen++;
    this.#options.contents.offer(contents);
    if (contents.aborted !== undefined) this.#aborts.add(contents);
    else if (contents.queueId !== undefined) await this.#notes.write({ contents });
  }
}

/** A socket that an earlier run left behind is in the way; any other file there is not ours. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() === true) await unlink(path);
}

function describe(listen: MilterListen): string {
  return 'path' in listen ? `unix:${listen.path}` : `${listen.host}:${listen.port}`;
}

/** Makes the milter; `start` rejects with the reason when it cannot listen. */
export function createMilter(options: MilterOptions): Milter {
  return new MilterServer(options);
}
