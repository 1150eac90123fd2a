// The authentication record, made from whatever told of the attempt: Dovecot's log, its policy
// report, or both.
import { createHash } from 'node:crypto';
import type { AuditEvent } from '../../event/audit-event.ts';

/** The one reason that WorkMail's records are known to give. @see AWS blog on WorkMail audit logging */
export const REASON_CREDENTIALS = 'Invalid username or password';
/** For an attempt that an access control rule refused. */
export const REASON_ACCESS_RULE = 'Denied by access control rule';

/** What Dovecot's passdb results mean, beside the two that are told as wrong credentials. */
const REASON_OF_RESULT: Readonly<Record<string, string>> = {
  user_disabled: 'Account disabled',
  pass_expired: 'Password expired',
  internal_failure: 'Internal authentication failure',
};

/** One attempt to sign in, complete. */
export interface SignInAttempt {
  readonly timeMs: number;
  readonly session: string | undefined;
  /**
   * The same for all that comes of the sign-in where there is no session: generated, or the queue id
   * of the first message it handed in.
   */
  readonly requestId: string | undefined;
  /** The canonical login that was asked for; undefined when the name is not a valid one. */
  readonly userId: string | undefined;
  /** Whether it is known that there is no such user; the record then has no `user_id`. */
  readonly userUnknown: boolean;
  readonly userTyped: string;
  readonly impersonatorId: string | undefined;
  /** Undefined where only a line of the authentication service tells of the attempt. */
  readonly protocol: string | undefined;
  readonly sourceIp: string | undefined;
  readonly sourcePort: number | undefined;
  readonly userAgent: string | undefined;
  readonly mechanism: string | undefined;
  readonly transport: string | undefined;
  readonly success: boolean;
  readonly policyReject: boolean;
  /** What the policy server had the client told, which names the rule; only with `policyReject`. */
  readonly refusal: string | undefined;
  /** The last passdb's result, e.g. `password_mismatch`; undefined where nothing tells it. */
  readonly passdbResult: string | undefined;
  readonly patId: string | undefined;
  readonly serverName: string | undefined;
}

export type SignInEvent = Extract<AuditEvent, { log_type: 'AUTHENTICATION_LOGS' }>;

function failure(attempt: SignInAttempt): { reason: string; detail: string | undefined } {
  if (attempt.policyReject) {
    return { reason: attempt.refusal ?? REASON_ACCESS_RULE, detail: 'policy_refused' };
  }
  const detail = attempt.passdbResult;
  const reason = detail === undefined ? undefined : REASON_OF_RESULT[detail];
  return { reason: reason ?? REASON_CREDENTIALS, detail };
}

/**
 * What one source knows of an attempt, completed by what another one knows; where both say
 * something the first is right.
 */
export function completed(first: SignInAttempt, more: SignInAttempt): SignInAttempt {
  // That nobody is called so is only known where a password database was asked.
  const asked = first.passdbResult === undefined && !first.success ? more : first;
  const policyReject = first.policyReject || more.policyReject;
  return {
    timeMs: first.timeMs,
    session: first.session ?? more.session,
    requestId: first.requestId ?? more.requestId,
    userId: first.userId ?? more.userId,
    userUnknown: asked.userUnknown,
    userTyped: first.userTyped === '' ? more.userTyped : first.userTyped,
    impersonatorId: first.impersonatorId ?? more.impersonatorId,
    protocol: first.protocol ?? more.protocol,
    sourceIp: first.sourceIp ?? more.sourceIp,
    sourcePort: first.sourcePort ?? more.sourcePort,
    userAgent: first.userAgent ?? more.userAgent,
    mechanism: first.mechanism ?? more.mechanism,
    transport: first.transport ?? more.transport,
    success: first.success,
    policyReject,
    refusal: first.refusal ?? more.refusal,
    passdbResult: first.passdbResult ?? more.passdbResult,
    patId: first.patId ?? more.patId,
    serverName: first.serverName ?? more.serverName,
  };
}

/** The authentication record of an attempt. */
export function signInEvent(attempt: SignInAttempt): SignInEvent {
  const failed = attempt.success ? undefined : failure(attempt);
  const requestId = attempt.session ?? attempt.requestId;
  const userId = attempt.userUnknown ? undefined : attempt.userId;
  // Who may open any mailbox and asked for one that is not there: else nothing would name it.
  const mailbox = attempt.impersonatorId === undefined ? undefined : attempt.userId;
  const user = attempt.userUnknown ? (mailbox ?? attempt.userTyped) : attempt.userTyped;
  return {
    log_type: 'AUTHENTICATION_LOGS',
    event_timestamp: attempt.timeMs,
    ...(requestId !== undefined && { request_id: requestId }),
    ...(userId !== undefined && { user_id: userId }),
    user,
    ...(attempt.protocol !== undefined && { protocol: attempt.protocol }),
    ...(attempt.sourceIp !== undefined && { source_ip: attempt.sourceIp }),
    ...(attempt.userAgent !== undefined && { user_agent: attempt.userAgent }),
    method: 'basic',
    auth_successful: attempt.success,
    ...(failed !== undefined && { auth_failed_reason: failed.reason }),
    ...(attempt.patId !== undefined && { personal_access_token_id: attempt.patId }),
    ...(attempt.impersonatorId !== undefined && { impersonator_id: attempt.impersonatorId }),
    ...(attempt.mechanism !== undefined && { mechanism: attempt.mechanism }),
    ...(attempt.transport !== undefined && { transport: attempt.transport }),
    ...(failed?.detail !== undefined && { failure_detail: failed.detail }),
    ...(attempt.sourcePort !== undefined && { source_port: attempt.sourcePort }),
    ...(attempt.serverName !== undefined && { server_name: attempt.serverName }),
  };
}

/** Of the hash that a generated request id is made of, in bytes. */
const REQUEST_ID_BYTES = 12;

/**
 * The request id of a sign-in that has no session: by Postfix. The same whenever it is made of the
 * same source, so that a restart does not change it.
 *
 * @param source what told of the attempt: a place in a log, a report
 */
export function generatedRequestId(attempt: SignInAttempt, source: string): string {
  const of = [attempt.timeMs, attempt.userTyped, attempt.sourceIp ?? '', source];
  const hash = createHash('sha256').update(JSON.stringify(of)).digest();
  return `sign-in-${hash.toString('base64url', 0, REQUEST_ID_BYTES)}`;
}
