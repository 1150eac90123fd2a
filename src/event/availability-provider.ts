// Availability provider log: one record for each free/busy request made to a provider.
import { HEAD, TAIL } from './recurring-fields.ts';
import type { FieldSpec, RecordOf } from './field.ts';

/** @see AWS WorkMail administrator guide, "Audit logging", availability provider logs */
export const AVAILABILITY_PROVIDER_FIELDS = [
  ...HEAD,
  { path: 'type', kind: 'text', origin: 'workmail', about: 'The kind of provider: EWS or LAMBDA.' },
  { path: 'domain', kind: 'text', origin: 'workmail', about: 'The domain asked about.' },
  { path: 'function_arn', kind: 'text', origin: 'workmail', about: 'Only with LAMBDA.' },
  { path: 'ews_endpoint', kind: 'text', origin: 'workmail', about: 'Only with EWS.' },
  {
    path: 'error_message',
    kind: 'text',
    spread: 'prose',
    origin: 'workmail',
    about: 'Why the request failed; absent on success.',
  },
  {
    path: 'availability_event_successful',
    kind: 'boolean',
    required: true,
    origin: 'workmail',
    about: 'Whether the request succeeded.',
  },
  ...TAIL,
] as const satisfies readonly FieldSpec[];

export type AvailabilityProviderRecord = RecordOf<typeof AVAILABILITY_PROVIDER_FIELDS>;
