// POST /v1/logs: log records of OpenTelemetry exporters and collectors, in protobuf or JSON.
import { ApiError, tooLarge } from './api-error.ts';
import type { Exchange } from './exchange.ts';

/** How a request is written, and its answer. */
export type OtlpForm = 'protobuf' | 'json';

/** What takes the records. */
export interface OtlpLogs<Outcome = OtlpCounts> {
  /** Resolves when its events are durable. Throws a SyntaxError when the body is no request. */
  take(body: Buffer, form: OtlpForm): Promise<Outcome>;
  answer(outcome: Outcome, form: OtlpForm): Buffer;
}

/** How many events of a request were taken, and records refused. */
export interface OtlpCounts {
  readonly events: number;
  readonly rejected: number;
}

const TYPES: Readonly<Record<OtlpForm, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

/** The form that the request says. */
export function otlpFormOf(exchange: Exchange): OtlpForm {
  const type = (exchange.incoming.headers['content-type'] ?? '').split(';')[0]?.trim();
  if (type === TYPES.protobuf) return 'protobuf';
  if (type === TYPES.json) return 'json';
  const expected = `Content-Type must be ${TYPES.protobuf} or ${TYPES.json}`;
  throw new ApiError(415, 'UnsupportedMediaType', expected);
}

/**
 * Takes the body and answers: 200 also when some or all of its records were refused, which the answer
 * says; an exporter would only send them again.
 *
 * @see OTLP specification, "OTLP/HTTP Response", "Partial Success"
 */
export async function takeOtlp(
  exchange: Exchange,
  body: Buffer,
  form: OtlpForm,
  logs: OtlpLogs,
): Promise<OtlpCounts> {
  let outcome: OtlpCounts;
  try {
    outcome = await logs.take(body, form);
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(`${error.message}; send fewer records`);
    if (!(error instanceof SyntaxError)) throw error;
    throw new ApiError(400, 'InvalidEvents', `the body is no request of OTLP: ${error.message}`);
  }
  exchange.bytes(200, TYPES[form], logs.answer(outcome, form));
  return outcome;
}
