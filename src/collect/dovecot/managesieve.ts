// Changes of Sieve scripts: a rule that forwards or hides mail is the first thing an intruder sets.
import type { MailboxAction } from '../../event/mailbox-access.ts';
import type { AccessDetails } from './access-record.ts';
import { textField, type EventFields } from './event-line.ts';
import { imapTokens } from './imap-arguments.ts';

const ACTIONS: Readonly<Record<string, MailboxAction>> = {
  PUTSCRIPT: 'create',
  SETACTIVE: 'update',
  RENAMESCRIPT: 'update',
  DELETESCRIPT: 'delete',
  GETSCRIPT: 'read',
  LISTSCRIPTS: 'read_hierarchy',
};

/**
 * The record of a ManageSieve command; undefined for commands that touch no script. The event has
 * an `error` when the command failed.
 *
 * @see RFC 5804 section 2; Pigeonhole events, managesieve_command_finished
 */
export function scriptRecord(fields: EventFields): AccessDetails | undefined {
  const command = textField(fields, 'cmd_name');
  const action =
    command !== undefined && Object.hasOwn(ACTIONS, command) ? ACTIONS[command] : undefined;
  if (command === undefined || action === undefined) return undefined;
  const args = imapTokens(textField(fields, 'cmd_args') ?? '');
  const script = textField(fields, 'script_name') ?? (args[0]?.text || undefined);
  const newName =
    command === 'RENAMESCRIPT'
      ? (textField(fields, 'new_script_name') ?? args[1]?.text)
      : undefined;
  const error = textField(fields, 'error');
  const owner = textField(fields, 'user');
  return {
    action,
    ...(owner !== undefined && { owner_id: owner }),
    object_type: 'SieveScript',
    ...(script !== undefined && { item_id: script }),
    action_allowed: error === undefined,
    command,
    ...(newName !== undefined && { destination_path: newName }),
    ...(error !== undefined && { reply: error }),
  };
}
