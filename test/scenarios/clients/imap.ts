// IMAP as a scenario speaks it: the commands are written out, so that what the log must tell is known
// to the letter.
import type { Transcript } from './transcript.ts';
import { Wire, type WireOptions } from './wire.ts';

/** The answer to one command. */
export interface ImapAnswer {
  readonly status: 'OK' | 'NO' | 'BAD';
  /** What follows the status. */
  readonly text: string;
  /** The untagged lines with their literals, as the server sent them. */
  readonly untagged: readonly string[];
}

/** A command: text, and buffers that go as literals (RFC 3501, section 4.3). */
export type ImapCommand = string | readonly (string | Buffer)[];

const LITERAL_AT_END = /\{(\d+)\}$/;

/** One IMAP connection. */
export class ImapConnection {
  readonly #wire: Wire;
  readonly #name: string;
  readonly #transcript: Transcript;
  #tags = 0;

  private constructor(wire: Wire, name: string, transcript: Transcript) {
    this.#wire = wire;
    this.#name = name;
    this.#transcript = transcript;
  }

  static async open(options: WireOptions, transcript: Transcript): Promise<ImapConnection> {
    const wire = await Wire.open(options);
    const name = `imap ${options.source.address}:${options.source.port}`;
    const connection = new ImapConnection(wire, name, transcript);
    await wire.line();
    return connection;
  }

  /** Runs one command to its end, whatever the answer. */
  async run(command: ImapCommand): Promise<ImapAnswer> {
    const tag = this.#nextTag();
    const parts = typeof command === 'string' ? [command] : command;
    const untagged: string[] = [];
    let text = `${tag} `;
    for (const part of parts) {
      if (typeof part === 'string') {
        text += part;
        continue;
      }
      this.#wire.send(`${text}{${part.length}}\r\n`);
      const early = await this.#untilContinued(tag, untagged);
      if (early !== undefined) return this.#tell(parts, early);
      this.#wire.send(part);
      text = '';
    }
    this.#wire.send(`${text}\r\n`);
    return this.#tell(parts, await this.#untilTagged(tag, untagged));
  }

  /** Runs a command that must succeed. */
  async ok(command: ImapCommand): Promise<ImapAnswer> {
    const answer = await this.run(command);
    if (answer.status !== 'OK') {
      throw new Error(
        `${this.#name}: ${String(command)} was answered ${answer.status} ${answer.text}`,
      );
    }
    return answer;
  }

  /** Sends all commands in one packet and awaits all answers, in the order of the commands. */
  async pipeline(commands: readonly string[]): Promise<ImapAnswer[]> {
    const tagged = commands.map((command) => ({ command, tag: this.#nextTag() }));
    this.#wire.send(tagged.map(({ command, tag }) => `${tag} ${command}\r\n`).join(''));
    const answers: ImapAnswer[] = [];
    for (const { command, tag } of tagged) {
      answers.push(this.#tell([command], await this.#untilTagged(tag, [])));
    }
    return answers;
  }

  /** Waits in IDLE for as long as the work takes (RFC 2177). */
  async idle(work: () => Promise<void>): Promise<void> {
    const tag = this.#nextTag();
    this.#wire.send(`${tag} IDLE\r\n`);
    await this.#untilContinued(tag, []);
    await work();
    this.#wire.send('DONE\r\n');
    this.#tell(['IDLE'], await this.#untilTagged(tag, []));
  }

  /** Begins SASL and gives up in the middle (RFC 3501, section 6.2.2). */
  async abortSignIn(): Promise<void> {
    const tag = this.#nextTag();
    this.#wire.send(`${tag} AUTHENTICATE LOGIN\r\n`);
    await this.#untilContinued(tag, []);
    this.#wire.send('*\r\n');
    this.#tell(['AUTHENTICATE LOGIN, then *'], await this.#untilTagged(tag, []));
  }

  /** SASL with the response in further lines, e.g. the LOGIN mechanism. */
  async authenticate(mechanism: string, responses: readonly string[]): Promise<ImapAnswer> {
    const tag = this.#nextTag();
    this.#wire.send(`${tag} AUTHENTICATE ${mechanism}\r\n`);
    for (const response of responses) {
      const early = await this.#untilContinued(tag, []);
      if (early !== undefined) return this.#tell([`AUTHENTICATE ${mechanism}`], early);
      this.#wire.send(`${Buffer.from(response).toString('base64')}\r\n`);
    }
    return this.#tell([`AUTHENTICATE ${mechanism}`], await this.#untilTagged(tag, []));
  }

  async startTls(): Promise<void> {
    await this.ok('STARTTLS');
    await this.#wire.startTls();
  }

  /** Goes on compressed (RFC 4978). */
  async compress(): Promise<void> {
    await this.ok('COMPRESS DEFLATE');
    this.#wire.startCompression();
  }

  /** Signs in with LOGIN and must succeed. */
  async login(login: string, password: string): Promise<void> {
    await this.ok(`LOGIN ${quoted(login)} ${quoted(password)}`);
  }

  async logout(): Promise<void> {
    await this.ok('LOGOUT');
    await this.#wire.ended();
  }

  /** Loses the network; what the server makes of it is its own affair. */
  breakOff(): void {
    this.#transcript.add(this.#name, '(the connection breaks)');
    this.#wire.breakOff();
  }

  #nextTag(): string {
    return `a${++this.#tags}`;
  }

  #tell(parts: readonly (string | Buffer)[], answer: ImapAnswer): ImapAnswer {
    const did = parts
      .map((part) =>
        typeof part === 'string' ? part : `{${part.length}}${part.toString('latin1')}`,
      )
      .join('');
    this.#transcript.add(this.#name, did, `${answer.status} ${answer.text}`);
    return answer;
  }

  /** Undefined when the server wants more; the answer when it already refused. */
  async #untilContinued(tag: string, untagged: string[]): Promise<ImapAnswer | undefined> {
    return this.#answer(tag, untagged, true);
  }

  async #untilTagged(tag: string, untagged: string[]): Promise<ImapAnswer> {
    const answer = await this.#answer(tag, untagged, false);
    if (answer === undefined) throw new Error(`${this.#name}: an answer was expected`);
    return answer;
  }

  async #answer(
    tag: string,
    untagged: string[],
    mayContinue: boolean,
  ): Promise<ImapAnswer | undefined> {
    for (;;) {
      let line = await this.#wire.line();
      for (let literal = LITERAL_AT_END.exec(line); literal; literal = LITERAL_AT_END.exec(line)) {
        const bytes = await this.#wire.bytes(Number(literal[1]));
        line = `${line}\r\n${bytes.toString('utf8')}${await this.#wire.line()}`;
      }
      if (mayContinue && line.startsWith('+')) return undefined;
      if (line.startsWith(`${tag} `)) {
        const [, status = '', text = ''] = /^\S+ (\S+) ?(.*)$/s.exec(line) ?? [];
        if (status !== 'OK' && status !== 'NO' && status !== 'BAD') {
          throw new Error(`${this.#name}: not an answer: ${line}`);
        }
        return { status, text, untagged };
      }
      untagged.push(line);
    }
  }
}

/** A quoted string (RFC 3501, section 4.3). */
export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
