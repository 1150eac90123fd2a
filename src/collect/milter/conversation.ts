// One connection of the mail server: its packets, in order, become contents of messages, and each gets
// the answer that lets mail flow on.
import type { MessageContents } from '../message-contents.ts';
import { decodeBytes, cutText } from './header-text.ts';
import { CONTENTS_NAME_CHARS_MAX } from './limits.ts';
import { MessageReading } from './message-reading.ts';
import {
  ACCEPT,
  COMMAND,
  CONTINUE,
  MilterProtocolError,
  negotiate,
  readClient,
  readMacros,
  SKIP,
  strings,
  type MilterClient,
  type MilterPacket,
  type Negotiated,
} from './wire.ts';

/** What becomes of what was read. */
export interface ConversationOptions {
  /** See `negotiate`. */
  readonly wish: Parameters<typeof negotiate>[1];
  readonly now: () => number;
  /** Called when a message is complete or given up; the mail server is answered when it resolves. */
  readonly offer: (contents: MessageContents) => Promise<void>;
}

/** What to send, and whether the connection is over. */
export interface Answer {
  readonly bytes?: Buffer;
  readonly close?: true;
}

const NO_ANSWER: Answer = {};
const GO_ON: Answer = { bytes: CONTINUE };
const NAME_AND_VALUE = 2;

/** Reads one connection's packets. */
export class MilterConversation {
  readonly #options: ConversationOptions;
  #negotiated: Negotiated | undefined;
  #client: MilterClient | undefined;
  #helo: string | undefined;
  /** Of the connection: who, TLS. */
  readonly #macros = new Map<string, string>();
  /** Of the message: queue id, who signed in. */
  readonly #messageMacros = new Map<string, string>();
  #message: MessageReading | undefined;
  #dataBegun = false;

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  /** Takes one packet. Rejects with a MilterProtocolError, upon which the connection is closed. */
  async take(packet: MilterPacket): Promise<Answer> {
    if (packet.command === COMMAND.negotiate) {
      this.#negotiated = negotiate(packet.data, this.#options.wish);
      return { bytes: this.#negotiated.answer };
    }
    if (this.#negotiated === undefined) {
      const got = JSON.stringify(packet.command);
      throw new MilterProtocolError(
        `the first packet is ${got} instead of a negotiation; is this a mail server's milter client?`,
      );
    }
    const answer = await this.#took(packet, this.#negotiated.maySkip);
    return this.#negotiated.unanswered.has(packet.command) ? NO_ANSWER : answer;
  }

  async #took(packet: MilterPacket, maySkip: boolean): Promise<Answer> {
    const { data } = packet;
    switch (packet.command) {
      case COMMAND.macros:
        this.#tookMacros(data);
        return NO_ANSWER;
      case COMMAND.connect:
        this.#reset();
        this.#client = readClient(data);
        return GO_ON;
      case COMMAND.helo:
        this.#helo = firstText(data);
        return GO_ON;
      case COMMAND.mail:
        this.#message = new MessageReading(strings(data, 1)[0] ?? Buffer.alloc(0));
        this.#dataBegun = false;
        return GO_ON;
      case COMMAND.endOfMessage:
        if (data.length > 0) this.#message?.body(data);
        await this.#finish(undefined);
        return { bytes: ACCEPT };
      case COMMAND.abort:
        await this.#aborted();
        return NO_ANSWER;
      case COMMAND.quit:
        return { close: true };
      case COMMAND.quitForNewConnection:
        this.#macros.clear();
        this.#reset();
        return NO_ANSWER;
      default:
        return this.#tookText(packet, maySkip);
    }
  }

  #tookText(packet: MilterPacket, maySkip: boolean): Answer {
    const message = this.#message;
    switch (packet.command) {
      case COMMAND.recipient:
        message?.recipient(strings(packet.data, 1)[0] ?? Buffer.alloc(0));
        return GO_ON;
      case COMMAND.data:
        this.#dataBegun = true;
        return GO_ON;
      case COMMAND.header: {
        const [name, value] = strings(packet.data, NAME_AND_VALUE);
        if (name !== undefined) message?.header(name, value ?? Buffer.alloc(0));
        if (packet.cut) message?.headerCut();
        return GO_ON;
      }
      case COMMAND.endOfHeaders:
        message?.endOfHeaders();
        return GO_ON;
      case COMMAND.body:
        message?.body(packet.data);
        return maySkip && (message?.bodyDone ?? true) ? { bytes: SKIP } : GO_ON;
      default:
        // Commands of a later protocol, and SMTP commands that nobody knows.
        return GO_ON;
    }
  }

  #tookMacros(data: Buffer): void {
    const stage = String.fromCharCode(data[0] ?? 0);
    if (stage === COMMAND.connect || stage === COMMAND.helo) {
      readMacros(data, this.#macros);
      return;
    }
    if (stage === COMMAND.mail) this.#messageMacros.clear();
    readMacros(data, this.#messageMacros);
  }

  #reset(): void {
    // The macros of `connect` come in front of it.
    this.#client = undefined;
    this.#helo = undefined;
    this.#endMessage();
  }

  /**
   * Postfix aborts at RSET, at a new HELO, when the client quits or is gone, and when it refused the
   * message itself; which of them, only its log can tell. It needs no answer to an abort and sends it
   * along with what it sends next, at the latest when the client leaves. Once it has shown a header it has the whole
   * message, and what ends it is not the client.
   */
  async #aborted(): Promise<void> {
    const message = this.#message;
    if (message?.hasRecipients !== true || message.textBegun) this.#endMessage();
    else await this.#finish(this.#dataBegun ? 'DATA' : 'RCPT');
  }

  async #finish(aborted: MessageContents['aborted']): Promise<void> {
    const message = this.#message;
    if (message === undefined) return;
    const contents = {
      timeMs: this.#options.now(),
      ...this.#envelope(),
      ...message.finish(),
      ...(aborted !== undefined && { aborted }),
    };
    this.#endMessage();
    await this.#options.offer(contents);
  }

  /** The next message has its own queue id, and perhaps its own user. */
  #endMessage(): void {
    this.#message = undefined;
    this.#messageMacros.clear();
  }

  #envelope(): Partial<MessageContents> {
    const queueId = this.#macro('i');
    const serverName = this.#macro('j');
    const clientAddress =
      this.#macro('client_addr')?.replace(/^IPv6:/i, '') ?? this.#client?.address;
    const clientPort = Number(this.#macro('client_port') ?? this.#client?.port ?? 0);
    const clientName = this.#macro('client_name');
    const saslUser = this.#macro('auth_authen');
    const saslMethod = this.#macro('auth_type');
    const tlsVersion = this.#macro('tls_version');
    const tlsCipher = this.#macro('cipher');
    return {
      ...(queueId !== undefined && { queueId }),
      ...(serverName !== undefined && { serverName }),
      ...(clientAddress !== undefined && clientAddress !== 'unknown' && { clientAddress }),
      ...(Number.isInteger(clientPort) && clientPort > 0 && { clientPort }),
      ...(clientName !== undefined && clientName !== 'unknown' && { clientName }),
      ...(this.#helo !== undefined && { helo: this.#helo }),
      ...(saslUser !== undefined && { saslUser }),
      ...(saslMethod !== undefined && { saslMethod }),
      ...(tlsVersion !== undefined && { tlsVersion }),
      ...(tlsCipher !== undefined && { tlsCipher }),
    };
  }

  #macro(name: string): string | undefined {
    const value = this.#messageMacros.get(name) ?? this.#macros.get(name) ?? '';
    return value === '' ? undefined : cutText(value, CONTENTS_NAME_CHARS_MAX);
  }
}

function firstText(data: Buffer): string {
  return cutText(decodeBytes(strings(data, 1)[0] ?? Buffer.alloc(0)), CONTENTS_NAME_CHARS_MAX);
}
