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

/** Whether a program on the same host sent it, without signing in. */
export function isFromHere(message: Message): boolean {
  if (message.origin === 'received') return isLoopback(message.clientAddress);
  return message.origin === 'local' || message.origin === 'unknown';
}

/** Whether a program on the same host handed it in: its own, or as a filter what came from elsewhere. */
export function isHandedInHere({ origin, peerAddress }: Message): boolean {
  if (peerAddress !== undefined) return isLoopback(peerAddress);
  return origin === 'local' || origin === 'unknown';
}

/** The one trace that all of them have; undefined when there are several, or none. */
function oneTrace(messages: readonly Message[]): string | undefined {
  const traces = new Set(messages.map(({ traceId }) => traceId));
  return traces.size === 1 ? [...traces][0] : undefined;
}

function adopt(child: Message, parent: Message): void {
  child.traceId = parent.traceId;
  child.continues = true;
  child.neededFrom = Math.min(child.neededFrom, parent.neededFrom);
}

/** The child is the parent, handed in again by a filter, which does not say whose message it was. */
function adoptFiltered(child: Message, parent: Message): void {
  adopt(child, parent);
  if (isLoopback(child.clientAddress)) child.clientAddress = parent.clientAddress;
  if (parent.saslUser === undefined || child.saslUser !== undefined) return;
  child.origin = parent.origin;
  child.saslUser = parent.saslUser;
  child.signInId = parent.signInId;
  // How the submission ended is told of the parent.
  child.settled = true;
}

/**
 * The message is in the queue: where a program of this host handed it in while another one with its
 * Message-ID is being delivered, it is that one.
 */
export function continueOpen(message: Message, messages: Messages): void {
  if (message.continues || !isHandedInHere(message)) return;
  const before = messages.namesakes(message).filter((other) => other.openFrom < message.openFrom);
  const [first] = before;
  if (first !== undefined && oneTrace(before) !== undefined) adopt(message, first);
}

/** A filter handed it in again and says as what it got it, which Postfix itself had told the filter. */
export function continueAs(message: Message, queueId: string, messages: Messages): void {
  const before = messages.find(queueId, message.host);
  if (before !== undefined && before !== message && !before.discarded) {
    adoptFiltered(message, before);
  }
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
  if (next === undefined || next.discarded || !isHandedInHere(next)) return undefined;
  if (next.openFrom <= message.openFrom) return undefined;
  if (byLocal) adopt(next, message);
  else adoptFiltered(next, message);
  return next;
}

/** The queue id of the message that bounce(8) wrote about another. */
export function notificationOf(text: string): string | undefined {
  return NOTIFICATION.exec(text)?.[1];
}

/** The server wrote the notification about the message. */
export function relateNotification(notification: Message, message: Message): void {
  notification.relatedTraceId = message.traceId;
  notification.neededFrom = Math.min(notification.neededFrom, message.neededFrom);
}

/** Its Message-ID became known: where Sieve wrote it, it is the answer to a message in the queue now. */
export function expectRelation(message: Message, messages: Messages): void {
  if (isHandedInHere(message) && BY_SIEVE.test(message.messageId ?? '')) messages.needOpen(message);
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
