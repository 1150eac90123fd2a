import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { MemoryIntake, until } from '../../../test/collect/memory-intake.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { SimulatedDisk } from '../../platform/simulated-disk.ts';
import { createMessageContentsJoin, type MessageContents } from '../message-contents.ts';
import { createMilter, type Milter, type MilterOptions } from './milter-server.ts';

const ending: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  while (ending.length > 0) await ending.pop()?.();
});

function socketPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'mailtrail-milter-'));
  ending.push(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'milter');
}

interface Running {
  readonly milter: Milter;
  readonly read: MessageContents[];
  readonly intake: MemoryIntake;
  readonly path: string;
}

async function started(more: Partial<MilterOptions> = {}): Promise<Running> {
  const join_ = createMessageContentsJoin(systemClock);
  const read: MessageContents[] = [];
  join_.listen({ offered: (one) => void read.push(one), behind: () => false });
  const path = socketPath();
  const intake = new MemoryIntake();
  const milter = createMilter({
    listen: { path },
    contents: join_,
    directory: '/data/milter',
    disk: new SimulatedDisk(),
    intake,
    clock: systemClock,
    log: silentLog,
    ...more,
  });
  ending.push(() => milter.stop());
  await milter.start();
  return { milter, read, intake, path };
}

function packet(command: string, data = ''): Buffer {
  const bytes = Buffer.from(data);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length + 1, 0);
  head.write(command, 4, 'latin1');
  return Buffer.concat([head, bytes]);
}

const OFFER = Buffer.concat([
  Buffer.from('0000000d4f', 'hex'),
  Buffer.from('00000006000001ff001fffff', 'hex'),
]);
const MESSAGE = Buffer.concat([
  packet('D', 'M{auth_authen}\0ann@x.example\0'),
  packet('M', '<ann@x.example>\0'),
  packet('R', '<b@x.example>\0'),
  packet('D', 'Ti\0QID\0'),
  packet('T'),
]);
const END = Buffer.concat([packet('N'), packet('E')]);

/** A mail server's end of a connection. */
class MailServer {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  closed = false;

  constructor(path: string) {
    this.socket = connect(path);
    this.socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => (this.closed = true));
    ending.push(() => void this.socket.destroy());
  }

  /** The letters of the answers so far. */
  get answers(): string {
    let letters = '';
    for (let at = 0; at + 4 < this.received.length; at += 4 + this.received.readUInt32BE(at)) {
      letters += String.fromCharCode(this.received[at + 4] ?? 0);
    }
    return letters;
  }

  async answered(letters: string): Promise<void> {
    await until(
      () => this.answers === letters,
      () => `the answers are ${this.answers}, expected ${letters}`,
    );
  }
}

test('several messages of one connection are read and let pass, sent in one go', async () => {
  const { milter, read, path } = await started();
  const server = new MailServer(path);
  server.socket.write(Buffer.concat([OFFER, MESSAGE, END, packet('A'), MESSAGE, END, packet('Q')]));
  await server.answered('Oaa');
  await until(
    () => server.closed,
    () => 'the connection is open',
  );
  expect(read.map(({ queueId }) => queueId)).toEqual(['QID', 'QID']);
  expect(milter.status()).toMatchObject({
    name: `milter:unix:${path}`,
    state: 'running',
    seen: 2,
    rejected: 0,
  });
});

test('connections beyond the limit are let pass unread, and the status says so', async () => {
  const { milter, read, path } = await started({
    limits: { connectionsMax: 1, unreadConnectionsMax: 1 },
  });
  const first = new MailServer(path);
  first.socket.write(OFFER);
  await first.answered('O');
  const second = new MailServer(path);
  second.socket.write(Buffer.concat([OFFER, packet('E')]));
  await second.answered('Oa');
  // Every step is declined.
  expect(second.received.readUInt32BE(13)).toBe(0x37f);
  expect(read).toEqual([]);
  expect(milter.status().reason).toContain('1 connections beyond 1 at a time');
  const third = new MailServer(path);
  await until(
    () => third.closed,
    () => 'the third was not hung up on',
  );
  second.socket.destroy();
  first.socket.destroy();
  // The milter hears of it when it does.
  while (read.length === 0) {
    const later = new MailServer(path);
    later.socket.write(Buffer.concat([OFFER, MESSAGE, END]));
    await until(
      () => later.answers.endsWith('a') || later.closed,
      () => `the answers are ${later.answers}`,
    );
    later.socket.destroy();
  }
});

test('a silent connection is closed after a time', async () => {
  const { path } = await started({ limits: { idleMs: 20 } });
  const server = new MailServer(path);
  await until(
    () => server.closed,
    () => 'the connection is open',
  );
});

test('a stranger is hung up on, others go on', async () => {
  const { milter, read, path } = await started();
  const stranger = new MailServer(path);
  stranger.socket.write('GET / HTTP/1.1\r\n\r\n');
  const server = new MailServer(path);
  server.socket.write(Buffer.concat([OFFER, MESSAGE, END]));
  await server.answered('Oa');
  await until(
    () => stranger.closed,
    () => 'the stranger is connected',
  );
  expect(read.length).toBe(1);
  expect(milter.status().rejected).toBe(1);
});

test('the socket is for everybody who reaches its directory; a stale one is replaced, a file is not', async () => {
  const path = socketPath();
  const before = createServer();
  await new Promise<void>((resolve) => before.listen(path, resolve));
  const { milter } = await started({ listen: { path } });
  expect(statSync(path).mode & 0o777).toBe(0o666);
  await milter.stop();
  expect(existsSync(path)).toBe(false);
  before.close();
  writeFileSync(path, 'not a socket');
  await expect(started({ listen: { path } })).rejects.toThrow(/cannot listen on unix:.*EADDRINUSE/);
  const nowhere = started({ listen: { path: '/nowhere/milter' } });
  await expect(nowhere).rejects.toThrow(/its directory must be there/);
});

test('an abort is told when the log had its time, with who and from where', async () => {
  const { intake, path } = await started();
  const server = new MailServer(path);
  server.socket.write(Buffer.concat([OFFER, MESSAGE, packet('A')]));
  await until(
    () => intake.journal.events.length === 1,
    () => 'nothing was told',
  );
  expect(intake.journal.events[0]).toMatchObject({
    log_type: 'WORKMAIL_MAILBOX_ACCESS_LOGS',
    action: 'abort_sending_email',
    user_id: 'ann@x.example',
    request_id: 'QID',
    protocol: 'SMTP',
  });
});

test('an abort that is waiting is told before the milter stops', async () => {
  const { milter, intake, read, path } = await started();
  const server = new MailServer(path);
  server.socket.write(Buffer.concat([OFFER, MESSAGE, packet('A')]));
  await until(
    () => read.length === 1,
    () => 'nothing was read',
  );
  await milter.stop();
  expect(intake.journal.events.length).toBe(1);
});
