// A double of Amazon Data Firehose, written from its API's model: PutRecordBatch and DescribeDeliveryStream with
// every limit refused as the service refuses it. A double, because AWS publishes nothing of Firehose that could
// be run here, and what others have written takes batches that the service refuses.
// @see Amazon Data Firehose API reference, PutRecordBatch; its quotas
import { JsonService, type ServedCall } from './json-service.ts';
import { type Input, nullAt, ServiceFailure, textOf } from './service-failure.ts';

const RECORDS_MAX = 500;
const RECORD_BYTES_MAX = 1_024_000;
const CALL_BYTES_MAX = 4_194_304;

const NAME = { max: 64, pattern: /^[a-zA-Z0-9_.-]+$/ };
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export interface TakenRecord {
  readonly data: string;
  readonly call: ServedCall;
}

interface Stream {
  status: string;
  type: string;
  readonly taken: TakenRecord[];
}

/** See the head of this file. */
export class FirehoseServer {
  readonly #streams = new Map<string, Stream>();
  readonly http: JsonService;
  /** Whether a record of a call is not taken, though others are: by its place in the call. */
  refuses: (call: ServedCall, at: number) => boolean = () => false;
  /** Whether answers have members without a value as null, as some servers write them. */
  writesNulls = false;

  private constructor(http: JsonService) {
    this.http = http;
    http.operations = {
      PutRecordBatch: (input, call) => this.#putRecordBatch(input, call),
      DescribeDeliveryStream: (input) => this.#describeDeliveryStream(input),
    };
  }

  static async start(): Promise<FirehoseServer> {
    const address = { service: 'firehose', targetPrefix: 'Firehose_20150804' };
    return new FirehoseServer(await JsonService.start(address));
  }

  createStream(name: string, { status = 'ACTIVE', type = 'DirectPut' } = {}): void {
    this.#streams.set(name, { status, type, taken: [] });
  }

  /** What a stream has taken, in the order of arrival. */
  taken(name: string): readonly TakenRecord[] {
    return this.#stream(name).taken;
  }

  #stream(name: string): Stream {
    const stream = this.#streams.get(name);
    if (stream !== undefined) return stream;
    const message = `Firehose ${name} under account 123456789012 not found.`;
    throw new ServiceFailure('ResourceNotFoundException', message);
  }

  #putRecordBatch(input: Input, call: ServedCall): object {
    const name = textOf(input, 'DeliveryStreamName', NAME);
    const records = recordsOf(input);
    const stream = this.#stream(name);
    if (stream.status !== 'ACTIVE') {
      const message = `Firehose ${name} is not in ACTIVE state.`;
      throw new ServiceFailure('ResourceNotFoundException', message);
    }
    const bytes = records.reduce((sum, { length }) => sum + length, 0);
    if (bytes > CALL_BYTES_MAX) {
      throw new ServiceFailure('InvalidArgumentException', 'Records size exceeds 4 MB limit');
    }
    let failed = 0;
    const RequestResponses = records.map((data, at) => {
      const nothing = this.writesNulls
        ? { RecordId: null, ErrorCode: null, ErrorMessage: null }
        : {};
      if (this.refuses(call, at)) {
        failed++;
        const why = { ErrorCode: 'ServiceUnavailableException', ErrorMessage: 'Slow down.' };
        return { ...nothing, ...why };
      }
      stream.taken.push({ data: data.toString('utf8'), call });
      return { ...nothing, RecordId: `${call.number}-${at}` };
    });
    return { FailedPutCount: failed, Encrypted: false, RequestResponses };
  }

  #describeDeliveryStream(input: Input): object {
    const name = textOf(input, 'DeliveryStreamName', NAME);
    const { status, type } = this.#stream(name);
    return {
      DeliveryStreamDescription: {
        DeliveryStreamName: name,
        DeliveryStreamARN: `arn:aws:firehose:us-east-1:123456789012:deliverystream/${name}`,
        DeliveryStreamStatus: status,
        DeliveryStreamType: type,
        VersionId: '1',
        Destinations: [],
        HasMoreDestinations: false,
      },
    };
  }
}

/** The records' bytes, after all checks of the model; the errors of several records are told together. */
function recordsOf({ Records: records }: Input): readonly Buffer[] {
  if (!Array.isArray(records)) throw new ServiceFailure('ValidationException', nullAt('records'));
  const errors: string[] = [];
  if (records.length < 1 || records.length > RECORDS_MAX) {
    const bound = records.length < 1 ? 'greater than or equal to 1' : 'less than or equal to 500';
    errors.push(
      `Value '[…]' at 'records' failed to satisfy constraint: Member must have length ${bound}`,
    );
  }
  const all = records.map((record: { readonly Data?: unknown } | null, at) => {
    const data = record?.Data;
    if (typeof data !== 'string') {
      errors.push(
        `Value null at 'records.${at + 1}.member.data' failed to satisfy constraint: Member must not be null`,
      );
      return Buffer.alloc(0);
    }
    if (!BASE64.test(data)) {
      throw new ServiceFailure(
        'SerializationException',
        `records.${at + 1}.member.data is not base64`,
      );
    }
    const bytes = Buffer.from(data, 'base64');
    if (bytes.length > RECORD_BYTES_MAX) {
      errors.push(
        `Value 'java.nio.HeapByteBuffer[pos=0 lim=${bytes.length} cap=${bytes.length}]' at 'records.${at + 1}.member.data' failed to satisfy constraint: Member must have length less than or equal to ${RECORD_BYTES_MAX}`,
      );
    }
    return bytes;
  });
  if (errors.length > 0) {
    const detected = errors.length === 1 ? 'error' : 'errors';
    const message = `${errors.length} validation ${detected} detected: ${errors.join('; ')}`;
    throw new ServiceFailure('ValidationException', message);
  }
  return all;
}
