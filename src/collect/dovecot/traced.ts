// Events of a delivery wait here, for a moment, for the trace id of their message.
import type { AuditEvent } from '../../event/audit-event.ts';
import type { Held, Holdings } from '../holdings.ts';
import type { MessageTrace, TraceJoin } from '../trace-join.ts';

/** Makes the events, with the trace or without. */
export type TellTraced = (trace: MessageTrace | undefined, out: AuditEvent[]) => void;

interface WaitingDelivery extends Held {
  trace: MessageTrace | undefined;
}

/** The deliveries of one log. */
export class Traced {
  readonly #holdings: Holdings;
  readonly #now: () => number;
  readonly #join: TraceJoin | undefined;
  readonly #waiting = new Map<string, WaitingDelivery[]>();

  constructor(holdings: Holdings, now: () => number, join: TraceJoin | undefined) {
    this.#holdings = holdings;
    this.#now = now;
    this.#join = join;
  }

  /** Tells events of the line at the place, now or when the transaction's trace is known. */
  tell(
    transaction: string | undefined,
    place: Pick<Held, 'at' | 'from'>,
    live: boolean,
    tell: TellTraced,
    out: AuditEvent[],
  ): void {
    const join = this.#join;
    if (join === undefined || transaction === undefined) {
      tell(undefined, out);
      return;
    }
    const trace = live ? join.traceOf(transaction) : undefined;
    if (live && (trace !== undefined || !join.expectsTraces())) {
      this.#holdings.toldAtOnce(place.at);
      tell(trace, out);
      return;
    }
    const held: WaitingDelivery = {
      ...place,
      sinceMs: this.#now(),
      told: false,
      trace: undefined,
      tell: (events) => {
        this.#forget(transaction, held);
        tell(held.trace, events);
      },
    };
    this.#holdings.hold(held, out);
    if (held.told) return;
    const others = this.#waiting.get(transaction);
    if (others === undefined) this.#waiting.set(transaction, [held]);
    else others.push(held);
  }

  /** The trace became known: what was waiting for it, now complete. */
  offer(transaction: string, trace: MessageTrace): readonly Held[] {
    const waiting = this.#waiting.get(transaction) ?? [];
    for (const held of waiting) held.trace = trace;
    return [...waiting];
  }

  #forget(transaction: string, held: WaitingDelivery): void {
    const left = this.#waiting.get(transaction)?.filter((each) => each !== held) ?? [];
    if (left.length === 0) this.#waiting.delete(transaction);
    else this.#waiting.set(transaction, left);
  }
}
