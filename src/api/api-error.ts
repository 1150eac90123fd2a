// Refusals as the client sees them: a status, a code to act on and a message to read.
import { JournalError } from '../journal/journal.ts';
import { StateError } from '../state/state.ts';
import { StoreError } from '../store/event-store.ts';
import { RETRY_LATER_SECONDS, RETRY_SOON_SECONDS } from './limits.ts';

/** What a refusal may add to its code and message. */
export interface ApiErrorDetails {
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of `error`, e.g. where in the query the mistake is. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A refusal; the message goes to the client as it is. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status. */
  readonly status: number;
  /** One word, AWS's where AWS has one. */
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly #members: Readonly<Record<string, unknown>>;

  constructor(status: number, code: string, message: string, details: ApiErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.status = status;
    this.code = code;
    this.headers = details.headers ?? {};
    this.#members = details.members ?? {};
  }

  /** The body: `{"error":{"code","message",…}}`. */
  body(): { readonly error: Readonly<Record<string, unknown>> } {
    return { error: { code: this.code, message: this.message, ...this.#members } };
  }
}

/** The client went away in the middle of its request: there is nobody to answer. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

/** A refusal that says when to try again (RFC 9110, section 10.2.3). */
export function retryAfter(
  status: number,
  code: string,
  message: string,
  seconds: number,
  cause?: unknown,
): ApiError {
  return new ApiError(status, code, message, {
    headers: { 'retry-after': String(seconds) },
    cause,
  });
}

/** A body or batch over its limit; the message says the limit. */
export function tooLarge(message: string): ApiError {
  return new ApiError(413, 'PayloadTooLarge', message);
}

function ofJournal(error: JournalError): ApiError {
  switch (error.code) {
    case 'disk-full':
      return retryAfter(507, 'DiskFull', error.message, RETRY_LATER_SECONDS, error);
    case 'overloaded':
      return retryAfter(429, 'ThrottlingException', error.message, RETRY_SOON_SECONDS, error);
    default:
      return retryAfter(
        503,
        'ServiceUnavailableException',
        error.message,
        RETRY_LATER_SECONDS,
        error,
      );
  }
}

function ofStore(error: StoreError): ApiError {
  switch (error.code) {
    case 'timeout':
      return new ApiError(504, 'QueryTimeoutException', error.message, { cause: error });
    case 'memory':
      return new ApiError(422, 'LimitExceededException', error.message, { cause: error });
    case 'cancelled':
      return new ApiError(409, 'QueryCancelledException', error.message, { cause: error });
    case 'query':
    case 'bad-range':
      return internal(error);
    default:
      return retryAfter(
        503,
        'ServiceUnavailableException',
        error.message,
        RETRY_SOON_SECONDS,
        error,
      );
  }
}

function ofState(error: StateError): ApiError {
  switch (error.code) {
    case 'limit':
      return new ApiError(422, 'LimitExceededException', error.message, { cause: error });
    case 'disk-full':
      return retryAfter(507, 'DiskFull', error.message, RETRY_LATER_SECONDS, error);
    case 'unavailable':
      return retryAfter(
        503,
        'ServiceUnavailableException',
        error.message,
        RETRY_LATER_SECONDS,
        error,
      );
  }
}

function internal(cause: unknown): ApiError {
  const message =
    "the server made a mistake; its log has the details under this answer's request id";
  return new ApiError(500, 'InternalFailure', message, { cause });
}

/** Any error as a refusal. What nobody foresaw tells the client nothing but that it happened. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof JournalError) return ofJournal(error);
  if (error instanceof StoreError) return ofStore(error);
  if (error instanceof StateError) return ofState(error);
  return internal(error);
}
