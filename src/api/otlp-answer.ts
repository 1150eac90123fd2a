// The answers of OTLP/HTTP, in the encoding of the request: ExportLogsServiceResponse, and Status for what is
// refused. Exporters send a refused request again only on 429, 502, 503 and 504.
import type { Exchange } from './exchange.ts';
import { asApiError, ClientGoneError, retryAfter } from './api-error.ts';
import { RETRY_LATER_SECONDS } from './limits.ts';

export type OtlpEncoding = 'protobuf' | 'json';

const MEDIA_TYPES = { protobuf: 'application/x-protobuf', json: 'application/json' } as const;
const LENGTH_DELIMITED = 2;
const PARTIAL_SUCCESS = 1;
const REJECTED_LOG_RECORDS = 1;
const ERROR_MESSAGE = 2;
const STATUS_CODE = 1;
const STATUS_MESSAGE = 2;
/** Characters of a text in an answer: it is for a log of the sender. */
const MESSAGE_LENGTH_MAX = 2000;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Buffer.from([...bytes, rest]);
}

function integerField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(value)]);
}

function bytesField(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + LENGTH_DELIMITED), varint(bytes.length), bytes]);
}

/** The type that the request names, without its parameters; undefined when OTLP has no such. */
export function otlpEncodingOf(contentType: string | undefined): OtlpEncoding | undefined {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type === MEDIA_TYPES.protobuf) return 'protobuf';
  return type === MEDIA_TYPES.json ? 'json' : undefined;
}

/**
 * Answers that the records are kept but for those that were rejected, which are not to be sent again.
 *
 * @see OTLP 1.x, OTLP/HTTP Response, Partial Success
 */
export function answerTaken(
  exchange: Exchange,
  encoding: OtlpEncoding,
  rejectedCount: number,
  reason: string,
): void {
  const message = reason.slice(0, MESSAGE_LENGTH_MAX);
  if (encoding === 'json') {
    const rejected = { rejectedLogRecords: String(rejectedCount), errorMessage: message };
    exchange.json(200, rejectedCount === 0 ? {} : { partialSuccess: rejected });
    return;
  }
  const partial = Buffer.concat([
    integerField(REJECTED_LOG_RECORDS, rejectedCount),
    bytesField(ERROR_MESSAGE, Buffer.from(message)),
  ]);
  const response = rejectedCount === 0 ? Buffer.alloc(0) : bytesField(PARTIAL_SUCCESS, partial);
  exchange.bytes(200, response, MEDIA_TYPES.protobuf);
}

/** google.rpc.Code of an HTTP status. */
function rpcCodeOf(status: number): number {
  if (status === 401) return 16;
  if (status === 403) return 7;
  if (status === 429) return 8;
  if (status === 503) return 14;
  return 3;
}

/**
 * What makes a refusal one that exporters understand: what may go well later is 503, and a Status in the
 * request's encoding. Errors that are nobody's foresight stay what they are, for the caller to log.
 *
 * @see OTLP 1.x, OTLP/HTTP Response, Failures and Retryable Response Codes
 */
export function answerRefusal(exchange: Exchange, encoding: OtlpEncoding, error: unknown): void {
  if (error instanceof ClientGoneError) throw error;
  const found = asApiError(error);
  if (found.status === 500) throw error;
  const refusal =
    found.status === 507
      ? retryAfter(503, found.code, found.message, RETRY_LATER_SECONDS, found)
      : found;
  const code = rpcCodeOf(refusal.status);
  const message = refusal.message.slice(0, MESSAGE_LENGTH_MAX);
  if (encoding === 'json') {
    exchange.json(refusal.status, { code, message }, refusal.headers);
    return;
  }
  const status = Buffer.concat([
    integerField(STATUS_CODE, code),
    bytesField(STATUS_MESSAGE, Buffer.from(message)),
  ]);
  exchange.bytes(refusal.status, status, MEDIA_TYPES.protobuf, refusal.headers);
}
