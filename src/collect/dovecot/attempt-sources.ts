// An attempt to sign in as each source of a log tells of it: an event, a failure's text line, the
// line of a login process.
import type { FailureLine, LoginLine } from './auth-line.ts';
import { numberField, textField, type DovecotEvent, type EventFields } from './event-line.ts';
import type { PassdbOutcome } from './passdb-results.ts';
import { protocolOfService, transportOf } from './protocol.ts';
import type { SignInAttempt } from './sign-in.ts';
import { userAgentOfId } from './user-agent.ts';

/** 2.4 says `secured` where 2.3 says `trusted`: not encrypted, but from this host or network. */
function transportOfEvent(fields: EventFields): string | undefined {
  const transport = textField(fields, 'transport');
  return transport === 'secured' ? 'trusted' : transport;
}

/** What `auth_request_finished` says, with what the passdbs said before it. */
export function attemptOfEvent(
  event: DovecotEvent,
  outcome: PassdbOutcome | undefined,
): SignInAttempt {
  const { fields } = event;
  const user = textField(fields, 'user');
  const loginUser = textField(fields, 'login_user');
  const success = textField(fields, 'success') === 'yes';
  const service = textField(fields, 'service') ?? textField(fields, 'protocol') ?? 'unknown';
  return {
    timeMs: event.timeMs,
    session: textField(fields, 'session'),
    requestId: undefined,
    userId: loginUser ?? user,
    // Of a master user whose password was wrong, the passdbs say nothing about the mailbox's user.
    userUnknown: !success && outcome?.userUnknown === true && loginUser === undefined,
    userTyped: textField(fields, 'original_user') ?? user ?? '',
    // Until the password was found right, `user` is the master user and `login_user` the mailbox's.
    impersonatorId:
      textField(fields, 'master_user') ?? (loginUser === undefined ? undefined : user),
    protocol: protocolOfService(service),
    sourceIp: textField(fields, 'remote_ip'),
    sourcePort: numberField(fields, 'remote_port') || undefined,
    userAgent: userAgentOfId(textField(fields, 'client_id') ?? ''),
    mechanism: textField(fields, 'mechanism'),
    transport: transportOf(service, transportOfEvent(fields)),
    success,
    policyReject: textField(fields, 'policy_result') === 'refused',
    refusal: undefined,
    passdbResult: success ? undefined : outcome?.reason,
    // Only from Dovecot 2.3.21 on, where a passdb may return `event_pat_id`.
    patId: textField(fields, 'pat_id'),
    serverName: event.hostname,
  };
}

/**
 * What only an attempt's failure line says; protocol and mechanism are not in it.
 *
 * @param server the host that syslog names
 */
export function attemptOfFailure(line: FailureLine, server: string | undefined): SignInAttempt {
  const disallowed = line.result === 'username_disallowed';
  return {
    timeMs: line.timeMs,
    session: line.session,
    requestId: undefined,
    userId: disallowed || line.master ? undefined : line.user,
    userUnknown: line.result === 'user_unknown',
    userTyped: line.user,
    impersonatorId: line.master ? line.user : undefined,
    // Postfix is who asks without a session of its own.
    protocol: line.session === undefined ? 'SMTP' : undefined,
    sourceIp: line.ip,
    sourcePort: undefined,
    userAgent: undefined,
    mechanism: line.mechanism,
    transport: undefined,
    success: false,
    policyReject: line.result === 'policy_refused',
    refusal: line.refusal,
    passdbResult: line.result === 'policy_refused' ? undefined : line.result,
    patId: undefined,
    serverName: server,
  };
}

/**
 * What a login process says: of a login, or of the attempts before a connection's end.
 *
 * @param server the host that syslog names
 */
export function attemptOfLogin(line: LoginLine, server: string | undefined): SignInAttempt {
  return {
    timeMs: line.timeMs,
    session: line.session,
    requestId: undefined,
    userId: line.user === '' ? undefined : line.user,
    userUnknown: false,
    userTyped: line.userTyped,
    impersonatorId: undefined,
    protocol: protocolOfService(line.service),
    sourceIp: line.ip,
    sourcePort: line.port,
    userAgent: undefined,
    mechanism: line.mechanism,
    transport: line.transport === 'secured' ? 'trusted' : line.transport,
    success: line.kind === 'login',
    policyReject: false,
    refusal: undefined,
    passdbResult: undefined,
    patId: line.patId,
    serverName: server,
  };
}
