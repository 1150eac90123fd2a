// Dovecot's log lines become audit events here: event lines and mail_log lines of one server, put
// together by session. Deterministic, so that a restart rebuilds what was open by reading the
// lines again; only what the policy report adds to a sign-in, and a message's trace, come from
// outside the log.
import type { AuditEvent } from '../../event/audit-event.ts';
import type { Held } from '../holdings.ts';
import { Holdings } from '../holdings.ts';
import type { Assembler, LineOutcome } from '../log-collector.ts';
import type { SaslJoin } from '../sasl-join.ts';
import type { MessageTrace, TraceJoin } from '../trace-join.ts';
import { accessEvent, serviceOf } from './access-record.ts';
import { type NameFinder, ToldAttachments } from './attachment-names/told-attachments.ts';
import { agentLine, parseAuthLine } from './auth-line.ts';
import { SignIns } from './authentication.ts';
import { doveadmRecord, openedBy, removedBy } from './doveadm.ts';
import { delivery, isDelivery, sieveAction } from './delivery.ts';
import { readByDoveadm } from './doveadm-reads.ts';
import {
  eventPlace,
  listHas,
  numberField,
  parseEvent,
  textField,
  type DovecotEvent,
} from './event-line.ts';
import { ImapAccess, MAIL_LOG_LINE_CHARS_MAX } from './imap-access.ts';
import { mailLogAction } from './mail-log.ts';
import { scriptRecord } from './managesieve.ts';
import { ReportSide } from './report-side.ts';
import { SAVES_MAX, Sessions, type PendingItem, type Session } from './sessions.ts';
import { SessionEnds } from './session-ends.ts';
import type { SignInJoin } from './sign-in-join.ts';
import type { SignInAttempt } from './sign-in.ts';
import { parseProcessLine } from './text-line.ts';
import { Traced, type Completed } from './traced.ts';
import { userAgentOf, userAgentOfId } from './user-agent.ts';

export interface DovecotAssemblerOptions {
  readonly now: () => number;
  /** Where policy reports come in, when they do. */
  readonly signIns?: SignInJoin;
  /** Where sign-ins by SMTP meet the messages that were handed in. */
  readonly sasl?: SaslJoin;
  /** Takes what something outside the log completed: what is to be told now, and further events. */
  readonly outside?: (complete: readonly Held[], events: readonly AuditEvent[]) => void;
  /** Where Postfix's log tells which message a delivery was. */
  readonly traces?: TraceJoin;
  /** The prefixes of the shared namespaces, e.g. `shared/`; none when there is none. */
  readonly sharedPrefixes: readonly string[];
  /** Where what attachments are called can be asked. */
  readonly names?: NameFinder;
  /** What the server shares with others that write the same log; undefined for the only one. */
  readonly ofLog?: {
    readonly holdings: Holdings;
    readonly reports: ReportSide;
    /** The host's name in the log. */
    readonly server: string;
  };
}

type Handler = (event: DovecotEvent, at: number, live: boolean, out: AuditEvent[]) => void;

/** Bytes that only lines of mail processes with something to tell have: a cheap first look. */
const MAIL_LOG_MARKS = [', uid=', 'Disconnected', ': ID sent: '].map((mark) => Buffer.from(mark));

/** Makes the events of one server; see the head of this file. */
export class DovecotAssembler implements Assembler {
  readonly holdings: Holdings;
  /** What policy reports add to sign-ins. */
  readonly reports: ReportSide;
  readonly #options: DovecotAssemblerOptions;
  readonly #sessions = new Sessions();
  readonly #signIns: SignIns;
  readonly #traced: Traced;
  readonly #imap: ImapAccess;
  readonly #ends: SessionEnds;
  readonly #handlers: ReadonlyMap<string, Handler>;
  #at = 0;
  /** When the last thing happened that the log told: events say it exactly, with their zone. */
  #previousMs: number | undefined;

  constructor(options: DovecotAssemblerOptions) {
    this.#options = options;
    const { ofLog } = options;
    this.holdings = ofLog?.holdings ?? new Holdings();
    this.reports = ofLog?.reports ?? new ReportSide(options.signIns, options.now);
    this.#signIns = new SignIns({
      sessions: this.#sessions,
      holdings: this.holdings,
      now: options.now,
      reports: this.reports,
      server: ofLog?.server,
      sasl: options.sasl,
      outside: options.outside ?? (() => undefined),
    });
    this.#traced = new Traced(this.holdings, options.now, options.traces);
    this.#imap = new ImapAccess({
      holdings: this.holdings,
      now: options.now,
      sharedPrefixes: options.sharedPrefixes,
      ...(options.names && { attachments: this.#attachments(options.names) }),
    });
    this.#ends = new SessionEnds(options.now);
    this.#handlers = new Map<string, Handler>([
      ['auth_passdb_request_finished', (event, at) => this.#signIns.passdbFinished(event, at)],
      [
        'auth_request_finished',
        (event, at, live, out) => this.#signIns.requestFinished(event, at, live, out),
      ],
      ['imap_id_received', (event, at, _, out) => this.#idReceived(event, at, out)],
      ['imap_command_finished', (event, at, _, out) => this.#commandFinished(event, at, out)],
      ['mail_opened', (event, at, _, out) => this.#opened(event, at, out)],
      ['mail_expunged', (event, at, _, out) => this.#expunged(event, at, out)],
      ['managesieve_command_finished', (event, _at, _live, out) => this.#script(event, out)],
      ['sieve_action_finished', (event, at, live, out) => this.#sieved(event, at, live, out)],
      ['mail_delivery_finished', (event, at, live, out) => this.#delivered(event, at, live, out)],
      ['smtp_server_transaction_finished', (event, _at, _live, out) => this.#submitted(event, out)],
      ['mail_user_session_finished', (event, _at, _live, out) => this.#ended(event, out)],
    ]);
  }

  #attachments(names: NameFinder): ToldAttachments {
    return new ToldAttachments(names, (events) => this.#options.outside?.([], events));
  }

  take(
    bytes: Buffer,
    start: number,
    end: number,
    at: number,
    live: boolean,
    out: AuditEvent[],
  ): LineOutcome {
    this.#at = at;
    const place = eventPlace(bytes, start, end);
    if (place === undefined) return this.#takeText(bytes.subarray(start, end), at, live, out);
    const handler = this.#handlers.get(place.name);
    if (handler === undefined) return 'passed';
    const event = parseEvent(place.name, bytes, place.json, end);
    if (event === undefined) return 'rejected';
    this.#previousMs = event.timeMs;
    handler(event, at, live, out);
    return 'used';
  }

  /** @param at where the log was read to, perhaps in lines of other servers */
  openFrom(at = this.#at): number | undefined {
    const sessions = this.#sessions.openFrom(this.#options.now()) ?? Infinity;
    const oldest = Math.min(
      sessions,
      this.#signIns.openFrom(at) ?? Infinity,
      this.#imap.openFrom() ?? Infinity,
    );
    return oldest === Infinity ? undefined : oldest;
  }

  /** @param at where the log was read to, perhaps in lines of other servers */
  carry(at = this.#at): unknown {
    const sessions = this.#sessions.carry(at);
    const events = this.#signIns.carry();
    // Of several servers the first carries the reports for all.
    const reports = this.#options.ofLog === undefined ? this.reports.carry() : undefined;
    if (events === undefined && reports === undefined) return sessions;
    return { sessions, signIns: events === undefined ? reports : { ...reports, events } };
  }

  restore(carried: unknown): void {
    if (typeof carried !== 'object' || carried === null || Array.isArray(carried)) {
      this.#sessions.restore(carried);
      return;
    }
    const { sessions, signIns } = carried as Readonly<Record<string, unknown>>;
    this.#sessions.restore(sessions);
    if (typeof signIns !== 'object' || signIns === null) return;
    const { events, ...reports } = signIns as Readonly<Record<string, unknown>>;
    this.#signIns.restore(events);
    if (this.#options.ofLog === undefined) this.reports.restore(reports);
  }

  /** Of how many sessions Dovecot lost the last events. */
  get sessionsCut(): number {
    return this.#ends.lost;
  }

  /** What asks the join of sign-ins for reports. */
  get signInReader(): object {
    return this.reports;
  }

  /** A policy report came; whether a sign-in was waiting for it, or was told without it. */
  offerReport(key: string, report: SignInAttempt): boolean {
    return this.#signIns.offer(key, report);
  }

  /** Postfix's log told the trace of a delivery; what is to be told with it. */
  offerTrace(transaction: string, trace: MessageTrace): Completed {
    return this.#traced.offer(transaction, trace);
  }

  #takeText(line: Buffer, at: number, live: boolean, out: AuditEvent[]): LineOutcome {
    const signIn = parseAuthLine(line, this.#options.now(), this.#previousMs);
    if (signIn !== undefined) {
      if (signIn.kind !== 'agent') this.#previousMs = signIn.timeMs;
      this.#signIns.line(signIn, at, live, out);
      return 'used';
    }
    if (!MAIL_LOG_MARKS.some((mark) => line.includes(mark))) return 'passed';
    const process = parseProcessLine(line.toString('utf8'));
    if (process === undefined) return 'passed';
    if (process.text.startsWith('Disconnected')) {
      // ManageSieve sends no event at a session's end.
      if (process.service === 'managesieve') {
        this.#sessions.endSoon(process.session, this.#options.now());
      }
      if (process.service === 'imap') this.#ends.line(process.session);
      this.#imap.linesEnded(process.session, out);
      return 'used';
    }
    const agent = agentLine(process.session, process.text);
    if (agent !== undefined) this.#signIns.line(agent, at, live, out);
    if (process.service === 'imap') {
      return this.#imap.line(process.session, process.text, at, out) ? 'used' : 'passed';
    }
    const isLong = process.text.length > MAIL_LOG_LINE_CHARS_MAX;
    const action = isLong ? undefined : mailLogAction(process.text);
    if (action === undefined) return 'passed';
    this.#imap.mailLogHeard();
    if (process.service !== 'lmtp' || action !== 'save') return 'used';
    if (this.#traced.saved(process.session, process.text, out)) return 'used';
    const session = this.#sessions.use(process.session);
    if (session.saves.length < SAVES_MAX) session.saves.push(process.text);
    session.commandFrom ??= at;
    return 'used';
  }

  #sessionOf(event: DovecotEvent): Session | undefined {
    const id = textField(event.fields, 'session');
    return id === undefined ? undefined : this.#sessions.find(id);
  }

  #commandFinished(event: DovecotEvent, at: number, out: AuditEvent[]): void {
    const { fields } = event;
    const id = textField(fields, 'session');
    const name = textField(fields, 'cmd_name');
    if (id === undefined || name === undefined) return;
    const session = this.#sessions.use(id);
    if (name === 'ID') {
      this.#identified(session, userAgentOfId(textField(fields, 'cmd_args') ?? ''), at, out);
    }
    this.#imap.commandFinished(event, name, session, at, out);
  }

  /** 2.4's event of IMAP ID; the one before signing in has no session and is repeated by the sign-in. */
  #idReceived(event: DovecotEvent, at: number, out: AuditEvent[]): void {
    const { fields } = event;
    const id = textField(fields, 'session');
    if (id === undefined) return;
    const program = [textField(fields, 'id_param_name'), textField(fields, 'id_param_version')];
    this.#identified(this.#sessions.use(id), userAgentOf(program[0], program[1]), at, out);
  }

  #identified(
    session: Session,
    userAgent: string | undefined,
    at: number,
    out: AuditEvent[],
  ): void {
    if (userAgent === undefined) return;
    this.#signIns.identified(session.id, userAgent, out);
    session.userAgent = userAgent;
    session.openFrom ??= at;
  }

  #opened(event: DovecotEvent, at: number, out: AuditEvent[]): void {
    const session = this.#sessionOf(event);
    const service = serviceOf(event, session);
    if (service === 'pop3' && textField(event.fields, 'reason') === 'access') {
      this.#imap.tellMessage(event, session, service, 'read', out);
    } else if (service === 'doveadm') {
      const action = openedBy(event.fields);
      if (readByDoveadm(event)) this.#imap.tellMessage(event, session, service, action, out);
    } else if (service === 'imap' && listHas(event.fields, 'reason_code', 'imap:fetch_body')) {
      this.#holdItem(event, at, 'opened', out);
    }
  }

  #expunged(event: DovecotEvent, at: number, out: AuditEvent[]): void {
    const session = this.#sessionOf(event);
    const service = serviceOf(event, session);
    if (service === 'imap') this.#holdItem(event, at, 'expunged', out);
    else if (service === 'pop3') {
      this.#imap.tellMessage(event, session, service, 'delete', out);
    } else if (service === 'doveadm') {
      this.#imap.tellMessage(event, session, service, removedBy(event.fields), out);
    }
  }

  #holdItem(event: DovecotEvent, at: number, kind: PendingItem['kind'], out: AuditEvent[]): void {
    const id = textField(event.fields, 'session');
    if (id === undefined) return;
    this.#imap.message(event, kind, this.#sessions.use(id), at, out);
  }

  #script(event: DovecotEvent, out: AuditEvent[]): void {
    const record = scriptRecord(event.fields);
    if (record === undefined) return;
    out.push(accessEvent(event, this.#sessionOf(event), 'managesieve', record));
  }

  #sieved(event: DovecotEvent, at: number, live: boolean, out: AuditEvent[]): void {
    const id = textField(event.fields, 'session');
    if (id === undefined) return;
    const session = this.#sessions.use(id);
    session.commandFrom ??= at;
    const rule = sieveAction(event, session);
    if (rule === undefined) return;
    this.#traced.tell(id, { at, from: session.commandFrom }, live, rule, out);
  }

  #delivered(event: DovecotEvent, at: number, live: boolean, out: AuditEvent[]): void {
    const session = this.#sessionOf(event);
    if (!isDelivery(event, serviceOf(event, session))) return;
    const tell = delivery(event, session);
    const place = { at, from: session?.commandFrom ?? at };
    this.#traced.tell(textField(event.fields, 'session'), place, live, tell, out);
    if (session !== undefined) this.#sessions.end(session.id);
  }

  /** A transaction of Dovecot's submission service; it names its session by the client's port. */
  #submitted(event: DovecotEvent, out: AuditEvent[]): void {
    const { fields } = event;
    const ip = textField(fields, 'remote_ip');
    const port = numberField(fields, 'remote_port');
    if (event.service === 'lmtp' || ip === undefined || port === undefined) return;
    const session = this.#sessions.findByPeer(ip, port);
    if (session === undefined) return;
    const aborted = (numberField(fields, 'recipients_aborted') ?? 0) > 0;
    const sent = (numberField(fields, 'recipients_succeeded') ?? 0) > 0;
    if (!aborted && !sent) return;
    const login = { ...event, fields: { ...fields, session: session.id, user: session.user } };
    out.push(
      accessEvent(login, session, 'submission', {
        action: aborted ? 'abort_sending_email' : 'submit_email_for_sending',
        ...(session.user !== undefined && { owner_id: session.user }),
        object_type: 'Message',
        action_allowed: true,
      }),
    );
  }

  #ended(event: DovecotEvent, out: AuditEvent[]): void {
    const byDoveadm = event.service === 'doveadm' ? doveadmRecord(event.fields) : undefined;
    if (byDoveadm !== undefined) out.push(accessEvent(event, undefined, 'doveadm', byDoveadm));
    const id = textField(event.fields, 'session');
    if (id !== undefined) {
      this.#signIns.ended(id, out);
      this.#ends.event(id);
    }
    const session = this.#sessionOf(event);
    if (session === undefined) return;
    this.#imap.ended(session, out);
    this.#sessions.end(session.id);
  }
}
