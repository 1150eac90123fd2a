// One attempt, every kind of rule that applies to it: access control rules, the rules of an
// impersonation role, mobile device rules. Whoever enforces (Dovecot's and Postfix's hooks, the front
// ends that ask POST /v1/decide) asks here, so that all give the same answer and the same record. Pure.
import type { AccessControlRecord } from '../event/access-control.ts';
import type { AuditEvent } from '../event/audit-event.ts';
import type { Effect, SubmittedMessage } from './decision.ts';

/** What is asked of a policy; an AccessPolicy is one. */
export interface Rulings {
  decide(request: {
    readonly protocol: string;
    readonly sourceIp: string;
    readonly userId: string;
    readonly impersonationRoleId?: string;
    readonly atMs: number;
    readonly message?: SubmittedMessage;
  }): {
    readonly effect: Effect;
    readonly rule?: { readonly name: string };
    readonly wouldDeny?: { readonly name: string };
  };
  decideDevice(device: Device & { readonly userId: string }): {
    readonly effect: Effect;
    readonly rule?: { readonly id: string; readonly name: string };
    readonly override?: object;
  };
  decideImpersonation(
    roleId: string,
    targetUser: string,
  ): {
    readonly effect: Effect;
    readonly role?: { readonly type: 'FULL_ACCESS' | 'READ_ONLY' };
    readonly rule?: { readonly id: string; readonly name?: string };
  };
}

/** What is known of a device; all of it is what the client says of itself. */
export interface Device {
  readonly deviceId?: string;
  readonly deviceType?: string;
  readonly deviceModel?: string;
  readonly deviceOperatingSystem?: string;
  readonly deviceUserAgent?: string;
}

/** Everything that decides, as it is now. */
export interface AccessInForce {
  readonly rulings: Rulings;
  /**
   * The role in which a master user acts: its id, or `undefined` for one who has none and may open
   * nothing. `uncontrolled` where no master user was given a role: only the access rules count then.
   */
  readonly roleOf: (impersonatorId: string) => string | undefined | typeof UNCONTROLLED;
  /** The role of an impersonation token by its SHA-256 in hex; undefined when it is not (or no longer) good. */
  readonly roleOfToken?: (digest: string, nowMs: number) => string | undefined;
  /** The protocols whose clients the mobile device rules are for, in lower case. */
  readonly deviceProtocols: ReadonlySet<string>;
  /** What a refused client is told, `{rule}` in it; the usual words where it is absent. */
  readonly message?: string;
}

/** No master user was given a role. */
export const UNCONTROLLED = Symbol('uncontrolled');

/** Somebody who wants to do something. */
export interface Attempt {
  readonly protocol: string;
  readonly sourceIp: string;
  /** Whose mailbox it is. */
  readonly userId: string;
  readonly atMs: number;
  /** Who acts as the user; the role where it is known already, as by a token: without an id there is none. */
  readonly impersonator?: {
    readonly id: string;
    readonly role?: { readonly id: string | undefined };
  };
  readonly device?: Device;
  /** The message that is handed in, if one is. */
  readonly message?: SubmittedMessage;
  /** The mobile device rules decide too, whatever the protocol. */
  readonly judgeDevice?: boolean;
}

/** What one kind of rules said. */
export interface Evaluation {
  readonly scope: NonNullable<AccessControlRecord['scope']>;
  readonly effect: Effect;
  readonly ruleId?: string;
  /** The rule that would have denied, were it not only tried. */
  readonly dryRunRuleId?: string;
}

/** What all of them said together: one that denies is enough. */
export interface Verdict {
  readonly effect: Effect;
  readonly evaluations: readonly Evaluation[];
  /** For the refused client; empty when nothing was refused. */
  readonly message: string;
}

/** Handing in mail and changing filters are nothing but writing. */
const WRITE_ONLY_PROTOCOLS: ReadonlySet<string> = new Set(['smtp', 'managesieve']);

interface Ruled {
  readonly evaluation: Evaluation;
  /** The rule that denied, as people know it. */
  readonly by: string | undefined;
  /** The usual words. */
  readonly words: string;
}

function byAccessRules(
  { rulings }: AccessInForce,
  attempt: Attempt,
  roleId: string | undefined,
): Ruled {
  const { protocol, sourceIp, userId, atMs, message } = attempt;
  const { effect, rule, wouldDeny } = rulings.decide({
    protocol,
    sourceIp,
    userId,
    atMs,
    ...(roleId !== undefined && { impersonationRoleId: roleId }),
    ...(message !== undefined && { message }),
  });
  return {
    evaluation: {
      scope: 'AccessControl',
      effect,
      ...(rule !== undefined && { ruleId: rule.name }),
      ...(wouldDeny !== undefined && { dryRunRuleId: wouldDeny.name }),
    },
    by: rule?.name,
    words:
      rule === undefined
        ? 'Denied: no access control rule allows it'
        : `Denied by access control rule ${rule.name}`,
  };
}

/** A role that may only read may do nothing by a protocol that only writes. */
function byRole({ rulings }: AccessInForce, attempt: Attempt, roleId: string | undefined): Ruled {
  const scope = 'ImpersonationAccessControl';
  const denied = (words: string): Ruled => ({
    evaluation: { scope, effect: 'DENY' },
    by: undefined,
    words,
  });
  if (roleId === undefined) return denied('Denied: no impersonation role');
  const { effect, role, rule } = rulings.decideImpersonation(roleId, attempt.userId);
  if (
    effect === 'ALLOW' &&
    role?.type === 'READ_ONLY' &&
    WRITE_ONLY_PROTOCOLS.has(attempt.protocol.toLowerCase())
  ) {
    return denied('Denied: the impersonation role may only read');
  }
  const by = rule?.name ?? rule?.id;
  return {
    evaluation: { scope, effect, ...(rule !== undefined && { ruleId: rule.id }) },
    by,
    words:
      by === undefined
        ? 'Denied: no impersonation rule allows it'
        : `Denied by impersonation rule ${by}`,
  };
}

function byDeviceRules({ rulings }: AccessInForce, userId: string, device: Device): Ruled {
  const { effect, rule, override } = rulings.decideDevice({ ...device, userId });
  const none =
    override === undefined
      ? 'Denied: no mobile device access rule allows it'
      : 'Denied by a mobile device access override';
  return {
    evaluation: {
      scope: 'DeviceAccessControl',
      effect,
      ...(rule !== undefined && { ruleId: rule.id }),
    },
    by: rule?.name,
    words: rule === undefined ? none : `Denied by mobile device access rule ${rule.name}`,
  };
}

/** What every protocol can carry within quotes on one line. */
function plain(text: string): string {
  return text.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, '?');
}

function messageOf({ message }: AccessInForce, denied: Ruled): string {
  if (message === undefined) return plain(denied.words);
  return plain(message.replaceAll('{rule}', () => denied.by ?? 'none'));
}

function roleIn(
  access: AccessInForce,
  impersonator: Attempt['impersonator'],
): ReturnType<AccessInForce['roleOf']> {
  if (impersonator === undefined) return UNCONTROLLED;
  return impersonator.role === undefined ? access.roleOf(impersonator.id) : impersonator.role.id;
}

/**
 * Lets every kind of rule that applies decide: the access control rules always, the role's where
 * somebody acts as the user, the mobile device rules where the protocol is one of theirs. Any DENY
 * refuses; the message is that of the first one.
 *
 * @see AWS WorkMail administrator guide, "Audit logging", access control logs: `scope`
 */
export function evaluate(access: AccessInForce, attempt: Attempt): Verdict {
  const { impersonator, device, protocol, userId } = attempt;
  const role = roleIn(access, impersonator);
  const ruled = [byAccessRules(access, attempt, role === UNCONTROLLED ? undefined : role)];
  if (role !== UNCONTROLLED) ruled.push(byRole(access, attempt, role));
  if (attempt.judgeDevice === true || access.deviceProtocols.has(protocol.toLowerCase())) {
    ruled.push(byDeviceRules(access, userId, device ?? {}));
  }
  const denied = ruled.find(({ evaluation }) => evaluation.effect === 'DENY');
  return {
    effect: denied === undefined ? 'ALLOW' : 'DENY',
    evaluations: ruled.map(({ evaluation }) => evaluation),
    message: denied === undefined ? '' : messageOf(access, denied),
  };
}

/** What the records of an attempt have in common besides the attempt itself. */
export type AttemptDetails = Pick<
  AccessControlRecord,
  'request_id' | 'user_agent' | 'source_port' | 'mail_from' | 'message_size'
>;

/** The records of a verdict: one for each evaluation. */
export function accessEvents(
  attempt: Attempt,
  { evaluations }: Verdict,
  details: AttemptDetails,
): AuditEvent[] {
  const { userId, sourceIp, protocol, impersonator, device, atMs } = attempt;
  const { request_id: requestId, user_agent: userAgent, ...more } = details;
  return evaluations.map(({ scope, effect, ruleId, dryRunRuleId }) => ({
    log_type: 'ACCESS_CONTROL_LOGS',
    event_timestamp: atMs,
    ...(requestId !== undefined && { request_id: requestId }),
    user_id: userId,
    ...(impersonator !== undefined && { impersonator_id: impersonator.id }),
    protocol,
    ...(sourceIp !== '' && { source_ip: sourceIp }),
    scope,
    ...(ruleId !== undefined && { rule_id: ruleId }),
    access_granted: effect === 'ALLOW',
    ...(userAgent !== undefined && { user_agent: userAgent }),
    ...(dryRunRuleId !== undefined && { dry_run_rule_id: dryRunRuleId }),
    ...(device?.deviceId !== undefined && { device_id: device.deviceId }),
    ...more,
  }));
}
