// Sign-ins as Dovecot's log tells them, one event an attempt whatever tells of it: the exporter's
// `auth_request_finished` where there is an exporter, with the passdb events before it and the
// authentication service's text lines for the reason; the text lines alone where there is none. The
// policy report adds the token id, the login line as well, IMAP ID the program.
//
// An attempt's identity is the place of the first line that told of it. It waits a moment for what
// is known to be on its way, is then told as it is known, and amended when more comes.
import type { AuditEvent } from '../../event/audit-event.ts';
import type { Held, Holdings } from '../holdings.ts';
import type { SaslJoin } from '../sasl-join.ts';
import type { AuthLine, FailureLine, LoginLine } from './auth-line.ts';
import { Attempt } from './attempt.ts';
import { attemptOfEvent, attemptOfFailure, attemptOfLogin } from './attempt-sources.ts';
import { textField, type DovecotEvent } from './event-line.ts';
import { ExporterEvents } from './exporter-events.ts';
import { FailedAttempts, ONE_ATTEMPT_MS } from './failed-attempts.ts';
import { PassdbResults, type PassdbOutcome } from './passdb-results.ts';
import type { ReportSide } from './report-side.ts';
import type { Sessions } from './sessions.ts';
import { SignedIn } from './signed-in.ts';
import { completed, generatedRequestId, type SignInAttempt } from './sign-in.ts';

/** Most attempts that one line of a login process tells: more is nobody's typing. */
const ATTEMPTS_OF_LINE_MAX = 20;

/** Where an attempt's line is, and the first line that its event is made of. */
type Place = Pick<Held, 'at' | 'from'>;

export interface SignInsOptions {
  readonly sessions: Sessions;
  readonly holdings: Holdings;
  readonly now: () => number;
  /** What policy reports add; of the whole log, which several servers may write. */
  readonly reports: ReportSide;
  /** The server's name where only syslog tells it. */
  readonly server: string | undefined;
  /** Where sign-ins by SMTP meet the messages that were handed in. */
  readonly sasl: SaslJoin | undefined;
  /** Takes what something outside the log completed: what is to be told now, and further events. */
  readonly outside: (complete: readonly Held[], events: readonly AuditEvent[]) => void;
}

/** The sign-ins of one log. */
export class SignIns {
  readonly #options: SignInsOptions;
  readonly #results = new PassdbResults();
  readonly #failed = new FailedAttempts();
  readonly #signedIn = new SignedIn();
  readonly #exporter = new ExporterEvents();
  readonly #reports: ReportSide;

  constructor(options: SignInsOptions) {
    this.#options = options;
    this.#reports = options.reports;
  }

  /** A passdb has answered. */
  passdbFinished(event: DovecotEvent, at: number): void {
    this.#results.add(whoOfEvent(event), event, at);
  }

  /** An attempt has ended. `live` is false for lines that an earlier run told. */
  requestFinished(event: DovecotEvent, at: number, live: boolean, out: AuditEvent[]): void {
    this.#exporter.heard(event.timeMs, at);
    const outcome = this.#results.take(whoOfEvent(event));
    const info = attemptOfEvent(event, outcome);
    const place = { at, from: outcome?.at ?? at };
    if (info.success) this.#succeeded(event, info, outcome, place, live, out);
    else this.#failedByEvent(info, place, live, out);
  }

  /** A text line told of an attempt, or of what the client is. */
  line(line: AuthLine, at: number, live: boolean, out: AuditEvent[]): void {
    if (line.kind === 'failure') this.#failedByLine(line, at, live, out);
    else if (line.kind === 'login') this.#loggedIn(line, at, live, out);
    else if (line.kind === 'agent') this.identified(line.session, line.userAgent, out);
    else this.#gone(line, at, live, out);
  }

  /** The client of a session said which program it is. */
  identified(session: string, userAgent: string, out: AuditEvent[]): void {
    const attempt = this.#signedIn.find(session);
    if (attempt === undefined || attempt.info.userAgent !== undefined) return;
    attempt.waits.agent = false;
    this.#learned(attempt, { ...attempt.info, userAgent }, out);
  }

  /** A session has ended: nothing more comes of its sign-in. */
  ended(session: string, out: AuditEvent[]): void {
    const attempt = this.#signedIn.find(session);
    if (attempt === undefined) return;
    attempt.ended = true;
    attempt.waits.agent = false;
    attempt.waits.token = false;
    if (attempt.begun) this.#tellIfComplete(attempt, out);
  }

  /** What a restart must know beside the lines that it reads again. */
  carry(): unknown {
    return this.#exporter.carry();
  }

  /** Takes back what `carry` gave. */
  restore(carried: unknown): void {
    this.#exporter.restore(carried);
  }

  /** A policy report came: whether an attempt of this log took it. */
  offer(key: string, report: SignInAttempt): boolean {
    const attempt = this.#reports.offer(key, report);
    if (attempt === undefined || attempt === 'told') return attempt === 'told';
    const out: AuditEvent[] = [];
    if (attempt.told) attempt.amend(() => attempt.learn(report), out);
    const complete = attempt.told || attempt.waiting ? [] : [attempt];
    if (out.length + complete.length > 0) this.#options.outside(complete, out);
    return true;
  }

  /** The place of the oldest line that an attempt needs which is in progress or may be amended. */
  openFrom(at: number): number | undefined {
    const oldest = Math.min(
      this.#results.openFrom(at) ?? Infinity,
      this.#failed.openFrom(at) ?? Infinity,
      this.#signedIn.openFrom(at) ?? Infinity,
    );
    return oldest === Infinity ? undefined : oldest;
  }

  #failedByEvent(info: SignInAttempt, place: Place, live: boolean, out: AuditEvent[]): void {
    const who = whoOf(info);
    if (info.session === undefined) this.#failed.forgetBefore(who, info.timeMs);
    const known = this.#failed.withoutEvent(who, info);
    if (known?.begun === true) {
      this.#heardEvent(known, info, place.at, live, out);
      return;
    }
    const hint = known?.info ?? this.#failed.takeHint(who, info.timeMs);
    const attempt = this.#attempt(hint === undefined ? info : completed(info, hint), place);
    attempt.byEvent = true;
    if (known === undefined) this.#failed.add(who, attempt);
    else this.#failed.replace(who, known, attempt);
    this.#begin(attempt, live, out);
  }

  #failedByLine(line: FailureLine, at: number, live: boolean, out: AuditEvent[]): void {
    const info = attemptOfFailure(line, this.#options.server);
    const who = whoOf(info);
    if (info.session === undefined) {
      this.#failed.forgetBefore(who, info.timeMs);
      // A recipient who is not there is told of by the same line.
      if (line.result === 'user_unknown') {
        this.#failed.hint(who, info);
        return;
      }
    }
    // A database that did not know the password, before another one let the session in.
    if (info.session !== undefined && this.#signedIn.find(info.session) !== undefined) return;
    const early = line.refusal !== undefined || line.by === 'policy' || info.userId === undefined;
    let attempt = this.#failed.ofLine(who, line.by, info, early);
    const first = attempt === undefined;
    if (attempt === undefined) {
      attempt = this.#attempt(info, { at, from: at });
      attempt.waits.event = true;
      this.#failed.add(who, attempt);
    }
    attempt.refusedBy.add(line.by);
    attempt.textMs = line.timeMs;
    if (first) {
      if (!this.#exporter.expected(line.timeMs, at)) this.#begin(attempt, live, out);
    } else {
      this.#further(attempt, at);
      this.#learned(attempt, info, out);
    }
  }

  #succeeded(
    event: DovecotEvent,
    info: SignInAttempt,
    outcome: PassdbOutcome | undefined,
    place: Place,
    live: boolean,
    out: AuditEvent[],
  ): void {
    this.#opened(event, info, place.at);
    this.#forgetChain(info);
    const session = info.session;
    const known = session === undefined ? undefined : this.#signedIn.find(session);
    if (known !== undefined && known.begun && !known.byEvent) {
      this.#heardEvent(known, info, place.at, live, out);
      return;
    }
    const attempt = this.#attempt(known === undefined ? info : completed(info, known.info), place);
    attempt.byEvent = true;
    attempt.waits.agent =
      session !== undefined && info.protocol === 'IMAP' && info.userAgent === undefined;
    attempt.waits.token =
      session !== undefined && outcome?.byToken === true && attempt.info.patId === undefined;
    this.#signedIn.add(attempt);
    this.#begin(attempt, live, out);
  }

  #loggedIn(line: LoginLine, at: number, live: boolean, out: AuditEvent[]): void {
    const info = attemptOfLogin(line, this.#options.server);
    const known = this.#signedIn.find(line.session);
    if (known !== undefined) {
      known.waits.token = false;
      this.#further(known, at);
      if (known.byEvent)
        this.#learned(known, { ...known.info, patId: known.info.patId ?? info.patId }, out);
      return;
    }
    this.#forgetChain(info);
    this.#connectionKnown(line, out);
    const attempt = this.#attempt(info, { at, from: at });
    attempt.waits.event = true;
    this.#signedIn.add(attempt);
    if (!this.#exporter.expected(line.timeMs, at)) this.#begin(attempt, live, out);
  }

  /**
   * A connection ended without a login. Where nothing told of its attempts one by one, which takes
   * `auth_verbose` or the exporter, this line is all there is.
   */
  #gone(line: LoginLine, at: number, live: boolean, out: AuditEvent[]): void {
    const known = this.#failed.of(line.session);
    const info = attemptOfLogin(line, this.#options.server);
    for (const [n, attempt] of known.entries()) this.#further(attempt, at + n);
    this.#connectionKnown(line, out);
    if (known.length > 0 || line.user === '' || this.#exporter.expected(line.timeMs, at)) return;
    for (let n = 0; n < Math.min(line.attempts, ATTEMPTS_OF_LINE_MAX); n++) {
      // A line is longer than the number of attempts it tells: each has a place of its own in it.
      const attempt = this.#attempt(info, { at: at + n, from: at });
      attempt.waits.event = true;
      this.#failed.add(line.session, attempt);
      this.#begin(attempt, live, out);
    }
  }

  /** How the connection's attempts were made, which their own text lines do not say. */
  #connectionKnown(line: LoginLine, out: AuditEvent[]): void {
    const { protocol, sourcePort, transport } = attemptOfLogin(line, this.#options.server);
    for (const attempt of this.#failed.of(line.session)) {
      if (attempt.byEvent) continue;
      this.#learned(attempt, { ...attempt.info, protocol, sourcePort, transport }, out);
    }
  }

  /** Lines of databases that did not know a password belong to the attempt that another one took. */
  #forgetChain(signIn: SignInAttempt): void {
    const who = whoOf(signIn);
    for (const attempt of this.#failed.of(who)) {
      const { byEvent, told, textMs, info } = attempt;
      const sameUser = info.userId?.toLowerCase() === signIn.userId?.toLowerCase();
      const ofChain = sameUser && Math.abs(signIn.timeMs - textMs) <= ONE_ATTEMPT_MS;
      if (!ofChain || byEvent || told) continue;
      this.#failed.remove(who, attempt);
      this.#reports.forget(attempt);
      this.#options.holdings.complete(attempt);
    }
  }

  /** The event of an attempt came that a text line had told of: it knows better. */
  #heardEvent(
    attempt: Attempt,
    info: SignInAttempt,
    at: number,
    live: boolean,
    out: AuditEvent[],
  ): void {
    this.#further(attempt, at);
    attempt.byEvent = true;
    attempt.waits.event = false;
    this.#learned(attempt, info, out, 'more');
    if (!attempt.told) this.#begin(attempt, live, out);
  }

  /**
   * A further line told of the attempt. A restart may read it again without the first one, and must
   * know by its place that it was told.
   */
  #further(attempt: Attempt, at: number): void {
    if (attempt.told) this.#options.holdings.toldAtOnce(at);
    else attempt.furtherAt.push(at);
  }

  #learned(
    attempt: Attempt,
    more: SignInAttempt,
    out: AuditEvent[],
    first: 'known' | 'more' = 'known',
  ): void {
    if (attempt.told) attempt.amend(() => attempt.learn(more, first), out);
    else if (!attempt.begun) attempt.learn(more, first);
    else {
      attempt.learn(more, first);
      this.#tellIfComplete(attempt, out);
    }
  }

  #attempt(info: SignInAttempt, place: Place): Attempt {
    const requestId =
      info.session === undefined ? generatedRequestId(info, `line ${place.at}`) : undefined;
    return new Attempt(place, this.#options.now(), { ...info, requestId }, (attempt, out) =>
      this.#write(attempt, out),
    );
  }

  /** Lets the attempt wait for what is to come, or tells it when that is nothing. */
  #begin(attempt: Attempt, live: boolean, out: AuditEvent[]): void {
    const { holdings, sasl } = this.#options;
    attempt.begun = true;
    if (holdings.wasTold(attempt.at)) {
      attempt.told = true;
      this.#reports.toldBefore(attempt);
    } else if (attempt.byEvent) {
      this.#reports.begin(attempt, live);
    }
    if (attempt.byEvent && attempt.info.success && attempt.info.session === undefined) {
      attempt.waits.message = sasl !== undefined && this.#expectMessage(attempt, sasl);
    }
    if (attempt.told) return;
    if (attempt.waiting) {
      attempt.beginsToWait();
      holdings.hold(attempt, out);
    }
    this.#tellIfComplete(attempt, out);
  }

  #expectMessage(attempt: Attempt, sasl: SaslJoin): boolean {
    const { userId, sourceIp, timeMs } = attempt.info;
    if (userId === undefined || sourceIp === undefined) return false;
    return sasl.signedIn({
      user: userId,
      ip: sourceIp,
      timeMs,
      joined: (queueId) => {
        const out: AuditEvent[] = [];
        attempt.waits.message = false;
        attempt.amend(() => attempt.join(queueId), out);
        const early = attempt.told || attempt.waiting ? [] : [attempt];
        this.#options.outside(early, out);
      },
    });
  }

  #tellIfComplete(attempt: Attempt, out: AuditEvent[]): void {
    if (attempt.told || attempt.waiting) return;
    const { holdings } = this.#options;
    holdings.complete(attempt);
    holdings.toldAtOnce(attempt.at);
    attempt.told = true;
    this.#write(attempt, out);
  }

  /** Tells it as it is known, now that it waited long enough or for nothing. */
  #write(attempt: Attempt, out: AuditEvent[]): void {
    this.#reports.telling(attempt);
    for (const at of attempt.furtherAt.splice(0)) this.#options.holdings.toldAtOnce(at);
    attempt.write(out);
  }

  /** What the session's later events do not repeat is remembered with it. */
  #opened(event: DovecotEvent, attempt: SignInAttempt, at: number): void {
    if (attempt.session === undefined) return;
    const { sessions } = this.#options;
    const session = sessions.use(attempt.session);
    session.protocol = textField(event.fields, 'service') ?? textField(event.fields, 'protocol');
    session.user = attempt.userId;
    session.sourceIp = attempt.sourceIp;
    session.sourcePort = attempt.sourcePort;
    if (attempt.impersonatorId !== undefined) {
      sessions.impersonate(session, attempt.impersonatorId);
    }
    session.userAgent = attempt.userAgent;
    if (session.protocol === 'submission') sessions.indexPeer(session);
    // Events of IMAP repeat the client's address, those of the other protocols do not.
    const repeated = session.protocol === 'imap';
    if (repeated && attempt.impersonatorId === undefined && attempt.userAgent === undefined) return;
    session.openFrom ??= at;
  }
}

/** What joins the lines of a connection: the session, or who from where. */
function whoOf(attempt: SignInAttempt): string {
  if (attempt.session !== undefined) return attempt.session;
  const user = (attempt.userId ?? attempt.userTyped).toLowerCase();
  return JSON.stringify([user, attempt.sourceIp ?? '']);
}

function whoOfEvent(event: DovecotEvent): string {
  const { fields } = event;
  const session = textField(fields, 'session');
  if (session !== undefined) return session;
  const service = fields['service'] ?? fields['protocol'];
  return JSON.stringify([service, fields['original_user'], fields['remote_ip']]);
}
