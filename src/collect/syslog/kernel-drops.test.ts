import { expect, test } from 'vitest';
import { kernelDrops } from './kernel-drops.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n';
const line = (port: string, drops: number): string =>
  ` 1: 0100007F:${port} 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 123 2 0000000000000000 ${drops}\n`;

test('the drops of the sockets of a port are added up', () => {
  const tables: Record<string, string> = {
    '/proc/net/udp': `${HEAD}${line('158A', 3)}${line('158B', 9)}`,
    '/proc/net/udp6': `${HEAD}${line('158A', 4)}`,
  };
  expect(kernelDrops(0x158a, (path) => tables[path] ?? '')).toBe(7);
  expect(kernelDrops(0x1111, (path) => tables[path] ?? '')).toBeUndefined();
});

function missing(): string {
  throw new Error('ENOENT');
}

test('a kernel that does not tell is no failure', () => {
  expect(kernelDrops(514, missing)).toBeUndefined();
});
