// The SMTP connections of Postfix's smtpd processes, as their log tells of them: which messages an
// authenticated user handed in on one connection. A process serves one connection at a time.
import type { SaslConnection } from '../sasl-join.ts';
import type { MaillogLine } from './maillog-line.ts';

/** Most smtpd processes that are remembered; the one that was silent longest goes first. */
export const SMTP_PROCESSES_MAX = 1_000;
/** How far back an open connection is of interest over a restart, in bytes of log. */
const CONNECTION_BYTES = 1024 * 1024;

/**
 * The client, or Postfix, went away while a message's text came, which alone has a number of bytes.
 *
 * @see Postfix src/smtpd/smtpd.c (smtpd_proto)
 */
const LOST_IN_TEXT = /^(?:lost connection|timeout) after (?:DATA|BDAT) \(\d+ bytes\) from /;
/** What ends a connection, in whatever way. */
const ENDED = /^(?:disconnect from|(?:lost connection|timeout|too many errors) after \S+ from) /;

/** Whether the line of smtpd ends a connection, and whether it says that a message was cut off by it. */
export function connectionEnd(text: string): 'in text' | 'between' | undefined {
  if (LOST_IN_TEXT.test(text)) return 'in text';
  return ENDED.test(text) ? 'between' : undefined;
}

interface Connection {
  /** The place of its first line. */
  readonly at: number;
  /** The place of its last line; infinite while it is open. */
  endedAt: number;
  readonly connectedMs: number | undefined;
  firstQueueId: string | undefined;
  user: string | undefined;
  /** Of the message that was begun last. */
  lastQueueId: string | undefined;
}

/** A user as a connection names him, with its first message. */
export interface SignedInSender {
  readonly saslUser: string;
  readonly signInId: string;
}

/** The connections of one log. */
export class SmtpConnections {
  readonly #connections = new Map<string, Connection>();
  /** Where the connections began that were told of; of other logs nothing is known. */
  readonly #places = new WeakMap<SaslConnection, number>();
  readonly #joined: (connection: SaslConnection) => void;

  /** `joined` is told of each connection's first message by an authenticated user. */
  constructor(joined: (connection: SaslConnection) => void) {
    this.#joined = joined;
  }

  /** A line of smtpd that is about no message: a connection begins or ends. */
  line(line: MaillogLine, at: number): void {
    const process = processOf(line);
    if (line.text.startsWith('connect from ')) this.#begin(process, at, line.timeMs);
    else if (line.text.startsWith('disconnect from ')) {
      const connection = this.#connections.get(process);
      if (connection !== undefined) connection.endedAt = at;
      this.#connections.delete(process);
    }
  }

  /** Who handed in messages on the line's connection before, and the sign-in's id. */
  userOf(line: MaillogLine): SignedInSender | undefined {
    const { user, firstQueueId } = this.#connections.get(processOf(line)) ?? {};
    if (user === undefined || firstQueueId === undefined) return undefined;
    return { saslUser: user, signInId: firstQueueId };
  }

  /** The queue id of the message that was begun last on the line's connection; the answer is given once. */
  takeLast(line: MaillogLine): string | undefined {
    const connection = this.#connections.get(processOf(line));
    const last = connection?.lastQueueId;
    if (connection !== undefined) connection.lastQueueId = undefined;
    return last;
  }

  /** An authenticated user hands in a message: the queue id of the first one on the connection. */
  message(line: MaillogLine, queueId: string, user: string, ip: string, at: number): string {
    const process = processOf(line);
    const connection = this.#connections.get(process) ?? this.#begin(process, at, undefined);
    connection.lastQueueId = queueId;
    connection.user = user;
    if (connection.firstQueueId !== undefined) return connection.firstQueueId;
    connection.firstQueueId = queueId;
    const told: SaslConnection = {
      user,
      ip,
      queueId,
      connectedMs: connection.connectedMs,
      messageMs: line.timeMs,
      endedBefore: (other) => connection.endedAt < (this.#places.get(other) ?? -Infinity),
    };
    this.#places.set(told, connection.at);
    this.#joined(told);
    return queueId;
  }

  /** The place of the oldest line that is needed to know the open connections. */
  openFrom(at: number): number | undefined {
    for (const connection of this.#connections.values()) {
      if (connection.at >= at - CONNECTION_BYTES) return connection.at;
    }
    return undefined;
  }

  #begin(process: string, at: number, connectedMs: number | undefined): Connection {
    const connection: Connection = {
      at,
      endedAt: Infinity,
      connectedMs,
      firstQueueId: undefined,
      user: undefined,
      lastQueueId: undefined,
    };
    this.#connections.delete(process);
    this.#connections.set(process, connection);
    if (this.#connections.size > SMTP_PROCESSES_MAX) {
      for (const oldest of this.#connections.keys()) {
        this.#connections.delete(oldest);
        break;
      }
    }
    return connection;
  }
}

function processOf({ host, instance, program, pid }: MaillogLine): string {
  return `${host} ${instance}/${program}[${pid}]`;
}
