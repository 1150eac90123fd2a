// Mailbox access log: one record for each operation attempted on an item or folder.
import {
  HEAD,
  IMPERSONATOR_ID,
  PROTOCOL,
  SIGN_IN_ID,
  SOURCE_IP,
  SOURCE_PORT,
  TAIL,
  USER_AGENT,
} from './recurring-fields.ts';
import type { FieldSpec, RecordOf } from './field.ts';

/** WorkMail's sixteen mailbox actions. */
export const MAILBOX_ACTIONS = [
  'read',
  'read_hierarchy',
  'read_summary',
  'read_attachment',
  'read_permissions',
  'create',
  'update',
  'update_permissions',
  'update_read_state',
  'delete',
  'submit_email_for_sending',
  'abort_sending_email',
  'move',
  'move_to',
  'copy',
  'copy_to',
] as const;
export type MailboxAction = (typeof MAILBOX_ACTIONS)[number];

/** @see AWS WorkMail administrator guide, "Audit logging", mailbox access logs */
export const MAILBOX_ACCESS_FIELDS = [
  ...HEAD,
  IMPERSONATOR_ID,
  PROTOCOL,
  SOURCE_IP,
  USER_AGENT,
  {
    path: 'action',
    kind: 'text',
    required: true,
    oneOf: MAILBOX_ACTIONS,
    origin: 'workmail',
    about: 'What was done or attempted.',
  },
  { path: 'owner_id', kind: 'text', origin: 'workmail', about: 'Whose object it is.' },
  {
    path: 'object_type',
    kind: 'text',
    oneOf: ['Folder', 'Message', 'Attachment', 'SieveScript'],
    origin: 'workmail',
    about: 'What was acted on. `SieveScript` is ours, for ManageSieve.',
  },
  {
    path: 'item_id',
    kind: 'text',
    spread: 'needle',
    origin: 'workmail',
    about: 'The message, or the message that holds the attachment.',
  },
  { path: 'folder_path', kind: 'text', origin: 'workmail', about: 'The folder, in UTF-8.' },
  { path: 'folder_id', kind: 'text', origin: 'workmail', about: 'The id of the folder.' },
  {
    path: 'attachment_path',
    kind: 'text',
    spread: 'prose',
    origin: 'workmail',
    about: 'The display names down to the attachment.',
  },
  {
    path: 'action_allowed',
    kind: 'boolean',
    origin: 'workmail',
    about: 'Whether the operation was allowed.',
  },
  {
    path: 'command',
    kind: 'text',
    origin: 'mailtrail',
    about: 'The protocol command that did it, e.g. `UID FETCH`.',
  },
  {
    path: 'item_set',
    kind: 'text',
    spread: 'prose',
    origin: 'mailtrail',
    about: 'The message set as the client gave it, where single items cannot be told.',
  },
  {
    path: 'destination_path',
    kind: 'text',
    origin: 'mailtrail',
    about: 'Where a move or copy went.',
  },
  {
    path: 'message_id',
    kind: 'text',
    spread: 'needle',
    origin: 'mailtrail',
    about: "The message's Message-ID.",
  },
  {
    path: 'subject',
    kind: 'text',
    spread: 'prose',
    origin: 'mailtrail',
    about: "The message's subject.",
  },
  { path: 'flags', kind: 'text', origin: 'mailtrail', about: 'The flags after the change.' },
  { path: 'reply', kind: 'text', origin: 'mailtrail', about: "The server's reply to a refusal." },
  {
    path: 'acl_identifier',
    kind: 'text',
    origin: 'mailtrail',
    about: 'Whose rights to the folder were asked for or changed (RFC 4314).',
  },
  {
    path: 'acl_rights',
    kind: 'text',
    origin: 'mailtrail',
    about: 'The rights that were to be set, added (`+`) or taken away (`-`).',
  },
  SOURCE_PORT,
  SIGN_IN_ID,
  ...TAIL,
] as const satisfies readonly FieldSpec[];

export type MailboxAccessRecord = RecordOf<typeof MAILBOX_ACCESS_FIELDS>;
