// The fields every log type begins with, in WorkMail's order, and the ones several types share.
import type { FieldSpec } from './field.ts';

/**
 * The nine protocol values of WorkMail's logs and the ones Mailtrail adds for protocols WorkMail
 * does not speak. The vocabulary stays open: other servers may report further protocols.
 */
export const PROTOCOLS = [
  'AutoDiscover',
  'EWS',
  'IMAP',
  'WindowsOutlook',
  'ActiveSync',
  'SMTP',
  'WebMail',
  'IncomingEmail',
  'OutgoingEmail',
  'POP3',
  'ManageSieve',
  'LMTP',
] as const;

export const EVENT_TIMESTAMP = {
  path: 'event_timestamp',
  kind: 'timestamp',
  required: true,
  origin: 'workmail',
  about: 'When it happened, in milliseconds since the Unix epoch.',
} as const satisfies FieldSpec;

export const REQUEST_ID = {
  path: 'request_id',
  kind: 'text',
  spread: 'needle',
  origin: 'workmail',
  about:
    'The same for all records of one request: the Dovecot session or the Postfix queue id; joins a sign-in to what it did.',
} as const satisfies FieldSpec;

export const ORGANIZATION_ARN = {
  path: 'organization_arn',
  kind: 'text',
  origin: 'workmail',
  about: 'The ARN of the organization.',
} as const satisfies FieldSpec;

export const USER_ID = {
  path: 'user_id',
  kind: 'text',
  origin: 'workmail',
  about: 'The authenticated user: the canonical login.',
} as const satisfies FieldSpec;

export const IMPERSONATOR_ID = {
  path: 'impersonator_id',
  kind: 'text',
  origin: 'workmail',
  about: 'Who acted as the user: the Dovecot master user. Only with impersonation.',
} as const satisfies FieldSpec;

export const PROTOCOL = {
  path: 'protocol',
  kind: 'text',
  origin: 'workmail',
  about: `The protocol used: ${PROTOCOLS.join(', ')}.`,
} as const satisfies FieldSpec;

export const SOURCE_IP = {
  path: 'source_ip',
  kind: 'text',
  spread: 'needle',
  origin: 'workmail',
  about: 'The address of the client.',
} as const satisfies FieldSpec;

export const USER_AGENT = {
  path: 'user_agent',
  kind: 'text',
  origin: 'workmail',
  about: 'The client program: the IMAP ID name and version where the client sent one.',
} as const satisfies FieldSpec;

export const SOURCE_PORT = {
  path: 'source_port',
  kind: 'integer',
  origin: 'mailtrail',
  about: "The client's port.",
} as const satisfies FieldSpec;

export const MESSAGE_SIZE = {
  path: 'message_size',
  kind: 'integer',
  origin: 'mailtrail',
  about: 'Octets.',
} as const satisfies FieldSpec;

export const SIGN_IN_ID = {
  path: 'sign_in_id',
  kind: 'text',
  spread: 'needle',
  origin: 'mailtrail',
  about:
    'The same for all messages that were handed in on one SMTP connection: the request_id of the sign-in, where that could be told.',
} as const satisfies FieldSpec;

export const SERVER_NAME = {
  path: 'server_name',
  kind: 'text',
  origin: 'mailtrail',
  about: 'The name of the mail server that reported it.',
} as const satisfies FieldSpec;

/**
 * Marks an event that had to be told before all was known of it, and its amendments: queries show
 * only the newest event of a key.
 */
export const REVISION_KEY = {
  path: 'revision_key',
  kind: 'text',
  spread: 'prose',
  reserved: true,
  origin: 'mailtrail',
  about:
    'The same for an event that was told before all was known of it and for its amendments; queries show the newest of them. Only the collectors set it.',
} as const satisfies FieldSpec;

export const REVISION = {
  path: 'revision',
  kind: 'integer',
  origin: 'mailtrail',
  about: 'Of an amendment: 2 for the first, 3 for the one after it.',
} as const satisfies FieldSpec;

/** The keys with which every record may end. */
export const TAIL = [SERVER_NAME, REVISION_KEY, REVISION] as const;

/** The four keys with which every WorkMail audit record starts. */
export const HEAD = [EVENT_TIMESTAMP, REQUEST_ID, ORGANIZATION_ARN, USER_ID] as const;
