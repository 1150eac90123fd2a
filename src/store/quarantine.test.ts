import { expect, test } from 'vitest';
import { MemoryDisk } from '../../test/sim/loader-world.ts';
import { Quarantine } from './quarantine.ts';

const FILE = '/q/quarantine.ndjson';
const text = (disk: MemoryDisk): string => Buffer.from(disk.files.get(FILE) ?? []).toString();

test('events are added once each, and known again after a restart', async () => {
  const disk = new MemoryDisk();
  const first = new Quarantine(disk, '/q');
  await first.open();
  await first.add(7, 'why', Buffer.from('{"a":1}\n'));
  await first.add(7, 'why', Buffer.from('{"a":1}\n'));
  const second = new Quarantine(disk, '/q');
  await second.open();
  await second.add(7, 'why', Buffer.from('{"a":1}\n'));
  await second.add(9, 'so', Buffer.from('nonsense\n'));
  expect(text(disk)).toBe(
    '{"position":7,"reason":"why","event":"{\\"a\\":1}"}\n{"position":9,"reason":"so","event":"nonsense"}\n',
  );
  expect(second.count).toBe(2);
});

test('a line that was torn by a crash is cut off and written again', async () => {
  const disk = new MemoryDisk();
  const whole = '{"position":7,"reason":"why","event":"{}"}\n';
  disk.files.set(FILE, Buffer.from(`${whole}{"position":8,"rea`));
  const quarantine = new Quarantine(disk, '/q');
  await quarantine.open();
  expect(quarantine.count).toBe(1);
  await quarantine.add(8, 'so', Buffer.from('x\n'));
  expect(text(disk)).toBe(`${whole}{"position":8,"reason":"so","event":"x"}\n`);
});

test('a full quarantine refuses more, with what to do', async () => {
  const disk = new MemoryDisk();
  const quarantine = new Quarantine(disk, '/q', 2);
  await quarantine.open();
  await quarantine.add(1, 'why', Buffer.from('x\n'));
  await quarantine.add(2, 'why', Buffer.from('x\n'));
  await expect(quarantine.add(3, 'why', Buffer.from('x\n'))).rejects.toThrow(
    '/q/quarantine.ndjson holds 2 events, which is the limit: look at the reasons in it, then move the file away',
  );
  await quarantine.add(1, 'why', Buffer.from('x\n'));
});
