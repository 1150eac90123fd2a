// One attempt to sign in, as the lines of one log tell of it, until its event has been told and
// nothing more is to come.
import type { AuditEvent } from '../../event/audit-event.ts';
import { revisionKey } from '../amendment.ts';
import { type Held, HOLD_MS } from '../holdings.ts';
import { completed, signInEvent, type SignInAttempt } from './sign-in.ts';

/** What an attempt waits for before its event is told, each for a moment only. */
export interface Waits {
  /** The event of Dovecot's exporter, where only a text line was read so far. */
  event: boolean;
  /** The policy report. */
  report: boolean;
  /** What the client says it is (IMAP ID), which most say after signing in. */
  agent: boolean;
  /** The login line, which names the token. */
  token: boolean;
  /** The first message that is handed in on the same SMTP connection. */
  message: boolean;
}

/**
 * How long an event waits for nothing but the client's ID, in ms: those who say it do so within a round
 * trip of signing in. It amends the event when it comes later.
 */
export const AGENT_WAIT_MS = 400;

/** Under which key the event was told, and how often. */
interface Revision {
  readonly key: string;
  count: number;
}

/** The event that a report became before any line told of the attempt. */
export interface ToldAs {
  readonly key: string;
  readonly timeMs: number;
  readonly requestId: string | undefined;
}

/** An attempt; see the head of this file. */
export class Attempt implements Held {
  readonly at: number;
  readonly from: number;
  sinceMs: number;
  told = false;
  /** Whether it is to be told; a text line may be only a hint of what an event will tell. */
  begun = false;
  readonly waits: Waits = {
    event: false,
    report: false,
    agent: false,
    token: false,
    message: false,
  };
  /** Whether Dovecot's event was read. */
  byEvent = false;
  /** The places of further lines that told of it. */
  readonly furtherAt: number[] = [];
  /** Whether its session has ended: the client will not say any more what it is. */
  ended = false;
  /** Whether its policy report was taken. */
  reported = false;
  /** Which password databases are known to have refused it. */
  readonly refusedBy = new Set<string>();
  /** The time of its latest text line, ms. */
  textMs = -Infinity;
  #info: SignInAttempt;
  readonly #id: string | undefined;
  #revision: Revision | undefined;
  readonly #tell: (attempt: Attempt, out: AuditEvent[]) => void;

  constructor(
    place: Pick<Held, 'at' | 'from'>,
    sinceMs: number,
    info: SignInAttempt,
    tell: (attempt: Attempt, out: AuditEvent[]) => void,
  ) {
    this.at = place.at;
    this.from = place.from;
    this.sinceMs = sinceMs;
    this.#info = info;
    this.#id = info.session ?? info.requestId;
    this.#tell = tell;
  }

  get info(): SignInAttempt {
    return this.#info;
  }

  /** Whether anything is awaited. */
  get waiting(): boolean {
    return Object.values(this.waits).includes(true);
  }

  /** It begins to wait; for the client's ID alone it does not wait as long as for what is sure to come. */
  beginsToWait(): void {
    const awaited = Object.entries(this.waits).filter(([, waits]) => waits);
    if (awaited.every(([what]) => what === 'agent')) this.sinceMs -= HOLD_MS - AGENT_WAIT_MS;
  }

  /** Whether more may become known after its event was told. */
  get mayBecomeMore(): boolean {
    const { success, protocol, userAgent, session } = this.#info;
    if (this.waiting || !this.byEvent) return true;
    if (!success) return false;
    return session === undefined || (!this.ended && protocol === 'IMAP' && userAgent === undefined);
  }

  /** More is known. What was told keeps its time, by which it is found again. */
  learn(more: SignInAttempt, first: 'known' | 'more' = 'known'): void {
    const info = first === 'known' ? completed(this.#info, more) : completed(more, this.#info);
    this.#info = this.told ? { ...info, timeMs: this.#info.timeMs } : info;
  }

  /** Its report was told alone, under the key; what is told now amends that event. */
  toldAs({ key, timeMs, requestId }: ToldAs): void {
    this.#info = { ...this.#info, timeMs, requestId };
    this.#revision = { key, count: 1 };
  }

  tell(out: AuditEvent[]): void {
    this.#tell(this, out);
  }

  /** Appends the event as far as it is known: the first telling, or an amendment of it. */
  write(out: AuditEvent[]): void {
    const event = signInEvent(this.#info);
    if (this.#revision === undefined && !this.mayBecomeMore) {
      out.push(event);
      return;
    }
    this.#revision ??= { key: this.#key(event), count: 0 };
    const { key, count } = this.#revision;
    this.#revision.count++;
    out.push({ ...event, revision_key: key, ...(count > 0 && { revision: count + 1 }) });
  }

  /** An earlier run told it; what is told now amends that event. */
  toldBefore(): void {
    if (!this.mayBecomeMore) return;
    this.#revision = { key: this.#key(signInEvent(this.#info)), count: 1 };
  }

  /** Tells the event again when it was told under a key and `change` tells something new. */
  amend(change: () => void, out: AuditEvent[]): void {
    const before = JSON.stringify(signInEvent(this.#info));
    change();
    if (this.told && this.#revision !== undefined) {
      if (JSON.stringify(signInEvent(this.#info)) !== before) this.write(out);
    }
  }

  /** Of the request id that it began with: the first message may change it. */
  #key(event: AuditEvent): string {
    return revisionKey(
      { ...event, ...(this.#id !== undefined && { request_id: this.#id }) },
      this.at,
      0,
    );
  }

  /** The sign-in is joined with the SMTP connection whose first message has the id. */
  join(queueId: string): void {
    this.#info = { ...this.#info, requestId: queueId };
  }
}
