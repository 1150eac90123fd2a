// What policy reports add to the attempts of one log: which attempts wait for theirs, which were
// told without it, and which go on as the event that their report became first.
import type { Attempt } from './attempt.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { signInKey, type SignInJoin } from './sign-in-join.ts';
import type { SignInAttempt } from './sign-in.ts';
import { ToldLines } from './told-lines.ts';

/** The side of one log in the join with reports; without a join it does nothing. */
export class ReportSide {
  readonly #join: SignInJoin | undefined;
  /** Those that wait are held, and no more than may be held (HELD_MAX). */
  readonly #waiting = new KeyedQueue<Attempt>(Infinity);
  readonly #toldLines: ToldLines;

  constructor(join: SignInJoin | undefined, now: () => number) {
    this.#join = join;
    this.#toldLines = new ToldLines(now);
  }

  /** The attempt takes its report, or waits for it where one is to be expected. */
  begin(attempt: Attempt, live: boolean): void {
    const join = this.#join;
    if (join === undefined) return;
    const key = signInKey(attempt.info);
    const report = live ? join.takeReport(key, this) : undefined;
    if (report !== undefined) take(attempt, report);
    else if (!live || join.expectsReports()) {
      attempt.waits.report = true;
      this.#waiting.push(key, attempt);
    }
  }

  /** An earlier run told the attempt: as its own event, or as that of its report. */
  toldBefore(attempt: Attempt): void {
    const as = this.#toldLines.asWhat(attempt.at);
    if (as === undefined) attempt.toldBefore();
    else attempt.toldAs(as);
  }

  /** The attempt is being told; what its report says is taken now or never. */
  telling(attempt: Attempt): void {
    const join = this.#join;
    this.forget(attempt);
    if (join === undefined || attempt.reported) return;
    const key = signInKey(attempt.info);
    const told = join.takeTold(key, this);
    const report = told === undefined ? join.takeReport(key, this) : told.report;
    if (report === undefined) this.#toldLines.add(key, attempt);
    else take(attempt, report);
    if (told?.revisionKey === undefined) return;
    const { timeMs, requestId } = told.report;
    const as = { key: told.revisionKey, timeMs, requestId };
    attempt.toldAs(as);
    this.#toldLines.toldAs(attempt.at, as);
  }

  /** The attempt does not wait any more. */
  forget(attempt: Attempt): void {
    this.#waiting.delete(signInKey(attempt.info), attempt);
  }

  /**
   * A report came. The attempt that takes it: one that waits for it, or one that was told without
   * it. `undefined` when there is none, `'told'` when an earlier run told it.
   */
  offer(key: string, report: SignInAttempt): Attempt | 'told' | undefined {
    const waiting = this.#waiting.take(key);
    if (waiting !== undefined) {
      take(waiting, report);
      return waiting;
    }
    const told = this.#toldLines.take(key);
    return told === undefined ? undefined : (told.attempt ?? 'told');
  }

  /** What a restart must know. */
  carry(): { readonly reports: unknown; readonly lines: unknown } | undefined {
    if (this.#join === undefined) return undefined;
    return { reports: this.#join.carry(this), lines: this.#toldLines.carry() };
  }

  /** Takes back what `carry` gave. */
  restore({ reports, lines }: Readonly<Record<string, unknown>>): void {
    this.#join?.restore(reports);
    this.#toldLines.restore(lines);
  }
}

function take(attempt: Attempt, report: SignInAttempt): void {
  attempt.waits.report = false;
  attempt.reported = true;
  attempt.learn(report);
  if (report.patId !== undefined) attempt.waits.token = false;
}
