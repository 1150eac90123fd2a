// Where the two sides that tell of one attempt to sign in meet: the policy report, which comes over
// HTTP and is gone when we are, and the log line, which stays. The log is the base: it makes the
// event and takes from the report what it does not know (the token id). Only when no log line
// comes does the report become the event itself.
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Intake } from '../collector.ts';
import { signInEvent, type SignInAttempt } from './sign-in.ts';

/** How long one side waits for the other, in ms: the limit of what an event may be held back. */
export const SIGN_IN_JOIN_WAIT_MS = 2_000;
/** Most reports that wait for their line. At the limit the oldest goes: the log will tell of it. */
export const SIGN_IN_REPORTS_MAX = 10_000;
/** Most attempts remembered as told by their report alone, so that a late line is not told again. */
export const SIGN_INS_TOLD_MAX = 10_000;
/** Most lines remembered as told without their report, so that a late report is not told again. */
export const SIGN_IN_LINES_MAX = 10_000;
/** After this long without a question or report, lines no longer wait for one, in ms. */
export const REPORTS_EXPECTED_MS = 600_000;

/**
 * What both sides say of an attempt: the session, or where there is none (Postfix) who, from where.
 * Attempts with the same key are joined in their order.
 */
export function signInKey(
  attempt: Pick<SignInAttempt, 'session' | 'userTyped' | 'sourceIp' | 'protocol' | 'success'>,
): string {
  const who =
    attempt.session ??
    JSON.stringify([attempt.protocol, attempt.userTyped.toLowerCase(), attempt.sourceIp ?? '']);
  return `${attempt.success ? '+' : '-'}${who}`;
}

/** The reading of a log that tells of sign-ins, as the join sees it. */
export interface SignInLog {
  /** Whether there is a log at all: it may not exist yet, or may not be read. */
  readonly readable: () => boolean;
  /** Whether the log still has lines that were not read; a report then goes on waiting. */
  readonly behind: () => boolean;
  /** Called when a report came; true when a line was waiting for it and took it. */
  readonly offer: (key: string, report: SignInAttempt) => boolean;
}

export interface SignInJoinOptions {
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
}

interface WaitingReport {
  readonly key: string;
  readonly report: SignInAttempt;
  readonly sinceMs: number;
}

/** Counts keys, the most recent ones of a number. */
class Tally {
  readonly #counts = new Map<string, number>();
  readonly #keysMax: number;

  constructor(keysMax: number) {
    this.#keysMax = keysMax;
  }

  add(key: string): void {
    const count = this.#counts.get(key) ?? 0;
    this.#counts.delete(key);
    this.#counts.set(key, count + 1);
    if (this.#counts.size <= this.#keysMax) return;
    for (const oldest of this.#counts.keys()) {
      this.#counts.delete(oldest);
      break;
    }
  }

  /** Takes one off the key's count; false when it has none. */
  take(key: string): boolean {
    const count = this.#counts.get(key);
    if (count === undefined) return false;
    if (count > 1) this.#counts.set(key, count - 1);
    else this.#counts.delete(key);
    return true;
  }
}

/** Joins reports and lines; one for all Dovecot collectors and the policy handler. */
export class SignInJoin {
  readonly #options: SignInJoinOptions;
  readonly #logs = new Set<SignInLog>();
  /** In the order they came. */
  #waiting: WaitingReport[] = [];
  readonly #reportsTold = new Tally(SIGN_INS_TOLD_MAX);
  readonly #linesTold = new Tally(SIGN_IN_LINES_MAX);
  #heardMs = -Infinity;
  #timer: { cancel(): void } | undefined;
  #giving: Promise<void> = Promise.resolve();

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
   * Takes a report. Without a log that can be read, resolves when the event is durable and rejects when
   * it could not be made so; otherwise the event is the log's and this resolves at once.
   */
  async report(report: SignInAttempt): Promise<void> {
    if (![...this.#logs].some((log) => log.readable())) {
      await this.#options.intake.accept([signInEvent(report)]);
      return;
    }
    const key = signInKey(report);
    if (this.#linesTold.take(key)) return;
    for (const log of this.#logs) if (log.offer(key, report)) return;
    const oldest = this.#waiting.length >= SIGN_IN_REPORTS_MAX ? this.#waiting.splice(0, 1) : [];
    if (oldest.length > 0) this.#giving = this.#giving.then(() => this.#give(oldest));
    this.#waiting.push({ key, report, sinceMs: this.#options.clock.now() });
    this.#schedule();
  }

  /** The oldest waiting report of the attempt, which then waits no longer. */
  takeReport(key: string): SignInAttempt | undefined {
    const at = this.#waiting.findIndex((waiting) => waiting.key === key);
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0]?.report;
  }

  /** Whether the attempt was already told by its report alone; true once for each such attempt. */
  wasTold(key: string): boolean {
    return this.#reportsTold.take(key);
  }

  /** The attempt's line was told without its report. */
  lineTold(key: string): void {
    this.#linesTold.add(key);
  }

  /** Makes events of the reports that still wait, and resolves when they are durable. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#giving = this.#giving.then(() => this.#give(this.#waiting.splice(0)));
    await this.#giving;
  }

  #schedule(): void {
    this.#timer ??= this.#options.clock.after(SIGN_IN_JOIN_WAIT_MS / 4, () => {
      this.#timer = undefined;
      this.#giving = this.#giving.then(() => this.#expire());
    });
  }

  async #expire(): Promise<void> {
    const before = this.#options.clock.now() - SIGN_IN_JOIN_WAIT_MS;
    const behind = [...this.#logs].some((log) => log.behind());
    const alone = behind ? [] : this.#waiting.filter((waiting) => waiting.sinceMs <= before);
    if (alone.length > 0) {
      this.#waiting = this.#waiting.filter((waiting) => waiting.sinceMs > before);
      await this.#give(alone);
    }
    if (this.#waiting.length > 0) this.#schedule();
  }

  async #give(alone: readonly WaitingReport[]): Promise<void> {
    if (alone.length === 0) return;
    for (const { key } of alone) this.#reportsTold.add(key);
    try {
      await this.#options.intake.accept(alone.map(({ report }) => signInEvent(report)));
    } catch (error) {
      for (const { key } of alone) this.wasTold(key);
      this.#waiting = [...alone, ...this.#waiting].slice(-SIGN_IN_REPORTS_MAX);
      this.#options.log.warn(
        'sign-ins told by policy reports could not be kept yet, trying again',
        {
          reports: alone.length,
          error: String(error),
        },
      );
    }
  }
}

/** The join that `createPolicyHandler` and `createDovecotCollector` are given. */
export function createSignInJoin(options: SignInJoinOptions): SignInJoin {
  return new SignInJoin(options);
}
