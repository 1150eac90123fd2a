// The messages in Postfix's queue, put together from the lines of its programs by queue id.
// Bounded; at the limit the message that was silent longest is forgotten, and its later events go
// without what only its first lines told.

import type { Held } from '../holdings.ts';
import type { MessageContents } from '../message-contents.ts';

/** Most messages that are remembered. */
export const MESSAGES_MAX = 20_000;
/** Most recipients of one message that are told with it. */
export const RECIPIENTS_MAX = 1_000;
/** Most Authentication-Results fields of one message that are looked at. */
export const AUTHENTICATION_RESULTS_MAX = 20;

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
  origin: Origin;
  clientAddress: string | undefined;
  saslUser: string | undefined;
  /** The queue id of the first message on its connection, which is the sign-in's request id. */
  signInId: string | undefined;
  /** The envelope's sender; empty for a bounce. */
  sender: string | undefined;
  fromHeader: string | undefined;
  subject: string | undefined;
  messageId: string | undefined;
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
  /** How many recipients its announcement named. */
  recipientsTold: number;
  /** Whether its beginning has been told. */
  announced: boolean;
  /** Its announcement, while it waits for all recipients to be known. */
  announcement: Held | undefined;
}

/** Several servers may write into one log, and their short ids may be the same. */
function keyOf(queueId: string, host: string): string {
  return `${host} ${queueId}`;
}

/** The messages of one log. */
export class Messages {
  readonly #messages = new Map<string, Message>();

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
    if (this.#messages.size >= MESSAGES_MAX) this.#forgetOldest();
    return this.begin(queueId, host, at);
  }

  /** A message begins with this line, whatever was known by its id before: ids are used again. */
  begin(queueId: string, host: string, at: number): Message {
    const message: Message = {
      queueId,
      host,
      openFrom: at,
      origin: 'unknown',
      clientAddress: undefined,
      saslUser: undefined,
      signInId: undefined,
      sender: undefined,
      fromHeader: undefined,
      subject: undefined,
      messageId: undefined,
      size: undefined,
      recipientCount: undefined,
      recipients: new Set(),
      attempted: new Set(),
      localUid: undefined,
      authenticationResults: [],
      contents: undefined,
      failing: new Map(),
      recipientsTold: 0,
      announced: false,
      announcement: undefined,
    };
    const key = keyOf(queueId, host);
    this.#messages.delete(key);
    this.#messages.set(key, message);
    return message;
  }

  end(queueId: string, host: string): void {
    this.#messages.delete(keyOf(queueId, host));
  }

  /** The place of the oldest line that is needed to know the messages. */
  openFrom(at: number): number | undefined {
    let oldest = Infinity;
    for (const { openFrom, announced } of this.#messages.values()) {
      if (announced || openFrom >= at - UNQUEUED_BYTES) oldest = Math.min(oldest, openFrom);
    }
    return oldest === Infinity ? undefined : oldest;
  }

  #forgetOldest(): void {
    for (const key of this.#messages.keys()) {
      this.#messages.delete(key);
      return;
    }
  }
}
