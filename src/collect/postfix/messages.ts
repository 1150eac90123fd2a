// The messages in Postfix's queue, put together from the lines of its programs by queue id.
// Bounded; at the limit the message that was silent longest is forgotten, and its later events go
// without what only its first lines told.

import type { Held } from '../holdings.ts';

/** Most messages that are remembered. */
export const MESSAGES_MAX = 20_000;
/** Most recipients of one message that are told with it. */
export const RECIPIENTS_MAX = 1_000;

/** How far back a message that never reached the queue is of interest, in bytes of log. */
const UNQUEUED_BYTES = 1024 * 1024;

/** Where a message came from. */
export type Origin = 'submitted' | 'received' | 'local' | 'unknown';

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
  /** Whether its beginning has been told. */
  announced: boolean;
  /** Its announcement, while it waits for all recipients to be known. */
  announcement: Held | undefined;
}

/** The messages of one log. */
export class Messages {
  readonly #messages = new Map<string, Message>();

  get size(): number {
    return this.#messages.size;
  }

  find(queueId: string): Message | undefined {
    return this.#messages.get(queueId);
  }

  /** The message, made if it is new; it counts as just used. */
  use(queueId: string, host: string, at: number): Message {
    const known = this.#messages.get(queueId);
    if (known !== undefined) {
      this.#messages.delete(queueId);
      this.#messages.set(queueId, known);
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
      announced: false,
      announcement: undefined,
    };
    this.#messages.delete(queueId);
    this.#messages.set(queueId, message);
    return message;
  }

  end(queueId: string): void {
    this.#messages.delete(queueId);
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
    for (const queueId of this.#messages.keys()) {
      this.#messages.delete(queueId);
      return;
    }
  }
}
