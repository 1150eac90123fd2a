// Dovecot's logs, a process that reads them and hears policy reports, and the journal: all in one
// hand, so that a test can put every step and every crash where it likes. The process does what
// LogCollector does, without files and waiting.
import type { AuditEvent } from '../../src/event/audit-event.ts';
import type { Intake } from '../../src/collect/collector.ts';
import { DovecotServers } from '../../src/collect/dovecot/servers.ts';
import type { SignInLog } from '../../src/collect/dovecot/sign-in-join.ts';
import { SignInJoin } from '../../src/collect/dovecot/sign-in-join.ts';
import type { SignInAttempt } from '../../src/collect/dovecot/sign-in.ts';
import { HOLD_MS, type Held, type HoldingsMark } from '../../src/collect/holdings.ts';
import { silentLog } from '../../src/platform/log.ts';
import type { ManualClock } from '../sim/journal-world.ts';

interface Checkpoint {
  readonly at: number;
  readonly openFrom: number;
  readonly holdings: HoldingsMark;
  readonly carry: unknown;
}

/** What survives a crash. */
export class Survivors {
  readonly events: AuditEvent[] = [];
  readonly logs: string[];
  readonly checkpoints: (string | undefined)[];

  constructor(logs: number) {
    this.logs = Array.from({ length: logs }, () => '');
    this.checkpoints = Array.from({ length: logs }, () => undefined);
  }
}

interface HandedIn {
  readonly events: readonly AuditEvent[];
  readonly checkpoint: string;
  readonly durable: () => void;
}

/** One log as a running process reads it. */
class LogReader implements SignInLog {
  readonly #survivors: Survivors;
  readonly #number: number;
  readonly #clock: ManualClock;
  readonly #assembler: DovecotServers;
  readonly #handing: HandedIn[] = [];
  #at = 0;
  #toldTo = 0;
  #resumed: Checkpoint | undefined;

  constructor(survivors: Survivors, number: number, clock: ManualClock, join: SignInJoin) {
    this.#survivors = survivors;
    this.#number = number;
    this.#clock = clock;
    this.#assembler = new DovecotServers({
      now: () => clock.now(),
      sharedPrefixes: [],
      signIns: join,
      outside: (complete, events) => this.#outside(complete, events),
    });
    const noted = survivors.checkpoints[number];
    if (noted === undefined) return;
    const checkpoint = JSON.parse(noted) as Checkpoint;
    this.#resumed = checkpoint;
    this.#assembler.restore(checkpoint.carry);
    this.#assembler.holdings.resume(checkpoint.holdings);
    this.#toldTo = checkpoint.at;
    this.#at = checkpoint.openFrom;
  }

  get reader(): object {
    return this.#assembler.signInReader;
  }

  readable = (): boolean => true;
  behind = (): boolean => this.#at < this.#log.length;
  offer = (key: string, report: SignInAttempt): boolean => this.#assembler.offerReport(key, report);
  note = async (): Promise<void> => {
    // As in LogCollector, not while lines are being read.
    await Promise.resolve();
    await this.tell([]);
  };
  tell = (events: readonly AuditEvent[]): Promise<void> =>
    new Promise((durable) => this.#handIn(events, durable));

  get #log(): string {
    return this.#survivors.logs[this.#number] ?? '';
  }

  /** Reads again what an earlier run has read. */
  reread(): void {
    while (this.#at < this.#toldTo) this.read(1);
  }

  /** Reads what is there, up to so many lines. */
  read(lines: number): void {
    const out: AuditEvent[] = [];
    for (let n = 0; n < lines && this.behind(); n++) {
      const end = this.#log.indexOf('\n', this.#at);
      const bytes = Buffer.from(this.#log.slice(this.#at, end));
      const live = this.#at >= this.#toldTo;
      const before = out.length;
      this.#assembler.take(bytes, 0, bytes.length, this.#at, live, out);
      if (!live) out.length = before;
      this.#at = end + 1;
    }
    if (out.length > 0) this.#handIn(out);
  }

  /** Tells what has waited long enough. */
  release(): void {
    if (this.#at < this.#toldTo) return;
    const out: AuditEvent[] = [];
    this.#assembler.holdings.release(this.#clock.now() - HOLD_MS, out);
    if (out.length > 0) this.#handIn(out);
  }

  /** The journal takes the oldest thing that was handed in. */
  commit(): void {
    const next = this.#handing.shift();
    if (next === undefined) return;
    this.#survivors.events.push(...next.events);
    this.#survivors.checkpoints[this.#number] = next.checkpoint;
    next.durable();
  }

  get handing(): number {
    return this.#handing.length;
  }

  #outside(complete: readonly Held[], events: readonly AuditEvent[]): void {
    const out = [...events];
    for (const held of complete) this.#assembler.holdings.tellEarly(held, out);
    if (out.length > 0) this.#handIn(out);
  }

  #handIn(events: readonly AuditEvent[], durable = (): void => undefined): void {
    const at = this.#at;
    const { holdings } = this.#assembler;
    const carry = this.#assembler.carry();
    const resumed = at < this.#toldTo ? this.#resumed : undefined;
    const checkpoint: Checkpoint = resumed
      ? { ...resumed, holdings: holdings.mark(resumed.holdings.told), carry }
      : {
          at,
          openFrom: Math.min(at, this.#assembler.openFrom() ?? at, holdings.openFrom() ?? at),
          holdings: holdings.mark(at),
          carry,
        };
    this.#handing.push({ events, checkpoint: JSON.stringify(checkpoint), durable });
  }
}

/** A process: it lives until it is dropped, and what it has not committed is gone then. */
export class SimulatedProcess {
  readonly logs: readonly LogReader[];
  readonly #join: SignInJoin;

  constructor(survivors: Survivors, clock: ManualClock) {
    const intake: Intake = {
      accept: () => Promise.reject(new Error('there is a log: all goes through it')),
      checkpoint: () => undefined,
    };
    this.#join = new SignInJoin({ intake, clock, log: silentLog });
    this.logs = survivors.logs.map((_, n) => new LogReader(survivors, n, clock, this.#join));
    // What an earlier run read is read again before anything else happens.
    for (const log of this.logs) this.#join.attach(log);
    for (const log of this.logs) log.reread();
  }

  /** Hears a report; `answered` is called when Dovecot would get its answer. */
  report(report: SignInAttempt, answered: () => void): void {
    this.#join.heard();
    void this.#join.report(report).then(answered);
  }
}
