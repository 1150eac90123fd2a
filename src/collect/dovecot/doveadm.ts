// What an administrator does in a mailbox with doveadm. It signs in nowhere. Messages that it opens and
// removes have events of their own; of what else it did only the end of its work tells, which names
// the command and the mailbox but neither the folder nor whether it went well.
import type { MailboxAction } from '../../event/mailbox-access.ts';
import type { AccessDetails } from './access-record.ts';
import { textField, type EventFields } from './event-line.ts';

const REASON = /^doveadm:cmd_([a-z_]{1,40})$/;

/** Commands of whose objects no event tells. */
const UNTOLD: Readonly<
  Record<string, readonly [MailboxAction, NonNullable<AccessDetails['object_type']>]>
> = {
  mailbox_create: ['create', 'Folder'],
  mailbox_delete: ['delete', 'Folder'],
  mailbox_rename: ['update', 'Folder'],
  mailbox_subscribe: ['update', 'Folder'],
  mailbox_unsubscribe: ['update', 'Folder'],
  mailbox_list: ['read_hierarchy', 'Folder'],
  mailbox_status: ['read_summary', 'Folder'],
  acl_set: ['update_permissions', 'Folder'],
  acl_add: ['update_permissions', 'Folder'],
  acl_remove: ['update_permissions', 'Folder'],
  acl_delete: ['update_permissions', 'Folder'],
  acl_get: ['read_permissions', 'Folder'],
  acl_rights: ['read_permissions', 'Folder'],
  copy: ['copy', 'Message'],
  save: ['create', 'Message'],
  flags_add: ['update', 'Message'],
  flags_remove: ['update', 'Message'],
  flags_replace: ['update', 'Message'],
};

function reasonOf(fields: EventFields): string | undefined {
  const codes = fields['reason_code'];
  for (const code of Array.isArray(codes) ? (codes as unknown[]) : [codes]) {
    const name = typeof code === 'string' ? REASON.exec(code)?.[1] : undefined;
    if (name !== undefined) return name;
  }
  return undefined;
}

/**
 * The command that an event belongs to, as an administrator types it: `doveadm mailbox delete`.
 *
 * @see Dovecot 2.3 and 2.4 event reasons, `doveadm:cmd_mailbox_delete`
 */
export function doveadmCommand(fields: EventFields): string | undefined {
  const reason = reasonOf(fields);
  return reason === undefined ? undefined : `doveadm ${reason.replaceAll('_', ' ')}`;
}

/** What was done with a message that doveadm opened: a search only looks. */
export function openedBy(fields: EventFields): MailboxAction {
  return reasonOf(fields) === 'search' ? 'read_summary' : 'read';
}

/** What was done with a message that doveadm removed from its folder. */
export function removedBy(fields: EventFields): MailboxAction {
  return reasonOf(fields) === 'move' ? 'move' : 'delete';
}

/** What doveadm's work on a mailbox was, at its end; undefined when other events tell of it. */
export function doveadmRecord(fields: EventFields): AccessDetails | undefined {
  const untold = UNTOLD[reasonOf(fields) ?? ''];
  const user = textField(fields, 'user');
  const command = doveadmCommand(fields);
  if (untold === undefined || user === undefined || command === undefined) return undefined;
  const [action, objectType] = untold;
  return { action, owner_id: user, object_type: objectType, action_allowed: true, command };
}
