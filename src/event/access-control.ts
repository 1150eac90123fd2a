// Access control log: one record for each evaluation of the access rules.
import {
  HEAD,
  IMPERSONATOR_ID,
  MESSAGE_SIZE,
  PROTOCOL,
  SOURCE_IP,
  SOURCE_PORT,
  TAIL,
  USER_AGENT,
} from './recurring-fields.ts';
import type { FieldSpec, RecordOf } from './field.ts';

/** @see AWS WorkMail administrator guide, "Audit logging", access control logs */
export const ACCESS_CONTROL_FIELDS = [
  ...HEAD,
  IMPERSONATOR_ID,
  PROTOCOL,
  SOURCE_IP,
  {
    path: 'scope',
    kind: 'text',
    oneOf: ['AccessControl', 'DeviceAccessControl', 'ImpersonationAccessControl'],
    origin: 'workmail',
    about: 'Which kind of rules was evaluated.',
  },
  {
    path: 'rule_id',
    kind: 'text',
    origin: 'workmail',
    about: 'The rule that decided; absent when no rule matched.',
  },
  {
    path: 'access_granted',
    kind: 'boolean',
    required: true,
    origin: 'workmail',
    about: 'Whether access was granted.',
  },
  USER_AGENT,
  {
    path: 'dry_run_rule_id',
    kind: 'text',
    origin: 'mailtrail',
    about: 'The rule in dry run that would have denied it; it was not denied for that.',
  },
  {
    path: 'device_id',
    kind: 'text',
    spread: 'needle',
    origin: 'mailtrail',
    about: 'The id that the device gave itself.',
  },
  {
    path: 'mail_from',
    kind: 'text',
    origin: 'mailtrail',
    about: 'The envelope sender of the message that was handed in.',
  },
  MESSAGE_SIZE,
  SOURCE_PORT,
  ...TAIL,
] as const satisfies readonly FieldSpec[];

export type AccessControlRecord = RecordOf<typeof ACCESS_CONTROL_FIELDS>;
