// Events of a delivery wait here, for a moment, for what other programs tell of it: the trace of their
// message, which Postfix's log tells, and the place in the mailbox, which mail_log writes past the
// event exporter. What comes after they were told amends them.
import type { AuditEvent } from '../../event/audit-event.ts';
import type { Held, Holdings } from '../holdings.ts';
import { TRACES_EXPECTED_MS, type MessageTrace, type TraceJoin } from '../trace-join.ts';

/** Most deliveries that are remembered after they were told, for what may still come; the oldest go. */
export const TOLD_DELIVERIES_MAX = 2_000;

/** Makes the events, with the trace or without. */
export type TellTraced = (trace: MessageTrace | undefined, out: AuditEvent[]) => void;

/** What mail_log is to tell of a delivery that has ended. */
export interface Placing {
  /** Whether it has told all. */
  isDone(): boolean;
  /** It told of a message that was saved in the delivery; the text of its line. */
  saved(line: string): void;
}

/** What is told of a delivery, as far as it is known. */
export interface DeliveryStory {
  readonly tell: TellTraced;
  /** Absent for what Sieve did, which is known at once. */
  readonly placing?: Placing;
}

function isPlaced({ placing }: DeliveryStory): boolean {
  return placing === undefined || placing.isDone();
}

/** What has come of a delivery that was waited for: what is to be told now, and amendments. */
export interface Completed {
  readonly complete: readonly Held[];
  readonly events: readonly AuditEvent[];
}

interface WaitingDelivery extends Held {
  readonly story: DeliveryStory;
  trace: MessageTrace | undefined;
}

/** The deliveries of one log. */
export class Traced {
  readonly #holdings: Holdings;
  readonly #now: () => number;
  readonly #join: TraceJoin | undefined;
  readonly #waiting = new Map<string, WaitingDelivery[]>();
  /** Told before all was known of them, in that order. */
  readonly #told = new Map<string, WaitingDelivery[]>();
  /** From the start on, so that the first delivery waits too. */
  #savedMs: number;

  constructor(holdings: Holdings, now: () => number, join: TraceJoin | undefined) {
    this.#holdings = holdings;
    this.#now = now;
    this.#join = join;
    this.#savedMs = now();
  }

  /** Tells events of the line at the place, now or when the rest is known. */
  tell(
    transaction: string | undefined,
    place: Pick<Held, 'at' | 'from'>,
    live: boolean,
    story: DeliveryStory,
    out: AuditEvent[],
  ): void {
    if (transaction === undefined) {
      story.tell(undefined, out);
      return;
    }
    const trace = live ? this.#join?.traceOf(transaction) : undefined;
    if (live && this.#isEnough(trace, story)) {
      this.#holdings.toldAtOnce(place.at);
      story.tell(trace, out);
      return;
    }
    const held: WaitingDelivery = {
      ...place,
      sinceMs: this.#now(),
      told: false,
      amendable: true,
      story,
      trace,
      tell: (events) => {
        this.#leave(transaction, held);
        story.tell(held.trace, events);
      },
    };
    this.#holdings.hold(held, out);
    if (!held.told) add(this.#waiting, transaction, held);
  }

  /** The trace became known. */
  offer(transaction: string, trace: MessageTrace): Completed {
    const waiting = this.#waiting.get(transaction) ?? [];
    for (const held of waiting) held.trace = trace;
    const events: AuditEvent[] = [];
    for (const held of this.#told.get(transaction) ?? []) {
      if (held.trace !== undefined) continue;
      held.trace = trace;
      this.#holdings.amend(held, events);
    }
    return { complete: waiting.filter(({ story }) => this.#isEnough(trace, story)), events };
  }

  /**
   * mail_log told of a saved message. False when it belongs to no delivery that has ended; the line is
   * then for one that goes on.
   */
  saved(transaction: string, line: string, out: AuditEvent[]): boolean {
    this.#savedMs = this.#now();
    let taken = false;
    for (const held of this.#waiting.get(transaction) ?? []) {
      if (held.story.placing === undefined) continue;
      taken = true;
      held.story.placing.saved(line);
      if (this.#isEnough(held.trace, held.story)) this.#holdings.tellEarly(held, out);
    }
    for (const held of this.#told.get(transaction) ?? []) {
      if (held.story.placing === undefined) continue;
      taken = true;
      if (held.story.placing.isDone()) continue;
      held.story.placing.saved(line);
      this.#holdings.amend(held, out);
    }
    return taken;
  }

  /** Whether it is not worth waiting for more. */
  #isEnough(trace: MessageTrace | undefined, story: DeliveryStory): boolean {
    const traced = trace !== undefined || this.#join?.expectsTraces() !== true;
    return traced && (isPlaced(story) || this.#now() - this.#savedMs > TRACES_EXPECTED_MS);
  }

  #leave(transaction: string, held: WaitingDelivery): void {
    const left = this.#waiting.get(transaction)?.filter((each) => each !== held) ?? [];
    if (left.length === 0) this.#waiting.delete(transaction);
    else this.#waiting.set(transaction, left);
    if (held.amendments !== undefined || (held.trace !== undefined && isPlaced(held.story))) return;
    add(this.#told, transaction, held);
    if (this.#told.size <= TOLD_DELIVERIES_MAX) return;
    for (const oldest of this.#told.keys()) {
      this.#told.delete(oldest);
      break;
    }
  }
}

function add(to: Map<string, WaitingDelivery[]>, transaction: string, held: WaitingDelivery): void {
  const others = to.get(transaction);
  if (others === undefined) to.set(transaction, [held]);
  else others.push(held);
}
