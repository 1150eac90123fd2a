// Where a delivery that Dovecot tells of meets the message that Postfix handed over: Postfix's log
// repeats the id that Dovecot's LMTP server gave the transaction, and so Dovecot's events get the
// trace id of the message. Both logs are read at their own pace, so either may come first; without
// the other half an event is told without a trace id.
import type { Clock } from '../platform/clock.ts';

/** Most transactions whose trace waits for Dovecot's line; the oldest goes first. */
export const TRACES_MAX = 10_000;
/** After this long without a delivery by Postfix, deliveries no longer wait for their trace, in ms. */
export const TRACES_EXPECTED_MS = 600_000;

/** The side that reads Dovecot's log; tells what was waiting for the trace. */
export type TraceListener = (transaction: string, traceId: string) => void;

/** One for all Postfix and Dovecot collectors. */
export class TraceJoin {
  readonly #clock: Clock;
  readonly #traces = new Map<string, string>();
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
  delivered(transaction: string, traceId: string): void {
    this.#heardMs = this.#clock.now();
    this.#traces.delete(transaction);
    this.#traces.set(transaction, traceId);
    if (this.#traces.size > TRACES_MAX) {
      for (const oldest of this.#traces.keys()) {
        this.#traces.delete(oldest);
        break;
      }
    }
    for (const listener of this.#listeners) listener(transaction, traceId);
  }

  /** The trace of the transaction, where Postfix's log has told it. */
  traceOf(transaction: string): string | undefined {
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
