// Lines of the mail_log plugin. They tell what no event does (Message-ID, subject, flags after a
// change, the destination of a move), but unquoted, and folder names, subjects and addresses are
// written by strangers: a line is used only when it can be read in one way.

/** A line that concerns one message. */
export interface MailLogLine {
  readonly action: 'save' | 'copy' | 'expunge' | 'delete' | 'undelete' | 'flag_change';
  /** Only for a copy. */
  readonly sourceFolder: string | undefined;
  readonly folder: string;
  readonly uid: number;
  readonly messageId: string | undefined;
  readonly subject: string | undefined;
  readonly flags: string | undefined;
}

const HEAD = /^(save|copy|expunge|delete|undelete|flag_change)(?: from (.*?))?: box=/;

/** Where the only occurrence of the text begins; -1 when it is not there, or more than once. */
function only(text: string, part: string): number {
  const at = text.indexOf(part);
  return at >= 0 && text.indexOf(part, at + 1) < 0 ? at : -1;
}

function field(text: string, name: string, next: string): string | undefined {
  const from = only(text, name);
  if (from < 0) return undefined;
  const to = only(text, next);
  return to > from ? text.slice(from + name.length, to) : undefined;
}

/**
 * Reads the text of a mail_log line with the fields of the documented configuration, in their fixed
 * order: `uid box msgid size vsize flags from subject`. Undefined for other lines and for lines
 * whose folder or identity could be read in two ways; a subject or Message-ID of which that is
 * true is left out.
 *
 * @see Dovecot 2.3, plugins/mail-log/mail-log-plugin.c (the order is fixed there)
 */
export function parseMailLog(text: string): MailLogLine | undefined {
  const head = HEAD.exec(text);
  if (head === null) return undefined;
  const action = head[1] as MailLogLine['action'];
  const sourceFolder = head[2];
  if ((action === 'copy') !== (sourceFolder !== undefined)) return undefined;
  if (only(text, ': box=') < 0) return undefined;
  const rest = text.slice(head[0].length);
  const uidAt = only(rest, ', uid=');
  if (uidAt < 0) return undefined;
  const uid = /^, uid=(\d{1,10})(?:, |$)/.exec(rest.slice(uidAt));
  if (uid === null) return undefined;
  const details = rest.slice(uidAt);
  // Flags are IMAP atoms, so nothing in them looks like the field's own beginning.
  const flagsAt = details.lastIndexOf(', flags=(');
  const flagged = flagsAt >= 0 && details.endsWith(')');
  const named = flagged ? details.slice(0, flagsAt) : details;
  const subjectAt = only(named, ', subject=');
  const messageId = field(named, ', msgid=', ', size=');
  return {
    action,
    sourceFolder,
    folder: rest.slice(0, uidAt),
    uid: Number(uid[1]),
    messageId: messageId === '' ? undefined : messageId,
    subject: subjectAt < 0 ? undefined : named.slice(subjectAt + ', subject='.length),
    flags: flagged ? details.slice(flagsAt + ', flags=('.length, -1) : undefined,
  };
}
