// Whether the administrator's program looked into a message that it opened.
import { listHas, type DovecotEvent } from './event-line.ts';

/**
 * doveadm's commands that open messages and show nothing of them: what they do is told by mail_log.
 * Measured on 2.4.1, which opens messages for each of these; 2.3.19 does so for none.
 */
const SHOWING_NOTHING = [
  'copy',
  'move',
  'flags_add',
  'flags_remove',
  'flags_replace',
  'expunge',
].concat(['mailbox_delete', 'mailbox_rename', 'mailbox_create']);

/** Whether doveadm opened the message to read it. A command that is not known counts as reading. */
export function readByDoveadm({ fields }: DovecotEvent): boolean {
  return !SHOWING_NOTHING.some((command) =>
    listHas(fields, 'reason_code', `doveadm:cmd_${command}`),
  );
}
