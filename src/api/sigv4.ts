// AWS Signature Version 4, both sides: the command line signs, the server verifies. The secret key
// never travels; the signature covers method, path, query, signed headers and body.
// @see AWS IAM User Guide, "Create a signed AWS API request" and "Elements of an AWS API request signature"
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalRequest, headerValues, type WireRequest } from './sigv4-canonical.ts';

export type { WireRequest } from './sigv4-canonical.ts';

/** How far the clocks of client and server may be apart, in ms; AWS has the same five minutes. */
export const CLOCK_SKEW_MAX_MS = 5 * 60 * 1000;

const ALGORITHM = 'AWS4-HMAC-SHA256';
const TERMINATOR = 'aws4_request';

/** A key as it stands in an AWS credentials file. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What a client says about its signature, before any of it is believed. */
export interface SignatureClaim {
  readonly accessKeyId: string;
  /** `YYYYMMDD` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  /** 64 hex digits */
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly time: string;
  /** The body's hash by x-amz-content-sha256; undefined when the client did not send it. */
  readonly payloadSha256: string | undefined;
}

export type SignatureErrorCode =
  | 'IncompleteSignature'
  | 'RequestTimeTooSkewed'
  | 'InvalidSignatureException';

/** Why a signature does not hold; the message may go to the client. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly code: SignatureErrorCode;
  constructor(code: SignatureErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

function incomplete(message: string): SignatureError {
  return new SignatureError('IncompleteSignature', message);
}

/** SHA-256 in hex, as `x-amz-content-sha256` has it. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'latin1').digest();
}

function signatureOf(
  secretAccessKey: string,
  scope: Pick<SignatureClaim, 'date' | 'region' | 'service' | 'time'>,
  canonical: string,
): Buffer {
  const scopeText = `${scope.date}/${scope.region}/${scope.service}/${TERMINATOR}`;
  const hash = sha256Hex(Buffer.from(canonical, 'latin1'));
  const dateKey = hmac(`AWS4${secretAccessKey}`, scope.date);
  const serviceKey = hmac(hmac(dateKey, scope.region), scope.service);
  const stringToSign = `${ALGORITHM}\n${scope.time}\n${scopeText}\n${hash}`;
  return hmac(hmac(serviceKey, TERMINATOR), stringToSign);
}

/** `YYYYMMDDTHHMMSSZ`, the basic format of ISO 8601. */
function basicTime(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
}

function parseBasicTime(text: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (parts === null) return Number.NaN;
  const [, year, month, day, hour, minute, second] = parts;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** A request to be sent by `fetch` or `node:http`. */
export interface RequestToSign {
  readonly method: string;
  readonly url: URL;
  /** Sent besides; all of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

/**
 * Signs a request. The result is the given headers and those that carry the signature; `host` is
 * signed as the URL has it and left to the HTTP client to send.
 *
 * @param nowMs the present, ms since the Unix epoch
 */
export function signRequest(
  request: RequestToSign,
  key: AccessKey,
  scope: { readonly region: string; readonly service: string; readonly nowMs: number },
): Record<string, string> {
  const time = basicTime(scope.nowMs);
  const date = time.slice(0, 8);
  const payloadSha256 = sha256Hex(request.body);
  const sent: Record<string, string> = {
    ...request.headers,
    'x-amz-content-sha256': payloadSha256,
    'x-amz-date': time,
  };
  const rawHeaders = Object.entries({ ...sent, host: request.url.host }).flat();
  const headers = headerValues(rawHeaders);
  const signedHeaders = [...headers.keys()].sort();
  const target = `${request.url.pathname}${request.url.search}`;
  const wire = { method: request.method, target, rawHeaders };
  const canonical = canonicalRequest(wire, headers, signedHeaders, payloadSha256);
  const { region, service } = scope;
  const signature = signatureOf(key.secretAccessKey, { date, region, service, time }, canonical);
  const credential = `${key.accessKeyId}/${date}/${region}/${service}/${TERMINATOR}`;
  sent['authorization'] =
    `${ALGORITHM} Credential=${credential}, SignedHeaders=${signedHeaders.join(';')}, ` +
    `Signature=${signature.toString('hex')}`;
  return sent;
}

/** Whether the Authorization header claims a Signature Version 4. */
export function isSigned(authorization: string): boolean {
  return authorization.startsWith(`${ALGORITHM} `);
}

function authorizationParts(authorization: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of authorization.slice(ALGORITHM.length).split(',')) {
    const equals = part.indexOf('=');
    if (equals > 0) parts.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  return parts;
}

function claimedPayload(headers: ReadonlyMap<string, string>): string | undefined {
  const hash = headers.get('x-amz-content-sha256');
  if (hash === undefined || /^[0-9a-f]{64}$/.test(hash)) return hash;
  throw incomplete(
    `x-amz-content-sha256 must be the SHA-256 of the body in 64 hex digits; ${hash.slice(0, 64)} is not supported`,
  );
}

/**
 * What the request says about its signature. Throws a SignatureError when the header form is not
 * complete, or when something that changes the request's meaning is not signed.
 */
export function readClaim(request: WireRequest): SignatureClaim {
  const headers = headerValues(request.rawHeaders);
  const parts = authorizationParts(headers.get('authorization') ?? '');
  const [accessKeyId = '', date = '', region = '', service = '', terminator = '', ...more] = (
    parts.get('Credential') ?? ''
  ).split('/');
  if (accessKeyId === '' || terminator !== TERMINATOR || more.length > 0) {
    throw incomplete(
      `Authorization needs Credential=ACCESS_KEY_ID/YYYYMMDD/REGION/SERVICE/${TERMINATOR}`,
    );
  }
  const signature = parts.get('Signature') ?? '';
  if (!/^[0-9a-f]{64}$/.test(signature)) {
    throw incomplete('Authorization needs Signature= with 64 hex digits');
  }
  const signedHeaders = (parts.get('SignedHeaders') ?? '').split(';');
  for (const name of headers.keys()) {
    // A session token means nothing here: these keys have none.
    const mustBeSigned = name === 'host' || name.startsWith('x-amz-');
    if (mustBeSigned && name !== 'x-amz-security-token' && !signedHeaders.includes(name)) {
      throw incomplete(`header ${name} must be among SignedHeaders`);
    }
  }
  const missing = signedHeaders.find((name) => !headers.has(name));
  if (missing !== undefined) {
    throw incomplete(`SignedHeaders names ${JSON.stringify(missing)}, which the request has not`);
  }
  const time = headers.get('x-amz-date');
  if (time === undefined) throw incomplete('the request has no x-amz-date header');
  const payloadSha256 = claimedPayload(headers);
  return {
    accessKeyId,
    date,
    region,
    service,
    signedHeaders,
    signature,
    time,
    payloadSha256,
  };
}

/** Throws a SignatureError when the claim was not made within five minutes of `nowMs`. */
export function checkTime(claim: SignatureClaim, nowMs: number): void {
  const ms = parseBasicTime(claim.time);
  if (Number.isNaN(ms)) throw incomplete('x-amz-date must look like 20260131T235959Z');
  if (claim.date !== claim.time.slice(0, 8)) {
    throw new SignatureError(
      'InvalidSignatureException',
      `the credential's date ${claim.date} is not that of the request, ${claim.time}`,
    );
  }
  if (Math.abs(ms - nowMs) > CLOCK_SKEW_MAX_MS) {
    throw new SignatureError(
      'RequestTimeTooSkewed',
      `the request was signed at ${claim.time}, here it is ${basicTime(nowMs)}: more than ` +
        `${CLOCK_SKEW_MAX_MS / 60_000} minutes apart; set the clock`,
    );
  }
}

/**
 * Throws a SignatureError unless the signature is the one that the key makes of the request.
 * Compares in constant time. Neither the claim's time nor its key id is looked at here.
 *
 * @param payloadSha256 the body's hash: by the claim, if the body is compared with it later
 */
export function checkSignature(
  request: WireRequest,
  claim: SignatureClaim,
  secretAccessKey: string,
  payloadSha256: string,
): void {
  const headers = headerValues(request.rawHeaders);
  const canonical = canonicalRequest(request, headers, claim.signedHeaders, payloadSha256);
  const expected = signatureOf(secretAccessKey, claim, canonical);
  if (!timingSafeEqual(expected, Buffer.from(claim.signature, 'hex'))) {
    throw new SignatureError(
      'InvalidSignatureException',
      'the signature does not match: check the secret key, and that nothing on the way changes the request',
    );
  }
}

/**
 * Verifies a whole request: time, signature and body, by the one key. Throws a SignatureError.
 *
 * @param nowMs the present, ms since the Unix epoch
 */
export function verifyRequest(
  request: WireRequest,
  body: Uint8Array,
  key: AccessKey,
  nowMs: number,
): SignatureClaim {
  const claim = readClaim(request);
  if (claim.accessKeyId !== key.accessKeyId) {
    throw new SignatureError('InvalidSignatureException', 'the access key id is not known');
  }
  checkTime(claim, nowMs);
  checkSignature(request, claim, key.secretAccessKey, claim.payloadSha256 ?? sha256Hex(body));
  checkPayload(claim, body);
  return claim;
}

/** Throws a SignatureError when the body is not the one whose hash was signed. */
export function checkPayload(claim: SignatureClaim, body: Uint8Array): void {
  if (claim.payloadSha256 !== undefined && claim.payloadSha256 !== sha256Hex(body)) {
    throw new SignatureError(
      'InvalidSignatureException',
      'the body does not have the hash that x-amz-content-sha256 says',
    );
  }
}
