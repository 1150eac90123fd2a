// The messages in Postfix's queue, put together from the lines of its programs by queue id.
// Bounded; at the limit the message that was silent longest is forgotten, and its later events go
// without what only its first lines told.

import { createHash } from 'node:crypto';
import type { Held } from '../holdings.ts';
import type { MessageContents } from '../message-contents.ts';

/** Most messages that are remembered. */
export const MESSAGES_MAX = 20_000;
/** Most recipients of one message that are told with it. */
export const RECIPIENTS_MAX = 1_000;
/** Most Authentication-Results fields of one message that are looked at. */
export const AUTHENTICATION_RESULTS_MAX = 20;
/** Most open messages with one Message-ID among which the one that is handed in again is looked for. */
export const SAME_MESSAGE_ID_MAX = 16;
/** Most messages that are remembered after they left the queue, for what is still written about them. */
export const ENDED_MAX = 256;

/** How far back a message that never reached the queue is of interest, in bytes of log. */
const UNQUEUED_BYTES = 1024 * 1024;

/** Where a message came from. */
export type Origin = 'submitted' | 'received' | 'local' | 'unknown';

/** An attempt for one recipient that failed and will be repeated. */
export interface FailedAttempt {
  readonly relay: string;
  readonly dsn: string;
  readonly response: string;
}

/** One message in the queue. */
export interface Message {
  readonly queueId: string;
  readonly host: string;
  /** The place of its first line. */
  readonly openFrom: number;
  /** The place of the first line that is needed to know it: of the message that it is, or is about. */
  neededFrom: number;
  /** The same for all events of the message, also when it is handed in again by a filter or by Sieve. */
  traceId: string;
  /** Of what the server itself wrote about another message: that one's trace. */
  relatedTraceId: string | undefined;
  /** Whether it is known how its submission ended: it was refused, or given up. */
  settled: boolean;
  /** Whether it was thrown away before it came into the queue. */
  discarded: boolean;
  /** Whether another message of the log was handed in again as this one, which is then not news. */
  continues: boolean;
  /** The place of the line with which it left the queue. */
  endedAt: number | undefined;
  origin: Origin;
  /** Who sent it, as far as is known: behind a filter or a proxy its client, not the filter. */
  clientAddress: string | undefined;
  /** Who handed it in: the client, or the filter. */
  peerAddress: string | undefined;
  saslUser: string | undefined;
  /** The queue id of the first message on its connection, which is the sign-in's request id. */
  signInId: string | undefined;
  /** The envelope's sender; empty for a bounce. */
  sender: string | undefined;
  fromHeader: string | undefined;
  subject: string | undefined;
  messageId: string | undefined;
  /** Whether its text was read as far as the Message-ID. */
  read: boolean;
  size: number | undefined;
  /** How many recipients the queue manager has counted. */
  recipientCount: number | undefined;
  readonly recipients: Set<string>;
  /** Recipients with an outcome, after aliases: when all have one, all recipients are known. */
  readonly attempted: Set<string>;
  /** Who handed it in on the server itself. */
  localUid: number | undefined;
  /** As `header_checks` logged them, from the top of the message down. */
  readonly authenticationResults: string[];
  /** What our milter read of it. */
  contents: MessageContents | undefined;
  /** By recipient, the last attempt: what is left when the message has expired. */
  readonly failing: Map<string, FailedAttempt>;
  /** Whether an attempt was made to put it into a mailbox of ours, and to hand it to another server. */
  triedHere: boolean;
  triedElsewhere: boolean;
  /** How many recipients its announcement named, and whether as something on its way out. */
  recipientsTold: number;
  toldOutgoing: boolean;
  /** Whether its beginning has been told. */
  announced: boolean;
  /** Its announcement, while it waits for all recipients to be known. */
  announcement: Held | undefined;
}

/** The trace id of a message: the same for all its events, from its queue id alone. */
export function traceIdOf(host: string, queueId: string): string {
  return createHash('sha256').update(`${host} ${queueId}`).digest('hex').slice(0, 32);
}

/** Several servers may write into one log, and their short ids may be the same. */
function keyOf(queueId: string, host: string): string {
  return `${host} ${queueId}`;
}

/** The messages of one log. */
export class Messages {
  readonly #messages = new Map<string, Message>();
  /** The ones that left the queue last. */
  readonly #ended: Message[] = [];
  /** By Message-ID, which a filter or a forwarding leaves as it is. */
  readonly #byMessageId = new Map<string, Message[]>();

  get size(): number {
    return this.#messages.size;
  }

  find(queueId: string, host: string): Message | undefined {
    return this.#messages.get(keyOf(queueId, host));
  }

  /** The message, made if it is new; it counts as just used. */
  use(queueId: string, host: string, at: number): Message {
    const key = keyOf(queueId, host);
    const known = this.#messages.get(key);
    if (known !== undefined) {
      this.#messages.delete(key);
      this.#messages.set(key, known);
      return known;
    }
    return this.begin(queueId, host, at);
  }

  /** A message begins with this line, whatever was known by its id before: ids are used again. */
  begin(queueId: string, host: string, at: number): Message {
    this.end(queueId, host, at);
    if (this.#messages.size >= MESSAGES_MAX) this.#forgetOldest();
    const message: Message = {
      queueId,
      host,
      openFrom: at,
      neededFrom: at,
      traceId: traceIdOf(host, queueId),
      relatedTraceId: undefined,
      settled: false,
      discarded: false,
      continues: false,
      endedAt: undefined,
      origin: 'unknown',
      clientAddress: undefined,
      peerAddress: undefined,
      saslUser: undefined,
      signInId: undefined,
      sender: undefined,
      fromHeader: undefined,
      subject: undefined,
      messageId: undefined,
      read: false,
      size: undefined,
      recipientCount: undefined,
      recipients: new Set(),
      attempted: new Set(),
      localUid: undefined,
      authenticationResults: [],
      contents: undefined,
      failing: new Map(),
      triedHere: false,
      triedElsewhere: false,
      recipientsTold: 0,
      toldOutgoing: false,
      announced: false,
      announcement: undefined,
    };
    this.#messages.set(keyOf(queueId, host), message);
    return message;
  }

  /** The message's Message-ID became known; the first one that is told stays. */
  identify(message: Message, messageId: string): void {
    if (message.messageId !== undefined) return;
    message.messageId = messageId;
    const key = keyOf(messageId, message.host);
    const same = this.#byMessageId.get(key);
    if (same === undefined) this.#byMessageId.set(key, [message]);
    else if (same.length < SAME_MESSAGE_ID_MAX) same.push(message);
  }

  /** Other messages on the same host that have its Message-ID, the oldest first. */
  namesakes(message: Message): readonly Message[] {
    if (message.messageId === undefined) return [];
    const same = this.#byMessageId.get(keyOf(message.messageId, message.host)) ?? [];
    return same.filter((other) => other !== message);
  }

  /** Messages of the envelope sender that are in the queue, or were a moment ago. */
  sentBy(sender: string, host: string): readonly Message[] {
    const wanted = sender.toLowerCase();
    return [...this.#messages.values(), ...this.#ended].filter(
      (message) => message.host === host && message.sender?.toLowerCase() === wanted,
    );
  }

  /** The message may be about any that is in the queue now: their lines are needed to tell about which. */
  needOpen(message: Message): void {
    for (const { openFrom } of this.#messages.values()) {
      message.neededFrom = Math.min(message.neededFrom, openFrom);
    }
  }

  /** The message left the queue. */
  end(queueId: string, host: string, at: number): void {
    const key = keyOf(queueId, host);
    const message = this.#messages.get(key);
    if (message === undefined) return;
    this.#drop(key, message);
    message.endedAt = at;
    this.#ended.push(message);
    if (this.#ended.length > ENDED_MAX) this.#ended.shift();
  }

  /** The place of the oldest line that is needed to know the messages. */
  openFrom(at: number): number | undefined {
    let oldest = Infinity;
    for (const { openFrom, neededFrom, announced } of this.#messages.values()) {
      if (announced || openFrom >= at - UNQUEUED_BYTES) oldest = Math.min(oldest, neededFrom);
    }
    return oldest === Infinity ? undefined : oldest;
  }

  #forgetOldest(): void {
    for (const [key, message] of this.#messages) {
      this.#drop(key, message);
      return;
    }
  }

  #drop(key: string, message: Message): void {
    this.#messages.delete(key);
    if (message.messageId === undefined) return;
    const idKey = keyOf(message.messageId, message.host);
    const left = this.#byMessageId.get(idKey)?.filter((other) => other !== message) ?? [];
    if (left.length === 0) this.#byMessageId.delete(idKey);
    else this.#byMessageId.set(idKey, left);
  }
}
