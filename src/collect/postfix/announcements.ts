// The first event of a message, received or submitted: told when it is known to whom it goes, and of
// mail from this host also whether it goes out of it. Only our milter knows the recipients beforehand;
// without it they are in the log as they are tried, and those that are tried late amend the event.
import type { AuditEvent } from '../../event/audit-event.ts';
import type { Held, Holdings } from '../holdings.ts';
import type { MessageContentsJoin } from '../message-contents.ts';
import { announcement, isOutgoing, recipientsOf } from './email-records.ts';
import { continueOpen, isHandedInHere } from './lineage.ts';
import type { MaillogLine } from './maillog-line.ts';
import type { Message, Messages } from './messages.ts';

export interface AnnouncementsOptions {
  readonly now: () => number;
  readonly holdings: Holdings;
  readonly messages: Messages;
  readonly contents: MessageContentsJoin | undefined;
  /** Whose Authentication-Results are believed. */
  readonly authservIds: readonly string[];
}

/** The announcements of one log. */
export class Announcements {
  readonly #options: AnnouncementsOptions;

  constructor(options: AnnouncementsOptions) {
    this.#options = options;
  }

  /** The queue manager has the message, for the first time; its line is at the place. */
  queued(message: Message, line: MaillogLine, at: number, out: AuditEvent[]): void {
    const { now, holdings, messages, contents, authservIds } = this.#options;
    message.contents = contents?.contentsOf(message.queueId);
    continueOpen(message, messages);
    // Without its first line it is not known to be new: the queue manager repeats this one.
    if (message.origin === 'unknown' || message.continues) return;
    const held: Held = {
      at,
      from: message.openFrom,
      sinceMs: now(),
      told: false,
      amendable: true,
      tell: (events) => {
        message.recipientsTold = recipientsOf(message).length;
        message.toldOutgoing = isOutgoing(message);
        events.push(...announcement(message, line, authservIds));
      },
    };
    // A filter's message may turn out to be going out, or to be a user's.
    const directed = message.origin !== 'received' || !isHandedInHere(message);
    if (directed && message.contents !== undefined) {
      // What the milter read is not in the log.
      if (!holdings.wasTold(at)) held.tell(out);
      holdings.toldAtOnce(at);
    } else if (directed && message.recipients.size >= (message.recipientCount ?? 0)) {
      held.tell(out);
    } else this.#hold(message, held, out);
  }

  /** All recipients have been tried, or the message left the queue. */
  complete(message: Message, out: AuditEvent[]): void {
    const held = message.announcement;
    if (held === undefined) return;
    const { holdings } = this.#options;
    message.announcement = undefined;
    holdings.complete(held);
    if (!held.told) held.tell(out);
    else if (
      recipientsOf(message).length > message.recipientsTold ||
      isOutgoing(message) !== message.toldOutgoing
    ) {
      holdings.amend(held, out);
    }
  }

  /** The message turned out to be another one that was told: there is nothing to tell, if it is not too late. */
  drop(message: Message): void {
    if (message.announcement === undefined || message.announcement.told) return;
    this.#options.holdings.complete(message.announcement);
    message.announcement = undefined;
  }

  #hold(message: Message, held: Held, out: AuditEvent[]): void {
    const { holdings, contents } = this.#options;
    holdings.hold(held, out);
    // An earlier run may have told it with what the milter read, which may be forgotten by now: an
    // amendment would know less than what it amends.
    if (held.told && contents !== undefined) return;
    message.announcement = held;
  }
}
