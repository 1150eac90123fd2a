// What a request of Postfix's policy protocol asks, and how a verdict is answered: the policy service
// without its connections.
import type { Attempt, AttemptDetails, Verdict } from '../../access/evaluation.ts';
import type { PolicyAttributes } from './policy-protocol.ts';

/** Longest user name or address that is kept, in characters. */
const VALUE_LENGTH_MAX = 1_000;

/** An attribute, empty where it is not there, cut to a length. */
export function value(attributes: PolicyAttributes, name: string): string {
  return (attributes.get(name) ?? '').slice(0, VALUE_LENGTH_MAX);
}

/** Who wants to hand in a message, and from where. */
export function submissionAttempt(attributes: PolicyAttributes, atMs: number): Attempt {
  const sizeBytes = count(attributes, 'size');
  return {
    protocol: 'SMTP',
    sourceIp: value(attributes, 'client_address'),
    userId: value(attributes, 'sasl_username').toLowerCase(),
    atMs,
    message: {
      sender: value(attributes, 'sender'),
      ...(sizeBytes !== undefined && { sizeBytes }),
    },
  };
}

/** A whole number above 0; Postfix says 0 for what it does not know. */
function count(attributes: PolicyAttributes, name: string): number | undefined {
  const text = value(attributes, name);
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}

/**
 * What the record says of the message. At DATA the size is what the client announced, absent where
 * it announced none.
 *
 * @see Postfix SMTPD_POLICY_README, "Protocol description"
 */
export function submissionDetails(attributes: PolicyAttributes): AttemptDetails {
  const requestId = value(attributes, 'queue_id') || value(attributes, 'instance');
  const sourcePort = count(attributes, 'client_port');
  const sender = value(attributes, 'sender');
  const size = count(attributes, 'size');
  return {
    ...(requestId !== '' && { request_id: requestId }),
    ...(sender !== '' && { mail_from: sender }),
    ...(size !== undefined && { message_size: size }),
    ...(sourcePort !== undefined && { source_port: sourcePort }),
  };
}

/**
 * The answer: Postfix goes on with its own checks, or refuses the message with these words.
 *
 * @see Postfix access(5), "REJECT", "DUNNO"
 */
export function policyAction({ effect, message }: Verdict): string {
  return effect === 'ALLOW' ? 'DUNNO' : `REJECT 5.7.1 ${message}`;
}
