// The records of what Postfix did not take as it came. A refusal is an event of our own; what a table or
// a check did with a message that was taken is an applied rule.
import type { AuditEvent } from '../../event/audit-event.ts';
import { RESPONSE_LENGTH_MAX, shared, type EmailEvent } from './email-records.ts';
import type { MaillogLine } from './maillog-line.ts';
import type { Message } from './messages.ts';
import type { Rejection } from './rejection.ts';
import type { SignedInSender } from './smtp-connections.ts';

/** Services to which users submit; what they refuse is on its way out. */
const SUBMISSION = /submission|smtps/i;

/** Whose message it was, as far as the lines before tell. */
export interface Refused {
  /** Absent where it was refused before there was one. */
  readonly message?: Message | undefined;
  /** Who had signed in on the connection. */
  readonly sender?: SignedInSender | undefined;
}

function isGoingOut({ message, sender }: Refused, line: MaillogLine): boolean {
  if (message?.saslUser !== undefined || sender !== undefined) return true;
  return message?.origin === 'local' || SUBMISSION.test(line.instance);
}

/** Something was refused, or taken in another way than it came. */
export function rejectionRecords(
  refused: Refused,
  line: MaillogLine,
  rejection: Rejection,
): AuditEvent[] {
  const { message } = refused;
  const user = message?.saslUser ?? refused.sender?.saslUser;
  const signInId = message?.signInId ?? refused.sender?.signInId;
  const outgoing = isGoingOut(refused, line);
  const { action, dsn, recipient, stage, sender: from } = rejection;
  const reason = rejection.reason.slice(0, RESPONSE_LENGTH_MAX);
  const sourceIp = rejection.address ?? message?.clientAddress;
  const about = {
    ...(message !== undefined && shared(message)),
    ...(from !== undefined && from !== '' && { from }),
  };
  const envelope = {
    ...(recipient !== undefined && recipient !== '' && { recipient }),
    ...about,
  };
  const told = (event: EmailEvent['event']): EmailEvent => ({
    log_type: 'EMAIL_EVENT_LOGS',
    event_timestamp: line.timeMs,
    ...(message !== undefined && { request_id: message.queueId }),
    ...(user !== undefined && { user_id: user.toLowerCase() }),
    ...(message !== undefined && { traceId: message.traceId }),
    event,
    protocol: 'SMTP',
    ...(sourceIp !== undefined && { source_ip: sourceIp }),
    ...(message !== undefined && { queue_id: message.queueId }),
    ...(dsn !== undefined && { dsn }),
    ...(signInId !== undefined && { sign_in_id: signInId }),
    server_name: line.host,
  });
  if (action !== 'reject') {
    const ruleType = outgoing ? 'OUTBOUND_RULE' : 'INBOUND_RULE';
    const rule = { ruleName: stage, ruleType, ruleActions: [{ action }], reason };
    return [told({ eventName: 'RULE_APPLIED', ...envelope, ...rule })];
  }
  const eventName = outgoing ? 'OUTGOING_EMAIL_REJECTED' : 'INCOMING_EMAIL_REJECTED';
  const records = [told({ eventName, ...envelope, reason })];
  if (rejection.byMilter && /\bDMARC\b/i.test(reason)) {
    records.push(told({ eventName: 'DMARC_POLICY_APPLIED', ...about, policy: 'REJECT' }));
  }
  return records;
}
