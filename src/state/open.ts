// The state of a data directory: the change log and its fold, and the management events that the changes owe.
// The events have the log as their source and the journal's checkpoint as their offset, as those of any
// other log: after a crash each change has one event.
import type { AuditEvent } from '../event/audit-event.ts';
import type { Checkpoint } from '../journal/journal.ts';
import type { Clock } from '../platform/clock.ts';
import type { Disk } from '../platform/disk.ts';
import type { Log } from '../platform/log.ts';
import { ChangeLog } from './change-log.ts';
import { DocumentsFold } from './documents-fold.ts';
import type { DocumentKind, StateDocuments } from './documents.ts';
import {
  COMPACT_BYTES_MIN,
  COMPACT_GROWTH,
  OWED_EVENTS_MAX,
  OWED_EVENTS_PER_APPEND_MAX,
  OWED_RETRY_MAX_MS,
  OWED_RETRY_MIN_MS,
} from './limits.ts';
import type { LoggedChange } from './log-lines.ts';
import { actEvent, changeEvent } from './management-events.ts';
import {
  type Actor,
  type RecordedAct,
  type State,
  type StateChange,
  StateError,
  type StateView,
  type StateStatus,
} from './state.ts';

/** The source of the journal's checkpoint. */
export const STATE_SOURCE = 'state';

export interface StateOptions {
  readonly disk: Disk;
  /** Its own directory; made when it does not exist. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes events with the checkpoint that they are durable with; rejects when they were not kept. */
  readonly accept: (events: readonly AuditEvent[], checkpoint?: Checkpoint) => Promise<unknown>;
  /** The last durable checkpoint of a source. */
  readonly checkpoint: (source: string) => unknown;
  readonly compactBytesMin?: number;
}

interface Owed {
  readonly seq: number;
  readonly event: AuditEvent;
}

function paidUpTo(checkpoint: unknown): number {
  const seq = (checkpoint as { readonly seq?: unknown } | null | undefined)?.seq;
  return typeof seq === 'number' ? seq : 0;
}

/** Opens the state. Rejects with a StateError that says what is wrong with the files. */
export async function openState(options: StateOptions): Promise<State> {
  const fold = new DocumentsFold();
  const paid = paidUpTo(options.checkpoint(STATE_SOURCE));
  const owed: Owed[] = [];
  const log = await ChangeLog.open(
    options.disk,
    options.directory,
    paid,
    {
      document: (document) => fold.apply([document]),
      change: (change) => {
        if (change.seq > paid && change.silent === undefined) owed.push(owedOf(change, fold));
        fold.apply(change.changes);
      },
    },
    (bytes) => options.log.warn('cut a change that was not finished off the state', { bytes }),
  );
  const state = new FoldedState(options, log, fold, log.seq, owed);
  await state.payOwed();
  if (log.lost !== undefined) await goOnAfterLoss(options, log, fold);
  return state;
}

/** What can be read becomes the state, and that something was lost is on record. */
async function goOnAfterLoss(
  { log: said, clock, accept }: StateOptions,
  log: ChangeLog,
  fold: DocumentsFold,
): Promise<void> {
  const reason = log.lost ?? '';
  said.error('changes were lost, which was accepted', { reason });
  const act = { eventName: 'AcceptStateLoss', eventSource: 'mailtrail', resource: log.path };
  // On record first: what follows destroys the traces.
  await accept([actEvent({ userId: 'local' }, clock.now(), { ...act, errorMessage: reason })]);
  await log.shorten(log.seq, [...fold.all()]);
  await log.closeLoss();
}

function owedOf(change: LoggedChange, before: StateView): Owed {
  const [first] = change.changes;
  const was = first && before.get(first.kind as DocumentKind, first.id);
  return { seq: change.seq, event: changeEvent(change, was) };
}

class FoldedState implements State {
  readonly #options: StateOptions;
  readonly #log: ChangeLog;
  readonly #fold: DocumentsFold;
  readonly #owed: Owed[];
  #seq: number;
  /** The change under way; the next begins when it has ended. */
  #turn: Promise<unknown> = Promise.resolve();
  #paying: Promise<void> | undefined;
  #retry: { cancel(): void } | undefined;
  #retryDelayMs = OWED_RETRY_MIN_MS;
  #shortBytes: number;
  #closing: Promise<void> | undefined;
  /** Why the journal did not take the owed events. */
  #reason = '';

  constructor(
    options: StateOptions,
    log: ChangeLog,
    fold: DocumentsFold,
    seq: number,
    owed: Owed[],
  ) {
    this.#options = options;
    this.#log = log;
    this.#fold = fold;
    this.#seq = seq;
    this.#owed = owed;
    this.#shortBytes = log.bytes;
  }

  get version(): number {
    return this.#fold.version;
  }

  get<K extends DocumentKind>(kind: K, id: string): StateDocuments[K] | undefined {
    return this.#fold.get(kind, id);
  }

  list<K extends DocumentKind>(kind: K): IterableIterator<readonly [string, StateDocuments[K]]> {
    return this.#fold.list(kind);
  }

  count(kind: DocumentKind): number {
    return this.#fold.count(kind);
  }

  status(): StateStatus {
    const { length } = this.#owed;
    return {
      changes: this.#seq,
      bytes: this.#log.bytes,
      ...(length > 0 && { owed: { events: length, reason: this.#reason } }),
    };
  }

  change(actor: Actor, decide: (view: StateView) => StateChange | undefined): Promise<void> {
    if (this.#closing !== undefined) {
      return Promise.reject(new StateError('unavailable', 'the server is stopping'));
    }
    return this.#inTurn(() => this.#change(actor, decide));
  }

  async #change(actor: Actor, decide: (view: StateView) => StateChange | undefined): Promise<void> {
    const wanted = decide(this.#fold);
    if (wanted === undefined) return;
    if (this.#owed.length >= OWED_EVENTS_MAX) {
      const message = `${this.#owed.length} management events wait for the journal, which takes none; nothing is changed before it does`;
      throw new StateError('unavailable', message);
    }
    this.#fold.check(wanted.changes);
    const change: LoggedChange = {
      seq: this.#seq + 1,
      atMs: this.#options.clock.now(),
      actor,
      eventName: wanted.eventName,
      eventSource: wanted.eventSource,
      resource: wanted.resource,
      ...(wanted.silent && { silent: true }),
      changes: wanted.changes.map(({ kind, id, value }) => ({ kind, id, value: value ?? null })),
    };
    await this.#log.append(change);
    this.#seq = change.seq;
    if (change.silent === undefined) this.#owed.push(owedOf(change, this.#fold));
    this.#fold.apply(change.changes);
    await this.payOwed();
    await this.#shortenIfLong();
  }

  async record(actor: Actor, act: RecordedAct): Promise<void> {
    await this.#options.accept([actEvent(actor, this.#options.clock.now(), act)]);
  }

  close(): Promise<void> {
    this.#closing ??= this.#inTurn(async () => {
      await this.payOwed();
      this.#retry?.cancel();
      await this.#log.close();
    });
    return this.#closing;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Appends the owed events to the journal; what it does not take is tried again later. */
  payOwed(): Promise<void> {
    this.#paying ??= this.#pay().finally(() => {
      this.#paying = undefined;
    });
    return this.#paying;
  }

  async #pay(): Promise<void> {
    this.#retry?.cancel();
    while (this.#owed.length > 0) {
      const batch = this.#owed.slice(0, OWED_EVENTS_PER_APPEND_MAX);
      const seq = batch.at(-1)?.seq ?? 0;
      try {
        const events = batch.map(({ event }) => event);
        await this.#options.accept(events, { source: STATE_SOURCE, value: { seq } });
      } catch (error) {
        this.#payLater(error);
        return;
      }
      this.#owed.splice(0, batch.length);
      this.#retryDelayMs = OWED_RETRY_MIN_MS;
    }
  }

  #payLater(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#reason = reason;
    const delayMs = this.#retryDelayMs;
    this.#options.log.warn('the journal did not take management events; trying again', {
      owed: this.#owed.length,
      reason,
      delayMs,
    });
    this.#retryDelayMs = Math.min(delayMs * 2, OWED_RETRY_MAX_MS);
    this.#retry = this.#options.clock.after(delayMs, () => void this.payOwed());
  }

  /** Owed events are in the log alone, so that it is not made shorter before they are paid. */
  async #shortenIfLong(): Promise<void> {
    const least = this.#options.compactBytesMin ?? COMPACT_BYTES_MIN;
    const { bytes, path } = this.#log;
    if (bytes <= Math.max(least, COMPACT_GROWTH * this.#shortBytes)) return;
    if (this.#owed.length > 0) return;
    try {
      await this.#log.shorten(this.#seq, [...this.#fold.all()]);
      this.#shortBytes = this.#log.bytes;
    } catch (error) {
      this.#options.log.error('the state was not made shorter', {
        path,
        reason: (error as Error).message,
      });
    }
  }
}
