// Stands between a mail server and Mailtrail, and takes Mailtrail away: at once, slowly, or without a word.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * What the mail server meets: Mailtrail; Mailtrail that takes its time, and not more than the mail
 * server does; a connection on which nothing is answered; nobody who listens.
 */
export type RelayMode = 'up' | 'slow' | 'silent' | 'down';

export const RELAY_MODES: readonly RelayMode[] = ['up', 'slow', 'silent', 'down'];

/** How late answers are in mode `slow`, in ms; Dovecot is told to wait for 1,000. */
const SLOW_MS = 300;

/** A relay on a port of its own, which stays the same whatever happens. */
export class Relay {
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #mode: RelayMode = 'up';
  #port = 0;

  /** @param target the port on loopback where Mailtrail listens */
  constructor(target: number) {
    this.#target = target;
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    await this.#listen();
  }

  /** From now on, also for connections that are open: they are closed. */
  async change(mode: RelayMode): Promise<void> {
    this.#mode = mode;
    for (const socket of this.#sockets) socket.destroy();
    if (mode === 'down') await this.#close();
    else if (this.#server === undefined) await this.#listen();
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.#close();
  }

  async #listen(): Promise<void> {
    const server = createServer((client) => this.#connected(client));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  async #close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #connected(client: Socket): void {
    this.#keep(client);
    if (this.#mode === 'silent') {
      client.resume();
      return;
    }
    const lateMs = this.#mode === 'slow' ? SLOW_MS : 0;
    const server = connect(this.#target, '127.0.0.1');
    this.#keep(server);
    client.on('data', (bytes: Buffer) => server.write(bytes));
    server.on('data', (bytes: Buffer) => {
      if (lateMs === 0) client.write(bytes);
      else setTimeout(() => client.destroyed || client.write(bytes), lateMs);
    });
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }
}
