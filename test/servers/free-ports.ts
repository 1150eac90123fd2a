// Free TCP ports on loopback, so that several sets of servers can run beside each other.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Ports are taken from below Linux's range for outgoing connections (32768 and up), so that nothing
 * is handed one of ours between our looking and the server's binding.
 */
const PORT_MIN = 20_000;
const PORT_MAX = 32_000;
/** How many ports are tried for each that is wanted. */
const TRIES_PER_PORT = 50;

/** Ports this process gave out; a server may not have bound its port yet when the next is asked for. */
const given = new Set<number>();

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** A port nothing listens on; never the same one twice in this process. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES_PER_PORT; tries++) {
    const port = randomInt(PORT_MIN, PORT_MAX);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no free port between ${PORT_MIN} and ${PORT_MAX} in ${TRIES_PER_PORT} tries`);
}

/** A free port for each of the names. */
export async function freePorts<Name extends string>(
  names: readonly Name[],
): Promise<Record<Name, number>> {
  const ports: Partial<Record<Name, number>> = {};
  for (const name of names) ports[name] = await freePort();
  return ports as Record<Name, number>;
}
