// The body of POST /v1/query, checked field by field.
import { ApiError } from './api-error.ts';
import { QUERY_LENGTH_MAX, QUERY_LOG_GROUPS_MAX, QUERY_SPAN_DEFAULT_MS } from './limits.ts';

export interface QueryRequest {
  readonly query: string;
  readonly logGroups: readonly string[] | undefined;
  /** Both included; ms since the Unix epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly limit: number | undefined;
}

const FIELDS = ['query', 'logGroups', 'startTime', 'endTime', 'limit'];

/** A refusal of a parameter. */
export function invalidParameter(message: string): ApiError {
  return new ApiError(400, 'InvalidParameterException', message);
}

function parseObject(body: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw invalidParameter(`the body is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidParameter('the body must be a JSON object');
  }
  const unknown = Object.keys(value).find((key) => !FIELDS.includes(key));
  if (unknown !== undefined) {
    const shown = JSON.stringify(unknown.slice(0, 40));
    throw invalidParameter(`${shown} is not known; there are ${FIELDS.join(', ')}`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function wholeNumber(
  object: Readonly<Record<string, unknown>>,
  field: string,
  minimum: number,
  what: string,
): number | undefined {
  const value = object[field];
  if (value === undefined || value === null) return undefined;
  if (Number.isSafeInteger(value) && (value as number) >= minimum) return value as number;
  throw invalidParameter(`${field} must be ${what}, not ${JSON.stringify(value)?.slice(0, 40)}`);
}

/** Checks the length of a query or filter. */
export function checkQueryLength(name: string, text: string): void {
  if (text.length > QUERY_LENGTH_MAX) {
    throw invalidParameter(
      `${name} is ${text.length} characters long; at most ${QUERY_LENGTH_MAX} are taken`,
    );
  }
}

/** Checks a list of log group names. */
export function checkGroupNames(name: string, value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw invalidParameter(`${name} must be an array of names`);
  }
  if (value.length > QUERY_LOG_GROUPS_MAX) {
    throw invalidParameter(`${name} has ${value.length} names; at most ${QUERY_LOG_GROUPS_MAX}`);
  }
  return value;
}

/** Reads the body; the last day where it says no time. Throws InvalidParameterException. */
export function readQueryRequest(body: Buffer, nowMs: number): QueryRequest {
  const object = parseObject(body);
  const { query } = object;
  if (typeof query !== 'string' || query.trim() === '') {
    throw invalidParameter('query is missing: the text of a Logs Insights query');
  }
  checkQueryLength('query', query);
  const time = 'a whole number of milliseconds since 1970';
  const endMs = wholeNumber(object, 'endTime', 0, time) ?? nowMs;
  const startMs =
    wholeNumber(object, 'startTime', 0, time) ?? Math.max(0, endMs - QUERY_SPAN_DEFAULT_MS);
  if (startMs > endMs) {
    throw invalidParameter(`startTime ${startMs} is after endTime ${endMs}`);
  }
  return {
    query,
    logGroups: checkGroupNames('logGroups', object['logGroups']),
    startMs,
    endMs,
    limit: wholeNumber(object, 'limit', 1, 'a whole number from 1'),
  };
}
