// The seven log types: their names, their log groups and their fields. The first five are
// WorkMail's vended log types, the sixth its email events, the seventh Mailtrail's own.
import { ACCESS_CONTROL_FIELDS } from './access-control.ts';
import { AUTHENTICATION_FIELDS } from './authentication.ts';
import { AVAILABILITY_PROVIDER_FIELDS } from './availability-provider.ts';
import { EMAIL_EVENT_FIELDS } from './email-event.ts';
import type { FieldSpec } from './field.ts';
import { MAILBOX_ACCESS_FIELDS } from './mailbox-access.ts';
import { MANAGEMENT_FIELDS } from './management.ts';
import { PERSONAL_ACCESS_TOKEN_FIELDS } from './personal-access-token.ts';

/** WorkMail's `logType` names of PutDeliverySource, and ours for the two other logs. */
export const LOG_TYPES = [
  'AUTHENTICATION_LOGS',
  'ACCESS_CONTROL_LOGS',
  'WORKMAIL_MAILBOX_ACCESS_LOGS',
  'WORKMAIL_AVAILABILITY_PROVIDER_LOGS',
  'WORKMAIL_PERSONAL_ACCESS_TOKEN_LOGS',
  'EMAIL_EVENT_LOGS',
  'MANAGEMENT_LOGS',
] as const;
export type LogType = (typeof LOG_TYPES)[number];

/** What is known of a log type. */
export interface LogTypeSpec {
  readonly logType: LogType;
  /** The last part of the log group's name. */
  readonly groupSuffix: string;
  /** The fields in canonical key order. */
  readonly fields: readonly FieldSpec[];
}

const SPECS: Readonly<Record<LogType, LogTypeSpec>> = {
  AUTHENTICATION_LOGS: {
    logType: 'AUTHENTICATION_LOGS',
    groupSuffix: 'authentication',
    fields: AUTHENTICATION_FIELDS,
  },
  ACCESS_CONTROL_LOGS: {
    logType: 'ACCESS_CONTROL_LOGS',
    groupSuffix: 'access-control',
    fields: ACCESS_CONTROL_FIELDS,
  },
  WORKMAIL_MAILBOX_ACCESS_LOGS: {
    logType: 'WORKMAIL_MAILBOX_ACCESS_LOGS',
    groupSuffix: 'mailbox-access',
    fields: MAILBOX_ACCESS_FIELDS,
  },
  WORKMAIL_AVAILABILITY_PROVIDER_LOGS: {
    logType: 'WORKMAIL_AVAILABILITY_PROVIDER_LOGS',
    groupSuffix: 'availability-provider',
    fields: AVAILABILITY_PROVIDER_FIELDS,
  },
  WORKMAIL_PERSONAL_ACCESS_TOKEN_LOGS: {
    logType: 'WORKMAIL_PERSONAL_ACCESS_TOKEN_LOGS',
    groupSuffix: 'personal-access-token',
    fields: PERSONAL_ACCESS_TOKEN_FIELDS,
  },
  EMAIL_EVENT_LOGS: {
    logType: 'EMAIL_EVENT_LOGS',
    groupSuffix: 'email-events',
    fields: EMAIL_EVENT_FIELDS,
  },
  MANAGEMENT_LOGS: {
    logType: 'MANAGEMENT_LOGS',
    groupSuffix: 'management',
    fields: MANAGEMENT_FIELDS,
  },
};

/** All log types in a fixed order. */
export const LOG_TYPE_SPECS: readonly LogTypeSpec[] = LOG_TYPES.map((logType) => SPECS[logType]);

/** What is known of the log type. */
export function logTypeSpec(logType: LogType): LogTypeSpec {
  return SPECS[logType];
}

/** Whether a text is the name of a log type. */
export function isLogType(text: string): text is LogType {
  return Object.hasOwn(SPECS, text);
}

/** The log group of a log type: `/mailtrail/<organization>/<suffix>`. */
export function logGroupName(organization: string, logType: LogType): string {
  return `/mailtrail/${organization}/${SPECS[logType].groupSuffix}`;
}

/** The log type a group of this organization holds; undefined when it is none of its groups. */
export function logTypeOfGroup(organization: string, group: string): LogType | undefined {
  return LOG_TYPES.find((logType) => logGroupName(organization, logType) === group);
}
