// Who is asking: a bearer token or an AWS signature, checked from the headers alone wherever that
// is possible, so that a stranger's body is not read.
import { createHmac } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { KeyAccess } from '../state/documents.ts';
import { ApiError } from './api-error.ts';
import { type ApiKey, type KeyRing, sameSecret } from './key-ring.ts';
import { REFUSAL_LOG_INTERVAL_MS, UNVERIFIED_BODY_BYTES_MAX } from './limits.ts';
import {
  checkPayload,
  checkSignature,
  checkTime,
  isSigned,
  readClaim,
  sha256Hex,
  SignatureError,
  type SignatureClaim,
  type WireRequest,
} from './sigv4.ts';

/** A request before its body is read. */
export interface RequestHead extends WireRequest {
  /** The address it came from, for the log. */
  readonly client: string;
  /** Whether the path is one that may carry the token as `X-API-Key`, as Dovecot can send it. */
  readonly apiKeyHeader?: boolean;
  /** The key by which the body must be signed in `X-Signature`; nothing else opens then. */
  readonly webhookKey?: string;
}

/** A client whose headers were good. */
export interface Admitted {
  /** The access key id that the request stands for. */
  readonly accessKeyId: string;
  /** The key's name, and what it may do. */
  readonly name: string;
  readonly access: KeyAccess;
  /** Whether the headers alone prove who it is; else the body must have been checked first. */
  readonly proven: boolean;
  /** The signature of a signed request, as hex digits. */
  readonly signature?: string;
  /** How much of the body may be read before `checkBody` has spoken. */
  readonly bodyBytesMax: number;
  /** Throws or rejects with an ApiError when the body, as it was sent, is not the one that was signed. */
  checkBody(body: Uint8Array): void | Promise<void>;
}

/** The same, before anything else was asked than who it is. */
export interface Authenticated extends Admitted {
  checkBody(body: Uint8Array): void;
}

export interface Authenticator {
  /** Throws an ApiError of status 401 or 403; counts and logs it. */
  authenticate(head: RequestHead): Authenticated;
  /** Refused requests since the start. */
  readonly refusals: number;
}

export interface AuthenticatorOptions {
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly log: Log;
}

const BODY_UNCHECKED = {
  proven: true,
  bodyBytesMax: Number.POSITIVE_INFINITY,
  checkBody: () => {},
} as const;
/** Signatures of unknown keys are checked against it, so that they take as long as those of known ones. */
const DECOY_SECRET = 'x'.repeat(40);

/**
 * A webhook's signature: HMAC-SHA256 of the body in base64, as Stalwart sends it, or in hex, as others do, with or
 * without `sha256=` in front.
 */
function checkBodySignature(signature: string, key: string, body: Uint8Array): void {
  const right = createHmac('sha256', key).update(body).digest();
  const said = signature.replace(/^sha256=/i, '');
  // Both are compared, whatever the first comparison says: no time tells which form it is.
  const base64 = sameSecret(said, right.toString('base64'));
  const hex = sameSecret(said.toLowerCase(), right.toString('hex'));
  if (base64 || hex) return;
  throw new ApiError(
    403,
    'SignatureDoesNotMatch',
    'X-Signature is not the HMAC-SHA256 of the body with the signatureKey of this mapping; both sides must have the same key',
  );
}

function headerOf(rawHeaders: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) return rawHeaders[i + 1];
  }
  return undefined;
}

function unauthorized(code: string, message: string): ApiError {
  return new ApiError(401, code, message, {
    headers: { 'www-authenticate': 'Bearer realm="mailtrail"' },
  });
}

function unknownKey(what: string): ApiError {
  return unauthorized(
    'UnrecognizedClientException',
    `the ${what} is not that of a key: neither the administrator's, in the data directory's credentials file, nor one of "mailtrail keys list"`,
  );
}

/** Access key ids are no secrets; that a check takes as long without a key costs nothing. */
function refuseUnknown(head: RequestHead, claim: SignatureClaim): never {
  try {
    checkSignature(head, claim, DECOY_SECRET, claim.payloadSha256 ?? sha256Hex(''));
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
  }
  throw unknownKey('access key id');
}

class KeyAuthenticator implements Authenticator {
  readonly #options: AuthenticatorOptions;
  #refusals = 0;
  #unlogged = 0;
  #loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  get refusals(): number {
    return this.#refusals;
  }

  authenticate(head: RequestHead): Authenticated {
    return this.#noting(head, () => this.#check(head));
  }

  #check(head: RequestHead): Authenticated {
    if (head.webhookKey !== undefined) return this.#checkWebhook(head, head.webhookKey);
    const authorization = headerOf(head.rawHeaders, 'authorization');
    if (authorization === undefined && head.apiKeyHeader) {
      const apiKey = headerOf(head.rawHeaders, 'x-api-key');
      if (apiKey !== undefined) return this.#checkToken(apiKey.trim(), 'X-API-Key');
    }
    if (authorization === undefined) {
      throw unauthorized(
        'MissingAuthenticationToken',
        'send Authorization: Bearer TOKEN, or sign the request with AWS Signature Version 4',
      );
    }
    const bearer = /^bearer +(\S+)\s*$/i.exec(authorization)?.[1];
    if (bearer !== undefined) return this.#checkToken(bearer, 'bearer token');
    if (isSigned(authorization)) return this.#checkSigned(head);
    throw unauthorized(
      'MissingAuthenticationToken',
      'the Authorization header must begin with Bearer or AWS4-HMAC-SHA256',
    );
  }

  #checkToken(token: string, what: string): Authenticated {
    const key = this.#options.ring.byToken(token);
    if (key === undefined) throw unknownKey(what);
    return this.#admitted(key, BODY_UNCHECKED);
  }

  /** What is proven by the headers is a use of the key; the rest is one when the body was checked. */
  #admitted(
    { accessKeyId, name, access }: ApiKey,
    how: Pick<Authenticated, 'proven' | 'signature' | 'bodyBytesMax' | 'checkBody'>,
  ): Authenticated {
    const { ring } = this.#options;
    if (how.proven) ring.noteUse({ accessKeyId });
    const checkBody = (body: Uint8Array): void => {
      how.checkBody(body);
      if (!how.proven) ring.noteUse({ accessKeyId });
    };
    return { accessKeyId, name, access, ...how, checkBody };
  }

  /** The body decides; a stranger's is read only if he says that it is signed. */
  #checkWebhook(head: RequestHead, key: string): Authenticated {
    const signature = headerOf(head.rawHeaders, 'x-signature')?.trim();
    if (signature === undefined) {
      throw unauthorized(
        'MissingAuthenticationToken',
        'send the HMAC-SHA256 of the body in X-Signature, made with the signatureKey of this mapping in collectors.webhooks',
      );
    }
    return {
      accessKeyId: this.#options.ring.administrator.accessKeyId,
      name: 'webhook',
      access: 'ingest-only',
      proven: false,
      bodyBytesMax: UNVERIFIED_BODY_BYTES_MAX,
      checkBody: (body) => this.#noting(head, () => checkBodySignature(signature, key, body)),
    };
  }

  #checkSigned(head: RequestHead): Authenticated {
    const claim = readClaim(head);
    const key = this.#options.ring.byAccessKeyId(claim.accessKeyId);
    const { signature } = claim;
    if (key === undefined) return refuseUnknown(head, claim);
    checkTime(claim, this.#options.clock.now());
    const { secretAccessKey } = key;
    if (claim.payloadSha256 === undefined) {
      return this.#admitted(key, {
        proven: false,
        signature,
        bodyBytesMax: UNVERIFIED_BODY_BYTES_MAX,
        checkBody: (body) =>
          this.#noting(head, () => checkSignature(head, claim, secretAccessKey, sha256Hex(body))),
      });
    }
    checkSignature(head, claim, secretAccessKey, claim.payloadSha256);
    return this.#admitted(key, {
      proven: true,
      signature,
      bodyBytesMax: Number.POSITIVE_INFINITY,
      checkBody: (body) => this.#checkPayload(head, claim, body),
    });
  }

  #checkPayload(head: RequestHead, claim: SignatureClaim, body: Uint8Array): void {
    this.#noting(head, () => checkPayload(claim, body));
  }

  /** Runs a check; its refusal is counted, logged at most so often, and thrown as an ApiError. */
  #noting<T>(head: RequestHead, check: () => T): T {
    try {
      return check();
    } catch (error) {
      const refusal =
        error instanceof SignatureError ? new ApiError(403, error.code, error.message) : error;
      if (refusal instanceof ApiError) this.#note(head, refusal);
      throw refusal;
    }
  }

  #note(head: RequestHead, refusal: ApiError): void {
    this.#refusals++;
    const nowMs = this.#options.clock.now();
    if (Math.abs(nowMs - this.#loggedAtMs) < REFUSAL_LOG_INTERVAL_MS) {
      this.#unlogged++;
      return;
    }
    this.#options.log.warn('a request to the API was refused', {
      client: head.client,
      request: `${head.method} ${head.target.split('?')[0]?.slice(0, 100)}`,
      code: refusal.code,
      ...(this.#unlogged > 0 && { unloggedSince: this.#unlogged }),
    });
    this.#loggedAtMs = nowMs;
    this.#unlogged = 0;
  }
}

/** Makes the authenticator of a ring of keys. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  return new KeyAuthenticator(options);
}
