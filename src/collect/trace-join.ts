// Where a delivery that Dovecot tells of meets the message that Postfix handed over: Postfix's log
// repeats the id that Dovecot's LMTP server gave the transaction, and so Dovecot's events get the
// trace id of the message. Both logs are read at their own pace, so either may come first; without
// the other half an event is told without a trace id.
import type { Clock } from '../platform/clock.ts';

/** Most transactions whose trace waits for Dovecot's line; the oldest goes first. */
export const TRACES_MAX = 10_000;
/** After this long without a delivery by Postfix, deliveries no longer wait for their trace, in ms. */
export const TRACES_EXPECTED_MS = 600_000;

/** What a delivery by LMTP takes over from its message. */
export interface MessageTrace {
  readonly traceId: string;
  /** Of a bounce or an automatic reply: the trace of the message it is about. */
  readonly relatedTraceId?: string | undefined;
}

/** The side that reads Dovecot's log; tells what was waiting for the trace. */
export type TraceListener = (transaction: string, trace: MessageTrace) => void;

/** One for all Postfix and Dovecot collectors. */
export class TraceJoin {
  readonly #clock: Clock;
  readonly #traces = new Map<string, MessageTrace>();
  readonly #listeners = new Set<TraceListener>();
  /** From the start on, so that the first delivery waits too. */
  #heardMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#heardMs = clock.now();
  }

  /** A Dovecot log listens for traces; the answer ends it. */
  listen(listener: TraceListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Postfix's log told which message the LMTP transaction delivered. */
  delivered(transaction: string, trace: MessageTrace): void {
    this.#heardMs = this.#clock.now();
    this.#traces.delete(transaction);
    this.#traces.set(transaction, trace);
    if (this.#traces.size > TRACES_MAX) {
      for (const oldest of this.#traces.keys()) {
        this.#traces.delete(oldest);
        break;
      }
    }
    for (const listener of this.#listeners) listener(transaction, trace);
  }

  /** The trace of the transaction, where Postfix's log has told it. */
  traceOf(transaction: string): MessageTrace | undefined {
    return this.#traces.get(transaction);
  }

  /** Whether it is worth waiting for a trace. */
  expectsTraces(): boolean {
    return this.#clock.now() - this.#heardMs <= TRACES_EXPECTED_MS;
  }
}

/** The join that `createPostfixCollector` and `createDovecotCollector` are given. */
export function createTraceJoin(clock: Clock): TraceJoin {
  return new TraceJoin(clock);
}
