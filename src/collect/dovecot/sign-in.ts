// The authentication record, made from whatever told of the attempt: Dovecot's log, its policy
// report, or both.
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
  /** The canonical login; undefined when there is no such user. */
  readonly userId: string | undefined;
  readonly userTyped: string;
  readonly impersonatorId: string | undefined;
  readonly protocol: string;
  readonly sourceIp: string | undefined;
  readonly sourcePort: number | undefined;
  readonly userAgent: string | undefined;
  readonly mechanism: string | undefined;
  readonly transport: string | undefined;
  readonly success: boolean;
  readonly policyReject: boolean;
  /** The last passdb's result, e.g. `password_mismatch`; undefined where nothing tells it. */
  readonly passdbResult: string | undefined;
  readonly patId: string | undefined;
  readonly serverName: string | undefined;
}

export type SignInEvent = Extract<AuditEvent, { log_type: 'AUTHENTICATION_LOGS' }>;

function failure(attempt: SignInAttempt): { reason: string; detail: string | undefined } {
  if (attempt.policyReject) return { reason: REASON_ACCESS_RULE, detail: 'policy_refused' };
  const detail = attempt.passdbResult;
  const reason = detail === undefined ? undefined : REASON_OF_RESULT[detail];
  return { reason: reason ?? REASON_CREDENTIALS, detail };
}

/** The authentication record of an attempt. */
export function signInEvent(attempt: SignInAttempt): SignInEvent {
  const failed = attempt.success ? undefined : failure(attempt);
  return {
    log_type: 'AUTHENTICATION_LOGS',
    event_timestamp: attempt.timeMs,
    ...(attempt.session !== undefined && { request_id: attempt.session }),
    ...(attempt.userId !== undefined && { user_id: attempt.userId }),
    user: attempt.userTyped,
    protocol: attempt.protocol,
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
