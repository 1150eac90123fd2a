// Personal access token log: one record for each attempt to create or delete a token.
import { HEAD, PROTOCOL, SOURCE_IP, TAIL, USER_AGENT } from './recurring-fields.ts';
import type { FieldSpec, RecordOf } from './field.ts';

/** @see AWS WorkMail administrator guide, "Audit logging", personal access token logs */
export const PERSONAL_ACCESS_TOKEN_FIELDS = [
  ...HEAD,
  { path: 'user', kind: 'text', origin: 'workmail', about: 'The user name of the actor.' },
  PROTOCOL,
  SOURCE_IP,
  USER_AGENT,
  {
    path: 'action',
    kind: 'text',
    required: true,
    oneOf: ['create', 'delete'],
    origin: 'workmail',
    about: 'Whether a token was created or deleted.',
  },
  { path: 'name', kind: 'text', origin: 'workmail', about: "The token's name." },
  {
    path: 'expires_time',
    kind: 'timestamp',
    origin: 'workmail',
    about: 'When the token expires; absent when it never does.',
  },
  { path: 'scopes', kind: 'texts', origin: 'workmail', about: "The token's scopes." },
  ...TAIL,
] as const satisfies readonly FieldSpec[];

export type PersonalAccessTokenRecord = RecordOf<typeof PERSONAL_ACCESS_TOKEN_FIELDS>;
