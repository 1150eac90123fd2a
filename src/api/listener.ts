// The socket side of the HTTP server: listening, limits on connections and slow clients, and an
// orderly end.
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { formatAddress, type TcpAddress } from '../config/address.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { answerBrokenRequest } from './broken-request.ts';
import { Exchange } from './exchange.ts';
import {
  CONNECTIONS_MAX,
  HEADER_BYTES_MAX,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  REFUSAL_LOG_INTERVAL_MS,
  REQUEST_TIMEOUT_MS,
  TIMEOUT_CHECK_MS,
} from './limits.ts';

export type ListenAddress = TcpAddress;

/** Certificate chain and private key, PEM. */
export interface TlsKeys {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/** Why the server cannot listen; the message names the address and says what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

export interface ListenerOptions {
  /** Sees that the exchange is answered; must not throw. */
  readonly handle: (exchange: Exchange) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly tls?: TlsKeys;
  readonly limits?: Partial<ListenerLimits>;
}

/** The bounds a test may set. */
export interface ListenerLimits {
  readonly connectionsMax: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly timeoutCheckMs: number;
}

const LIMITS: ListenerLimits = {
  connectionsMax: CONNECTIONS_MAX,
  headersTimeoutMs: HEADERS_TIMEOUT_MS,
  requestTimeoutMs: REQUEST_TIMEOUT_MS,
  timeoutCheckMs: TIMEOUT_CHECK_MS,
};

function serverOptions(limits: ListenerLimits): ServerOptions {
  return {
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: limits.timeoutCheckMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    noDelay: true,
  };
}

function listenError(error: NodeJS.ErrnoException, listen: ListenAddress): ListenError {
  const address = formatAddress(listen);
  const advice: Readonly<Record<string, string>> = {
    EADDRINUSE: `another program listens there (\`ss -ltnp 'sport = :${listen.port}'\` tells which); stop it, or choose another address with --listen`,
    EACCES: 'ports below 1024 need a privilege; choose another port with --listen',
    EADDRNOTAVAIL: 'this machine has no such address; choose one of its own with --listen',
    ENOTFOUND: 'the name has no address; choose an IP address with --listen',
  };
  const what = advice[error.code ?? ''] ?? error.message;
  return new ListenError(`cannot listen on ${address}: ${what}`, { cause: error });
}

/** One listening socket and its connections. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #limits: ListenerLimits;
  readonly #server: Server;
  readonly #exchanges = new Set<Exchange>();
  #stopping = false;
  #droppedLoggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ListenerOptions) {
    this.#options = options;
    const { tls } = options;
    this.#limits = { ...LIMITS, ...options.limits };
    const http = serverOptions(this.#limits);
    this.#server =
      tls === undefined
        ? createServer(http)
        : createTlsServer({ ...http, ...tls, minVersion: 'TLSv1.2' });
    this.#server.maxConnections = this.#limits.connectionsMax;
    this.#server.on('request', (incoming, outgoing) => this.#take(incoming, outgoing, false));
    this.#server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) =>
      this.#take(incoming, outgoing, true),
    );
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) =>
      answerBrokenRequest(error, socket, this.#isAnswering(socket)),
    );
    this.#server.on('drop', () => this.#noteDropped());
  }

  /** Requests that were not answered whole yet. */
  get inFlight(): number {
    return this.#exchanges.size;
  }

  /** Listens; rejects with a ListenError. Resolves to the address, with the port that it became. */
  start(listen: ListenAddress): Promise<ListenAddress> {
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void => reject(listenError(error, listen));
      this.#server.once('error', fail);
      this.#server.listen({ host: listen.host, port: listen.port }, () => {
        this.#server.off('error', fail);
        this.#server.on('error', (error) => {
          this.#options.log.error('the listening socket failed', { error: error.message });
        });
        const { port } = this.#server.address() as AddressInfo;
        resolve({ host: listen.host, port });
      });
    });
  }

  /** Ends orderly within `drainMs`, then by cutting connections. */
  async stop(drainMs: number): Promise<void> {
    this.#stopping = true;
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const exchange of this.#exchanges) this.#endConnectionAfter(exchange);
    this.#server.closeIdleConnections();
    const timer = this.#options.clock.after(drainMs, () => {
      this.#options.log.warn('requests were cut off at the end', { requests: this.inFlight });
      this.#server.closeAllConnections();
    });
    await closed;
    timer.cancel();
  }

  #take(incoming: IncomingMessage, outgoing: ServerResponse, asksToContinue: boolean): void {
    const exchange = new Exchange(incoming, outgoing, asksToContinue);
    this.#exchanges.add(exchange);
    if (this.#stopping) this.#endConnectionAfter(exchange);
    outgoing.once('close', () => {
      this.#exchanges.delete(exchange);
      if (this.#stopping) this.#server.closeIdleConnections();
    });
    this.#options.handle(exchange);
  }

  #endConnectionAfter(exchange: Exchange): void {
    if (!exchange.outgoing.headersSent) exchange.outgoing.setHeader('connection', 'close');
  }

  /** Whether an answer to an earlier request, or the beginning of this one's, is due on the socket. */
  #isAnswering(socket: Duplex): boolean {
    for (const { incoming, outgoing } of this.#exchanges) {
      if (incoming.socket === socket && (incoming.complete || outgoing.headersSent)) return true;
    }
    return false;
  }

  #noteDropped(): void {
    const nowMs = this.#options.clock.now();
    if (Math.abs(nowMs - this.#droppedLoggedAtMs) < REFUSAL_LOG_INTERVAL_MS) return;
    this.#droppedLoggedAtMs = nowMs;
    const max = this.#limits.connectionsMax;
    this.#options.log.warn('connections are refused: too many are open', { max });
  }
}

/** Makes a listener; nothing listens before `start`. */
export function createListener(options: ListenerOptions): Listener {
  return new Listener(options);
}
