// What the milter costs a message: two Postfixes beside each other, one of them showing its messages
// to Mailtrail, given the same messages in turns on one connection each. A message is MAIL, RCPT, DATA
// and its text up to Postfix's answer that it is in the queue.
import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { startServer, temporaryDirectory, type RunningServer } from '../test/e2e/running-server.ts';
import { mailServersDirectory, startMailServers } from '../test/servers/mail-servers.ts';
import { dovecotRead } from './log-lines.ts';
import { figure, median, percentile, residentMiB } from './measure.ts';

const MESSAGES = 400;
const LARGE_MESSAGES = 8;
const BESIDE_BACKLOG = 100;
const WARM_UP = 40;
/** Lines' worth some ten seconds of reading. */
const BACKLOG_READS = 300_000;
const READS_AT_A_TIME = 1000;
/** Both Postfixes relay for this host, and take large messages. */
const EXTRA_POSTFIX = 'mynetworks = 127.0.0.0/8\nmessage_size_limit = 50000000\n';
const LINE = `${'0123456789abcdef'.repeat(4)}\r\n`;

/** One SMTP connection that sends one message after the other. */
class Sender {
  readonly #socket: Socket;
  #text = '';
  #answered: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#text += text;
      if (/^\d{3} .*\r\n$/m.test(this.#text)) this.#answered?.();
    });
  }

  static async open(port: number): Promise<Sender> {
    const sender = new Sender(connect({ port, host: '127.0.0.1', noDelay: true }));
    await sender.#answer('220');
    await sender.say('EHLO bench.test', '250');
    return sender;
  }

  async #answer(code: string): Promise<void> {
    await new Promise<void>((resolve) => (this.#answered = resolve));
    const text = this.#text;
    this.#text = '';
    if (!text.startsWith(code)) throw new Error(`expected ${code}, got ${text}`);
  }

  say(line: string, code: string): Promise<void> {
    this.#socket.write(`${line}\r\n`);
    return this.#answer(code);
  }

  /** Resolves to the time one message took, in ms. */
  async send(text: string): Promise<number> {
    const from = performance.now();
    await this.say('MAIL FROM:<bench@nordlys-biotech.example>', '250');
    await this.say('RCPT TO:<sink@outside.example>', '250');
    await this.say('DATA', '354');
    await this.say(`${text}.`, '250');
    return performance.now() - from;
  }

  close(): void {
    this.#socket.destroy();
  }
}

const HEADERS =
  'From: "Bench" <bench@nordlys-biotech.example>\r\nTo: sink@outside.example\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n';

function plain(bytes: number): string {
  return `${HEADERS}\r\n${LINE.repeat(Math.ceil(bytes / LINE.length))}`;
}

function withAttachments(bytes: number): string {
  const body = LINE.repeat(Math.ceil(bytes / 3 / LINE.length));
  const parts = [1, 2, 3].map(
    (n) =>
      `--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="${n}.pdf"\r\n\r\n${body}`,
  );
  return `${HEADERS}Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts.join('')}--b--\r\n`;
}

const show = (values: readonly number[]): string =>
  `${percentile(values, 0.5).toFixed(2)} / ${percentile(values, 0.99).toFixed(2)}`;

/** The same message in turns, so that what disturbs one disturbs the other. */
async function compare(
  name: string,
  [bare, shown]: readonly [Sender, Sender],
  text: string,
  count: number,
): Promise<void> {
  const without: number[] = [];
  const through: number[] = [];
  for (let n = 0; n < count + Math.min(WARM_UP, count); n++) {
    const first = n % 2 === 0;
    const a = first ? await bare.send(text) : undefined;
    const b = await shown.send(text);
    const c = a ?? (await bare.send(text));
    if (n < Math.min(WARM_UP, count)) continue;
    without.push(c);
    through.push(b);
  }
  const more = through.map((ms, n) => ms - (without[n] ?? 0));
  figure(`${name}: without, p50 / p99 (ms)`, show(without));
  figure(`${name}: with, p50 / p99 (ms)`, show(through));
  figure(`${name}: more, median of pairs (ms)`, median(more).toFixed(2));
}

/** How much of Dovecot's log is still unread. */
async function behindBytes(server: RunningServer): Promise<number> {
  const headers = { authorization: `Bearer ${server.token}` };
  const response = await fetch(`${server.url}/v1/status`, { headers });
  const { collectors } = (await response.json()) as { collectors: { behindBytes?: number }[] };
  return collectors.reduce((sum, collector) => sum + (collector.behindBytes ?? 0), 0);
}

export async function run(): Promise<void> {
  const data = temporaryDirectory();
  const directory = mailServersDirectory('mailtrail-bench-milter-');
  const socket = join(directory, 'milter.socket');
  const dovecotLog = join(directory, 'backlog.log');
  writeFileSync(dovecotLog, '');
  const server = await startServer(data.path, {
    arguments: ['--postfix-milter-listen', `unix:${socket}`, '--dovecot-log', dovecotLog],
  });
  const shown = await startMailServers({
    directory,
    milterSocket: socket,
    extraPostfix: EXTRA_POSTFIX,
  });
  const bare = await startMailServers({ extraPostfix: EXTRA_POSTFIX });
  try {
    const senders = [
      await Sender.open(bare.postfix.ports.mx),
      await Sender.open(shown.postfix.ports.mx),
    ] as const;
    await compare('1 KB of text', senders, plain(1_000), MESSAGES);
    await compare('100 KB in 3 attachments', senders, withAttachments(100_000), MESSAGES);
    const pid = server.process.pid ?? 0;
    const before = residentMiB(pid).peak;
    await compare('20 MB in 3 attachments', senders, withAttachments(20_000_000), LARGE_MESSAGES);
    figure('resident peak before / after 20 MB (MiB)', `${before} / ${residentMiB(pid).peak}`);
    for (let from = 0; from < BACKLOG_READS; from += READS_AT_A_TIME) {
      const reads = Array.from({ length: READS_AT_A_TIME }, (_, n) => dovecotRead(from + n));
      appendFileSync(`${dovecotLog}.new`, reads.join(''));
    }
    renameSync(`${dovecotLog}.new`, dovecotLog);
    while ((await behindBytes(server)) === 0)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await compare('1 KB, a log backlog being read', senders, plain(1_000), BESIDE_BACKLOG);
    figure('bytes of the backlog left then', await behindBytes(server));
    for (const sender of senders) sender.close();
  } finally {
    await shown.stop();
    await bare.stop();
    await server.stop();
    data.remove();
    rmSync(directory, { recursive: true, force: true });
  }
}
