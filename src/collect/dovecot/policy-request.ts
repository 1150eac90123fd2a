// The body of an auth-policy request, checked and put into our words. Dovecot sends whatever
// `auth_policy_request_attributes` lists, all values as strings; only who and where is required.
import type { Device } from '../../access/evaluation.ts';
import { protocolOfService, transportOf } from './protocol.ts';
import { deviceOfId, userAgentOfId } from './user-agent.ts';

/** A request that cannot be understood; the HTTP layer answers 400 with the message. */
export class PolicyRequestError extends Error {
  override readonly name = 'PolicyRequestError';
}

/** Longest value that is kept, in characters: as long as Dovecot's log exporter lets one be. */
export const POLICY_VALUE_LENGTH_MAX = 1000;

/** One attempt to sign in, as Dovecot asks about it or reports it. */
export interface PolicyRequest {
  /** The canonical login of the mailbox's owner, in lower case; empty when the name is not valid. */
  readonly userId: string;
  /** The name that was given, as it was typed where Dovecot says so. */
  readonly userTyped: string;
  /** The master user, when one is at work. */
  readonly impersonatorId: string | undefined;
  /** e.g. `imap`, `smtp` */
  readonly service: string;
  readonly protocol: string;
  readonly sourceIp: string;
  readonly sourcePort: number | undefined;
  readonly session: string | undefined;
  readonly mechanism: string | undefined;
  /** In the words of Dovecot's events: `TLS`, `trusted`, `insecure`. */
  readonly transport: string | undefined;
  readonly userAgent: string | undefined;
  /** What the client said of itself before it signed in (IMAP ID). */
  readonly device: Device | undefined;
  readonly patId: string | undefined;
  /** Only in reports. */
  readonly success: boolean | undefined;
  readonly policyReject: boolean;
  /** Why it failed, in the words of Dovecot's passdb events; only reports of 2.4 say it. */
  readonly failure: string | undefined;
}

/** `%{fail_type}` in the words of passdb results. @see Dovecot 2.4, setting auth_policy_request_attributes */
const RESULT_OF_FAIL_TYPE: Readonly<Record<string, string>> = {
  credentials: 'password_mismatch',
  account: 'user_unknown',
  disabled: 'user_disabled',
  expired: 'pass_expired',
  internal: 'internal_failure',
};

type Body = Readonly<Record<string, unknown>>;

function text(body: Body, key: string): string | undefined {
  const value = body[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') {
    throw new PolicyRequestError(`auth policy request: ${key} must be a string`);
  }
  return value === '' ? undefined : value.slice(0, POLICY_VALUE_LENGTH_MAX);
}

/**
 * Why the attempt failed, by 2.4's `%{fail_type}`. A name with characters that are not allowed comes
 * without any user, and as wrong credentials.
 */
function failureOf(body: Body): string | undefined {
  const failType = text(body, 'fail_type');
  if (failType === undefined || !Object.hasOwn(RESULT_OF_FAIL_TYPE, failType)) return undefined;
  const nameless = text(body, 'login') === undefined && text(body, 'user') === undefined;
  if (failType === 'credentials' && nameless) return 'username_disallowed';
  return RESULT_OF_FAIL_TYPE[failType];
}

function flag(body: Body, key: string): boolean | undefined {
  const value = body[key];
  if (value === undefined || typeof value === 'boolean') return value;
  throw new PolicyRequestError(`auth policy request: ${key} must be true or false`);
}

function port(value: string | undefined): number | undefined {
  const number = Number(value ?? 0);
  return Number.isInteger(number) && number > 0 && number < 65_536 ? number : undefined;
}

/** `%{secured}` in the words the event log uses for the same thing. */
function transportSaid(body: Body): string | undefined {
  const secured = body['secured'];
  if (secured === 'TLS' || body['tls'] === true) return 'TLS';
  if (secured === undefined) return undefined;
  return secured === 'secured' ? 'trusted' : 'insecure';
}

/**
 * Reads a request body. `login` (or `user`) and `remote` must be among the attributes, which they
 * are by Dovecot's default. A PolicyRequestError names the field.
 *
 * The master user is in `master_user` once the right password was given, and before that in `user`
 * while `login_user` holds whose mailbox it is.
 *
 * @see Dovecot 2.3 documentation, "Authentication policy support"
 */
export function readPolicyRequest(input: unknown): PolicyRequest {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new PolicyRequestError('auth policy request: the body must be a JSON object');
  }
  const body = input as Body;
  if (!('login' in body) && !('user' in body)) {
    throw new PolicyRequestError(
      'auth policy request: login is missing; add login=%{requested_username} to auth_policy_request_attributes',
    );
  }
  if (!('remote' in body)) {
    throw new PolicyRequestError(
      'auth policy request: remote is missing; add remote=%{rip} to auth_policy_request_attributes',
    );
  }
  const login = text(body, 'login');
  const user = text(body, 'user');
  const loginUser = text(body, 'login_user');
  const service = text(body, 'protocol') ?? 'unknown';
  const secondName = loginUser === undefined ? undefined : user;
  return {
    userId: (loginUser ?? user ?? login ?? '').toLowerCase(),
    userTyped: text(body, 'orig_user') ?? login ?? user ?? '',
    impersonatorId: text(body, 'master_user') ?? secondName,
    service,
    protocol: protocolOfService(service),
    sourceIp: text(body, 'remote') ?? '',
    sourcePort: port(text(body, 'rport')),
    session: text(body, 'session_id'),
    mechanism: text(body, 'mech'),
    transport: transportOf(service, transportSaid(body)),
    userAgent: userAgentOfId(text(body, 'device_id') ?? ''),
    device: deviceOfId(text(body, 'device_id') ?? ''),
    patId: text(body, 'pat_id'),
    success: flag(body, 'success'),
    policyReject: flag(body, 'policy_reject') ?? false,
    failure: failureOf(body),
  };
}
