import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { until } from '../../../test/collect/memory-intake.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import type { Collector, CollectorStatus } from '../collector.ts';
import { LINE_BYTES_MAX } from '../line-cutter.ts';
import { createExporterSocket, type ExporterSocketOptions } from './exporter-socket.ts';

const ending: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  while (ending.length > 0) await ending.pop()?.();
});

interface Running {
  readonly collector: Collector;
  readonly path: string;
  readonly logPath: string;
  readonly written: () => string;
  /** Waits until the log holds exactly this. */
  readonly writes: (text: string) => Promise<void>;
  /** Waits until the status is like this. */
  readonly becomes: (wanted: Partial<CollectorStatus>) => Promise<void>;
}

async function started(more: Partial<ExporterSocketOptions> = {}): Promise<Running> {
  const directory = mkdtempSync(join(tmpdir(), 'mailtrail-exporter-'));
  ending.push(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'events');
  const logPath = join(directory, 'audit.log');
  const options = { path, logPath, clock: systemClock, log: silentLog, ...more };
  const collector = createExporterSocket(options);
  ending.push(() => collector.stop());
  await collector.start();
  const written = (): string => (existsSync(logPath) ? readFileSync(logPath, 'utf8') : '');
  const writes = (text: string): Promise<void> => until(() => written() === text, written);
  const text = (): string => JSON.stringify(collector.status());
  const becomes = (wanted: Partial<CollectorStatus>): Promise<void> => {
    const now = (): object => ({ ...collector.status(), ...wanted });
    return until(() => JSON.stringify(now()) === text(), text);
  };
  return { collector, path, logPath, written, writes, becomes };
}

async function connected(path: string): Promise<Socket> {
  const socket = connect(path);
  ending.push(() => void socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const event = (n: number): string => `{"event":"mail_expunged","fields":{"uid":${n}}}\n`;

test('what Dovecot sends is in the log, line by line, however it is cut on its way', async () => {
  const { collector, path, writes } = await started();
  const socket = await connected(path);
  const all = Array.from({ length: 50 }, (_, n) => event(n)).join('');
  for (let at = 0; at < all.length; at += 7) socket.write(all.slice(at, at + 7));
  await writes(all);
  expect(collector.status()).toMatchObject({ state: 'running', seen: 50, rejected: 0 });
});

test('nothing but events gets into the log', async () => {
  const { collector, path, writes } = await started();
  const socket = await connected(path);
  socket.write(`${event(1)}imap(alice)<1><session>: Info: delete: box=INBOX, uid=1\n\n${event(2)}`);
  await writes(event(1) + event(2));
  expect(collector.status()).toMatchObject({ seen: 2, rejected: 1 });
});

test('a line that the end of a connection cuts is no event, nor is one without end', async () => {
  const { collector, path, writes, becomes } = await started();
  const first = await connected(path);
  first.end(event(1) + event(2).slice(0, -5));
  await becomes({ rejected: 1 });
  const second = await connected(path);
  second.write(`{"event":"${'x'.repeat(LINE_BYTES_MAX)}`);
  second.write(`\n${event(3)}`);
  await writes(event(1) + event(3));
  expect(collector.status().rejected).toBe(2);
});

test('a log that cannot be written is waited for, and says why', async () => {
  const { collector, path, becomes } = await started({ logPath: '/nowhere/audit.log' });
  const socket = await connected(path);
  socket.write(event(1));
  await becomes({ state: 'waiting' });
  expect(collector.status()).toMatchObject({
    reason: expect.stringContaining('/nowhere/audit.log cannot be written') as string,
    behindBytes: event(1).length,
  });
});

test('what waited is written as soon as the log can be', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'mailtrail-exporter-log-'));
  ending.push(() => rmSync(directory, { recursive: true, force: true }));
  const logPath = join(directory, 'later', 'audit.log');
  const { collector, path, becomes } = await started({ logPath });
  const socket = await connected(path);
  socket.write(event(1));
  await becomes({ state: 'waiting' });
  socket.write(event(2));
  mkdirSync(join(directory, 'later'));
  const there = (): string => (existsSync(logPath) ? readFileSync(logPath, 'utf8') : '');
  await until(() => there() === event(1) + event(2), there);
  await becomes({ state: 'running' });
  expect(collector.status().lost).toBeUndefined();
});

test('more than may wait is dropped, and named as lost', async () => {
  const waitingBytesMax = 3 * event(1).length;
  const { collector, path, becomes } = await started({
    logPath: '/nowhere/audit.log',
    limits: { waitingBytesMax },
  });
  const socket = await connected(path);
  for (let n = 1; n <= 5; n++) {
    socket.write(event(n));
    await becomes({ seen: n });
  }
  expect(collector.status().behindBytes).toBe(waitingBytesMax);
  expect(collector.status().lost).toContain(`${2 * event(1).length} bytes of events`);
});

test('a connection too many is refused, the others go on', async () => {
  const { path, writes } = await started({ limits: { connectionsMax: 1 } });
  const first = await connected(path);
  first.write(event(1));
  await writes(event(1));
  const second = await connected(path);
  await once(second, 'close');
  first.write(event(2));
  await writes(event(1) + event(2));
});

test('a socket that an earlier run left is replaced, any other file is not', async () => {
  const { collector, path } = await started();
  const again = createExporterSocket({
    path,
    logPath: `${path}.log`,
    clock: systemClock,
    log: silentLog,
  });
  await collector.stop();
  writeFileSync(path, 'a file');
  await expect(again.start()).rejects.toThrow(path);
  expect(readFileSync(path, 'utf8')).toBe('a file');
  expect(again.status().state).toBe('failed');
});
