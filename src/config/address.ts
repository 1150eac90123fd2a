// Where a server listens: parsing, and whether strangers can reach it.

/** Where the server listens and the command line asks when nothing is said. */
export const DEFAULT_LISTEN = '127.0.0.1:4650';

/** A TCP address. Port 0 lets the system choose. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** A Unix socket, by its absolute path. */
export interface SocketPath {
  readonly path: string;
}

const PORT_MAX = 65_535;

/** `127.0.0.1:4650`, `[::1]:4650` or `localhost:4650`; undefined when it is none of these. */
export function parseTcpAddress(text: string): TcpAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([a-zA-Z0-9._-]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > PORT_MAX) return undefined;
  if (match?.[1] !== undefined && !host.includes(':')) return undefined;
  return { host, port };
}

/** A TCP address or `unix:/path`. */
export function parseListenAddress(text: string): TcpAddress | SocketPath | undefined {
  if (text.startsWith('unix:/')) return { path: text.slice('unix:'.length) };
  return parseTcpAddress(text);
}

/** The address as it is written. */
export function formatAddress(address: TcpAddress | SocketPath): string {
  if ('path' in address) return `unix:${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** Whether only this machine can reach the host: 127.0.0.0/8, ::1 and `localhost`. */
export function isLoopback(host: string): boolean {
  const plain = host.toLowerCase().replace(/^::ffff:/, '');
  return plain === 'localhost' || plain === '::1' || /^127(\.\d{1,3}){3}$/.test(plain);
}
