// One connection to a mail server, byte for byte: what the protocols' clients in this folder stand
// on. Scenarios need to send what no library would (NULs, aborted sign-ins, several commands in one
// packet) and to come from a chosen address, so the PROXY header is written here as well.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw } from 'node:zlib';
import { proxyHeaderV1 } from '../../servers/load-balancer.ts';

/** How long a server may be silent before a scenario fails, in ms. */
export const SILENCE_MAX_MS = 20_000;

const NEWLINE = 0x0a;

/** Whom a client appears to be. */
export interface Source {
  readonly address: string;
  readonly port: number;
}

export interface WireOptions {
  /** A port of ours that expects the PROXY protocol. */
  readonly port: number;
  readonly source: Source;
  /** PEM of the certificate that is trusted; it is for `localhost`. */
  readonly certificateFile: string;
}

/** A connection whose answers are awaited line by line. */
export class Wire {
  readonly #options: WireOptions;
  #socket: Socket;
  #deflate: DeflateRaw | undefined;
  #received: Buffer[] = [];
  #size = 0;
  #ended: string | undefined;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket, options: WireOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#listen();
  }

  /** Connects and says on whose behalf. */
  static async open(options: WireOptions): Promise<Wire> {
    const socket = connect({ host: '127.0.0.1', port: options.port, noDelay: true });
    await once(socket, 'connect');
    const { address, port } = options.source;
    socket.write(
      proxyHeaderV1({
        sourceAddress: address,
        sourcePort: port,
        destinationAddress: '192.0.2.1',
        destinationPort: options.port,
      }),
    );
    return new Wire(socket, options);
  }

  /** Goes on in TLS, after the server agreed to that. */
  async startTls(): Promise<void> {
    const plain = this.#socket;
    plain.removeAllListeners();
    const secure = connectTls({
      socket: plain,
      ca: readFileSync(this.#options.certificateFile),
      servername: 'localhost',
    });
    this.#socket = secure;
    this.#listen();
    await once(secure, 'secureConnect');
  }

  /** Goes on compressed, after the server agreed to that (RFC 4978). */
  startCompression(): void {
    const socket = this.#socket;
    socket.removeAllListeners('data');
    const [deflate, inflate] = [createDeflateRaw(), createInflateRaw()];
    deflate.on('data', (data: Buffer) => socket.write(data));
    inflate.on('data', (data: Buffer) => this.#receive(data));
    socket.on('data', (data: Buffer) => inflate.write(data));
    this.#deflate = deflate;
  }

  send(data: string | Buffer): void {
    if (this.#deflate === undefined) {
      this.#socket.write(data);
      return;
    }
    this.#deflate.write(data);
    // The server can do nothing with half a block.
    this.#deflate.flush(constants.Z_SYNC_FLUSH);
  }

  /** Sends, and resolves when the system has taken it. */
  async sent(data: string | Buffer): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.write(data, () => resolve()));
  }

  /** The next line without its end, as UTF-8. Rejects when the server ends or stays silent. */
  async line(): Promise<string> {
    for (;;) {
      const all = this.#joined();
      const end = all.indexOf(NEWLINE);
      if (end >= 0) {
        this.#keep(all.subarray(end + 1));
        return all.toString('utf8', 0, end).replace(/\r$/, '');
      }
      await this.#more();
    }
  }

  /** The next so many bytes. */
  async bytes(count: number): Promise<Buffer> {
    while (this.#size < count) await this.#more();
    const all = this.#joined();
    this.#keep(all.subarray(count));
    return all.subarray(0, count);
  }

  /** Waits until the server has closed the connection. */
  async ended(): Promise<void> {
    while (this.#ended === undefined) {
      this.#keep(Buffer.alloc(0));
      await this.#more().catch((error: unknown) => {
        if (this.#ended === undefined) throw error;
      });
    }
  }

  /** Ends the connection properly. */
  close(): void {
    this.#socket.end();
  }

  /** Ends the connection without the protocol's farewell, and without that of TLS. */
  breakOff(): void {
    this.#socket.destroy();
  }

  #listen(): void {
    this.#socket.on('data', (data: Buffer) => this.#receive(data));
    const ended = (why: string) => (): void => {
      this.#ended ??= why;
      this.#wake?.();
    };
    this.#socket.on('end', ended('the server ended the connection'));
    this.#socket.on('close', ended('the connection is closed'));
    this.#socket.on('error', (error) => ended(error.message)());
  }

  #receive(data: Buffer): void {
    this.#received.push(data);
    this.#size += data.length;
    this.#wake?.();
  }

  #joined(): Buffer {
    if (this.#received.length > 1) this.#received = [Buffer.concat(this.#received)];
    return this.#received[0] ?? Buffer.alloc(0);
  }

  #keep(rest: Buffer): void {
    this.#received = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
  }

  async #more(): Promise<void> {
    if (this.#ended !== undefined) throw new Error(`no answer: ${this.#ended}`);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the server was silent for ${SILENCE_MAX_MS} ms`)),
        SILENCE_MAX_MS,
      );
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
