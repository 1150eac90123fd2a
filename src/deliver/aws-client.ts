// How AWS's services are reached, and what their errors mean for a delivery. Credentials, regions and endpoints
// that are not said come from where AWS's SDK takes them: environment, shared files, the machine's role.
import type { AwsReach } from './delivery.ts';
import { DestinationError } from './destination.ts';

/** How long one request may take, in ms: a batch is at most some MiB. */
export const REQUEST_TIMEOUT_MS = 30_000;

/** What a client of the SDK is made with. */
export interface AwsClientSettings {
  readonly region: string;
  readonly endpoint?: string;
  readonly profile?: string;
  readonly maxAttempts: number;
}

/** @param regionDefault where neither the destination nor the environment says one */
export function clientSettings(
  { region, endpoint, profile }: AwsReach,
  env: Readonly<Record<string, string | undefined>>,
  regionDefault: string,
): AwsClientSettings {
  return {
    region: region ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || regionDefault),
    ...(endpoint !== undefined && { endpoint }),
    ...(profile !== undefined && { profile }),
    // The delivery tries again, and knows how long to wait.
    maxAttempts: 1,
  };
}

/** Whether a service is not AWS's: its URL is in the settings, or in the environment as the SDK takes it. */
export function isEndpointSet(
  { endpoint }: AwsReach,
  env: Readonly<Record<string, string | undefined>>,
  service: 'S3' | 'FIREHOSE' | 'CLOUDWATCH_LOGS',
): boolean {
  return [endpoint, env[`AWS_ENDPOINT_URL_${service}`], env['AWS_ENDPOINT_URL']].some(
    (url) => url !== undefined && url !== '',
  );
}

interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const NETWORK = /ECONN|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|EPIPE|Timeout|socket/i;
const PERMISSION =
  /AccessDenied|UnrecognizedClient|InvalidClientToken|InvalidAccessKeyId|Signature|Credentials|ExpiredToken|UserSuspended|KMS/;
const MISSING = /^(ResourceNotFoundException|NoSuchBucket)$/;
/** S3 names the region that the bucket is in. */
const ELSEWHERE = /^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint)/;
/** What the services that speak JSON say of a signature by which it is the clock, or the region. */
const SKEWED = /expired|not yet current|skew|time/i;
const OF_REGION = /valid region/i;
/** Busy, or full: no fault of who asks. */
const BUSY = /Throttl|Limit|SlowDown|QuotaExceeded|Unavailable|InternalError|RequestTimeout$/;

/** The error of a call as a delivery understands it; `what` is what was tried, for people. */
export function errorOf(error: unknown, what: string): DestinationError {
  if (error instanceof DestinationError) return error;
  const { name = '', message = String(error), code = '', $metadata } = error as SdkError;
  const status = $metadata?.httpStatusCode;
  // Some servers give an error no text, and the SDK makes one up.
  const said = message === 'UnknownError' ? `HTTP ${status ?? ''}`.trim() : message;
  const told = `${what}: ${name === '' ? '' : `${name}: `}${said}`;
  if (/RequestTimeTooSkewed|InvalidSignatureException/.test(name) && SKEWED.test(message)) {
    return new DestinationError('misconfigured', `${told}; set this machine's clock`, {
      cause: error,
    });
  }
  if (name === 'InvalidSignatureException' && OF_REGION.test(message)) {
    return new DestinationError('misconfigured', `${told}; set the region`, { cause: error });
  }
  if (PERMISSION.test(name)) {
    const advice =
      'give the key the permission, or name another key (AWS_PROFILE, AWS_ACCESS_KEY_ID)';
    return new DestinationError('misconfigured', `${told}; ${advice}`, { cause: error });
  }
  if (ELSEWHERE.test(name)) {
    const region = (error as { readonly Region?: string }).Region;
    const advice = region === undefined ? 'set the region' : `set the region ${region}`;
    return new DestinationError('misconfigured', `${told}; ${advice} of the bucket`, {
      cause: error,
    });
  }
  if (MISSING.test(name)) {
    return new DestinationError('misconfigured', `${told}; make it, or name another`, {
      cause: error,
    });
  }
  if (NETWORK.test(code) || NETWORK.test(name)) {
    return new DestinationError('unreachable', told, { cause: error });
  }
  const busy = status === undefined || status >= 500 || status === 429 || BUSY.test(name);
  return new DestinationError(busy ? 'unavailable' : 'misconfigured', told, { cause: error });
}
