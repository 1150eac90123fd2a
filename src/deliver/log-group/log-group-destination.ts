// Into a log group of this Mailtrail: records become log events there, as if a client had put them. Exactly
// once: they are durable in one append with how far the delivery is.
import { journalLine } from '../../event/journal-line.ts';
import { LOG_EVENT_TYPE } from '../../event/log-event.ts';
import type { AppendBatch } from '../../journal/journal.ts';
import {
  type DeliveryBatch,
  type Destination,
  DestinationError,
  type DestinationTest,
  type RecordOutcome,
} from '../destination.ts';
import { formatRecord, type RecordTextOptions } from '../format/record-text.ts';

/** Longest message of a log event, in bytes. @see CloudWatch Logs quotas, "Event size" */
const MESSAGE_BYTES_MAX = 1024 * 1024 - 26;
const MIB = 1024 * 1024;

export interface LogGroupDestinationOptions {
  readonly deliveryId: string;
  /** The id of the group that has the name now; undefined when there is none. */
  readonly groupId: () => string | undefined;
  readonly logGroupName: string;
  /** How a record becomes a message. */
  readonly text: RecordTextOptions;
  readonly append: (batch: AppendBatch) => Promise<unknown>;
  /** The value of a checkpoint of the journal. */
  readonly checkpoint: (source: string) => unknown;
}

/** The source whose checkpoint says how far a delivery is. */
export function checkpointOf(deliveryId: string): string {
  return `delivery:${deliveryId}`;
}

/** See the head of this file. */
export class LogGroupDestination implements Destination {
  readonly pace = { intervalMs: 250, eventsMax: 5_000, bytesMax: 4 * MIB };
  readonly #options: LogGroupDestinationOptions;

  constructor(options: LogGroupDestinationOptions) {
    this.#options = options;
  }

  async deliver(batch: DeliveryBatch): Promise<readonly RecordOutcome[]> {
    const { deliveryId, checkpoint, append, text } = this.#options;
    const source = checkpointOf(deliveryId);
    const groupId = this.#groupId();
    const lines: string[] = [];
    const outcomes = batch.records.map((record): RecordOutcome => {
      const message = formatRecord(record, text);
      if (Buffer.byteLength(message) > MESSAGE_BYTES_MAX) {
        return { rejected: `it has more than the ${MESSAGE_BYTES_MAX} bytes of a log event` };
      }
      lines.push(
        journalLine({
          log_type: LOG_EVENT_TYPE,
          log_group_id: groupId,
          log_stream: `delivery-${deliveryId}`,
          event_timestamp: record.timestampMs,
          message,
        }),
      );
      return 'delivered';
    });
    // An earlier attempt was durable before its answer was known.
    const done = checkpoint(source) as { readonly to?: number } | undefined;
    if ((done?.to ?? 0) >= batch.to) return outcomes;
    const bytes = Buffer.from(lines.join(''));
    const value = { to: batch.to };
    await append({ lines: bytes, count: lines.length, checkpoint: { source, value } });
    return outcomes;
  }

  #groupId(): string {
    const { groupId, logGroupName } = this.#options;
    const found = groupId();
    if (found !== undefined) return found;
    throw new DestinationError('misconfigured', `there is no log group ${logGroupName}: create it`);
  }

  test(): Promise<DestinationTest> {
    const { groupId, logGroupName } = this.#options;
    const ok = groupId() !== undefined;
    const message = ok
      ? `there is the log group ${logGroupName}`
      : `there is no log group ${logGroupName}: create it`;
    return Promise.resolve({ ok, message });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
