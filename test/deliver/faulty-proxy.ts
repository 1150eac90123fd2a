// A TCP proxy before a real server, which makes what networks and busy servers do: connections refused, cut in
// the middle of a request, answers lost, everything slow, or an answer of its own instead of the server's.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

export type Fault =
  /** everything passes */
  | { readonly kind: 'none' }
  /** a connection is cut when so many bytes of it went to the server */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** the server gets all, and the client no answer */
  | { readonly kind: 'lost-answer' }
  /** every piece waits so long, in ms */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** the request is read and answered by these bytes; the server sees nothing */
  | { readonly kind: 'answer'; readonly bytes: string };

/** What S3 says when it is too busy. @see Amazon S3 API reference, "Error responses" */
export const SLOW_DOWN = httpAnswer(503, 'SlowDown', 'Please reduce your request rate.');
/** What S3 says when it has broken. */
export const INTERNAL_ERROR = httpAnswer(500, 'InternalError', 'We encountered an internal error.');

/** An error of S3 as bytes of HTTP. */
export function httpAnswer(status: number, code: string, message: string): string {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return `HTTP/1.1 ${status} x\r\ncontent-type: application/xml\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
}

export class FaultyProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #port: number;
  #fault: Fault = { kind: 'none' };
  /** How often the present fault has struck. */
  struck = 0;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
    server.on('connection', (socket) => this.#serve(socket));
  }

  /** Listens on a free port of loopback; what comes goes to `port`. */
  static async to(port: number): Promise<FaultyProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultyProxy(server, port);
  }

  get endpoint(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('it does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  /** From now on; connections that are open are cut, so that it is in force at once. */
  set fault(fault: Fault) {
    this.#fault = fault;
    this.struck = 0;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(client: Socket): void {
    const fault = this.#fault;
    this.#keep(client);
    if (fault.kind === 'answer') {
      this.#answer(client, fault.bytes);
      return;
    }
    const server = connect({ host: '127.0.0.1', port: this.#port });
    this.#keep(server);
    let sent = 0;
    client.on('data', (bytes) => {
      sent += bytes.length;
      if (fault.kind === 'cut' && sent > fault.afterBytes) {
        this.struck++;
        server.destroy();
        client.resetAndDestroy();
      } else this.#pass(server, bytes, fault);
    });
    server.on('data', (bytes) => {
      if (fault.kind === 'lost-answer' && !/^HTTP\/1.1 100/.test(bytes.toString('latin1'))) {
        this.struck++;
        client.resetAndDestroy();
      } else this.#pass(client, bytes, fault);
    });
    client.on('close', () => server.destroy());
    server.on('close', () => client.end());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // Cut connections are what this is for.
    socket.on('error', () => {});
  }

  #pass(to: Socket, bytes: Buffer, fault: Fault): void {
    if (fault.kind !== 'slow') {
      to.write(bytes);
      return;
    }
    this.struck++;
    setTimeout(() => {
      if (!to.destroyed) to.write(bytes);
    }, fault.delayMs);
  }

  /** Reads the request whole, so that it is the answer that the client sees and no reset. */
  #answer(client: Socket, answer: string): void {
    let head = '';
    let left: number | undefined;
    client.on('data', (bytes) => {
      if (left === undefined) {
        head += bytes.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
        left = length - (head.length - end - 4);
        if (left > 0 && /\r\nexpect: *100-continue/i.test(head)) {
          client.write('HTTP/1.1 100 Continue\r\n\r\n');
        }
      } else left -= bytes.length;
      if (left > 0) return;
      this.struck++;
      client.end(answer);
    });
  }
}
