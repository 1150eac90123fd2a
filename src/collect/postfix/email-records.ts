// The records that a message in Postfix's queue becomes.
import type { AuditEvent } from '../../event/audit-event.ts';
import { verdictsOf } from './authentication-results.ts';
import { headerText } from './logged-header.ts';
import type { MaillogDelivery, MaillogLine } from './maillog-line.ts';
import { isFromHere } from './lineage.ts';
import { type FailedAttempt, RECIPIENTS_MAX, type Message } from './messages.ts';

export type EmailEvent = Extract<AuditEvent, { log_type: 'EMAIL_EVENT_LOGS' }>;

/** Longest answer of another server that is kept, in characters. */
export const RESPONSE_LENGTH_MAX = 1_000;

/** The address in a From header, e.g. of `"Ann" <ann@example.test>`. */
export function addressOf(header: string): string | undefined {
  const address = /<([^<>\s]+)>[^<>]*$/.exec(header)?.[1] ?? header.trim();
  return /^[^\s<>@,;]+@[^\s<>@,;]+$/.test(address) ? address : undefined;
}

function authorOf(message: Message): string | undefined {
  if (message.contents?.from !== undefined) return message.contents.from;
  const author = message.fromHeader === undefined ? undefined : addressOf(message.fromHeader);
  return author ?? (message.sender === '' ? undefined : message.sender);
}

/** Only when somebody sends in another's name. */
function onBehalf(message: Message): { sender?: string } {
  const author = authorOf(message)?.toLowerCase();
  const user = message.saslUser?.toLowerCase();
  return user !== undefined && user.includes('@') && author !== user ? { sender: user } : {};
}

/** Our milter reads the whole header; what header_checks logs of it is cut at 200 characters. */
function subjectOf(message: Message): string | undefined {
  if (message.contents !== undefined) return message.contents.subject;
  return message.subject === undefined ? undefined : headerText('subject', message.subject);
}

/** What every event of a message says of it. */
export function shared(
  message: Message,
): Pick<EmailEvent['event'], 'from' | 'subject' | 'messageId' | 'sender'> {
  const from = authorOf(message);
  const subject = subjectOf(message);
  return {
    ...onBehalf(message),
    ...(from !== undefined && { from }),
    ...(subject !== undefined && { subject }),
    ...(message.messageId !== undefined && { messageId: message.messageId }),
  };
}

/**
 * Whether a message goes out of the organization rather than into it: a user handed it in, or a program
 * of this host did and everybody it goes to is elsewhere.
 */
export function isOutgoing(message: Message): boolean {
  const { origin, triedHere, triedElsewhere } = message;
  if (origin === 'submitted' || origin === 'local') return true;
  return isFromHere(message) && triedElsewhere && !triedHere;
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
  delivery: FailedAttempt | undefined,
): EmailEvent {
  return {
    log_type: 'EMAIL_EVENT_LOGS',
    ...head(message, line.timeMs),
    traceId: message.traceId,
    event: details,
    // sendmail(1) hands in without a protocol.
    ...(message.localUid === undefined && { protocol: 'SMTP' }),
    ...(message.clientAddress !== undefined && { source_ip: message.clientAddress }),
    queue_id: message.queueId,
    ...(message.relatedTraceId !== undefined && { related_trace_id: message.relatedTraceId }),
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

/** What is told with a message's first event: our milter knows all recipients, the log in time. */
export function recipientsOf(message: Message): readonly string[] {
  return (message.contents?.recipients ?? [...message.recipients]).slice(0, RECIPIENTS_MAX);
}

/**
 * A message is in the queue: received from outside, or submitted by a user, which is also an action
 * on the user's mailbox.
 *
 * @param authservIds whose Authentication-Results are believed
 */
export function announcement(
  message: Message,
  line: MaillogLine,
  authservIds: readonly string[],
): AuditEvent[] {
  const recipients = recipientsOf(message);
  const told = recipients.length > 0 ? { recipients } : {};
  const names = message.contents?.attachments.map(({ path }) => path) ?? [];
  const attachments = names.length > 0 ? { attachments: names } : {};
  if (message.origin === 'received' && !isOutgoing(message)) {
    const eventName = 'ORGANIZATION_EMAIL_RECEIVED' as const;
    const fields = message.contents?.authenticationResults ?? message.authenticationResults;
    const { dmarcApplied, ...verdicts } = verdictsOf(fields, authservIds);
    const times = { messageTimestamp: line.timeMs };
    const details = { eventName, ...told, ...shared(message), ...verdicts, ...times };
    const received = { ...record(message, line, details, undefined), ...attachments };
    if (verdicts.dmarcVerdict !== 'FAIL' || dmarcApplied === undefined) return [received];
    return [received, dmarcPolicy(message, line, dmarcApplied)];
  }
  const details = { eventName: 'OUTGOING_EMAIL_SUBMITTED' as const, ...told, ...shared(message) };
  const submitted = {
    ...record(message, line, details, undefined),
    ...attachments,
    ...(message.localUid !== undefined && { local_uid: message.localUid }),
  };
  return message.saslUser === undefined ? [submitted] : [submitted, submission(message, line)];
}

function dmarcPolicy(message: Message, line: MaillogLine, policy: string): EmailEvent {
  const recipients = recipientsOf(message);
  const from = authorOf(message);
  const details = {
    eventName: 'DMARC_POLICY_APPLIED' as const,
    ...(recipients.length > 0 && { recipients }),
    ...(from !== undefined && { from }),
    policy,
  };
  return record(message, line, details, undefined);
}

function submission(message: Message, line: MaillogLine): AuditEvent {
  const user = message.saslUser?.toLowerCase();
  const subject = subjectOf(message);
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
    ...(subject !== undefined && { subject }),
    ...(message.signInId !== undefined && { sign_in_id: message.signInId }),
    server_name: message.host,
  };
}

/** Delivery agents that put a message into a mailbox of ours. */
export const MAILBOX_AGENTS = new Set(['lmtp', 'virtual', 'local', 'pipe']);

/**
 * What became of one recipient. Undefined for what another source tells (`lmtpTold`: Dovecot tells
 * of what it takes by LMTP).
 */
export function deliveryRecord(
  message: Message,
  line: MaillogLine,
  delivery: MaillogDelivery,
  lmtpTold: boolean,
): AuditEvent | undefined {
  const mailbox = MAILBOX_AGENTS.has(line.program);
  if (delivery.status === 'sent') {
    if (line.program === 'discard') return discardRecord(message, line, delivery);
    if (line.program === 'lmtp' && lmtpTold) return undefined;
    const eventName = mailbox ? 'MAILBOX_EMAIL_DELIVERED' : 'OUTGOING_EMAIL_SENT';
    return record(
      message,
      line,
      { eventName, recipient: delivery.to, ...shared(message) },
      delivery,
    );
  }
  if (delivery.status === 'deferred') {
    const failed = { recipient: delivery.to, ...shared(message), reason: delivery.response };
    const details: EmailEvent['event'] = mailbox
      ? { eventName: 'INCOMING_EMAIL_DELIVERY_ATTEMPT_FAILED', ...failed }
      : { eventName: 'OUTGOING_EMAIL_SEND_ATTEMPT_FAILED', ...failed, destination: delivery.to };
    return record(message, line, details, delivery);
  }
  if (delivery.status !== 'bounced') return undefined;
  return bounce(message, line, delivery.to, delivery, isOutgoing(message));
}

/** The transport `discard` threw the message away for a recipient. */
function discardRecord(message: Message, line: MaillogLine, delivery: MaillogDelivery): AuditEvent {
  const details = {
    eventName: 'RULE_APPLIED',
    recipient: delivery.to,
    ...shared(message),
    ruleName: 'discard',
    ruleType: isOutgoing(message) ? 'OUTBOUND_RULE' : 'INBOUND_RULE',
    ruleActions: [{ action: 'discard' }],
    reason: delivery.response,
  } as const;
  return record(message, line, details, delivery);
}

/** local(8) forwarded the message by an alias or a recipient's .forward file. */
export function forwardRecord(
  message: Message,
  line: MaillogLine,
  delivery: MaillogDelivery,
): AuditEvent {
  const details = {
    eventName: 'RULE_APPLIED',
    recipient: delivery.to,
    ...shared(message),
    ruleType: 'MAILBOX_RULE',
    ruleActions: [{ action: 'forward' }],
  } as const;
  return record(message, line, details, delivery);
}

/** Postfix handed a copy of the message to who keeps it for the record. */
export function journalRecord(
  message: Message,
  line: MaillogLine,
  delivery: MaillogDelivery,
): AuditEvent {
  const details = {
    eventName: 'JOURNALING_INITIATED',
    ...shared(message),
    journalingAddress: delivery.originalTo,
  } as const;
  return record(message, line, details, delivery);
}

/** An administrator deleted the message from the queue. */
export function removalRecord(message: Message, line: MaillogLine): AuditEvent {
  const recipients = recipientsOf(message);
  const details = {
    eventName: 'QUEUED_EMAIL_REMOVED',
    ...(recipients.length > 0 && { recipients }),
    ...shared(message),
  } as const;
  return record(message, line, details, undefined);
}

function bounce(
  message: Message,
  line: MaillogLine,
  recipient: string,
  attempt: FailedAttempt,
  outgoing: boolean,
): AuditEvent {
  const bouncedRecipient = {
    emailAddress: recipient,
    reason: attempt.response.slice(0, RESPONSE_LENGTH_MAX),
    status: attempt.dsn,
  };
  const details = {
    eventName: outgoing ? 'OUTGOING_EMAIL_BOUNCED' : 'INCOMING_EMAIL_BOUNCED',
    recipient,
    ...shared(message),
    reason: attempt.response,
    bouncedRecipient,
    ...(outgoing && { destination: recipient }),
  } as const;
  return record(message, line, details, attempt);
}

/**
 * The queue manager gave a message up after its lifetime: it bounces for every recipient whose last
 * attempt failed.
 *
 * @see Postfix postconf(5), maximal_queue_lifetime
 */
export function expiryRecords(message: Message, line: MaillogLine): AuditEvent[] {
  const outgoing = isOutgoing(message);
  return [...message.failing].map(([recipient, attempt]) =>
    bounce(message, line, recipient, attempt, outgoing),
  );
}

/** A client that was handing in a message gave it up. */
export function abortRecord(message: Message, line: MaillogLine): AuditEvent {
  const user = message.saslUser?.toLowerCase();
  return {
    log_type: 'WORKMAIL_MAILBOX_ACCESS_LOGS',
    ...head(message, line.timeMs),
    protocol: 'SMTP',
    ...(message.clientAddress !== undefined && { source_ip: message.clientAddress }),
    action: 'abort_sending_email',
    ...(user !== undefined && { owner_id: user }),
    object_type: 'Message',
    action_allowed: true,
    ...(message.signInId !== undefined && { sign_in_id: message.signInId }),
    server_name: message.host,
  };
}
