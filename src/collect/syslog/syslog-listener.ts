// Takes syslog messages of other hosts by UDP, TCP or TLS and puts them into the spool, from where the
// collectors read them. Syslog has no acknowledgement: what a sender sends while nobody listens, or what
// is on its way when we are killed, is lost, whatever is done here.
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { contains, parseAddress, rangeSet, type AddressRange } from '../../access/address.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Collector, CollectorStatus } from '../collector.ts';
import { kernelDrops } from './kernel-drops.ts';
import {
  SYSLOG_CONNECTIONS_MAX,
  SYSLOG_IDLE_MS,
  SYSLOG_MESSAGE_BYTES_MAX,
  SYSLOG_UDP_BUFFER_BYTES,
} from './limits.ts';
import { MessageCutter } from './message-cutter.ts';
import { receivedLines } from './received-line.ts';
import type { Spool } from './spool.ts';

/** Where a listener listens and whom it hears. */
export interface SyslogListen {
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly host: string;
  readonly port: number;
  /** Peers from elsewhere are not heard. */
  readonly allow: readonly AddressRange[];
  /** PEM files, for TLS. With `ca`, peers must show a certificate that it signed. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
}

export interface SyslogListenerOptions {
  readonly listen: SyslogListen;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly log: Log;
  /** For tests of the limits. */
  readonly limits?: { readonly connectionsMax?: number; readonly messageBytesMax?: number };
}

/** A listener; `port` is where it listens once it was started. */
export interface SyslogListener extends Collector {
  port(): number;
}

class Listener implements SyslogListener {
  readonly #options: SyslogListenerOptions;
  readonly #allowed: ReturnType<typeof rangeSet>;
  readonly #messageMax: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #datagrams: DatagramSocket | undefined;
  #port = 0;
  #state: CollectorStatus['state'] = 'stopped';
  #seen = 0;
  #rejected = 0;
  #dropped = 0;
  #refused = 0;

  constructor(options: SyslogListenerOptions) {
    this.#options = options;
    this.#allowed = rangeSet(options.listen.allow);
    this.#messageMax = options.limits?.messageBytesMax ?? SYSLOG_MESSAGE_BYTES_MAX;
  }

  port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    const { listen, spool } = this.#options;
    await spool.open();
    await (listen.transport === 'udp' ? this.#bind() : this.#listen());
    this.#state = 'running';
  }

  async stop(): Promise<void> {
    const datagrams = this.#datagrams;
    if (datagrams !== undefined) await new Promise<void>((done) => datagrams.close(() => done()));
    this.#datagrams = undefined;
    for (const socket of this.#sockets) socket.destroy();
    const server = this.#server;
    if (server !== undefined) await new Promise<void>((done) => server.close(() => done()));
    this.#server = undefined;
    await this.#options.spool.close();
    this.#state = 'stopped';
  }

  status(): CollectorStatus {
    const { spool, listen } = this.#options;
    const { reason } = spool;
    const inKernel = this.#datagrams === undefined ? 0 : (kernelDrops(this.#port) ?? 0);
    const losses = [
      ...(this.#dropped > 0 ? [`${this.#dropped} datagrams, while much was waiting`] : []),
      ...(inKernel > 0 ? [`${inKernel} datagrams that the kernel dropped`] : []),
      ...(this.#refused > 0 ? [`${this.#refused} of peers that are not allowed`] : []),
    ];
    return {
      name: `syslog:${listen.transport}://${listen.host}:${this.#port}`,
      state: this.#state === 'running' && reason !== undefined ? 'waiting' : this.#state,
      ...(reason !== undefined && { reason }),
      ...(losses.length > 0 && { lost: losses.join('; ') }),
      seen: this.#seen,
      // They are told, and counted, by what reads the spool.
      events: 0,
      rejected: this.#rejected,
    };
  }

  async #bind(): Promise<void> {
    const { host, port } = this.#options.listen;
    const type = host.includes(':') ? 'udp6' : 'udp4';
    const socket = createSocket({ type, recvBufferSize: SYSLOG_UDP_BUFFER_BYTES });
    this.#datagrams = socket;
    socket.on('message', (message, peer) => this.#datagram(message, peer.address));
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, host, resolve);
    });
    socket.removeAllListeners('error').on('error', (error) => {
      this.#options.log.warn(error.message);
    });
    this.#port = socket.address().port;
  }

  async #listen(): Promise<void> {
    const { listen, limits } = this.#options;
    const { host, port, tls } = listen;
    const server: Server =
      tls === undefined
        ? createServer((socket) => this.#connected(socket))
        : createTlsServer(
            {
              cert: readFileSync(tls.cert),
              key: readFileSync(tls.key),
              ...(tls.ca !== undefined && {
                ca: readFileSync(tls.ca),
                requestCert: true,
                rejectUnauthorized: true,
              }),
            },
            (socket) => this.#connected(socket),
          );
    server.maxConnections = limits?.connectionsMax ?? SYSLOG_CONNECTIONS_MAX;
    server.on('tlsClientError', () => this.#rejected++);
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    server.removeAllListeners('error').on('error', (error) => {
      this.#options.log.warn(error.message);
    });
    this.#port = (server.address() as { port: number }).port;
  }

  #isAllowed(peer: string): boolean {
    const address = parseAddress(peer);
    if (address !== undefined && contains(this.#allowed, address)) return true;
    this.#refused++;
    return false;
  }

  #datagram(message: Buffer, peer: string): void {
    if (!this.#isAllowed(peer)) return;
    if (this.#options.spool.isFull) this.#dropped++;
    else this.#take(message, peer);
  }

  #connected(socket: Socket): void {
    const peer = socket.remoteAddress ?? '';
    if (!this.#isAllowed(peer)) {
      socket.destroy();
      return;
    }
    const { spool } = this.#options;
    const cutter = new MessageCutter(this.#messageMax);
    this.#sockets.add(socket);
    socket.setTimeout(SYSLOG_IDLE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#rejected += cutter.cut;
    });
    socket.on('end', () => {
      const last = cutter.end();
      if (last !== undefined) this.#take(last, peer);
    });
    socket.on('data', (bytes: Buffer) => {
      try {
        for (const message of cutter.push(bytes)) this.#take(message, peer);
      } catch (error) {
        this.#rejected++;
        this.#options.log.warn(`${peer} does not speak syslog`, { reason: String(error) });
        socket.destroy();
        return;
      }
      if (!spool.isFull) return;
      socket.pause();
      spool.whenDrained(() => socket.resume());
    });
  }

  #take(message: Buffer, peer: string): void {
    this.#seen++;
    const { spool, clock } = this.#options;
    spool.add(receivedLines(message, peer.replace(/^::ffff:/, ''), clock.now()));
  }
}

/** Makes a listener; several may share a spool. */
export function createSyslogListener(options: SyslogListenerOptions): SyslogListener {
  return new Listener(options);
}
