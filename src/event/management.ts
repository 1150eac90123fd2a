// Management log: one record for each change to Mailtrail's own configuration and keys. WorkMail
// has this in CloudTrail; the field names follow CloudTrail's in snake_case.
import { HEAD, SOURCE_IP, TAIL, USER_AGENT } from './recurring-fields.ts';
import type { FieldSpec, RecordOf } from './field.ts';

export const MANAGEMENT_FIELDS = [
  ...HEAD,
  {
    path: 'event_name',
    kind: 'text',
    required: true,
    origin: 'mailtrail',
    about: 'What was done, named as the API operation, e.g. `StartServer`.',
  },
  { path: 'event_source', kind: 'text', origin: 'mailtrail', about: 'The service it was done to.' },
  SOURCE_IP,
  USER_AGENT,
  { path: 'resource', kind: 'text', origin: 'mailtrail', about: 'What was changed.' },
  { path: 'before', kind: 'json', origin: 'mailtrail', about: 'The value before the change.' },
  { path: 'after', kind: 'json', origin: 'mailtrail', about: 'The value after the change.' },
  { path: 'error_code', kind: 'text', origin: 'mailtrail', about: 'Only when it was refused.' },
  {
    path: 'error_message',
    kind: 'text',
    spread: 'prose',
    origin: 'mailtrail',
    about: 'Only when it was refused.',
  },
  ...TAIL,
] as const satisfies readonly FieldSpec[];

export type ManagementRecord = RecordOf<typeof MANAGEMENT_FIELDS>;
