// Postfix's log lines become email events here, put together by queue id. A message is told of when
// the queue manager has it; the envelope's recipients are in the log only as they are delivered,
// so the event waits for all of them to have been tried, for a moment.
import type { AuditEvent } from '../../event/audit-event.ts';
import { Holdings } from '../holdings.ts';
import type { Assembler, LineOutcome } from '../log-collector.ts';
import type { MessageContentsJoin } from '../message-contents.ts';
import type { SaslJoin } from '../sasl-join.ts';
import type { TraceJoin } from '../trace-join.ts';
import { Announcements } from './announcements.ts';
import {
  abortRecord,
  deliveryRecord,
  expiryRecords,
  forwardRecord,
  journalRecord,
  MAILBOX_AGENTS,
  removalRecord,
} from './email-records.ts';
import { JournalAddresses } from './journal-addresses.ts';
import {
  continueAs,
  expectRelation,
  handedOnAs,
  notificationOf,
  relateNotification,
  relateReply,
} from './lineage.ts';
import { LOGGED_ADDRESS } from './logged-address.ts';
import {
  parseClient,
  parseDelivery,
  parseHeader,
  parseMaillogLine,
  type MaillogDelivery,
  type MaillogLine,
} from './maillog-line.ts';
import {
  AUTHENTICATION_RESULTS_MAX,
  Messages,
  RECIPIENTS_MAX,
  traceIdOf,
  type Message,
} from './messages.ts';
import { rejectionRecords } from './refusal-records.ts';
import { parseRejection, type Rejection } from './rejection.ts';
import { connectionEnd, SmtpConnections } from './smtp-connections.ts';
import { SmtpSignIns } from './smtp-sign-ins.ts';

export interface PostfixAssemblerOptions {
  readonly now: () => number;
  /** Whether Dovecot's own log tells of what it takes by LMTP. */
  readonly lmtpTold: () => boolean;
  /** Whether sign-ins by SMTP are to be told from this log; not where nothing is said. */
  readonly tellsSignIns?: () => boolean;
  /** Where sign-ins by SMTP meet the messages that were handed in. */
  readonly sasl?: SaslJoin;
  /** Where Dovecot's collectors learn which message a delivery was. */
  readonly traces?: TraceJoin;
  /** What our milter read of messages, when it runs. */
  readonly contents?: MessageContentsJoin;
  /** Whose Authentication-Results are believed; nobody's where nothing is said. */
  readonly authservIds?: readonly string[];
  /** Where Postfix sends copies of messages for the record (`always_bcc`); nowhere where nothing is said. */
  readonly journalAddresses?: readonly string[];
}

const MARK = Buffer.from(' postfix');
/** Postfix's name stands within this many bytes: time stamp, host. */
const MARK_BYTES_MAX = 350;

const QUEUED = new RegExp(
  String.raw`^from=<(${LOGGED_ADDRESS})>, size=(\d+), nrcpt=(\d+) \(queue active\)$`,
);
const EXPIRED = /, status=(?:force-)?expired, returned to sender$/;
const PICKED_UP = new RegExp(
  String.raw`^uid=(\d{1,10}) from=<${LOGGED_ADDRESS}>(?: orig_id=([0-9A-Za-z]{6,20}))?$`,
);
const NO_QUEUE = 'NOQUEUE: ';
/**
 * What Dovecot's LMTP server answers; the id is that of its session in Dovecot's own events: of the
 * connection, with a part for each further transaction (`:T2`) and recipient (`:R2`).
 */
const SAVED_BY_DOVECOT = /^250 2\.0\.0 <[^]*> ([A-Za-z0-9+/]{8,64}(?::\w{1,8}){0,3}) Saved$/;
/** A message without one has `<>` there. */
const MESSAGE_ID = /^(?:resent-)?message-id=(.+)$/s;
const NO_MESSAGE_ID = '<>';

/** Makes the events of one Postfix log; see the head of this file. */
export class PostfixAssembler implements Assembler {
  readonly holdings = new Holdings();
  readonly #options: PostfixAssemblerOptions;
  readonly #messages = new Messages();
  readonly #connections: SmtpConnections;
  readonly #signIns: SmtpSignIns;
  readonly #journal: JournalAddresses;
  readonly #announcements: Announcements;
  #at = 0;
  /** The time of the last line. */
  #previousMs: number | undefined;

  constructor(options: PostfixAssemblerOptions) {
    this.#options = options;
    this.#connections = new SmtpConnections((connection) => options.sasl?.connection(connection));
    this.#signIns = new SmtpSignIns({
      connections: this.#connections,
      messages: this.#messages,
      tells: options.tellsSignIns ?? (() => false),
    });
    this.#journal = new JournalAddresses(options.journalAddresses ?? []);
    this.#announcements = new Announcements({
      now: options.now,
      holdings: this.holdings,
      messages: this.#messages,
      contents: options.contents,
      authservIds: options.authservIds ?? [],
    });
  }

  take(
    bytes: Buffer,
    start: number,
    end: number,
    at: number,
    _live: boolean,
    out: AuditEvent[],
  ): LineOutcome {
    this.#at = at;
    const mark = bytes.subarray(start, Math.min(end, start + MARK_BYTES_MAX)).indexOf(MARK);
    if (mark < 0) return 'passed';
    const text = bytes.toString('utf8', start, end);
    const line = parseMaillogLine(text, this.#options.now(), this.#previousMs);
    if (line === undefined) return 'passed';
    this.#previousMs = line.timeMs;
    if (line.queueId === undefined) return this.#takeOtherLine(line, at, out);
    return this.#takeMessageLine(line, line.queueId, at, out);
  }

  openFrom(): number | undefined {
    const oldest = Math.min(
      this.#messages.openFrom(this.#at) ?? Infinity,
      this.#connections.openFrom(this.#at) ?? Infinity,
    );
    return oldest === Infinity ? undefined : oldest;
  }

  carry(): unknown {
    return undefined;
  }

  restore(): void {
    // Nothing is carried: what is open is read again.
  }

  /** A line about no message in the queue: a connection, or a refusal before there was one. */
  #takeOtherLine(line: MaillogLine, at: number, out: AuditEvent[]): LineOutcome {
    const signIn = line.program === 'smtpd' ? this.#signIns.line(line, at, out) : undefined;
    if (signIn !== undefined) return signIn;
    if (line.text.startsWith(NO_QUEUE)) {
      const rejection = parseRejection(line.text.slice(NO_QUEUE.length));
      if (rejection === undefined) return 'passed';
      out.push(...rejectionRecords({ sender: this.#connections.userOf(line) }, line, rejection));
      return 'used';
    }
    if (line.program !== 'smtpd') return 'passed';
    const end = connectionEnd(line.text);
    if (end !== undefined) this.#endLast(line, end === 'in text', out);
    this.#connections.line(line, at);
    return 'passed';
  }

  #takeMessageLine(line: MaillogLine, queueId: string, at: number, out: AuditEvent[]): LineOutcome {
    const rejection = parseRejection(line.text);
    if (rejection !== undefined) return this.#rejected(line, queueId, rejection, at, out);
    switch (line.program) {
      case 'smtpd':
      case 'submission':
        return this.#received(line, queueId, at, out);
      case 'pickup':
        return this.#pickedUp(line, queueId, at);
      case 'cleanup':
        return this.#cleanedUp(line, queueId, at);
      case 'qmgr':
      case 'oqmgr':
        return this.#queued(line, queueId, at, out);
      case 'bounce':
      case 'defer':
      case 'trace':
        return this.#notified(line, queueId, at);
      case 'postsuper':
        return this.#removed(line, queueId, at, out);
      default:
        return this.#delivered(line, queueId, at, out);
    }
  }

  /** The sender of a message was written to about it. */
  #notified(line: MaillogLine, queueId: string, at: number): LineOutcome {
    const notification = notificationOf(line.text);
    if (notification === undefined) return 'passed';
    const message = this.#messages.use(queueId, line.host, at);
    relateNotification(this.#messages.use(notification, line.host, at), message);
    return 'used';
  }

  /** An administrator took the message out of the queue. */
  #removed(line: MaillogLine, queueId: string, at: number, out: AuditEvent[]): LineOutcome {
    const message = this.#messages.find(queueId, line.host);
    if (line.text !== 'removed' || message === undefined) return 'passed';
    this.#announcements.complete(message, out);
    out.push(removalRecord(message, line));
    this.#messages.end(queueId, line.host, at);
    return 'used';
  }

  #pickedUp(line: MaillogLine, queueId: string, at: number): LineOutcome {
    const uid = PICKED_UP.exec(line.text);
    if (uid === null) return 'passed';
    const message = this.#messages.begin(queueId, line.host, at);
    message.origin = 'local';
    message.localUid = Number(uid[1]);
    // `postsuper -r` put it back: it is not a new one.
    if (uid[2] !== undefined) {
      message.traceId = traceIdOf(line.host, uid[2]);
      message.continues = true;
    }
    return 'used';
  }

  #rejected(
    line: MaillogLine,
    queueId: string,
    rejection: Rejection,
    at: number,
    out: AuditEvent[],
  ): LineOutcome {
    const message = this.#messages.use(queueId, line.host, at);
    out.push(...rejectionRecords({ message }, line, rejection));
    if (rejection.action === 'discard') message.discarded = true;
    // Our milter sees the same as an abort: it was a refusal, and is told as one. A refused recipient
    // leaves the message to the others.
    if (rejection.action === 'reject' && rejection.stage !== 'RCPT') this.#settle(message, line);
    return 'used';
  }

  /** Whether this side tells how a submission ended; where nobody signed in there is nothing to tell. */
  #settle(message: Message, line: MaillogLine): boolean {
    const { queueId, saslUser, clientAddress } = message;
    if (saslUser === undefined || message.settled) return false;
    message.settled = true;
    const abort = { queueId, saslUser, clientAddress, timeMs: line.timeMs };
    return this.#options.contents?.settleAbort('log', abort) ?? true;
  }

  /**
   * The message that was begun last on the line's connection is not to go on. Postfix logs its
   * Message-ID while it reads it, so one without was given up before; one whose text was cut off was
   * given up in any case.
   */
  #endLast(line: MaillogLine, inText: boolean, out: AuditEvent[]): void {
    const queueId = this.#connections.takeLast(line);
    const message = queueId === undefined ? undefined : this.#messages.find(queueId, line.host);
    if (message === undefined || message.announced || (message.read && !inText)) return;
    if (this.#settle(message, line)) out.push(abortRecord(message, line));
  }

  #received(line: MaillogLine, queueId: string, at: number, out: AuditEvent[]): LineOutcome {
    if (!line.text.startsWith('client=')) return 'passed';
    const client = parseClient(line.text);
    if (client === undefined) return 'rejected';
    this.#endLast(line, false, out);
    const message = this.#messages.begin(queueId, line.host, at);
    message.origin = client.saslUser === undefined ? 'received' : 'submitted';
    message.saslUser = client.saslUser;
    const { address, originalAddress, originalQueueId } = client;
    if (address !== 'unknown') message.peerAddress = address;
    const sender = originalAddress ?? address;
    if (sender !== 'unknown') message.clientAddress = sender;
    if (originalQueueId !== undefined) continueAs(message, originalQueueId, this.#messages);
    if (client.saslUser !== undefined) this.#signIns.submitted(message, client, line, at, out);
    return 'used';
  }

  #cleanedUp(line: MaillogLine, queueId: string, at: number): LineOutcome {
    const messageId = MESSAGE_ID.exec(line.text);
    if (messageId !== null) {
      const message = this.#messages.use(queueId, line.host, at);
      if (messageId[1] !== NO_MESSAGE_ID) this.#messages.identify(message, messageId[1] ?? '');
      expectRelation(message, this.#messages);
      message.read = true;
      return 'used';
    }
    const client = this.#messages.find(queueId, line.host)?.clientAddress;
    const header = parseHeader(line.text, client);
    if (header === undefined) return 'passed';
    const message = this.#messages.use(queueId, line.host, at);
    const { authenticationResults } = message;
    if (header.name === 'subject') message.subject ??= header.value;
    else if (header.name === 'authentication-results') {
      if (authenticationResults.length < AUTHENTICATION_RESULTS_MAX) {
        authenticationResults.push(header.value);
      }
    } else if (header.name === 'from') message.fromHeader ??= header.value;
    if (header.to !== undefined && header.to !== '') addRecipient(message, header.to);
    return 'used';
  }

  #queued(line: MaillogLine, queueId: string, at: number, out: AuditEvent[]): LineOutcome {
    if (line.text === 'removed') {
      const message = this.#messages.find(queueId, line.host);
      if (message !== undefined) this.#announcements.complete(message, out);
      this.#messages.end(queueId, line.host, at);
      return 'used';
    }
    if (EXPIRED.test(line.text)) {
      const message = this.#messages.find(queueId, line.host);
      if (message === undefined) return 'passed';
      out.push(...expiryRecords(message, line));
      message.failing.clear();
      return 'used';
    }
    const queued = QUEUED.exec(line.text);
    if (queued === null) return 'passed';
    const message = this.#messages.use(queueId, line.host, at);
    message.sender = queued[1] ?? '';
    message.size = Number(queued[2]);
    message.recipientCount = Number(queued[3]);
    const first = !message.announced;
    message.announced = true;
    if (!first) return 'used';
    this.#announcements.queued(message, line, at, out);
    return 'used';
  }

  #delivered(line: MaillogLine, queueId: string, at: number, out: AuditEvent[]): LineOutcome {
    if (!line.text.startsWith('to=<')) return 'passed';
    const delivery = parseDelivery(line.text);
    if (delivery === undefined) return 'rejected';
    const message = this.#messages.use(queueId, line.host, at);
    const journaled = this.#journal.isCopy(message, delivery);
    if (!journaled) addRecipient(message, delivery.originalTo);
    if (message.attempted.size < RECIPIENTS_MAX) message.attempted.add(delivery.to);
    if (MAILBOX_AGENTS.has(line.program)) message.triedHere = true;
    else message.triedElsewhere = true;
    relateReply(message, delivery.to, this.#messages);
    const complete = message.attempted.size >= (message.recipientCount ?? Infinity);
    if (complete) this.#announcements.complete(message, out);
    const { traceId, relatedTraceId } = message;
    const transaction = SAVED_BY_DOVECOT.exec(delivery.response)?.[1];
    if (line.program === 'lmtp' && delivery.status === 'sent' && transaction !== undefined) {
      this.#options.traces?.delivered(transaction, { traceId, relatedTraceId });
    }
    if (delivery.status !== 'deferred') message.failing.delete(delivery.to);
    else if (message.failing.size < RECIPIENTS_MAX) message.failing.set(delivery.to, delivery);
    if (delivery.status === 'sent' && this.#handedOn(message, line, delivery, out)) return 'used';
    if (journaled && delivery.status === 'sent') {
      out.push(journalRecord(message, line, delivery));
      return 'used';
    }
    const record = deliveryRecord(message, line, delivery, this.#options.lmtpTold());
    if (record !== undefined) out.push(record);
    return 'used';
  }

  /** Whether the message was handed in again, which is no delivery. */
  #handedOn(
    message: Message,
    line: MaillogLine,
    delivery: MaillogDelivery,
    out: AuditEvent[],
  ): boolean {
    const byLocal = line.program === 'local';
    const next = handedOnAs(message, delivery, byLocal, this.#messages);
    if (next === undefined) return false;
    this.#announcements.drop(next);
    if (byLocal) out.push(forwardRecord(message, line, delivery));
    return true;
  }
}

function addRecipient(message: Message, address: string): void {
  if (message.recipients.size < RECIPIENTS_MAX) message.recipients.add(address);
}
