// Where the two sides that tell of one attempt to sign in meet: the policy report, which comes over
// HTTP once and is gone when we are, and the log's line, which stays. The log is the base: it makes
// the event and takes from the report what it does not know (the token id). Only when no line comes
// does the report become the event, which the line then amends if it comes after all.
//
// One visible event in every order of report, line and crash, because all that is known of a report
// is kept in the checkpoint of the log whose line it waits for, and a checkpoint is durable together
// with the events handed in with it:
//
// - A report is answered when a checkpoint that holds it is durable. A crash before that is one
//   before the report. After it, the next run has the report, and it waits again.
// - A line that takes a report hands in the event with a checkpoint that is behind the line and
//   without the report: both or neither are durable, so the report is not told a second time, and
//   neither is the line.
// - A report that is told alone is handed in with a checkpoint that says so, with its revision key:
//   the line that comes later, in this run or the next, amends that event.
// - A line that was told without its report is in the checkpoint with which it was handed in: a
//   report that comes later, in this run or the next, amends its event or adds nothing.
// - Of several logs any may have the line. Each one's checkpoint holds the report, and the furthest
//   of them is right: whichever took it does not hold it any more. The others hold it as it was
//   until that is durable.
//
// What the checkpoint cannot hold: reports beyond REPORTS_NOTED_BYTES_MAX are told at once, or, while
// the log is behind, only wait in memory, because their lines are already on disk. And of the told
// ones it holds the newest: a crash after more than that doubles those whose lines are yet to come.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { AuditEvent } from '../../event/audit-event.ts';
import { revisionKey } from '../amendment.ts';
import type { Intake } from '../collector.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { attemptOfReport, reportsCarried, type NotedReport } from './noted-reports.ts';
import { generatedRequestId, signInEvent, type SignInAttempt } from './sign-in.ts';

/** How long one side waits for the other, in ms: the limit of what an event may be held back. */
export const SIGN_IN_JOIN_WAIT_MS = 2_000;
/** Most reports that wait for their line. At the limit the oldest is told as it is. */
export const SIGN_IN_REPORTS_MAX = 10_000;
/** Most attempts remembered as told by their report alone, so that a late line amends the event. */
export const SIGN_INS_TOLD_MAX = 10_000;
/** After this long without a question or report, lines no longer wait for one, in ms. */
export const REPORTS_EXPECTED_MS = 600_000;
/**
 * How much of a checkpoint the reports that wait may take, in bytes of JSON: some 30 of them. A line
 * comes some 50 ms after its report, so that more than that wait only above 600 sign-ins/s.
 */
export const REPORTS_NOTED_BYTES_MAX = 16 * 1024;

/**
 * What both sides say of an attempt: the session, or where there is none (Postfix) who, from where.
 * A session has one success; its failures are told apart by whose password was wrong. Attempts with
 * the same key are joined in their order.
 */
export function signInKey(attempt: SignInAttempt): string {
  const { session, success, impersonatorId, userId, userTyped, protocol, sourceIp } = attempt;
  if (session !== undefined && success) return `+${session}`;
  const user = (impersonatorId ?? userId ?? userTyped).toLowerCase();
  const from = session ?? JSON.stringify([protocol ?? '', sourceIp ?? '']);
  return `${success ? '+' : '-'}${from} ${user}`;
}

/** The reading of a log that tells of sign-ins, as the join sees it. */
export interface SignInLog {
  /** The same object with which the reading of the log asks for reports and for what to carry. */
  readonly reader: object;
  /** Whether there is a log at all: it may not exist yet, or may not be read. */
  readonly readable: () => boolean;
  /** Whether the log still has lines that were not read; a report then goes on waiting. */
  readonly behind: () => boolean;
  /** Called when a report came; true when a line was waiting for it, or was told without it. */
  readonly offer: (key: string, report: SignInAttempt) => boolean;
  /** Resolves when a checkpoint made after the call is durable. */
  readonly note: () => Promise<void>;
  /** Resolves when the events are durable, together with a checkpoint made after the call. */
  readonly tell: (events: readonly AuditEvent[]) => Promise<void>;
}

export interface SignInJoinOptions {
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
}

/** Of the random part of a report's id, in bytes. */
const RUN_BYTES = 9;

/** A report as it was before a log took or told it, until that is durable. */
interface Undurable {
  readonly before: NotedReport;
  readonly by: object;
}

/** Joins reports and lines; one for all Dovecot collectors and the policy handler. */
export class SignInJoin {
  readonly #options: SignInJoinOptions;
  readonly #logs = new Set<SignInLog>();
  readonly #waiting = new KeyedQueue<NotedReport>(SIGN_IN_REPORTS_MAX);
  readonly #told = new KeyedQueue<NotedReport>(SIGN_INS_TOLD_MAX);
  /** What one log's checkpoint says of a report and the others' must not say yet. */
  readonly #undurable = new Set<Undurable>();
  /** Reports that not every log's checkpoint holds yet. */
  readonly #unnoted = new Set<NotedReport>();
  #waitingBytes = 0;
  #restored: (readonly NotedReport[])[] = [];
  #heardMs = -Infinity;
  #timer: { cancel(): void } | undefined;
  #giving: Promise<void> = Promise.resolve();
  /** Tells this run's reports from those of any other. */
  readonly #run = randomBytes(RUN_BYTES).toString('base64url');
  #reports = 0;

  constructor(options: SignInJoinOptions) {
    this.#options = options;
  }

  /** A log begins to tell of sign-ins; the answer ends it. */
  attach(log: SignInLog): () => void {
    this.#logs.add(log);
    return () => this.#logs.delete(log);
  }

  /** Dovecot asked or reported: reports are to be expected. */
  heard(): void {
    this.#heardMs = this.#options.clock.now();
  }

  /** Whether it is worth waiting for a report. */
  expectsReports(): boolean {
    return this.#options.clock.now() - this.#heardMs <= REPORTS_EXPECTED_MS;
  }

  /**
   * Takes a report. Resolves when nothing can lose it any more: its event is durable, or it is noted
   * beside the log whose line it waits for. Rejects when it could not be kept.
   */
  async report(attempt: SignInAttempt): Promise<void> {
    this.#settleRestored();
    const report = this.#identified(attempt);
    const logs = [...this.#logs];
    if (logs.length === 0) {
      await this.#options.intake.accept([signInEvent(report)]);
      return;
    }
    const key = signInKey(report);
    for (const log of logs) if (log.offer(key, report)) return;
    const noted = this.#note(key, report);
    if (!logs.some((log) => log.readable())) {
      await this.#tellAlone([noted]);
      return;
    }
    const tooMany = this.#wait(noted);
    if (tooMany.length > 0) await this.#tellAlone(tooMany);
    this.#schedule();
    this.#unnoted.add(noted);
    await Promise.all(logs.map((log) => log.note()));
    this.#unnoted.delete(noted);
  }

  /** The oldest waiting report of the attempt, which then waits no longer: the reader tells it. */
  takeReport(key: string, reader: object): SignInAttempt | undefined {
    this.#settleRestored();
    const noted = this.#waiting.take(key);
    if (noted === undefined) return undefined;
    this.#waitingBytes -= noted.bytes;
    this.#taken(noted, reader);
    return noted.report;
  }

  /** The attempt when its report was told alone: what the reader tells now amends that event. */
  takeTold(key: string, reader: object): NotedReport | undefined {
    this.#settleRestored();
    const noted = this.#told.take(key);
    if (noted !== undefined) this.#taken(noted, reader);
    return noted;
  }

  /** What the checkpoint of the reader's log holds of the reports. */
  carry(reader: object): unknown {
    this.#settleRestored();
    if (this.#heardMs === -Infinity) return undefined;
    const undurable = [...this.#undurable].filter(({ by }) => by !== reader);
    const before = undurable.map((each) => each.before);
    const ids = new Set(before.map(({ id }) => id));
    const told = [...this.#told.newestFirst()].filter(({ id }) => !ids.has(id));
    const reports = reportsCarried(
      [
        ...before.filter(({ revisionKey }) => revisionKey === undefined),
        ...this.#waiting.newestFirst(),
      ],
      [...before.filter(({ revisionKey }) => revisionKey !== undefined), ...told],
      REPORTS_NOTED_BYTES_MAX,
    );
    return { heard: this.#heardMs, reports };
  }

  /** Takes back what `carry` gave one log; all logs do so before any of them is read. */
  restore(carried: unknown): void {
    const { heard, reports } = (carried ?? {}) as { heard?: unknown; reports?: unknown };
    if (typeof heard !== 'number' || !Array.isArray(reports)) return;
    this.#heardMs = Math.max(this.#heardMs, heard);
    const nowMs = this.#options.clock.now();
    this.#restored.push(
      (reports as unknown[])
        .map((each) => attemptOfReport(each, nowMs))
        .filter((each) => each !== undefined),
    );
    this.#schedule();
  }

  /** Resolves when what was given up waiting for is durable; what still waits is noted. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#giving;
  }

  /** What has no session of its own gets an id that joins its records. */
  #identified(attempt: SignInAttempt): SignInAttempt {
    this.#reports++;
    if (attempt.session !== undefined) return attempt;
    const requestId = generatedRequestId(attempt, this.#id());
    return { ...attempt, requestId };
  }

  /** Of the report that came last. */
  #id(): string {
    return `${this.#run}${this.#reports}`;
  }

  #note(key: string, report: SignInAttempt): NotedReport {
    const id = this.#id();
    const bytes = Buffer.byteLength(JSON.stringify(report)) + key.length + id.length + 40;
    return { id, key, report, sinceMs: this.#options.clock.now(), bytes };
  }

  /** Lets the report wait; the answer is what there is no room for. */
  #wait(noted: NotedReport): NotedReport[] {
    const tooMany: NotedReport[] = [];
    const oldest = this.#waiting.push(noted.key, noted);
    this.#waitingBytes += noted.bytes - (oldest?.bytes ?? 0);
    if (oldest !== undefined) tooMany.push(oldest);
    while (this.#waitingBytes > REPORTS_NOTED_BYTES_MAX && !this.#behind()) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#waitingBytes -= next.bytes;
      tooMany.push(next);
    }
    return tooMany;
  }

  #behind(): boolean {
    return [...this.#logs].some((log) => log.behind());
  }

  #schedule(): void {
    this.#timer ??= this.#options.clock.after(SIGN_IN_JOIN_WAIT_MS / 4, () => {
      this.#timer = undefined;
      this.#expire();
    });
  }

  #expire(): void {
    this.#settleRestored();
    const before = this.#options.clock.now() - SIGN_IN_JOIN_WAIT_MS;
    const alone: NotedReport[] = [];
    // Without a log (they are being stopped) the reports stay where they are noted.
    while (this.#logs.size > 0 && !this.#behind()) {
      const oldest = this.#waiting.peek();
      // A log that does not hold it yet would seem to have taken it.
      if (oldest === undefined || oldest.sinceMs > before || this.#unnoted.has(oldest)) break;
      this.#waiting.shift();
      this.#waitingBytes -= oldest.bytes;
      alone.push(oldest);
    }
    if (alone.length > 0) this.#giving = this.#tellAlone(alone).catch(() => undefined);
    if (this.#waiting.size > 0 && this.#logs.size > 0) this.#schedule();
  }

  /** With one log every checkpoint is its own; with several the others wait for the reader's. */
  #taken(before: NotedReport, reader: object): void {
    if (this.#logs.size < 2) return;
    const log = [...this.#logs].find((each) => each.reader === reader);
    const undurable = { before, by: reader };
    this.#undurable.add(undurable);
    void log?.note().then(
      () => this.#undurable.delete(undurable),
      () => undefined,
    );
  }

  /** The first log hands it in: that checkpoint is the furthest then. */
  async #tellAlone(alone: readonly NotedReport[]): Promise<void> {
    const [log] = this.#logs;
    if (log === undefined) return;
    const events: AuditEvent[] = [];
    const undurable: Undurable[] = [];
    for (const noted of alone) {
      const event = signInEvent(noted.report);
      const key = revisionKey({ ...event, request_id: noted.id }, 0, 0);
      this.#told.push(noted.key, { ...noted, revisionKey: key });
      events.push({ ...event, revision_key: key });
      if (this.#logs.size > 1) undurable.push({ before: noted, by: log.reader });
    }
    for (const each of undurable) this.#undurable.add(each);
    await log.tell(events);
    for (const each of undurable) this.#undurable.delete(each);
  }

  /** Of the logs' checkpoints the furthest is right: told is further than waiting, gone than told. */
  #settleRestored(): void {
    if (this.#restored.length === 0) return;
    const [first = [], ...others] = this.#restored;
    this.#restored = [];
    for (const noted of first) {
      const same = others.map((reports) => reports.find(({ id }) => id === noted.id));
      if (same.includes(undefined)) continue;
      const told = [noted, ...same].find((each) => each?.revisionKey !== undefined);
      if (told !== undefined) this.#told.push(told.key, told);
      else {
        this.#waiting.push(noted.key, noted);
        this.#waitingBytes += noted.bytes;
      }
    }
  }
}

/** The join that `createPolicyHandler` and `createDovecotCollector` are given. */
export function createSignInJoin(options: SignInJoinOptions): SignInJoin {
  return new SignInJoin(options);
}
