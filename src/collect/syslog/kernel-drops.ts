// Datagrams that the kernel dropped because nobody had read those before them.
import { readFileSync } from 'node:fs';

/** Where the kernel tells of its UDP sockets, by address family. */
const TABLES = ['/proc/net/udp', '/proc/net/udp6'] as const;

/**
 * How many datagrams to the port were dropped since it was opened; undefined where the kernel does not
 * tell.
 *
 * @see proc(5), /proc/net/udp: the second column is address:port in hexadecimal, the last one the drops
 */
export function kernelDrops(
  port: number,
  read: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): number | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let drops: number | undefined;
  for (const table of TABLES) {
    let lines: string[];
    try {
      lines = read(table).split('\n').slice(1);
    } catch {
      continue;
    }
    for (const line of lines) {
      const columns = line.trim().split(/\s+/);
      if (columns[1]?.endsWith(suffix) !== true) continue;
      const dropped = Number(columns.at(-1));
      if (Number.isInteger(dropped)) drops = (drops ?? 0) + dropped;
    }
  }
  return drops;
}
