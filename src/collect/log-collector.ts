// A collector that reads one log file: pulls whole lines from the tail, has an assembler make events
// of them, and hands events and place to the intake together, so that a crash loses and doubles
// nothing.
//
// What is open across lines (sessions, messages on their way, half-known events) is not stored: an
// assembler is deterministic, so after a restart the lines from the oldest open thing on are read
// once more without telling their events. REREAD_BYTES_MAX bounds that; what must survive beyond
// it (who impersonates whom) is carried in the checkpoint itself.
import type { AuditEvent } from '../event/audit-event.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { unframe } from './framing/line-frame.ts';
import type { Collector, CollectorStatus, Intake } from './collector.ts';
import { HOLD_MS, PLACES_OF_BYTE, type Held, type Holdings } from './holdings.ts';
import { readCheckpoint, type LogCheckpoint } from './log-checkpoint.ts';
import { JournalError, type Checkpoint } from '../journal/journal.ts';
import type { LineBatch, LineSource } from './line-source.ts';
import type { MailWaiting } from './mail-waiting.ts';
import { Tail } from './tail.ts';
import type { TailPlace } from './tail-place.ts';

/** Most of a log that is read once more at a start, in bytes: some 2 s of reading. */
export const REREAD_BYTES_MAX = 64 * 1024 * 1024;
/** How far reading may get without events before the place is noted all the same, in bytes. */
export const UNNOTED_BYTES_MAX = 8 * 1024 * 1024;
/** Between two attempts to hand in a batch that the journal refused, in ms, doubling. */
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 5_000;
/** How often held events are looked at, in ms. */
const RELEASE_EVERY_MS = 250;
/** Most batches that are made but not durable: one being written, one waiting. */
const HANDED_IN_MAX = 2;
/** How often at most a bad line is quoted in our own log, in ms. */
const REJECTED_TOLD_EVERY_MS = 10_000;

/** What became of a line. */
export type LineOutcome = 'used' | 'passed' | 'rejected';

/** Makes events of the lines of one log. The same lines in the same order make the same events. */
export interface Assembler {
  readonly holdings: Holdings;
  /**
   * Takes one line, which begins at the place, and appends the events that are whole with it.
   * `live` is false for a line that an earlier run told and whose events are dropped.
   */
  take(
    bytes: Buffer,
    start: number,
    end: number,
    at: number,
    live: boolean,
    out: AuditEvent[],
  ): LineOutcome;
  /** The place of the oldest line that is needed to know what is open; undefined when nothing is. */
  openFrom(): number | undefined;
  /** What a restart must know even when its lines are gone; small. Undefined when nothing. */
  carry(): unknown;
  /** Takes back what `carry` gave; anything it does not understand is ignored. */
  restore(carried: unknown): void;
  /** Why it rejected the last line that it did, where it can tell. */
  readonly rejection?: string | undefined;
}

export interface LogCollectorOptions {
  /** e.g. `dovecot` */
  readonly kind: string;
  readonly path: string;
  readonly assembler: Assembler;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether mail waits for us meanwhile; never any when undefined. */
  readonly mail?: Pick<MailWaiting, 'lately'>;
  /**
   * Gives the lines from the place on, and from the earlier one once more; the file at the path when
   * undefined.
   */
  readonly follow?: (from: TailPlace | undefined, again: number) => LineSource;
  /** Lines are taken as they are: what looks like a frame of syslog was written by a stranger. */
  readonly unframed?: boolean;
}

const NEWLINE = 0x0a;
const NUL = 0x00;
const CARRIAGE_RETURN = 0x0d;

/** Reads one log file; see the head of this file. */
export class LogCollector implements Collector {
  readonly #options: LogCollectorOptions;
  readonly #source: string;
  readonly #holdings: Holdings;
  #tail: LineSource | undefined;
  #reading: Promise<void> = Promise.resolve();
  #handing: Promise<void> = Promise.resolve();
  #handingCount = 0;
  #noting: Promise<void> | undefined;
  #place: TailPlace = { at: 0, files: [] };
  /** Lines before this place were told by an earlier run. */
  #toldTo = 0;
  /** What the earlier run noted. */
  #resumed: LogCheckpoint | undefined;
  #notedAt = 0;
  /** Whether there is a checkpoint of it. */
  #known = false;
  #releaseTimer: { cancel(): void } | undefined;
  #endPause: (() => void) | undefined;
  #stopping = false;
  /** Set when events were given up at the end: nothing later may be noted, or they would be lost. */
  #gaveUp = false;
  #rejectedToldAtMs = -Infinity;
  #state: CollectorStatus['state'] = 'stopped';
  #refusal: string | undefined;
  #seen = 0;
  #events = 0;
  #rejected = 0;

  constructor(options: LogCollectorOptions) {
    this.#options = options;
    this.#source = `${options.kind}:${options.path}`;
    this.#holdings = options.assembler.holdings;
  }

  /** Whether the log is there and may be read. */
  readable(): boolean {
    return this.#tail !== undefined && this.#tail.waitingFor === undefined;
  }

  /** Whether there are lines that were not read yet. */
  behind(): boolean {
    return this.#tail?.atEnd !== true && this.#tail?.waitingFor === undefined;
  }

  async start(): Promise<void> {
    const { assembler, intake, follow } = this.#options;
    const checkpoint = readCheckpoint(intake.checkpoint(this.#source));
    const from = checkpoint?.place;
    this.#toldTo = from?.at ?? 0;
    this.#notedAt = this.#toldTo;
    const openFrom = Math.max(
      checkpoint?.openFrom ?? this.#toldTo,
      this.#toldTo - REREAD_BYTES_MAX,
    );
    this.#resumed = checkpoint;
    if (checkpoint !== undefined) {
      this.#known = true;
      assembler.restore(checkpoint.carry);
      this.#holdings.resume(checkpoint.holdings);
    }
    this.#tail = follow?.(from, openFrom) ?? this.#followFile(from, openFrom);
    this.#state = 'running';
    this.#reading = this.#readAll(this.#tail);
    await Promise.resolve();
  }

  #followFile(from: TailPlace | undefined, again: number): Tail {
    const { path, clock, log, mail } = this.#options;
    const resumed = from !== undefined && { from, again };
    return new Tail({ path, clock, log, ...(mail !== undefined && { mail }), ...resumed });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#tail?.stop();
    this.#endPause?.();
    await this.#reading;
    this.#releaseTimer?.cancel();
    // What is still half known stays in the log: the next start reads its lines again.
    if (this.#place.at > this.#notedAt) this.#handIn([]);
    await this.#handing;
    this.#state = 'stopped';
  }

  status(): CollectorStatus {
    const reason = this.#refusal ?? this.#tail?.waitingFor;
    const lost = this.#tail?.lost;
    const waits = this.#state === 'running' && reason !== undefined;
    return {
      name: this.#source,
      state: waits ? 'waiting' : this.#state,
      ...(reason !== undefined && { reason }),
      ...(lost !== undefined && { lost }),
      seen: this.#seen,
      events: this.#events,
      rejected: this.#rejected,
      behindBytes: this.#tail?.behindBytes ?? 0,
    };
  }

  /** Tells held events now, because something outside the log completed them, and further events. */
  tellEarly(held: readonly Held[], events: readonly AuditEvent[] = []): void {
    const out: AuditEvent[] = [...events];
    for (const each of held) this.#holdings.tellEarly(each, out);
    this.#holdings.relieve(out);
    if (out.length > 0) this.#handIn(out);
  }

  /** Hands in events that are not of this log; resolves when they and a checkpoint are durable. */
  async tell(events: readonly AuditEvent[]): Promise<void> {
    this.#handIn(events);
    await this.#handing;
    if (this.#gaveUp) throw new JournalError('closed', 'the server stops');
  }

  /**
   * Resolves when a checkpoint made after the call is durable. However often it is called, at most
   * one checkpoint waits beside what is being written.
   */
  async note(): Promise<void> {
    this.#noting ??= this.#handing.then(() => {
      this.#noting = undefined;
      return this.tell([]);
    });
    await this.#noting;
  }

  async #readAll(tail: LineSource): Promise<void> {
    for (;;) {
      const batch = await tail.next();
      if (batch === undefined) return;
      // The next batch is made while the last one is written; memory holds no more than these.
      while (this.#handingCount >= HANDED_IN_MAX) await this.#handing;
      if (this.#gaveUp) return;
      const out = this.#assemble(batch);
      this.#place = batch.place;
      if (this.#holdings.size > 0) this.#scheduleRelease();
      // A log that is new is noted at once: it may be rotated before it tells anything.
      const far = !this.#known || batch.place.at - this.#notedAt >= UNNOTED_BYTES_MAX;
      if (out.length > 0 || far) this.#handIn(out);
    }
  }

  #assemble(batch: LineBatch): AuditEvent[] {
    const { bytes } = batch;
    const out: AuditEvent[] = [];
    this.#rejected += batch.overlong.length;
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      const at = batch.at + start;
      let from = start;
      // A hole that a crash or a truncation left reads as NULs in front of the next line.
      while (bytes[from] === NUL) from++;
      const to = bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
      const before = out.length;
      const live = at >= this.#toldTo;
      const outcome = from < to ? this.#take(bytes, from, to, at, live, out) : 'passed';
      start = end + 1;
      if (!live) {
        out.length = before;
        continue;
      }
      this.#seen++;
      if (outcome === 'rejected')
        this.#reject(at, bytes.toString('utf8', from, Math.min(end, from + 200)));
    }
    this.#holdings.relieve(out);
    return out;
  }

  /** Takes a line out of its frame, so often as it says. */
  #take(
    bytes: Buffer,
    from: number,
    to: number,
    at: number,
    live: boolean,
    out: AuditEvent[],
  ): LineOutcome {
    const { assembler, unframed } = this.#options;
    const framed = unframed === true ? undefined : unframe(bytes, from, to);
    if (framed === undefined) return assembler.take(bytes, from, to, at, live, out);
    let outcome: LineOutcome = 'passed';
    for (let n = 0; n < framed.times; n++) {
      // Each has a place of its own, all before the next line's.
      const place = at + n / PLACES_OF_BYTE;
      outcome = assembler.take(framed.bytes, 0, framed.bytes.length, place, live, out);
    }
    if (live && outcome !== 'passed') this.#rejected += framed.dropped;
    return outcome;
  }

  #reject(at: number, line: string): void {
    this.#rejected++;
    const nowMs = this.#options.clock.now();
    if (nowMs - this.#rejectedToldAtMs < REJECTED_TOLD_EVERY_MS) return;
    this.#rejectedToldAtMs = nowMs;
    const reason = this.#options.assembler.rejection;
    this.#options.log.warn('a line could not be understood', {
      file: this.#options.path,
      place: at,
      line,
      ...(reason !== undefined && { reason }),
      rejectedSoFar: this.#rejected,
    });
  }

  #scheduleRelease(): void {
    this.#releaseTimer ??= this.#options.clock.after(RELEASE_EVERY_MS, () => {
      this.#releaseTimer = undefined;
      const out: AuditEvent[] = [];
      this.#holdings.release(this.#options.clock.now() - HOLD_MS, out);
      if (out.length > 0) this.#handIn(out);
      if (this.#holdings.size > 0 && !this.#stopping) this.#scheduleRelease();
    });
  }

  /** Queues events; the checkpoint is of this moment, when nothing that was read is left untold. */
  #handIn(events: readonly AuditEvent[]): void {
    const checkpoint = { source: this.#source, value: this.#checkpoint(this.#place) };
    this.#notedAt = Math.max(this.#toldTo, this.#place.at);
    this.#known = true;
    this.#handingCount++;
    this.#handing = this.#handInAfter(this.#handing, events, checkpoint);
  }

  async #handInAfter(
    before: Promise<void>,
    events: readonly AuditEvent[],
    checkpoint: Checkpoint,
  ): Promise<void> {
    await before;
    await this.#insist(events, checkpoint);
    this.#handingCount--;
  }

  /** Hands in until it is taken, or until the collector is stopped. */
  async #insist(events: readonly AuditEvent[], checkpoint: Checkpoint): Promise<void> {
    let delayMs = RETRY_MIN_MS;
    while (!this.#gaveUp) {
      try {
        await this.#options.intake.accept(events, checkpoint);
        this.#refusal = undefined;
        this.#events += events.length;
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (this.#refusal === undefined) {
          this.#options.log.warn('events could not be kept yet, trying again', { reason });
        }
        this.#refusal = `events wait to be kept: ${reason}`;
        this.#gaveUp = this.#stopping;
        if (!this.#gaveUp) await this.#pause(delayMs);
        delayMs = Math.min(delayMs * 2, RETRY_MAX_MS);
      }
    }
  }

  async #pause(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(delayMs, resolve);
      this.#endPause = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#endPause = undefined;
  }

  #checkpoint(place: TailPlace): LogCheckpoint {
    const { assembler } = this.#options;
    const resumed = this.#resumed;
    if (resumed !== undefined && place.at < this.#toldTo) {
      // What an earlier run read is being read again: it stays the place, until all of it is known.
      const carry = assembler.carry();
      const { carry: _, ...rest } = resumed;
      const marked = this.#holdings.mark(resumed.holdings.told);
      return { ...rest, holdings: marked, ...(carry !== undefined && { carry }) };
    }
    const holdings = this.#holdings.mark(place.at);
    const open = Math.min(
      place.at,
      assembler.openFrom() ?? Infinity,
      this.#holdings.openFrom() ?? Infinity,
    );
    // Repetitions of a line have places between it and the next; the line is read as a whole.
    const openFrom = Math.max(Math.floor(open), place.at - REREAD_BYTES_MAX);
    const files = neededFrom(place.files, openFrom);
    const entries = neededFrom(place.entries ?? [], openFrom);
    const carry = assembler.carry();
    return {
      version: 1,
      place: { at: place.at, files, ...(entries.length > 0 && { entries }) },
      ...(openFrom < place.at && { openFrom }),
      holdings,
      ...(carry !== undefined && { carry }),
    };
  }
}

/** What holds the place and all after it. */
function neededFrom<T extends { readonly base: number }>(all: readonly T[], place: number): T[] {
  return all.filter((_, index) => (all[index + 1]?.base ?? Infinity) > place);
}
