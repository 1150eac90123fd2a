// Sign-ins as Dovecot's log tells them: `auth_request_finished` is the attempt, the passdb events
// before it say why it failed, and the policy report, where one comes, adds the token id.
import type { AuditEvent } from '../../event/audit-event.ts';
import type { Held, Holdings } from '../holdings.ts';
import { numberField, textField, type DovecotEvent } from './event-line.ts';
import { protocolOfService } from './protocol.ts';
import type { Sessions } from './sessions.ts';
import { signInKey, type SignInJoin } from './sign-in-join.ts';
import { signInEvent, type SignInAttempt } from './sign-in.ts';
import { userAgentOfId } from './user-agent.ts';

/** Most attempts in progress whose passdb results are remembered; the oldest goes first. */
export const PASSDB_RESULTS_MAX = 10_000;
/** How far back a passdb result is of interest, in bytes of log: its attempt ends at once. */
const PASSDB_RESULT_BYTES = 1024 * 1024;

interface PassdbResult {
  readonly result: string;
  readonly at: number;
}

/** Where an attempt's line is, and the first line that its event is made of. */
type Place = Pick<Held, 'at' | 'from'>;

interface WaitingSignIn extends Held {
  attempt: SignInAttempt;
}

/** What the policy report knows and the log does not. */
function withReport(attempt: SignInAttempt, report: SignInAttempt | undefined): SignInAttempt {
  if (report === undefined) return attempt;
  return {
    ...attempt,
    patId: attempt.patId ?? report.patId,
    userAgent: attempt.userAgent ?? report.userAgent,
    impersonatorId: attempt.impersonatorId ?? report.impersonatorId,
    transport: attempt.transport ?? report.transport,
    policyReject: attempt.policyReject || report.policyReject,
  };
}

/** The sign-ins of one log. */
export class SignIns {
  readonly #sessions: Sessions;
  readonly #holdings: Holdings;
  readonly #join: SignInJoin | undefined;
  readonly #now: () => number;
  readonly #results = new Map<string, PassdbResult>();
  readonly #waiting = new Map<string, WaitingSignIn[]>();

  constructor(
    sessions: Sessions,
    holdings: Holdings,
    now: () => number,
    join: SignInJoin | undefined,
  ) {
    this.#sessions = sessions;
    this.#holdings = holdings;
    this.#now = now;
    this.#join = join;
  }

  /** A passdb has answered; with several, the last answer is the reason. */
  passdbFinished(event: DovecotEvent, at: number): void {
    const result = textField(event.fields, 'result');
    if (result === undefined) return;
    if (this.#results.size >= PASSDB_RESULTS_MAX) {
      for (const oldest of this.#results.keys()) {
        this.#results.delete(oldest);
        break;
      }
    }
    this.#results.set(attemptKey(event), { result, at });
  }

  /** An attempt has ended. `live` is false for lines that an earlier run told. */
  requestFinished(event: DovecotEvent, at: number, live: boolean, out: AuditEvent[]): void {
    const key = attemptKey(event);
    const passdb = this.#results.get(key);
    this.#results.delete(key);
    const attempt = attemptOf(event, passdb?.result);
    const from = passdb?.at ?? at;
    if (attempt.success) this.#opened(event, attempt, at);
    if (this.#join === undefined) out.push(signInEvent(attempt));
    else if (live) this.#joinReport(this.#join, attempt, { at, from }, out);
    else this.#wait(this.#join, attempt, { at, from }, out);
  }

  /** A policy report came; the attempt that was waiting for it, now complete. */
  offer(key: string, report: SignInAttempt): Held | undefined {
    const waiting = this.#waiting.get(key)?.find((held) => !held.told);
    if (waiting === undefined) return undefined;
    waiting.attempt = withReport(waiting.attempt, report);
    this.#forget(key, waiting);
    return waiting;
  }

  /** The place of the oldest line that an attempt in progress needs. */
  openFrom(at: number): number | undefined {
    for (const { at: place } of this.#results.values()) {
      if (place >= at - PASSDB_RESULT_BYTES) return place;
    }
    return undefined;
  }

  #joinReport(join: SignInJoin, attempt: SignInAttempt, place: Place, out: AuditEvent[]): void {
    const key = signInKey(attempt);
    if (join.wasTold(key)) {
      this.#holdings.toldAtOnce(place.at);
      return;
    }
    const report = join.takeReport(key);
    if (report === undefined && join.expectsReports()) {
      this.#wait(join, attempt, place, out);
      return;
    }
    if (report === undefined) join.lineTold(key);
    this.#holdings.toldAtOnce(place.at);
    out.push(signInEvent(withReport(attempt, report)));
  }

  #wait(join: SignInJoin, attempt: SignInAttempt, place: Place, out: AuditEvent[]): void {
    const key = signInKey(attempt);
    const held: WaitingSignIn = {
      ...place,
      sinceMs: this.#now(),
      told: false,
      attempt,
      tell: (events) => {
        if (this.#forget(key, held)) join.lineTold(key);
        events.push(signInEvent(held.attempt));
      },
    };
    this.#holdings.hold(held, out);
    if (held.told) return;
    const others = this.#waiting.get(key);
    if (others === undefined) this.#waiting.set(key, [held]);
    else others.push(held);
  }

  #forget(key: string, held: WaitingSignIn): boolean {
    const waiting = this.#waiting.get(key);
    const index = waiting?.indexOf(held) ?? -1;
    if (waiting === undefined || index < 0) return false;
    waiting.splice(index, 1);
    if (waiting.length === 0) this.#waiting.delete(key);
    return true;
  }

  /** What the session's later events do not repeat is remembered with it. */
  #opened(event: DovecotEvent, attempt: SignInAttempt, at: number): void {
    if (attempt.session === undefined) return;
    const session = this.#sessions.use(attempt.session);
    session.protocol = textField(event.fields, 'service') ?? textField(event.fields, 'protocol');
    session.user = attempt.userId;
    session.sourceIp = attempt.sourceIp;
    session.sourcePort = attempt.sourcePort;
    if (attempt.impersonatorId !== undefined) {
      this.#sessions.impersonate(session, attempt.impersonatorId);
    }
    session.userAgent = attempt.userAgent;
    if (session.protocol === 'submission') this.#sessions.indexPeer(session);
    // Events of IMAP repeat the client's address, those of the other protocols do not.
    const repeated = session.protocol === 'imap';
    if (repeated && attempt.impersonatorId === undefined && attempt.userAgent === undefined) return;
    session.openFrom ??= at;
  }
}

function attemptKey(event: DovecotEvent): string {
  const { fields } = event;
  const session = textField(fields, 'session');
  if (session !== undefined) return session;
  return JSON.stringify([fields['service'], fields['original_user'], fields['remote_ip']]);
}

function attemptOf(event: DovecotEvent, passdbResult: string | undefined): SignInAttempt {
  const { fields } = event;
  const user = textField(fields, 'user');
  const loginUser = textField(fields, 'login_user');
  const success = textField(fields, 'success') === 'yes';
  const service = textField(fields, 'service') ?? textField(fields, 'protocol') ?? 'unknown';
  const unknown = !success && passdbResult === 'user_unknown' && loginUser === undefined;
  return {
    timeMs: event.timeMs,
    session: textField(fields, 'session'),
    userId: unknown ? undefined : (loginUser ?? user),
    userTyped: textField(fields, 'original_user') ?? user ?? '',
    // Until the password was found right, `user` is the master user and `login_user` the mailbox's.
    impersonatorId:
      textField(fields, 'master_user') ?? (loginUser === undefined ? undefined : user),
    protocol: protocolOfService(service),
    sourceIp: textField(fields, 'remote_ip'),
    sourcePort: numberField(fields, 'remote_port') || undefined,
    userAgent: userAgentOfId(textField(fields, 'client_id') ?? ''),
    mechanism: textField(fields, 'mechanism'),
    transport: textField(fields, 'transport'),
    success,
    policyReject: textField(fields, 'policy_result') === 'refused',
    passdbResult,
    // Only from Dovecot 2.3.21 on, where a passdb may return `event_pat_id`.
    patId: textField(fields, 'pat_id'),
    serverName: event.hostname,
  };
}
