// The records that a message in Postfix's queue becomes.
import { createHash } from 'node:crypto';
import type { AuditEvent } from '../../event/audit-event.ts';
import { decodeEncodedWords } from '../encoded-words.ts';
import type { MaillogDelivery, MaillogLine } from './maillog-line.ts';
import { RECIPIENTS_MAX, type Message } from './messages.ts';

type EmailEvent = Extract<AuditEvent, { log_type: 'EMAIL_EVENT_LOGS' }>;

/** Longest answer of another server that is kept, in characters. */
const RESPONSE_LENGTH_MAX = 1_000;

/** The trace id of a message: the same for all its events, from its queue id alone. */
export function traceIdOf(host: string, queueId: string): string {
  return createHash('sha256').update(`${host} ${queueId}`).digest('hex').slice(0, 32);
}

/** The address in a From header, e.g. of `"Ann" <ann@example.test>`. */
export function addressOf(header: string): string | undefined {
  const address = /<([^<>\s]+)>[^<>]*$/.exec(header)?.[1] ?? header.trim();
  return /^[^\s<>@,;]+@[^\s<>@,;]+$/.test(address) ? address : undefined;
}

function authorOf(message: Message): string | undefined {
  const author = message.fromHeader === undefined ? undefined : addressOf(message.fromHeader);
  return author ?? (message.sender === '' ? undefined : message.sender);
}

/** Only when somebody sends in another's name. */
function onBehalf(message: Message): { sender?: string } {
  const author = authorOf(message)?.toLowerCase();
  const user = message.saslUser?.toLowerCase();
  return user !== undefined && user.includes('@') && author !== user ? { sender: user } : {};
}

function shared(
  message: Message,
): Pick<EmailEvent['event'], 'from' | 'subject' | 'messageId' | 'sender'> {
  const from = authorOf(message);
  return {
    ...onBehalf(message),
    ...(from !== undefined && { from }),
    ...(message.subject !== undefined && { subject: decodeEncodedWords(message.subject) }),
    ...(message.messageId !== undefined && { messageId: message.messageId }),
  };
}

type Head = Pick<AuditEvent, 'event_timestamp' | 'request_id' | 'user_id'>;

function head(message: Message, timeMs: number): Head {
  return {
    event_timestamp: timeMs,
    request_id: message.queueId,
    ...(message.saslUser !== undefined && { user_id: message.saslUser.toLowerCase() }),
  };
}

function record(
  message: Message,
  line: MaillogLine,
  details: EmailEvent['event'],
  delivery: MaillogDelivery | undefined,
): EmailEvent {
  return {
    log_type: 'EMAIL_EVENT_LOGS',
    ...head(message, line.timeMs),
    traceId: traceIdOf(message.host, message.queueId),
    event: details,
    protocol: 'SMTP',
    ...(message.clientAddress !== undefined && { source_ip: message.clientAddress }),
    queue_id: message.queueId,
    ...(message.signInId !== undefined && { sign_in_id: message.signInId }),
    ...(message.size !== undefined && { message_size: message.size }),
    ...(delivery !== undefined && {
      relay: delivery.relay,
      dsn: delivery.dsn,
      smtp_response: delivery.response.slice(0, RESPONSE_LENGTH_MAX),
    }),
    server_name: message.host,
  };
}

/**
 * A message is in the queue: received from outside, or submitted by a user, which is also an action
 * on the user's mailbox.
 */
export function announcement(message: Message, line: MaillogLine): AuditEvent[] {
  const recipients = [...message.recipients].slice(0, RECIPIENTS_MAX);
  const told = recipients.length > 0 ? { recipients } : {};
  if (message.origin === 'received') {
    const eventName = 'ORGANIZATION_EMAIL_RECEIVED' as const;
    const details = { eventName, ...told, ...shared(message), messageTimestamp: line.timeMs };
    return [record(message, line, details, undefined)];
  }
  const details = { eventName: 'OUTGOING_EMAIL_SUBMITTED' as const, ...told, ...shared(message) };
  return [record(message, line, details, undefined), submission(message, line)];
}

function submission(message: Message, line: MaillogLine): AuditEvent {
  const user = message.saslUser?.toLowerCase();
  return {
    log_type: 'WORKMAIL_MAILBOX_ACCESS_LOGS',
    ...head(message, line.timeMs),
    protocol: 'SMTP',
    ...(message.clientAddress !== undefined && { source_ip: message.clientAddress }),
    action: 'submit_email_for_sending',
    ...(user !== undefined && { owner_id: user }),
    object_type: 'Message',
    action_allowed: true,
    ...(message.messageId !== undefined && { message_id: message.messageId }),
    ...(message.subject !== undefined && { subject: decodeEncodedWords(message.subject) }),
    ...(message.signInId !== undefined && { sign_in_id: message.signInId }),
    server_name: message.host,
  };
}

/** Delivery agents that put a message into a mailbox of ours. */
const MAILBOX_AGENTS = new Set(['lmtp', 'virtual', 'local', 'pipe']);

/**
 * What became of one recipient. Undefined for what another source tells (`lmtpTold`: Dovecot tells
 * of what it takes by LMTP) and for what WorkMail has no event for (a mailbox that is to be tried
 * again).
 */
export function deliveryRecord(
  message: Message,
  line: MaillogLine,
  delivery: MaillogDelivery,
  lmtpTold: boolean,
): AuditEvent | undefined {
  const mailbox = MAILBOX_AGENTS.has(line.program);
  if (delivery.status === 'sent') {
    if (line.program === 'lmtp' && lmtpTold) return undefined;
    const eventName = mailbox ? 'MAILBOX_EMAIL_DELIVERED' : 'OUTGOING_EMAIL_SENT';
    return record(
      message,
      line,
      { eventName, recipient: delivery.to, ...shared(message) },
      delivery,
    );
  }
  const failed = { recipient: delivery.to, ...shared(message), reason: delivery.response };
  if (delivery.status === 'deferred') {
    if (mailbox) return undefined;
    const eventName = 'OUTGOING_EMAIL_SEND_ATTEMPT_FAILED';
    const details = { eventName, ...failed, destination: delivery.to } as const;
    return record(message, line, details, delivery);
  }
  if (delivery.status !== 'bounced') return undefined;
  const outgoing = message.origin === 'unknown' ? !mailbox : message.origin !== 'received';
  const bouncedRecipient = {
    emailAddress: delivery.to,
    reason: delivery.response.slice(0, RESPONSE_LENGTH_MAX),
    status: delivery.dsn,
  };
  const eventName = outgoing ? 'OUTGOING_EMAIL_BOUNCED' : 'INCOMING_EMAIL_BOUNCED';
  const details = {
    eventName,
    ...failed,
    bouncedRecipient,
    ...(outgoing && { destination: delivery.to }),
  } as const;
  return record(message, line, details, delivery);
}
