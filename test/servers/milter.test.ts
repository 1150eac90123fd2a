// The milter with a real Postfix: what it reads of every kind of message, and that mail flows whatever
// becomes of the milter.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import { afterEach, expect, test } from 'vitest';
import {
  createMessageContentsJoin,
  type MessageContents,
} from '../../src/collect/message-contents.ts';
import {
  createMilter,
  type Milter,
  type MilterListen,
} from '../../src/collect/milter/milter-server.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemDisk } from '../../src/platform/disk.ts';
import { silentLog } from '../../src/platform/log.ts';
import { MemoryIntake } from '../collect/memory-intake.ts';
import { startServer, until } from '../e2e/running-server.ts';
import { mailServersDirectory, startMailServers, type MailServers } from './mail-servers.ts';
import { NORDLYS, userNamed } from './organization.ts';

const ALICE = userNamed(NORDLYS, 'alice');
const BOB = userNamed(NORDLYS, 'bob');
const WAIT_MS = 20_000;

const ending: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  while (ending.length > 0) await ending.pop()?.();
});

interface StartedMilter {
  readonly milter: Milter;
  readonly read: MessageContents[];
  readonly intake: MemoryIntake;
  /** What it read of the message that Postfix queued under this id. */
  of(queueId: string): Promise<MessageContents>;
}

/** A milter in this process and what it read. */
async function startedMilter(directory: string, listen: MilterListen): Promise<StartedMilter> {
  const contents = createMessageContentsJoin(systemClock);
  const read: MessageContents[] = [];
  contents.listen({ offered: (one) => void read.push(one), behind: () => false });
  const intake = new MemoryIntake();
  const milter = createMilter({
    listen,
    contents,
    directory: join(directory, 'milter'),
    disk: systemDisk,
    intake,
    clock: systemClock,
    log: silentLog,
  });
  await milter.start();
  ending.push(() => milter.stop());
  const of = (queueId: string): Promise<MessageContents> =>
    until(
      () => read.find((one) => one.queueId === queueId),
      WAIT_MS,
      () => `${queueId} was not read; ${read.length} others were`,
    );
  return { milter, read, intake, of };
}

/** Speaks SMTP line by line. */
class Smtp {
  readonly #socket: Socket;
  #text = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8').on('data', (text: string) => (this.#text += text));
    socket.on('error', () => {});
  }

  static async open(port: number): Promise<Smtp> {
    const smtp = new Smtp(connect(port, '127.0.0.1'));
    ending.push(() => smtp.hangUp());
    await smtp.answer();
    await smtp.say('EHLO client.test');
    return smtp;
  }

  async answer(): Promise<string> {
    const whole = await until(
      () => /^(?:\d{3}-.*\r\n)*\d{3} .*\r\n/.exec(this.#text)?.[0],
      WAIT_MS,
      () => `the answer is ${JSON.stringify(this.#text)}`,
    );
    this.#text = this.#text.slice(whole.length);
    return whole;
  }

  /** The answer's code. */
  async say(line: string): Promise<string> {
    this.#socket.write(`${line}\r\n`);
    return (await this.answer()).slice(0, 3);
  }

  async signIn(user: { login: string; password: string }): Promise<string> {
    const plain = Buffer.from(`\0${user.login}\0${user.password}`).toString('base64');
    return this.say(`AUTH PLAIN ${plain}`);
  }

  hangUp(): void {
    this.#socket.destroy();
  }

  /** Everything at once, without waiting for answers in between; the codes of all answers. */
  async pipeline(lines: readonly string[]): Promise<string[]> {
    this.#socket.write(lines.map((line) => `${line}\r\n`).join(''));
    const codes: string[] = [];
    for (const _ of lines) codes.push((await this.answer()).slice(0, 3));
    return codes;
  }

  /** The text of a message, in pieces of any size, after DATA; the answer to it. */
  async text(pieces: Iterable<string>): Promise<string> {
    for (const piece of pieces) {
      if (!this.#socket.write(piece)) await once(this.#socket, 'drain');
    }
    return this.say('\r\n.');
  }
}

interface Started {
  readonly servers: MailServers;
  readonly socket: string;
  readonly directory: string;
  readonly log: () => string;
}

async function started(extraPostfix = ''): Promise<Started> {
  const directory = mailServersDirectory();
  ending.push(() => rmSync(directory, { recursive: true, force: true }));
  const socket = join(directory, 'milter.socket');
  const servers = await startMailServers({ directory, milterSocket: socket, extraPostfix });
  ending.push(() => servers.stop());
  return { servers, socket, directory, log: () => readFileSync(servers.postfix.mailLog, 'utf8') };
}

function queueIdOf(response: string): string {
  const id = /queued as (\w+)/.exec(response)?.[1];
  if (id === undefined) throw new Error(`no queue id in ${response}`);
  return id;
}

/** Waits until Postfix logged something, and gives it. */
function logged(servers: Pick<Started, 'log'>, pattern: RegExp): Promise<RegExpExecArray> {
  return until(
    () => pattern.exec(servers.log()) ?? undefined,
    WAIT_MS,
    () => `${String(pattern)} is not in the log:\n${servers.log()}`,
  );
}

test('what a mail program sends, with attachments, to the mailbox and beyond', async () => {
  const { servers, socket, directory, log } = await started();
  const milter = await startedMilter(directory, { path: socket });
  const transport = createTransport({
    host: '127.0.0.1',
    port: await servers.balancer.port({
      targetPort: servers.postfix.ports.submissionProxy,
      sourceAddress: '198.51.100.7',
      version: 2,
    }),
    tls: { ca: readFileSync(servers.certificateFile) },
    auth: { user: ALICE.login, pass: ALICE.password },
  });
  const sent = await transport.sendMail({
    from: `"Alice, from Nordlys" <${ALICE.login}>`,
    to: [BOB.login, 'x@outside.example'],
    cc: 'y@outside.example',
    bcc: 'z@outside.example',
    subject: 'Größere Änderungen 🎉 '.repeat(4).trim(),
    text: 'See the attachments.',
    messageId: '<attached@nordlys-biotech.example>',
    attachments: [
      { filename: 'Vertrag „final“.pdf', content: Buffer.alloc(1000) },
      { filename: `${'lang'.repeat(30)}.txt`, content: 'x' },
      {
        filename: 'forwarded.eml',
        contentType: 'message/rfc822',
        content: 'Subject: inner\r\nContent-Type: image/png; name=inner.png\r\n\r\nx\r\n',
      },
    ],
  });
  const contents = await milter.of(queueIdOf(sent.response));
  expect(contents).toMatchObject({
    serverName: 'mail.nordlys-biotech.example',
    clientAddress: '198.51.100.7',
    saslUser: ALICE.login,
    saslMethod: 'PLAIN',
    tlsVersion: 'TLSv1.3',
    sender: ALICE.login,
    recipients: [BOB.login, 'x@outside.example', 'y@outside.example', 'z@outside.example'],
    messageId: '<attached@nordlys-biotech.example>',
    from: ALICE.login,
    to: [BOB.login, 'x@outside.example'],
    cc: ['y@outside.example'],
    subject: 'Größere Änderungen 🎉 '.repeat(4).trim(),
  });
  expect(contents.attachments.map(({ path }) => path)).toEqual([
    'Vertrag „final“.pdf',
    `${'lang'.repeat(30)}.txt`,
    'forwarded.eml',
    'forwarded.eml/inner.png',
  ]);
  expect(contents).not.toHaveProperty('cut');
  expect(log()).not.toContain('warning');
});

test('many messages of one connection, pipelined, given up or refused, each told as it was', async () => {
  const all = await started();
  const { servers, socket, directory } = all;
  const { read, intake } = await startedMilter(directory, { path: socket });
  const smtp = await Smtp.open(servers.postfix.ports.submission);
  expect(await smtp.signIn(ALICE)).toBe('235');
  const envelope = [`MAIL FROM:<${ALICE.login}>`, `RCPT TO:<${BOB.login}>`];
  const two = [...envelope, 'RCPT TO:<x@outside.example>'];
  for (let n = 0; n < 3; n++) {
    expect(await smtp.pipeline([...envelope, 'DATA'])).toEqual(['250', '250', '354']);
    expect(await smtp.say(`Subject: ${n}\r\n\r\nx\r\n.`)).toBe('250');
  }
  expect(read.map(({ subject }) => subject)).toEqual(['0', '1', '2']);
  // Given up before and after a queue id was known; before a recipient was taken.
  expect(
    await smtp.pipeline([...envelope, 'RSET', ...two, 'RSET', envelope[0] ?? '', 'RSET']),
  ).toEqual(Array.from({ length: 9 }, () => '250'));
  expect(await smtp.pipeline([...two, 'DATA'])).toEqual(['250', '250', '250', '354']);
  smtp.hangUp();
  await logged(all, /lost connection after DATA/);
  await until(
    () => (intake.journal.events.length === 3 ? true : undefined),
    WAIT_MS,
    () => JSON.stringify(intake.journal.events),
  );
  const aborted = read.filter((one) => one.aborted !== undefined);
  expect(aborted.map((one) => [one.aborted, one.recipients.length])).toEqual([
    ['RCPT', 1],
    ['RCPT', 2],
    ['DATA', 2],
  ]);
  expect(intake.journal.events).toEqual(
    aborted.map(({ queueId, timeMs }) =>
      expect.objectContaining({
        action: 'abort_sending_email',
        user_id: ALICE.login,
        source_ip: '127.0.0.1',
        event_timestamp: timeMs,
        ...(queueId !== undefined && { request_id: queueId }),
      }),
    ),
  );
});

test('mail from sendmail(1), and a message of 20 MB with its attachment at the end', async () => {
  const all = await started('message_size_limit = 50000000\n');
  const { servers, socket, directory } = all;
  const milter = await startedMilter(directory, { path: socket });
  execFileSync('sendmail', ['-f', ALICE.login, BOB.login], {
    input: 'Subject: local\n\nhi\n',
    env: { ...process.env, MAIL_CONFIG: servers.postfix.configDirectory },
  });
  const [, local = ''] = await logged(all, /pickup\[\d+\]: (\w+): uid=0/);
  expect(await milter.of(local)).toMatchObject({ subject: 'local', from: ALICE.login });

  const smtp = await Smtp.open(servers.postfix.ports.mx);
  const send = async (head: string, tail: string): Promise<string> => {
    await smtp.pipeline([`MAIL FROM:<big@outside.example>`, `RCPT TO:<${BOB.login}>`, 'DATA']);
    const line = `${'-x'.repeat(38)}\r\n`;
    const pieces = Array.from({ length: 320 }, () => line.repeat(840));
    expect(await smtp.text([head, ...pieces, tail])).toBe('250');
    return (
      (await logged(all, new RegExp(`(\\w+): from=<big@outside.example>, size=2\\d{7}`, 'g')))[1] ??
      ''
    );
  };
  const id = await send(
    'Subject: big\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n',
    '\r\n--b\r\nContent-Type: text/plain; name=last.txt\r\n\r\nx\r\n--b--\r\n',
  );
  expect((await milter.of(id)).attachments).toEqual([{ path: 'last.txt', type: 'text/plain' }]);
  await send('Subject: plain\r\n\r\n', 'x');
  await until(
    () => milter.read.find(({ subject }) => subject === 'plain'),
    WAIT_MS,
    () => 'the plain message was not read',
  );
});

test('mail flows while the milter is away, dies in the middle, or hangs; it is read again after', async () => {
  const all = await started();
  const { servers, socket, directory } = all;
  const envelope = [`MAIL FROM:<${ALICE.login}>`, `RCPT TO:<${BOB.login}>`, 'DATA'];
  const send = async (smtp: Smtp, subject: string): Promise<void> => {
    expect(await smtp.pipeline(envelope)).toEqual(['250', '250', '354']);
    expect(await smtp.say(`Subject: ${subject}\r\n\r\nx\r\n.`)).toBe('250');
  };
  const without = await Smtp.open(servers.postfix.ports.mx);
  await send(without, 'away');
  without.hangUp();

  const first = await startedMilter(directory, { path: socket });
  const through = await Smtp.open(servers.postfix.ports.mx);
  await send(through, 'read');
  expect(await through.pipeline(envelope)).toEqual(['250', '250', '354']);
  await first.milter.stop();
  expect(await through.say('Subject: died\r\n\r\nx\r\n.')).toBe('250');
  await send(through, 'after');

  const second = await startedMilter(directory, { path: socket });
  const again = await Smtp.open(servers.postfix.ports.mx);
  await send(again, 'again');
  expect(first.read.map(({ subject }) => subject)).toEqual(['read']);
  // What the first noted is offered once more.
  expect(second.read.at(-1)?.subject).toBe('again');
  await second.milter.stop();

  const hanging = createServer(() => {});
  hanging.listen(socket);
  await once(hanging, 'listening');
  chmodSync(socket, 0o666);
  ending.push(() => void hanging.close());
  const patient = await Smtp.open(servers.postfix.ports.mx);
  await send(patient, 'hangs');
  await logged(all, /milter unix:.*: (?:timeout|error|can't read)/i);
});

test('the socket is in the queue directory, where a chrooted Postfix finds it', async () => {
  const directory = mailServersDirectory();
  ending.push(() => rmSync(directory, { recursive: true, force: true }));
  // As print-config says it for a socket in Debian's queue directory.
  const servers = await startMailServers({ directory, milterSocket: 'mailtrail/milter' });
  ending.push(() => servers.stop());
  const folder = join(directory, 'postfix/queue/mailtrail');
  execFileSync('install', ['-d', '-g', 'postfix', '-m', '2750', folder]);
  const { configDirectory } = servers.postfix;
  const { mx } = servers.postfix.ports;
  execFileSync('postconf', ['-c', configDirectory, '-F', `127.0.0.1:${mx}/inet/chroot=y`]);
  execFileSync('postfix', ['-c', configDirectory, 'reload'], { stdio: 'ignore' });
  const log = { log: () => readFileSync(servers.postfix.mailLog, 'utf8') };
  // The one that was asked whether it listens was not in a chroot.
  const [, before = ''] = await logged(log, /smtpd\[(\d+)\]: disconnect/);
  await until(
    () => (existsSync(`/proc/${before}`) ? undefined : true),
    WAIT_MS,
    () => `smtpd ${before} goes on after the reload`,
  );
  const { read } = await startedMilter(directory, { path: join(folder, 'milter') });
  const smtp = await Smtp.open(mx);
  await smtp.pipeline([`MAIL FROM:<x@outside.example>`, `RCPT TO:<${BOB.login}>`, 'DATA']);
  const [, pid = ''] = await logged(log, /smtpd\[(\d+)\]: \w+: client=/);
  expect(readlinkSync(`/proc/${pid}/root`)).toBe(join(directory, 'postfix/queue'));
  expect(await smtp.say('Subject: chrooted\r\n\r\nx\r\n.')).toBe('250');
  expect(read.map(({ subject }) => subject)).toEqual(['chrooted']);
});

test('the built program notes what it reads, and mail flows over kill -9', async () => {
  const { servers, socket, directory } = await started();
  const data = join(directory, 'data');
  const options = ['--postfix-milter-listen', `unix:${socket}`];
  const first = await startServer(data, { arguments: options, waitForStore: false });
  ending.push(() => first.stop('SIGKILL'));
  const letter = [`MAIL FROM:<${ALICE.login}>`, `RCPT TO:<${BOB.login}>`, 'DATA'];
  const smtp = await Smtp.open(servers.postfix.ports.mx);
  for (const subject of ['read', 'killed']) {
    await smtp.pipeline(letter);
    if (subject === 'killed') await first.stop('SIGKILL');
    expect(await smtp.say(`Subject: ${subject}\r\n\r\nx\r\n.`)).toBe('250');
  }
  const second = await startServer(data, { arguments: options, waitForStore: false });
  ending.push(() => second.stop());
  const after = await Smtp.open(servers.postfix.ports.mx);
  await after.pipeline(letter);
  expect(await after.say('Subject: after\r\n\r\nx\r\n.')).toBe('250');
  const notes = readFileSync(join(data, 'milter/contents.ndjson'), 'utf8');
  const subjects = [...notes.matchAll(/"subject":"(\w+)"/g)].map(([, subject]) => subject);
  expect(subjects).toEqual(['read', 'after']);
});

test('over TCP each step is answered, and messages are read all the same', async () => {
  const directory = mailServersDirectory();
  ending.push(() => rmSync(directory, { recursive: true, force: true }));
  const { milter, read } = await startedMilter(directory, { host: '127.0.0.1', port: 0 });
  const extraPostfix = `smtpd_milters = { inet:${milter.address()}, default_action=tempfail }\n`;
  const servers = await startMailServers({ directory, extraPostfix });
  ending.push(() => servers.stop());
  const smtp = await Smtp.open(servers.postfix.ports.mx);
  await smtp.pipeline([`MAIL FROM:<x@outside.example>`, `RCPT TO:<${BOB.login}>`, 'DATA']);
  expect(await smtp.say('Subject: over TCP\r\n\r\nx\r\n.')).toBe('250');
  expect(read.map(({ subject }) => subject)).toEqual(['over TCP']);
});
