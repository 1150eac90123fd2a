// Authentication log: one record for each attempt to sign in.
import {
  HEAD,
  IMPERSONATOR_ID,
  PROTOCOL,
  SOURCE_IP,
  SOURCE_PORT,
  TAIL,
  USER_AGENT,
} from './recurring-fields.ts';
import type { FieldSpec, RecordOf } from './field.ts';

/** @see AWS WorkMail administrator guide, "Audit logging", authentication logs */
export const AUTHENTICATION_FIELDS = [
  ...HEAD,
  {
    path: 'user',
    kind: 'text',
    origin: 'workmail',
    about: 'The user name the attempt was made with, as it was typed.',
  },
  PROTOCOL,
  SOURCE_IP,
  USER_AGENT,
  { path: 'method', kind: 'text', origin: 'workmail', about: 'How it was authenticated: `basic`.' },
  {
    path: 'auth_successful',
    kind: 'boolean',
    required: true,
    origin: 'workmail',
    about: 'Whether the attempt succeeded.',
  },
  {
    path: 'auth_failed_reason',
    kind: 'text',
    origin: 'workmail',
    about: 'Why it failed; only on failures.',
  },
  {
    path: 'personal_access_token_id',
    kind: 'text',
    spread: 'needle',
    origin: 'workmail',
    about: 'The personal access token that was used instead of a password.',
  },
  IMPERSONATOR_ID,
  { path: 'mechanism', kind: 'text', origin: 'mailtrail', about: 'The SASL mechanism.' },
  {
    path: 'transport',
    kind: 'text',
    origin: 'mailtrail',
    about: 'How the connection was protected: `TLS`, `trusted` or `insecure`.',
  },
  {
    path: 'failure_detail',
    kind: 'text',
    origin: 'mailtrail',
    about: "The mail server's own word for the failure, e.g. `password_mismatch`, `user_unknown`.",
  },
  SOURCE_PORT,
  ...TAIL,
] as const satisfies readonly FieldSpec[];

export type AuthenticationRecord = RecordOf<typeof AUTHENTICATION_FIELDS>;
