// Into a stream of Amazon Data Firehose: one record for each event, a line with its line break, so that what
// Firehose puts together are lines again.
// @see Amazon Data Firehose API reference, PutRecordBatch, DescribeDeliveryStream
import type * as Sdk from '@aws-sdk/client-firehose';
import { type AwsClientSettings, errorOf, REQUEST_TIMEOUT_MS } from '../aws-client.ts';
import {
  type DeliveryBatch,
  type Destination,
  DestinationError,
  type DestinationTest,
  type RecordOutcome,
} from '../destination.ts';
import { formatRecord, type RecordTextOptions } from '../format/record-text.ts';
import { withinPatience } from '../patience.ts';
import { callsOf, type PutRecord, RECORD_BYTES_MAX } from './record-batches.ts';

const MIB = 1024 * 1024;

export interface FirehoseDestinationOptions {
  readonly client: AwsClientSettings;
  readonly streamName: string;
  /** How a record becomes a line. */
  readonly text: RecordTextOptions;
  /** How long one request may take, in ms. */
  readonly requestTimeoutMs?: number;
}

interface Opened {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.FirehoseClient;
}

/** See the head of this file. */
export class FirehoseDestination implements Destination {
  readonly pace = { intervalMs: 250, eventsMax: 10_000, bytesMax: 4 * MIB };
  readonly #options: FirehoseDestinationOptions;
  #sdk: Promise<Opened> | undefined;

  constructor(options: FirehoseDestinationOptions) {
    this.#options = options;
  }

  /**
   * Records that Firehose did not take are told as such; what comes behind them in the same call may be there
   * already, so that order holds but for these.
   */
  async deliver(batch: DeliveryBatch, signal: AbortSignal): Promise<readonly RecordOutcome[]> {
    const { streamName, text } = this.#options;
    const outcomes: RecordOutcome[] = batch.records.map(() => ({ retry: 'it was not its turn' }));
    const lines: PutRecord[] = [];
    for (const [index, record] of batch.records.entries()) {
      const data = Buffer.from(`${formatRecord(record, text)}\n`);
      if (data.length <= RECORD_BYTES_MAX) lines.push({ index, data });
      else {
        const rejected = `it has more than the ${RECORD_BYTES_MAX} bytes of a record of Firehose`;
        outcomes[index] = { rejected };
      }
    }
    for (const call of callsOf(lines)) {
      let failure: DestinationError | undefined;
      try {
        const said = await this.#put(call, signal);
        for (const [at, { index }] of call.entries()) outcomes[index] = said[at] ?? 'delivered';
      } catch (error) {
        failure = errorOf(error, `PutRecordBatch to ${streamName}`);
        // What arrived with earlier calls is not given again.
        if (!outcomes.includes('delivered')) throw failure;
        for (const { index } of call) outcomes[index] = { retry: failure.message };
      }
      // What is behind a record that has to be given again waits for it.
      if (failure !== undefined || call.some(({ index }) => isRetry(outcomes[index]))) break;
    }
    return outcomes;
  }

  /** What Firehose said of each record that it did not take. */
  async #put(
    call: readonly PutRecord[],
    signal: AbortSignal,
  ): Promise<readonly (RecordOutcome | undefined)[]> {
    const { sdk, client } = await this.#open();
    const command = new sdk.PutRecordBatchCommand({
      DeliveryStreamName: this.#options.streamName,
      Records: call.map(({ data }) => ({ Data: data })),
    });
    const { FailedPutCount = 0, RequestResponses = [] } = await this.#within(
      signal,
      (abortSignal) => client.send(command, { abortSignal }),
    );
    if (RequestResponses.length !== call.length) {
      const found = `${RequestResponses.length} answers for ${call.length} records`;
      throw new DestinationError('unavailable', `PutRecordBatch: ${found}`);
    }
    const refused = RequestResponses.map(({ ErrorCode, ErrorMessage }) =>
      ErrorCode === undefined ? undefined : { retry: `${ErrorCode}: ${ErrorMessage ?? ''}` },
    );
    if (FailedPutCount > 0 && refused.every((each) => each === undefined)) {
      const said = `${FailedPutCount} records were not taken, but not which`;
      throw new DestinationError('unavailable', `PutRecordBatch: ${said}`);
    }
    return refused;
  }

  #within<T>(signal: AbortSignal, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withinPatience(signal, this.#options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS, send);
  }

  #open(): Promise<Opened> {
    this.#sdk ??= import('@aws-sdk/client-firehose').then((sdk) => ({
      sdk,
      client: new sdk.FirehoseClient(this.#options.client),
    }));
    return this.#sdk;
  }

  /** A record could not be taken back, so that the stream is only looked at. */
  async test(signal: AbortSignal): Promise<DestinationTest> {
    const { streamName } = this.#options;
    try {
      const { sdk, client } = await this.#open();
      const command = new sdk.DescribeDeliveryStreamCommand({ DeliveryStreamName: streamName });
      const { DeliveryStreamDescription: stream } = await this.#within(signal, (abortSignal) =>
        client.send(command, { abortSignal }),
      );
      const { DeliveryStreamStatus: status, DeliveryStreamType: type } = stream ?? {};
      if (status !== 'ACTIVE') {
        const message = `the stream ${streamName} is ${status ?? 'of no known status'}: expected ACTIVE`;
        return { ok: false, message };
      }
      if (type !== undefined && type !== 'DirectPut') {
        const message = `the stream ${streamName} takes its records from ${type}: expected DirectPut`;
        return { ok: false, message };
      }
      return { ok: true, message: `the stream ${streamName} is active and takes records` };
    } catch (error) {
      const { message } = errorOf(error, `DescribeDeliveryStream of ${streamName}`);
      return { ok: false, message };
    }
  }

  async close(): Promise<void> {
    const open = await this.#sdk;
    open?.client.destroy();
  }
}

function isRetry(outcome: RecordOutcome | undefined): boolean {
  return typeof outcome === 'object' && 'retry' in outcome;
}
