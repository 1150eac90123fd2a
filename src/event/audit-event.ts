// The one type that everything past the collectors handles: a record of one log type. It is made
// once, never changed, and leaves Mailtrail as WorkMail's JSON in canonical key order.
import type { AccessControlRecord } from './access-control.ts';
import type { AuthenticationRecord } from './authentication.ts';
import type { AvailabilityProviderRecord } from './availability-provider.ts';
import type { EmailEventRecord } from './email-event.ts';
import type { MailboxAccessRecord } from './mailbox-access.ts';
import type { ManagementRecord } from './management.ts';
import type { PersonalAccessTokenRecord } from './personal-access-token.ts';

/**
 * Fields that no declaration knows, as they came; they are kept, can be queried, and stand in the
 * JSON that leaves Mailtrail where they stood when they came. Unknown fields inside the `event`
 * object of an email event are in `event.extra`.
 */
export type ExtraFields = Readonly<Record<string, unknown>>;

type Logged<Type extends string, Fields> = Fields & {
  readonly log_type: Type;
  readonly extra?: ExtraFields;
};

/** An audit event: discriminated on `log_type`, immutable. */
export type AuditEvent =
  | Logged<'AUTHENTICATION_LOGS', AuthenticationRecord>
  | Logged<'ACCESS_CONTROL_LOGS', AccessControlRecord>
  | Logged<'WORKMAIL_MAILBOX_ACCESS_LOGS', MailboxAccessRecord>
  | Logged<'WORKMAIL_AVAILABILITY_PROVIDER_LOGS', AvailabilityProviderRecord>
  | Logged<'WORKMAIL_PERSONAL_ACCESS_TOKEN_LOGS', PersonalAccessTokenRecord>
  | Logged<'EMAIL_EVENT_LOGS', EmailEventRecord>
  | Logged<'MANAGEMENT_LOGS', ManagementRecord>;
