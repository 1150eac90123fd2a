// Where what our milter read in a message (headers, attachment names, who is at the other end) meets
// the message that Postfix's log tells of. The milter is asked before the queue manager logs the
// message, so the contents are normally there when its line is read; where the log is read first,
// its reader hears of them. Beside the contents stands the ledger of aborted submissions, which both
// sides can see and one of them tells.
import type { Clock } from '../platform/clock.ts';

/** Most messages whose contents are kept for the log; the oldest go first. 100 a second for 100 s. */
export const MESSAGE_CONTENTS_MAX = 10_000;
/** Most that the kept contents may take together, in characters of their JSON; the oldest go first. */
export const MESSAGE_CONTENTS_CHARS_MAX = 32 * 1024 * 1024;
/** Contents that the log did not ask for in this time are forgotten, in ms: a log read an hour late. */
export const MESSAGE_CONTENTS_AGE_MS = 3_600_000;
/** Most settled aborts that are remembered; the oldest go first. */
export const SETTLED_ABORTS_MAX = 1_000;
/**
 * Postfix tells its milter no queue id before the second recipient. The same user at the same address
 * means the same submission then, when the log told of it so long before, in ms: a client that was
 * refused may keep the connection until Postfix's `smtpd_timeout`; or so long after: the log has whole
 * seconds.
 */
export const LOG_BEFORE_ABORT_MS = 300_000;
export const LOG_AFTER_ABORT_MS = 5_000;

/** Something in the message that was longer or more than its limit, and was cut there. */
export type ContentsCut =
  | 'recipients'
  | 'header'
  | 'headers'
  | 'attachments'
  | 'attachment-name'
  | 'mime-parts'
  | 'mime-depth'
  | 'mime-headers';

/** One attachment: a part with a file name, or one whose disposition says that it is one. */
export interface MessageAttachment {
  /** The names of the messages around it and its own, joined by `/`; the type where it has no name. */
  readonly path: string;
  /** The media type in lower case, e.g. `application/pdf`. */
  readonly type: string;
}

/** How far a message came that was not sent after all: recipients were taken, or text had begun. */
export type AbortStep = 'RCPT' | 'DATA';

/** What the milter read of one message. Text is decoded; control characters are left as they were. */
export interface MessageContents {
  /** Postfix's queue id; absent only for a message that was aborted before it had one. */
  readonly queueId?: string;
  /** When the message was complete or aborted, ms since the Unix epoch. */
  readonly timeMs: number;
  /** Postfix's `myhostname`. */
  readonly serverName?: string;
  /** For mail of sendmail(1), Postfix says 127.0.0.1. */
  readonly clientAddress?: string;
  readonly clientPort?: number;
  /** As verified by Postfix; absent when it is `unknown`. */
  readonly clientName?: string;
  readonly helo?: string;
  readonly saslUser?: string;
  readonly saslMethod?: string;
  /** e.g. `TLSv1.3`; absent without TLS. */
  readonly tlsVersion?: string;
  readonly tlsCipher?: string;
  /** The envelope's sender without `<>`; empty for a bounce. */
  readonly sender: string;
  /** The envelope's recipients that Postfix accepted, without `<>`, as they were given. */
  readonly recipients: readonly string[];
  /** As it stands in the header, with its `<>`. */
  readonly messageId?: string;
  /** The address of the first author. */
  readonly from?: string;
  /** The addresses in these headers, which are the sender's words: the envelope is `recipients`. */
  readonly to?: readonly string[];
  readonly cc?: readonly string[];
  /** Unfolded and decoded. */
  readonly subject?: string;
  readonly date?: string;
  /**
   * Every Authentication-Results field, unfolded, from the top of the message down. Anybody can have
   * written them: which authserv-id to trust is the reader's decision.
   */
  readonly authenticationResults: readonly string[];
  readonly attachments: readonly MessageAttachment[];
  /** What is not complete; absent when everything is. */
  readonly cut?: readonly ContentsCut[];
  /** Set when the client gave the message up, or was refused; then nothing of its text is known. */
  readonly aborted?: AbortStep;
}

/** What is known of a submission that ended without a message. */
export interface Abort {
  readonly queueId?: string | undefined;
  readonly saslUser: string;
  readonly clientAddress?: string | undefined;
  /** When it ended, ms since the Unix epoch. */
  readonly timeMs: number;
}

/** The two who see submissions end. */
export type AbortWitness = 'log' | 'milter';

interface Settled {
  readonly by: AbortWitness;
  readonly abort: Abort;
  /** The other side has spoken of it too. */
  paired: boolean;
}

/** A reader of Postfix's log. It settles every submission that its lines say was refused or lost. */
export interface ContentsReader {
  /** Contents were offered. */
  offered(contents: MessageContents): void;
  /** Whether lines are still to be read that were written a moment ago. */
  behind(): boolean;
}

interface Kept {
  readonly contents: MessageContents;
  readonly chars: number;
  readonly sinceMs: number;
}

/** One for the milter and all Postfix collectors. */
export class MessageContentsJoin {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  readonly #readers = new Set<ContentsReader>();
  readonly #settled: Settled[] = [];
  #chars = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A reader of Postfix's log wants to hear of contents; the answer ends it. */
  listen(reader: ContentsReader): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  /** Whether what the log says of the last moments has been read; `none` when nobody reads one. */
  logState(): 'none' | 'behind' | 'current' {
    if (this.#readers.size === 0) return 'none';
    return [...this.#readers].some((reader) => reader.behind()) ? 'behind' : 'current';
  }

  /** The milter has read a message. Offered again, e.g. after a restart, the newest counts. */
  offer(contents: MessageContents): void {
    if (contents.queueId !== undefined) this.#keep(contents.queueId, contents);
    for (const reader of this.#readers) reader.offered(contents);
  }

  /** What the milter read of the message, as far as it is still kept. */
  contentsOf(queueId: string): MessageContents | undefined {
    this.#forgetOld();
    return this.#kept.get(queueId)?.contents;
  }

  /**
   * Decides who tells of a submission that came to nothing: true for the first of the two sides, which
   * then tells it (or knows that it was refused rather than given up, and tells nothing), false for
   * the second, and for a side that asks again.
   */
  settleAbort(by: AbortWitness, abort: Abort): boolean {
    const known = this.#settled.find((settled) => this.#same(settled, by, abort));
    if (known !== undefined) {
      known.paired ||= known.by !== by;
      return false;
    }
    this.#settled.push({ by, abort, paired: false });
    if (this.#settled.length > SETTLED_ABORTS_MAX) this.#settled.shift();
    return true;
  }

  #same(settled: Settled, by: AbortWitness, abort: Abort): boolean {
    const known = settled.abort;
    if (known.queueId !== undefined && abort.queueId !== undefined) {
      return known.queueId === abort.queueId;
    }
    const queueId = known.queueId ?? abort.queueId;
    // The milter would have said the queue id if it had known it.
    if (settled.by === by || settled.paired || this.#knows(queueId)) return false;
    const [log, milter] = by === 'log' ? [abort, known] : [known, abort];
    const agoMs = milter.timeMs - log.timeMs;
    return (
      known.saslUser.toLowerCase() === abort.saslUser.toLowerCase() &&
      known.clientAddress === abort.clientAddress &&
      agoMs <= LOG_BEFORE_ABORT_MS &&
      agoMs >= -LOG_AFTER_ABORT_MS
    );
  }

  #knows(queueId: string | undefined): boolean {
    return queueId !== undefined && this.#kept.has(queueId);
  }

  #keep(queueId: string, contents: MessageContents): void {
    this.#forget(queueId);
    const chars = JSON.stringify(contents).length;
    this.#kept.set(queueId, { contents, chars, sinceMs: this.#clock.now() });
    this.#chars += chars;
    this.#forgetOld();
  }

  /** In the order in which they were offered, so the first that may stay ends it. */
  #forgetOld(): void {
    const oldestMs = this.#clock.now() - MESSAGE_CONTENTS_AGE_MS;
    for (const [queueId, { sinceMs }] of this.#kept) {
      const room =
        this.#kept.size <= MESSAGE_CONTENTS_MAX && this.#chars <= MESSAGE_CONTENTS_CHARS_MAX;
      if (room && sinceMs >= oldestMs) return;
      this.#forget(queueId);
    }
  }

  #forget(queueId: string): void {
    this.#chars -= this.#kept.get(queueId)?.chars ?? 0;
    this.#kept.delete(queueId);
  }
}

/** The join that the milter and `createPostfixCollector` are given. */
export function createMessageContentsJoin(clock: Clock): MessageContentsJoin {
  return new MessageContentsJoin(clock);
}
