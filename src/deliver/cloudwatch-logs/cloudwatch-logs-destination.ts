// Into a log group of AWS's CloudWatch Logs, or of another Mailtrail: one log event for each record, in a
// stream that is made where it is missing.
// @see CloudWatch Logs API reference, PutLogEvents, CreateLogStream
import type * as Sdk from '@aws-sdk/client-cloudwatch-logs';
import { type AwsClientSettings, errorOf, REQUEST_TIMEOUT_MS } from '../aws-client.ts';
import type { DeliveryBatch, Destination, DestinationTest, RecordOutcome } from '../destination.ts';
import { formatRecord, type RecordTextOptions } from '../format/record-text.ts';
import { withinPatience } from '../patience.ts';
import { callsOf, MESSAGE_BYTES_MAX, type PutEvent } from './event-batches.ts';

const MIB = 1024 * 1024;

export interface CloudWatchLogsDestinationOptions {
  readonly client: AwsClientSettings;
  readonly logGroupName: string;
  /** How a record becomes a message. */
  readonly text: RecordTextOptions;
  readonly logStreamName: string;
  /** How long one request may take, in ms. */
  readonly requestTimeoutMs?: number;
}

interface Opened {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.CloudWatchLogsClient;
}

/** See the head of this file. */
export class CloudWatchLogsDestination implements Destination {
  readonly pace = { intervalMs: 250, eventsMax: 10_000, bytesMax: 4 * MIB };
  readonly #options: CloudWatchLogsDestinationOptions;
  #sdk: Promise<Opened> | undefined;

  constructor(options: CloudWatchLogsDestinationOptions) {
    this.#options = options;
  }

  async deliver(batch: DeliveryBatch, signal: AbortSignal): Promise<readonly RecordOutcome[]> {
    const outcomes: RecordOutcome[] = batch.records.map(() => ({ retry: 'it was not its turn' }));
    const events: PutEvent[] = [];
    for (const [index, record] of batch.records.entries()) {
      const message = formatRecord(record, this.#options.text);
      if (Buffer.byteLength(message) <= MESSAGE_BYTES_MAX) {
        events.push({ index, timestamp: record.timestampMs, message });
      } else {
        outcomes[index] = {
          rejected: `it has more than the ${MESSAGE_BYTES_MAX} bytes of a log event`,
        };
      }
    }
    for (const call of callsOf(events)) {
      try {
        const rejected = await this.#put(call, signal);
        for (const [at, { index }] of call.entries()) outcomes[index] = rejected(at) ?? 'delivered';
      } catch (error) {
        // What arrived with earlier calls is not given again.
        const some = outcomes.includes('delivered');
        const failure = errorOf(error, `PutLogEvents to ${this.#options.logGroupName}`);
        if (!some) throw failure;
        for (const { index } of events) {
          if (outcomes[index] !== 'delivered') outcomes[index] = { retry: failure.message };
        }
        break;
      }
    }
    return outcomes;
  }

  /** Puts the events of one call; what became of each that the service did not take. */
  async #put(
    call: readonly PutEvent[],
    signal: AbortSignal,
  ): Promise<(at: number) => RecordOutcome | undefined> {
    const { sdk, client } = await this.#open();
    const { logGroupName, logStreamName } = this.#options;
    const logEvents = call.map(({ timestamp, message }) => ({ timestamp, message }));
    const command = new sdk.PutLogEventsCommand({ logGroupName, logStreamName, logEvents });
    const put = (): Promise<Sdk.PutLogEventsResponse> =>
      this.#within(signal, (abortSignal) => client.send(command, { abortSignal }));
    try {
      return refusedBy(await put());
    } catch (error) {
      if ((error as Error).name !== 'ResourceNotFoundException') throw error;
    }
    const stream = new sdk.CreateLogStreamCommand({ logGroupName, logStreamName });
    try {
      await this.#within(signal, (abortSignal) => client.send(stream, { abortSignal }));
    } catch (error) {
      if ((error as Error).name !== 'ResourceAlreadyExistsException') throw error;
    }
    return refusedBy(await put());
  }

  #within<T>(signal: AbortSignal, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withinPatience(signal, this.#options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS, send);
  }

  #open(): Promise<Opened> {
    this.#sdk ??= import('@aws-sdk/client-cloudwatch-logs').then((sdk) => ({
      sdk,
      client: new sdk.CloudWatchLogsClient(this.#options.client),
    }));
    return this.#sdk;
  }

  async test(signal: AbortSignal): Promise<DestinationTest> {
    const { logGroupName, logStreamName } = this.#options;
    try {
      const { sdk, client } = await this.#open();
      const probe = `${logStreamName}-test`;
      const stream = { logGroupName, logStreamName: probe };
      const create = new sdk.CreateLogStreamCommand(stream);
      await this.#within(signal, (abortSignal) => client.send(create, { abortSignal }));
      const remove = new sdk.DeleteLogStreamCommand(stream);
      await this.#within(signal, (abortSignal) => client.send(remove, { abortSignal }));
      return { ok: true, message: `made and removed the stream ${probe} in ${logGroupName}` };
    } catch (error) {
      return { ok: false, message: errorOf(error, `CreateLogStream in ${logGroupName}`).message };
    }
  }

  async close(): Promise<void> {
    const open = await this.#sdk;
    open?.client.destroy();
  }
}

/** What the answer says of events that were not taken though the call succeeded. */
function refusedBy({
  rejectedLogEventsInfo,
}: Sdk.PutLogEventsResponse): (at: number) => RecordOutcome | undefined {
  const {
    tooNewLogEventStartIndex: newFrom,
    tooOldLogEventEndIndex: oldTo = 0,
    expiredLogEventEndIndex: expiredTo = 0,
  } = rejectedLogEventsInfo ?? {};
  return (at) => {
    if (newFrom !== undefined && at >= newFrom)
      return { rejected: 'it is more than 2 hours in the future' };
    if (at < oldTo) return { rejected: 'it is older than 14 days' };
    if (at < expiredTo) return { rejected: 'it is older than the log group keeps events' };
    return undefined;
  };
}
