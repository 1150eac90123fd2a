// Submissions that their sender gave up. Postfix's log says so only when the connection was lost, and
// says of a refusal that the milter sees as the same abort. So the log has a moment to speak first, and
// what it leaves open is told here. Where no log is read, nobody can tell an abort from a refusal, and
// none is told.
import type { AuditEvent } from '../../event/audit-event.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Intake } from '../collector.ts';
import type { Abort, MessageContents, MessageContentsJoin } from '../message-contents.ts';
import type { ContentsNotes } from './contents-notes.ts';
import { ABORT_SETTLE_MS, ABORT_WAIT_MS, ABORTS_PENDING_MAX } from './limits.ts';

export interface AbortsOptions {
  readonly contents: MessageContentsJoin;
  readonly notes: Pick<ContentsNotes, 'write'> | undefined;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
}

/** The abort as the ledger knows it; undefined where nobody had signed in. */
export function abortOf(contents: MessageContents): Abort | undefined {
  const { saslUser, queueId, clientAddress, timeMs } = contents;
  return saslUser === undefined ? undefined : { queueId, saslUser, clientAddress, timeMs };
}

function abortEvent(contents: MessageContents, user: string): AuditEvent {
  const { timeMs, queueId, clientAddress, clientPort, serverName } = contents;
  return {
    log_type: 'WORKMAIL_MAILBOX_ACCESS_LOGS',
    event_timestamp: timeMs,
    ...(queueId !== undefined && { request_id: queueId }),
    user_id: user.toLowerCase(),
    protocol: 'SMTP',
    ...(clientAddress !== undefined && { source_ip: clientAddress }),
    action: 'abort_sending_email',
    owner_id: user.toLowerCase(),
    object_type: 'Message',
    action_allowed: true,
    ...(clientPort !== undefined && { source_port: clientPort }),
    ...(serverName !== undefined && { server_name: serverName }),
  };
}

/** Tells aborts that nobody else tells, `ABORT_SETTLE_MS` after they happened. */
export class Aborts {
  readonly #options: AbortsOptions;
  /** What the log may still explain, with the timer. */
  readonly #pending = new Map<MessageContents, { cancel(): void }>();
  readonly #telling = new Set<Promise<void>>();
  #events = 0;

  constructor(options: AbortsOptions) {
    this.#options = options;
  }

  /** How many were told here. */
  get events(): number {
    return this.#events;
  }

  /** A message was aborted; without a user that is nobody's action on a mailbox. */
  add(contents: MessageContents): void {
    if (contents.saslUser === undefined) return;
    if (this.#pending.size >= ABORTS_PENDING_MAX) {
      for (const oldest of this.#pending.keys()) {
        this.#settle(oldest);
        break;
      }
    }
    this.#await(contents, this.#options.clock.now());
  }

  /** Settles what is waiting, and resolves when what is told here is durable. */
  async stop(): Promise<void> {
    for (const contents of this.#pending.keys()) this.#settle(contents);
    await Promise.all(this.#telling);
  }

  #await(contents: MessageContents, sinceMs: number): void {
    const timer = this.#options.clock.after(ABORT_SETTLE_MS, () => this.#due(contents, sinceMs));
    this.#pending.set(contents, timer);
  }

  #due(contents: MessageContents, sinceMs: number): void {
    const waited = this.#options.clock.now() - sinceMs;
    const behind = this.#options.contents.logState() === 'behind';
    if (behind && waited < ABORT_WAIT_MS) this.#await(contents, sinceMs);
    else this.#settle(contents);
  }

  #settle(contents: MessageContents): void {
    this.#pending.get(contents)?.cancel();
    this.#pending.delete(contents);
    const abort = abortOf(contents);
    if (abort === undefined || this.#options.contents.logState() === 'none') return;
    if (!this.#options.contents.settleAbort('milter', abort)) return;
    const told = this.#tell(contents, abort).finally(() => this.#telling.delete(told));
    this.#telling.add(told);
  }

  async #tell(contents: MessageContents, abort: Abort): Promise<void> {
    const { intake, notes, log } = this.#options;
    try {
      // First that it is told: after a crash between the two it is lost rather than doubled.
      await notes?.write({ settled: abort });
      await intake.accept([abortEvent(contents, abort.saslUser)]);
      this.#events++;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.error('an aborted submission could not be recorded', { user: abort.saslUser, reason });
    }
  }
}
