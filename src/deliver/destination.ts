// The contract of a destination: where a delivery's records go. The delivery run (delivery-run.ts) gives
// it one batch at a time, in the journal's order, and gives what did not arrive again.
import type { LogType } from '../event/log-type.ts';

/** One event as a delivery has it: chosen, redacted, and with the fields that leave. */
export interface DeliveryRecord {
  /** Its place in the journal: the same whenever it is given again. */
  readonly position: number;
  /** `event_timestamp`, ms since the Unix epoch. */
  readonly timestampMs: number;
  readonly logType: LogType;
  /** The fields that leave, in their order; a field that the event does not have is absent. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Records that were noted durably as one batch before it was given for the first time. After a crash
 * the same batch, with the same bounds and the same records, is given again: what a destination names
 * by `from` and `to` is overwritten and never doubled.
 */
export interface DeliveryBatch {
  readonly deliveryId: string;
  /** The range of the journal that the records were chosen from: `from` ≤ position < `to`. */
  readonly from: number;
  readonly to: number;
  /** When the range's first event became durable, ms: what the names of objects tell of time. */
  readonly sealedAtMs: number;
  /** In the journal's order; never empty. */
  readonly records: readonly DeliveryRecord[];
}

/** What became of one record. */
export type RecordOutcome =
  | 'delivered'
  /** Not this time; it is given again, with all others of its batch that were not delivered. */
  | { readonly retry: string }
  /** Never as it is, e.g. longer than the destination takes: it goes to the dead letters. */
  | { readonly rejected: string };

export type DestinationErrorCode =
  /** nobody answered, or not in time */
  | 'unreachable'
  /** it answered that it is too busy, or broken */
  | 'unavailable'
  /** permissions, a missing bucket, a wrong region or clock: somebody has to do something */
  | 'misconfigured';

/** Nothing of the batch is known to have arrived. The message says what to do, for people. */
export class DestinationError extends Error {
  override readonly name = 'DestinationError';
  readonly code: DestinationErrorCode;
  /** How long the destination asks to be left alone, in ms. */
  readonly retryAfterMs: number | undefined;
  constructor(
    code: DestinationErrorCode,
    message: string,
    options: ErrorOptions & { readonly retryAfterMs?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** How records are gathered for a destination. */
export interface DeliveryPace {
  /** How long the first record waits for company, ms: the cadence of objects, 0 for streams. */
  readonly intervalMs: number;
  /** Most events of the journal in one batch. */
  readonly eventsMax: number;
  /** Most bytes of the journal in one batch; one that reaches it does not wait. */
  readonly bytesMax: number;
}

/** What a try of a destination showed. */
export interface DestinationTest {
  readonly ok: boolean;
  /** What was done, e.g. `wrote and removed s3://audit/AWSLogs/…`, or what is wrong and what to do. */
  readonly message: string;
}

/** A destination; used by one delivery, one call at a time. */
export interface Destination {
  readonly pace: DeliveryPace;
  /**
   * Resolves with the outcome of each record, in their order, once those that are `delivered` are as
   * durable there as the destination makes them. Rejects with a DestinationError; anything else that
   * it rejects with is a fault of ours and tried again all the same. Ends soon after the signal.
   */
  deliver(batch: DeliveryBatch, signal: AbortSignal): Promise<readonly RecordOutcome[]>;
  /** Writes a probe and removes it where that can be done; never rejects. */
  test(signal: AbortSignal): Promise<DestinationTest>;
  /** Lets connections and files go. */
  close(): Promise<void>;
}
