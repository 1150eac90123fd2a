// One delivery at work: a consumer of the journal with its own cursor. It gathers a range, notes it durably,
// gives its records to the destination until each is there or a dead letter, and only then goes on.
//
// After a crash the noted range is given again with the same bounds and records. A destination that names
// what it writes by them overwrites; others get some records twice, and none never.
import type { LogType } from '../event/log-type.ts';
import type { Cursor, Journal } from '../journal/journal.ts';
import type { Clock } from '../platform/clock.ts';
import type { Disk } from '../platform/disk.ts';
import type { Log } from '../platform/log.ts';
import { type Backlog, type Dropped, dropOldest } from './backlog.ts';
import { DeadLetters } from './dead-letters.ts';
import {
  type DeliveryBatch,
  type DeliveryRecord,
  type Destination,
  DestinationError,
} from './destination.ts';
import { type Gathered, gather } from './gathering.ts';
import { BACKLOG_CHECK_MS, FAILURES_UNTIL_DOWN, PASSING_NOTED_EVERY_MS } from './limits.ts';
import { retryDelayMs } from './retry.ts';
import type { Selection } from './selection.ts';
import { readWhole, replaceWhole } from './small-file.ts';
import { sleep } from './wait.ts';

const NOTE = 'batch.json';

export interface DeliveryRunOptions {
  readonly id: string;
  readonly logType: LogType;
  readonly select: Selection;
  readonly destination: Destination;
  /** Where the delivery begins when it never ran. */
  readonly beginPosition: number;
  /** It only holds its place. */
  readonly paused?: boolean;
  readonly backlog: Backlog;
  /** Told, durably, before what was dropped is passed. */
  readonly dropped: (what: Dropped) => Promise<void>;
  readonly journal: Journal;
  /** The delivery's own directory. */
  readonly directory: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 up to 1, for the part of a wait that is by chance. */
  readonly random: () => number;
}

export interface DeliveryStatus {
  readonly id: string;
  /** Everything before it has arrived, is a dead letter or does not leave. */
  readonly position: number;
  /** Events of the journal behind that, whether they leave or not, and their bytes. */
  readonly behindEvents: number;
  readonly behindBytes: number;
  /** How long the oldest event that has not arrived has been durable here; 0 when all have. */
  readonly lagMs: number;
  /** Absent when nothing has arrived since the start. */
  readonly lastDeliveredAtMs?: number;
  /** Since the start. */
  readonly delivered: number;
  readonly retried: number;
  readonly failures: number;
  readonly dropped: number;
  readonly deadLetters: number;
  /** Whether the destination counts as down: it is only tried, by one batch now and then. */
  readonly down: boolean;
  /** Why it does not go on at the moment; absent when it does. */
  readonly lastError?: string;
}

/** The name of the consumer of the journal that a delivery is. */
export function consumerOf(deliveryId: string): string {
  return `delivery-${deliveryId.toLowerCase()}`;
}

/** See the head of this file. */
export class DeliveryRun {
  readonly #options: DeliveryRunOptions;
  readonly #letters: DeadLetters;
  readonly #stop = new AbortController();
  #cursor: Cursor;
  #note: { readonly from: number; readonly to: number } | undefined;
  #notedAtMs = -Infinity;
  #delivered = 0;
  #retried = 0;
  #failures = 0;
  #dropped = 0;
  #failuresInARow = 0;
  #waitingSinceMs: number | undefined;
  #lastDeliveredAtMs: number | undefined;
  #lastError: string | undefined;
  #running: Promise<void> | undefined;

  constructor(options: DeliveryRunOptions) {
    const { journal, id, beginPosition, disk, directory } = options;
    this.#options = options;
    this.#letters = new DeadLetters(disk, directory);
    const known = journal.cursor(consumerOf(id));
    this.#cursor = known.position < beginPosition ? { position: beginPosition } : known;
  }

  /** Begins to deliver. */
  async start(): Promise<void> {
    const { disk, directory } = this.#options;
    await disk.makeDirectory(directory);
    await this.#letters.open();
    this.#note = parseNote(await readWhole(disk, directory, NOTE));
    // What was passed without being sent is not always noted as passed, but a batch behind it is.
    const { from = 0 } = this.#note ?? {};
    if (from > this.#cursor.position) this.#cursor = { position: from };
    this.#running = this.#run();
  }

  /** Resolves when nothing is under way any more; what did not arrive is given again at the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#options.destination.close();
  }

  /** Bytes of the journal that are kept for it, and how many may be. */
  backlog(): { readonly bytes: number } & Backlog {
    const { journal, backlog } = this.#options;
    return { bytes: journal.bytesBeyond(this.#cursor), ...backlog };
  }

  status(): DeliveryStatus {
    const { journal, id, clock } = this.#options;
    const { position } = this.#cursor;
    const since = this.#waitingSinceMs;
    return {
      id,
      position,
      behindEvents: Math.max(0, journal.status().end - position),
      behindBytes: journal.bytesBeyond(this.#cursor),
      lagMs: since === undefined ? 0 : Math.max(0, clock.now() - since),
      ...(this.#lastDeliveredAtMs !== undefined && { lastDeliveredAtMs: this.#lastDeliveredAtMs }),
      delivered: this.#delivered,
      retried: this.#retried,
      failures: this.#failures,
      dropped: this.#dropped,
      deadLetters: this.#letters.count,
      down: this.#isDown(),
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
    };
  }

  #isDown(): boolean {
    return this.#failuresInARow >= FAILURES_UNTIL_DOWN;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { paused, clock } = this.#options;
    while (!signal.aborted) {
      try {
        if (await this.#dropIfFull()) continue;
        if (paused === true) await sleep(clock, BACKLOG_CHECK_MS, signal);
        else await this.#next();
      } catch (error) {
        if (signal.aborted) return;
        await this.#failed(error);
      }
    }
  }

  /** The next range, whole; without it, when its beginning was dropped meanwhile. */
  async #next(): Promise<void> {
    const { signal } = this.#stop;
    const { journal, destination, clock, logType, select, id } = this.#options;
    const { pace } = destination;
    const gathered = await gather(
      {
        journal,
        pace,
        logType,
        select,
        clock,
        passed: (to) => this.#pass(to, false),
        waiting: (sinceMs) => (this.#waitingSinceMs = sinceMs),
      },
      this.#cursor,
      signal,
      this.#isNoted() ? this.#note?.to : undefined,
    );
    if (signal.aborted) return;
    const { records, from, to, sealedAtMs } = gathered;
    if (records.length > 0) {
      await this.#noteBatch(gathered);
      this.#waitingSinceMs = sealedAtMs;
      const bounds = { from: from.position, to: to.position, sealedAtMs };
      if (!(await this.#deliver({ ...bounds, deliveryId: id, records }))) return;
    }
    await this.#pass(to, records.length > 0);
    this.#waitingSinceMs = undefined;
  }

  #isNoted(): boolean {
    const { position } = this.#cursor;
    return this.#note !== undefined && this.#note.from === position && this.#note.to > position;
  }

  async #noteBatch({ from: { position: from }, to: { position: to } }: Gathered): Promise<void> {
    if (this.#note?.from === from && this.#note.to === to) return;
    const { disk, directory } = this.#options;
    await replaceWhole(disk, directory, NOTE, `${JSON.stringify({ from, to })}\n`);
    this.#note = { from, to };
  }

  /** Gives the records until none is left; false when it was stopped or dropped before. */
  async #deliver(batch: DeliveryBatch): Promise<boolean> {
    const { destination, clock } = this.#options;
    const { signal } = this.#stop;
    let left: readonly DeliveryRecord[] = batch.records;
    while (!signal.aborted) {
      try {
        const outcomes = await destination.deliver({ ...batch, records: left }, signal);
        const rejected: { record: DeliveryRecord; reason: string }[] = [];
        const again: DeliveryRecord[] = [];
        let why = 'the destination said nothing of some records';
        for (const [index, record] of left.entries()) {
          const outcome = outcomes[index] ?? { retry: why };
          if (outcome === 'delivered') this.#delivered++;
          else if ('rejected' in outcome) rejected.push({ record, reason: outcome.rejected });
          else {
            again.push(record);
            why = outcome.retry;
          }
        }
        if (left.length > again.length + rejected.length) this.#lastDeliveredAtMs = clock.now();
        // First durable, then passed: a letter that cannot be kept is given again.
        left = [...rejected.map(({ record }) => record), ...again];
        await this.#setAside(rejected, clock.now());
        left = again;
        if (again.length === 0) {
          this.#failuresInARow = 0;
          this.#lastError = undefined;
          return true;
        }
        throw new DestinationError('unavailable', why);
      } catch (error) {
        if (signal.aborted) return false;
        this.#retried += left.length;
        await this.#failed(error);
        if (await this.#dropIfFull()) return false;
      }
    }
    return false;
  }

  async #setAside(
    letters: readonly { readonly record: DeliveryRecord; readonly reason: string }[],
    atMs: number,
  ): Promise<void> {
    const { log, id } = this.#options;
    await this.#letters.add(letters, atMs);
    const [first] = letters;
    if (first === undefined) return;
    log.error('records that the destination will never take were set aside', {
      delivery: id,
      records: letters.length,
      file: this.#letters.path,
      reason: first.reason,
    });
  }

  /** Lets the oldest go where the administrator wants that of a full backlog; whether it did. */
  async #dropIfFull(): Promise<boolean> {
    const { journal, backlog, logType, select, id, dropped } = this.#options;
    const what = await dropOldest({ journal, backlog, logType, select }, this.#cursor);
    if (what === undefined) return false;
    await dropped(what);
    await journal.commit(consumerOf(id), what.to);
    this.#cursor = what.to;
    this.#dropped += what.records;
    this.#waitingSinceMs = undefined;
    return true;
  }

  /** Goes on behind the range; durably where something was sent, and now and then elsewhere. */
  async #pass(to: Cursor, sent: boolean): Promise<void> {
    const { journal, id, clock } = this.#options;
    const nowMs = clock.now();
    if (sent || nowMs - this.#notedAtMs >= PASSING_NOTED_EVERY_MS) {
      await journal.commit(consumerOf(id), to);
      this.#notedAtMs = nowMs;
    }
    this.#cursor = to;
  }

  /** Tells a failure, once while it is the same, and waits before the next attempt. */
  async #failed(error: unknown): Promise<void> {
    const { log, id, random, clock } = this.#options;
    this.#failures++;
    this.#failuresInARow++;
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#lastError !== reason)
      log.warn('a delivery does not arrive', { delivery: id, reason });
    this.#lastError = reason;
    await sleep(clock, retryDelayMs(this.#failuresInARow, error, random), this.#stop.signal);
  }
}

function parseNote(text: string | undefined): { from: number; to: number } | undefined {
  if (text === undefined) return undefined;
  const { from, to } = JSON.parse(text) as { readonly from?: unknown; readonly to?: unknown };
  return typeof from === 'number' && typeof to === 'number' ? { from, to } : undefined;
}
