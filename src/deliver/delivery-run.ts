// One delivery at work: a consumer of the journal with its own cursor. It gathers a range, notes it durably,
// gives its records to the destination until each is there or a dead letter, and only then goes on.
//
// After a crash the noted range is given again with the same bounds and records. A destination that names
// what it writes by them overwrites; others get some records twice, and none never.
import type { LogType } from '../event/log-type.ts';
import type { Cursor, Journal, JournalRange } from '../journal/journal.ts';
import type { Clock } from '../platform/clock.ts';
import type { Disk } from '../platform/disk.ts';
import type { Log } from '../platform/log.ts';
import { chosenRecords } from './chosen-records.ts';
import { DeadLetters } from './dead-letters.ts';
import {
  type DeliveryBatch,
  type DeliveryRecord,
  type Destination,
  DestinationError,
} from './destination.ts';
import {
  BLOCK_EVENTS_MAX,
  FAILURES_UNTIL_DOWN,
  PASSING_NOTED_EVERY_MS,
  RETRY_MAX_MS,
  RETRY_MIN_MS,
} from './limits.ts';
import type { Selection } from './selection.ts';
import { readWhole, replaceWhole } from './small-file.ts';

const NOTE = 'batch.json';

export interface DeliveryRunOptions {
  readonly id: string;
  readonly logType: LogType;
  readonly select: Selection;
  readonly destination: Destination;
  /** Where the delivery begins when it never ran. */
  readonly beginPosition: number;
  readonly journal: Pick<Journal, 'read' | 'waitBeyond' | 'cursor' | 'commit' | 'status'>;
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
  /** Events of the journal behind that, whether they leave or not. */
  readonly behindEvents: number;
  /** Since the start. */
  readonly delivered: number;
  readonly retried: number;
  readonly failures: number;
  readonly deadLetters: number;
  /** Whether the destination counts as down. */
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
  #failuresInARow = 0;
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

  status(): DeliveryStatus {
    const { journal, id } = this.#options;
    const { position } = this.#cursor;
    return {
      id,
      position,
      behindEvents: Math.max(0, journal.status().end - position),
      delivered: this.#delivered,
      retried: this.#retried,
      failures: this.#failures,
      deadLetters: this.#letters.count,
      down: this.#failuresInARow >= FAILURES_UNTIL_DOWN,
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
    };
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#next();
      } catch (error) {
        if (signal.aborted) return;
        await this.#failed(error);
      }
    }
  }

  /** The next range, whole. */
  async #next(): Promise<void> {
    const { signal } = this.#stop;
    const { journal, destination, clock, logType, select } = this.#options;
    await journal.waitBeyond(this.#cursor.position, signal);
    if (signal.aborted) return;
    if (!this.#isNoted()) await this.#sleep(destination.pace.intervalMs);
    if (signal.aborted) return;
    const { blocks, to } = await this.#read();
    const from = this.#cursor.position;
    const records = chosenRecords(blocks, logType, select).filter(
      ({ position }) => position >= from,
    );
    if (records.length > 0) {
      await this.#noteBatch(from, to.position);
      const sealedAtMs = blocks[0]?.sealedAtMs ?? clock.now();
      const bounds = { from, to: to.position, sealedAtMs };
      const arrived = await this.#deliver({ ...bounds, deliveryId: this.#options.id, records });
      if (!arrived) return;
    }
    await this.#pass(to, records.length > 0);
  }

  #isNoted(): boolean {
    const { position } = this.#cursor;
    return this.#note !== undefined && this.#note.from === position && this.#note.to > position;
  }

  /** The noted range again if it did not arrive, the next one otherwise. */
  async #read(): Promise<Pick<JournalRange, 'blocks' | 'to'>> {
    const { journal, destination } = this.#options;
    const { eventsMax, bytesMax } = destination.pace;
    const note = this.#isNoted() ? this.#note : undefined;
    if (note === undefined) return journal.read(this.#cursor, { eventsMax, bytesMax });
    // A delivery may begin within a block, which is read whole.
    const limits = { eventsMax: note.to - note.from + BLOCK_EVENTS_MAX, bytesMax: Infinity };
    const { blocks } = await journal.read(this.#cursor, limits);
    const noted = blocks.filter(({ position }) => position < note.to);
    return { blocks: noted, to: { position: note.to } };
  }

  async #noteBatch(from: number, to: number): Promise<void> {
    if (this.#note?.from === from && this.#note.to === to) return;
    const { disk, directory } = this.#options;
    await replaceWhole(disk, directory, NOTE, `${JSON.stringify({ from, to })}\n`);
    this.#note = { from, to };
  }

  /** Gives the records until none is left; false when it was stopped before. */
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
    const { log, id, random } = this.#options;
    this.#failures++;
    this.#failuresInARow++;
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#lastError !== reason)
      log.warn('a delivery does not arrive', { delivery: id, reason });
    this.#lastError = reason;
    const mostMs = Math.min(
      RETRY_MIN_MS * 2 ** Math.min(this.#failuresInARow - 1, 20),
      RETRY_MAX_MS,
    );
    const askedMs = error instanceof DestinationError ? (error.retryAfterMs ?? 0) : 0;
    // Half of it is by chance, so that many do not come at once when a destination is up again.
    await this.#sleep(
      Math.max(mostMs / 2 + (random() * mostMs) / 2, Math.min(askedMs, RETRY_MAX_MS)),
    );
  }

  #sleep(delayMs: number): Promise<void> {
    const { signal } = this.#stop;
    if (delayMs <= 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.#options.clock.after(delayMs, end);
      signal.addEventListener('abort', end, { once: true });
    });
  }
}

function parseNote(text: string | undefined): { from: number; to: number } | undefined {
  if (text === undefined) return undefined;
  const { from, to } = JSON.parse(text) as { readonly from?: unknown; readonly to?: unknown };
  return typeof from === 'number' && typeof to === 'number' ? { from, to } : undefined;
}
