// POP3, ManageSieve and SMTP as scenarios speak them: a line, and an answer that says whether it went
// well.
import type { Transcript } from './transcript.ts';
import { Wire, type WireOptions } from './wire.ts';

/** What sets the protocols apart. */
interface Dialect {
  readonly name: string;
  readonly startTls: string;
  /** Whether the server greets again in TLS (RFC 5804, section 2.2). */
  readonly greetsAgain: boolean;
  /** Reads one whole answer. */
  read(wire: Wire): Promise<Reply>;
}

/** An answer in the words of its protocol. */
export interface Reply {
  readonly good: boolean;
  /** The line that decides. */
  readonly text: string;
  /** What came before it. */
  readonly lines: readonly string[];
}

const SMTP: Dialect = {
  name: 'smtp',
  startTls: 'STARTTLS',
  greetsAgain: false,
  async read(wire) {
    const lines: string[] = [];
    for (;;) {
      const text = await wire.line();
      if (text[3] !== '-') return { good: /^[23]/.test(text), text, lines };
      lines.push(text);
    }
  },
};

const POP3: Dialect = {
  name: 'pop3',
  startTls: 'STLS',
  greetsAgain: false,
  async read(wire) {
    const text = await wire.line();
    return { good: text.startsWith('+'), text, lines: [] };
  },
};

const SIEVE: Dialect = {
  name: 'sieve',
  startTls: 'STARTTLS',
  greetsAgain: true,
  async read(wire) {
    const lines: string[] = [];
    for (;;) {
      let text = await wire.line();
      const literal = /\{(\d+)\}$/.exec(text);
      if (literal) {
        const bytes = await wire.bytes(Number(literal[1]));
        text = `${text} ${bytes.toString('utf8')}${await wire.line()}`;
      }
      if (/^(OK|NO|BYE)\b/i.test(text)) return { good: /^OK/i.test(text), text, lines };
      lines.push(text);
    }
  },
};

const DIALECTS = { smtp: SMTP, pop3: POP3, sieve: SIEVE } as const;

export type LineProtocol = keyof typeof DIALECTS;

/** One connection of a line protocol. */
export class LineConnection {
  readonly #wire: Wire;
  readonly #dialect: Dialect;
  readonly #name: string;
  readonly #transcript: Transcript;

  private constructor(wire: Wire, dialect: Dialect, name: string, transcript: Transcript) {
    this.#wire = wire;
    this.#dialect = dialect;
    this.#name = name;
    this.#transcript = transcript;
  }

  /** Connects and reads the greeting. */
  static async open(
    protocol: LineProtocol,
    options: WireOptions,
    transcript: Transcript,
  ): Promise<LineConnection> {
    const dialect = DIALECTS[protocol];
    const wire = await Wire.open(options);
    const name = `${dialect.name} ${options.source.address}:${options.source.port}`;
    await dialect.read(wire);
    return new LineConnection(wire, dialect, name, transcript);
  }

  /** Sends a line and awaits its answer, whatever it is. */
  async run(line: string | Buffer): Promise<Reply> {
    this.#wire.send(Buffer.concat([Buffer.from(line), Buffer.from('\r\n')]));
    const reply = await this.#dialect.read(this.#wire);
    this.#transcript.add(this.#name, line, reply.text);
    return reply;
  }

  /** Sends a line that must succeed. */
  async ok(line: string | Buffer): Promise<Reply> {
    const reply = await this.run(line);
    if (!reply.good) throw new Error(`${this.#name}: ${String(line)} was answered ${reply.text}`);
    return reply;
  }

  /** Sends a line whose answer has a body that a single dot ends (POP3: RETR, TOP, UIDL). */
  async body(line: string): Promise<string> {
    await this.ok(line);
    const lines: string[] = [];
    for (;;) {
      const next = await this.#wire.line();
      if (next === '.') return lines.join('\n');
      lines.push(next);
    }
  }

  /** Sends bytes that nobody answers. */
  async sendOnly(data: string | Buffer): Promise<void> {
    this.#transcript.add(this.#name, data, '(no answer awaited)');
    await this.#wire.sent(data);
  }

  async startTls(): Promise<void> {
    await this.ok(this.#dialect.startTls);
    await this.#wire.startTls();
    if (this.#dialect.greetsAgain) await this.#dialect.read(this.#wire);
  }

  /** Leaves as the protocol wants it. */
  async quit(): Promise<void> {
    await this.run(this.#dialect === SIEVE ? 'LOGOUT' : 'QUIT');
    await this.#wire.ended();
  }

  /** Loses the network. */
  breakOff(): void {
    this.#transcript.add(this.#name, '(the connection breaks)');
    this.#wire.breakOff();
  }
}

/** The PLAIN mechanism's message (RFC 4616). */
export function plainResponse(login: string, password: string, authorizeAs = ''): string {
  return Buffer.from(`${authorizeAs}\0${login}\0${password}`).toString('base64');
}
