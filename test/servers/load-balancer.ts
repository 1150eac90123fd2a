// A load balancer in front of the mail servers: it accepts a connection on a loopback port and hands
// it on with a PROXY protocol header, so that the servers see the client address that was chosen
// and ordinary clients can be used as they are.
import { once } from 'node:events';
import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net';

/** What the header says. */
export interface ProxiedAddresses {
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
}

/** @see HAProxy, "The PROXY protocol" section 2.1: the text form */
export function proxyHeaderV1(addresses: ProxiedAddresses): Buffer {
  const family = isIPv6(addresses.sourceAddress) ? 'TCP6' : 'TCP4';
  const { sourceAddress, destinationAddress, sourcePort, destinationPort } = addresses;
  return Buffer.from(
    `PROXY ${family} ${sourceAddress} ${destinationAddress} ${sourcePort} ${destinationPort}\r\n`,
    'latin1',
  );
}

const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V2_VERSION_PROXY = 0x21;
const V2_TCP4 = 0x11;
const V2_TCP6 = 0x21;

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  const bytes = Buffer.alloc(16);
  [...before, ...zeros, ...after].forEach((group, at) => bytes.writeUInt16BE(group, at * 2));
  return bytes;
}

/** @see HAProxy, "The PROXY protocol" section 2.2: the binary form */
export function proxyHeaderV2(addresses: ProxiedAddresses): Buffer {
  const six = isIPv6(addresses.sourceAddress);
  const source = addressBytes(addresses.sourceAddress);
  const destination = addressBytes(addresses.destinationAddress);
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(addresses.sourcePort, 0);
  ports.writeUInt16BE(addresses.destinationPort, 2);
  const body = Buffer.concat([source, destination, ports]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  const kind = Buffer.from([V2_VERSION_PROXY, six ? V2_TCP6 : V2_TCP4]);
  return Buffer.concat([V2_SIGNATURE, kind, length, body]);
}

export interface RouteOptions {
  /** The server's port, whose listener expects the PROXY protocol. */
  readonly targetPort: number;
  /** The client address that the server shall see. */
  readonly sourceAddress: string;
  /** The form of the header; the text form where nothing is said. */
  readonly version?: 1 | 2;
}

const DESTINATION: Readonly<Record<'ipv4' | 'ipv6', string>> = {
  ipv4: '192.0.2.25',
  ipv6: '2001:db8::25',
};

/** All routes, one loopback port for each server and client address. */
export class LoadBalancer {
  readonly #routes = new Map<string, Promise<number>>();
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  /** The port through which clients reach the target as if they came from the source address. */
  port(options: RouteOptions): Promise<number> {
    const key = `${options.targetPort} ${options.sourceAddress} ${options.version ?? 1}`;
    let route = this.#routes.get(key);
    if (route === undefined) {
      route = this.#open(options);
      this.#routes.set(key, route);
    }
    return route;
  }

  async #open(options: RouteOptions): Promise<number> {
    const server = createServer((client) => this.#forward(client, options));
    this.#servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port was given');
    return address.port;
  }

  #forward(client: Socket, options: RouteOptions): void {
    const target = connect({ host: '127.0.0.1', port: options.targetPort });
    const header = options.version === 2 ? proxyHeaderV2 : proxyHeaderV1;
    const six = isIPv6(options.sourceAddress);
    target.write(
      header({
        sourceAddress: options.sourceAddress,
        sourcePort: client.remotePort ?? 1,
        destinationAddress: six ? DESTINATION.ipv6 : DESTINATION.ipv4,
        destinationPort: options.targetPort,
      }),
    );
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroySoon();
      });
      from.pipe(to);
    }
  }

  /** Ends all routes and their connections. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#routes.values());
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(
      this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
  }
}
