// Which messages of the queue are one message, and which were written about another. A content filter,
// an alias, a forwarding by Sieve hand a message in again, under a new queue id; a bounce or an
// automatic reply is new, but is about one.
//
// Who decides is Postfix, or a program on the same host: a stranger chooses Message-IDs and another
// server its answers, so neither joins messages by itself.
import type { Message, Messages } from './messages.ts';

/** What the server at the other end calls the message that it took. */
const QUEUED_AS = /\bqueued as ([0-9A-Za-z]{6,20})\)?$/;
/** What local(8) says of an alias or a .forward file. */
const FORWARDED_AS = /^forwarded as ([0-9A-Za-z]{6,20})$/;
/** What bounce(8) says of the message it wrote. */
const NOTIFICATION =
  /^(?:sender|postmaster) (?:non-delivery|delay|delivery status) notification: ([0-9A-Za-z]{6,20})$/;
/** Pigeonhole's own Message-IDs, of rejections and of vacation. */
const BY_SIEVE = /^<dovecot-(?:sieve-)?\d+-\d+-\d+@/;
const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/i;

/** Whether the address is the host's own. */
export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && LOOPBACK.test(address);
}

/** Whether a program on the same host handed it in, without signing in. */
export function isFromHere(message: Message): boolean {
  if (message.origin === 'received') return isLoopback(message.clientAddress);
  return message.origin === 'local' || message.origin === 'unknown';
}

/** The one trace that all of them have; undefined when there are several, or none. */
function oneTrace(messages: readonly Message[]): string | undefined {
  const traces = new Set(messages.map(({ traceId }) => traceId));
  return traces.size === 1 ? [...traces][0] : undefined;
}

function adopt(child: Message, traceId: string): void {
  child.traceId = traceId;
  child.continues = true;
}

/**
 * The message is in the queue: where a program of this host handed it in while another one with its
 * Message-ID is being delivered, it is that one.
 */
export function continueOpen(message: Message, messages: Messages): void {
  if (message.continues || !isFromHere(message)) return;
  const before = messages.namesakes(message).filter((other) => other.openFrom < message.openFrom);
  const traceId = oneTrace(before);
  if (traceId !== undefined) adopt(message, traceId);
}

/**
 * The message left the queue by being handed in again: the one as which it was. Undefined when it left
 * in another way, or when that cannot be told for certain.
 */
export function handedOnAs(
  message: Message,
  delivery: { readonly relay: string; readonly response: string },
  byLocal: boolean,
  messages: Messages,
): Message | undefined {
  const { relay, response } = delivery;
  const at = /\[([0-9A-Fa-f.:]+)\]/.exec(relay)?.[1];
  const queueId = byLocal
    ? FORWARDED_AS.exec(response)?.[1]
    : isLoopback(at)
      ? QUEUED_AS.exec(response)?.[1]
      : undefined;
  if (queueId === undefined) return undefined;
  const next = messages.find(queueId, message.host);
  if (next === undefined || next.discarded || !isFromHere(next)) return undefined;
  if (next.openFrom <= message.openFrom) return undefined;
  adopt(next, message.traceId);
  return next;
}

/** The queue id of the message that bounce(8) wrote about another. */
export function notificationOf(text: string): string | undefined {
  return NOTIFICATION.exec(text)?.[1];
}

/**
 * A recipient of the message became known: where Sieve wrote it, and one message only of that sender
 * was being delivered then, it is the answer to that one.
 */
export function relateReply(message: Message, recipient: string, messages: Messages): void {
  if (message.relatedTraceId !== undefined || message.continues || !isFromHere(message)) return;
  if (!BY_SIEVE.test(message.messageId ?? '')) return;
  const answered = messages
    .sentBy(recipient, message.host)
    .filter((other) => other !== message && other.openFrom < message.openFrom)
    .filter((other) => other.endedAt === undefined || other.endedAt > message.openFrom);
  message.relatedTraceId = oneTrace(answered);
}
