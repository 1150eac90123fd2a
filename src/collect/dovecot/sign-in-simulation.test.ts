// Every order of policy report, log lines, passing time and crashes: each attempt to sign in is one
// event to whoever asks. Seeded; a failure names its seed.
import { expect, test } from 'vitest';
import { SimulatedProcess, Survivors } from '../../../test/collect/simulated-log.ts';
import { visible } from '../../../test/collect/visible.ts';
import { ManualClock } from '../../../test/sim/journal-world.ts';
import { seededRandom } from '../../platform/simulated-disk.ts';
import type { SignInAttempt } from './sign-in.ts';

const SEEDS = 400;
const STEPS = 120;
const FIRST_SEED = 20_261_123;

interface Attempt {
  readonly user: string;
  /** The one before it in the same session, of which all is told before anything of this one. */
  readonly before: Attempt | undefined;
  readonly session: string | undefined;
  readonly success: boolean;
  readonly log: number;
  /** What has not been told yet, in its order. */
  readonly lines: string[];
  report: SignInAttempt | undefined;
  readonly hasLines: boolean;
  answered: boolean;
}

function stamp(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}+0000`;
}

function failureLine(attempt: Attempt, timeMs: number): string {
  const session = attempt.session === undefined ? '' : `,<${attempt.session}>`;
  return `${stamp(timeMs)} auth: Info: passwd-file(${attempt.user},192.0.2.1${session}): Password mismatch\n`;
}

function eventLine(attempt: Attempt, timeMs: number): string {
  const fields = {
    mechanism: 'PLAIN',
    service: attempt.session === undefined ? 'smtp' : 'imap',
    session: attempt.session,
    remote_ip: '192.0.2.1',
    original_user: attempt.user,
    user: attempt.user,
    ...(attempt.success && { success: 'yes' }),
  };
  const end_time = new Date(timeMs).toISOString();
  const event = { event: 'auth_request_finished', hostname: 'mx', end_time, fields };
  return `${stamp(timeMs)} stats: Info: ${JSON.stringify(event)}\n`;
}

function loginLine(attempt: Attempt, timeMs: number): string {
  return `${stamp(timeMs)} imap-login: Info: Login: user=<${attempt.user}>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2, mpid=1, TLS, session=<${attempt.session}>\n`;
}

function reportOf(attempt: Attempt, timeMs: number): SignInAttempt {
  return {
    timeMs,
    session: attempt.session,
    requestId: undefined,
    userId: attempt.user,
    userUnknown: false,
    userTyped: attempt.user,
    impersonatorId: undefined,
    protocol: attempt.session === undefined ? 'SMTP' : 'IMAP',
    sourceIp: '192.0.2.1',
    sourcePort: undefined,
    userAgent: undefined,
    mechanism: 'PLAIN',
    transport: undefined,
    success: attempt.success,
    policyReject: false,
    refusal: undefined,
    passdbResult: undefined,
    patId: 'pat_1',
    serverName: undefined,
  };
}

/** What a site is set to tell of a sign-in; each tells of an attempt at least once. */
const SOURCES = ['all', 'text', 'events', 'reports'] as const;

/** One run; resolves to what should be seen and what is. */
class World {
  readonly #random: () => number;
  readonly #clock = new ManualClock();
  readonly #survivors: Survivors;
  readonly #attempts: Attempt[] = [];
  readonly #source: (typeof SOURCES)[number];
  #process: SimulatedProcess;
  #sessions = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#survivors = new Survivors(1 + this.#below(2));
    this.#source = SOURCES[this.#below(SOURCES.length)] ?? 'all';
    this.#process = new SimulatedProcess(this.#survivors, this.#clock);
  }

  async run(): Promise<{ expected: string[]; seen: string[] }> {
    for (let step = 0; step < STEPS; step++) {
      this.#step();
      // What was durable is heard of.
      await Promise.resolve();
      await Promise.resolve();
    }
    await this.#settle();
    return { expected: this.#expected(), seen: this.#seen() };
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  #step(): void {
    const choice = this.#below(100);
    const attempt = this.#attempts[this.#below(this.#attempts.length)];
    if (choice < 15) this.#try();
    else if (choice < 40 && attempt !== undefined) this.#write(attempt);
    else if (choice < 50 && attempt !== undefined) this.#report(attempt);
    else if (choice < 65) this.#read();
    else if (choice < 85) this.#commit();
    else if (choice < 95) this.#pass(this.#below(900));
    else this.#process = new SimulatedProcess(this.#survivors, this.#clock);
  }

  #read(): void {
    for (const log of this.#process.logs) log.read(1 + this.#below(4));
  }

  /** Each log's journal writes at its own pace. */
  #commit(): void {
    for (const log of this.#process.logs) if (this.#below(3) > 0) log.commit();
  }

  #pass(ms: number): void {
    this.#clock.advance(ms);
    for (const log of this.#process.logs) log.release();
  }

  /** Somebody tries to sign in; a session ends with its first success. */
  #try(): void {
    const nowMs = this.#clock.now();
    const success = this.#below(2) === 0;
    const last = this.#attempts.at(-1);
    const before = last?.session !== undefined && !last.success ? last : undefined;
    const again = before !== undefined && this.#below(2) === 0;
    const number = this.#sessions++;
    const own = this.#below(5) === 0 ? undefined : `S${number}`;
    const session = again ? before.session : own;
    const told = this.#source === 'reports' ? false : this.#source !== 'all' || this.#below(4) > 0;
    const attempt: Attempt = {
      user: `user${number}@example.test`,
      before: again ? before : undefined,
      session,
      success,
      log: again ? before.log : this.#below(this.#survivors.logs.length),
      lines: [],
      report: undefined,
      hasLines: told && (session !== undefined || this.#source !== 'text' || !success),
      answered: false,
    };
    const text = this.#source !== 'events';
    if (attempt.hasLines) {
      if (text && !success) attempt.lines.push(failureLine(attempt, nowMs));
      if (this.#source !== 'text') attempt.lines.push(eventLine(attempt, nowMs));
      if (text && success && session !== undefined) attempt.lines.push(loginLine(attempt, nowMs));
    }
    if (!attempt.hasLines || this.#below(3) > 0) attempt.report = reportOf(attempt, nowMs);
    this.#attempts.push(attempt);
  }

  #write(attempt: Attempt): void {
    for (let { before } = attempt; before !== undefined; { before } = before) {
      if (before.lines.length > 0) return;
    }
    const line = attempt.lines.shift();
    if (line !== undefined) this.#survivors.logs[attempt.log] += line;
  }

  /** Dovecot tries once: a process that dies before it answers may or may not have kept it. */
  #report(attempt: Attempt): void {
    const { report } = attempt;
    for (let { before } = attempt; before !== undefined; { before } = before) {
      if (before.report !== undefined) return;
    }
    if (report === undefined) return;
    attempt.report = undefined;
    this.#process.report({ ...report, timeMs: this.#clock.now() }, () => {
      attempt.answered = true;
    });
  }

  /** All that is on its way arrives, and nothing crashes any more. */
  async #settle(): Promise<void> {
    for (const attempt of this.#attempts) while (attempt.lines.length > 0) this.#write(attempt);
    for (let round = 0; round < 40; round++) {
      for (const log of this.#process.logs) log.read(Infinity);
      this.#pass(300);
      for (const log of this.#process.logs) while (log.handing > 0) log.commit();
      await Promise.resolve();
      await Promise.resolve();
    }
  }

  #expected(): string[] {
    return this.#attempts
      .filter((a) => a.hasLines || a.answered)
      .map(nameOf)
      .sort();
  }

  #seen(): string[] {
    // A report that was kept but not answered counts, though nobody was promised anything.
    const unpromised = this.#attempts.filter((a) => !a.hasLines && !a.answered).map(nameOf);
    const names: string[] = [];
    for (const event of visible(this.#survivors.events)) {
      if (event.log_type !== 'AUTHENTICATION_LOGS') continue;
      const session = event.protocol === 'SMTP' ? undefined : event.request_id;
      const user = event.user ?? '';
      const name = nameOf({ session, user, success: event.auth_successful });
      const at = unpromised.indexOf(name);
      const surplus = names.filter((each) => each === name).length;
      const due = this.#expected().filter((each) => each === name).length;
      if (at >= 0 && surplus >= due) unpromised.splice(at, 1);
      else names.push(name);
    }
    return names.sort();
  }
}

function nameOf({ session, user, success }: Pick<Attempt, 'session' | 'user' | 'success'>): string {
  return `${session ?? 'SMTP'} ${user} ${success ? 'in' : 'refused'}`;
}

test('each attempt is one event, whatever comes when and whenever we crash', async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    const { expected, seen } = await new World(seed).run();
    expect(seen, `seed ${seed}`).toEqual(expected);
  }
});
