import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../../../test/collect/memory-intake.ts';
import { parseRange, type AddressRange } from '../../access/address.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { SPOOL_FILES_MAX } from './limits.ts';
import { Spool, spoolPath } from './spool.ts';
import { createSyslogListener, type SyslogListen, type SyslogListener } from './syslog-listener.ts';

const LOOPBACK = [parseRange('127.0.0.0/8')].filter((range): range is AddressRange => !!range);
const parts = { clock: systemClock, log: silentLog };

let directory = '';
let listener: SyslogListener | undefined;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'syslog-'))));
afterEach(async () => {
  await listener?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function listening(
  listen: Partial<SyslogListen>,
  limits: { messageBytesMax?: number; waitingBytesMax?: number; fileBytesMax?: number } = {},
): Promise<SyslogListener> {
  const spool = new Spool({ path: spoolPath(directory), ...parts, limits });
  const where = { transport: 'tcp', host: '127.0.0.1', port: 0, allow: LOOPBACK } as const;
  listener = createSyslogListener({ listen: { ...where, ...listen }, spool, ...parts, limits });
  await listener.start();
  return listener;
}

const received = (n = ''): string =>
  existsSync(`${spoolPath(directory)}${n}`)
    ? readFileSync(`${spoolPath(directory)}${n}`, 'utf8')
    : '';

async function sendStream(port: number, bytes: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.end(bytes);
  await once(socket, 'close');
}

test('messages of a connection are kept as lines, in their order', async () => {
  const own = await listening({});
  await sendStream(own.port(), '<13>Nov 23 11:59:58 mx x: a\n30 <13>Nov 23 11:59:58 mx x: b\ncd');
  await until(
    () => received().includes(' b#012cd'),
    () => received(),
  );
  expect(received().match(/mx x: .*/g)).toEqual(['mx x: a', 'mx x: b#012cd']);
  expect(own.status()).toMatchObject({ state: 'running', seen: 2, rejected: 0 });
});

test('datagrams are kept, one line each', async () => {
  const own = await listening({ transport: 'udp' });
  const socket = createSocket('udp4');
  for (const text of ['<13>Nov 23 11:59:58 mx x: one', '<13>Nov 23 11:59:58 mx x: two\n']) {
    await new Promise((sent) => socket.send(text, own.port(), '127.0.0.1', sent));
  }
  socket.close();
  await until(
    () => received().split('\n').length === 3,
    () => received(),
  );
  expect(received()).toContain('mx x: one\n');
});

test('who is not allowed is not heard, and counted', async () => {
  const own = await listening({ allow: [] });
  await sendStream(own.port(), '<13>forged\n');
  await until(
    () => own.status().lost !== undefined,
    () => JSON.stringify(own.status()),
  );
  expect(own.status()).toMatchObject({ seen: 0, lost: '1 of peers that are not allowed' });
  expect(received()).toBe('');
});

test('what is no syslog ends its connection only', async () => {
  const own = await listening({});
  await sendStream(own.port(), '16030100x no syslog');
  await sendStream(own.port(), '<13>fine\n');
  await until(
    () => received().includes('fine'),
    () => received(),
  );
  expect(own.status()).toMatchObject({ seen: 1, rejected: 1 });
});

test('a full spool makes connections wait, and loses nothing', async () => {
  const own = await listening({}, { waitingBytesMax: 10 });
  const lines = Array.from({ length: 2_000 }, (_, n) => `<13>Nov 23 11:59:58 mx x: ${n}\n`);
  await sendStream(own.port(), lines.join(''));
  await until(
    () => received().split('\n').length === 2_001,
    () => String(received().split('\n').length),
  );
  expect(received().match(/x: \d+/g)).toEqual(lines.map((line) => line.slice(23, -1)));
});

test('the spool keeps so many files', async () => {
  const own = await listening({}, { fileBytesMax: 100 });
  for (let n = 0; n < 12; n++) {
    await sendStream(own.port(), `<13>Nov 23 11:59:58 mx x: ${'y'.repeat(100)} ${n}\n`);
    await until(
      () => received().endsWith(` ${n}\n`),
      () => received(),
    );
  }
  expect(received('.1')).toMatch(/ 10\n$/);
  expect(received(`.${SPOOL_FILES_MAX - 1}`)).not.toBe('');
  expect(received(`.${SPOOL_FILES_MAX}`)).toBe('');
});
