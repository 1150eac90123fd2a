// Lines of the mail_log plugin. They tell what no event does (Message-ID, subject, flags after a
// change, the destination of a move), but unquoted, and folder names, subjects and addresses are
// written by strangers. A line is read for a folder whose name is known from an event; without
// one it is used only when it can be read in one way.

/** A line that concerns one message. */
export interface MailLogLine {
  readonly action: MailLogAction;
  /** Only for a copy. */
  readonly sourceFolder: string | undefined;
  readonly folder: string;
  readonly uid: number;
  readonly messageId: string | undefined;
  readonly subject: string | undefined;
  readonly flags: string | undefined;
}

export type MailLogAction = 'save' | 'copy' | 'expunge' | 'delete' | 'undelete' | 'flag_change';

/** The folders of a line, as the command's event names them. */
export interface LineFolders {
  /** Undefined where the event does not show it: a name sent as a literal. */
  readonly folder: string | undefined;
  /** Only for a copy. */
  readonly sourceFolder?: string | undefined;
}

/**
 * A name shorter than this is never cut, in bytes: mail_log cuts folder names at 64 of them, of which
 * the three dots and a part of a character may go.
 */
export const CUT_NAME_BYTES_MIN = 56;

const HEAD = /^(save|copy|expunge|delete|undelete|flag_change)(?: from (.*?))?: box=/s;
const UID = /^, uid=(\d{1,10})(?=$|, (?:msgid|size|vsize|from|subject|flags)=)/;
const CUT = '...';
const UNPRINTABLE = /^[\p{Cc}\ufffd]$/u;

/** What the line says was done; undefined for the lines of other things. */
export function mailLogAction(text: string): MailLogAction | undefined {
  return HEAD.exec(text)?.[1] as MailLogAction | undefined;
}

/** Where the dots of a cut name end that is as expected up to the place; -1 where it was not cut. */
function endOfCut(text: string, from: number, to: number, next: string): number {
  // The name itself may go on with dots, or the last of what is left is a part of a character.
  for (let dots = to + 1; dots > to - CUT.length; dots--) {
    if (!text.startsWith(CUT + next, dots) || (dots > to && text[to] !== '\ufffd')) continue;
    const isLong = Buffer.byteLength(text.slice(from, dots)) >= CUT_NAME_BYTES_MIN;
    return isLong ? dots + CUT.length : -1;
  }
  return -1;
}

/**
 * Where the name ends that is written at the place in mail_log's way, control characters as `?` and
 * long names cut; -1 where another name is written there.
 *
 * @param next what stands behind the name
 */
function endOfName(text: string, from: number, name: string, next: string): number {
  let at = from;
  for (const character of name) {
    if (text.startsWith(character, at)) at += character.length;
    else if (text[at] === '?' && UNPRINTABLE.test(character)) at++;
    else return endOfCut(text, from, at, next);
  }
  // Where the rest of a cut name would have been dots, these looked like it.
  return text.startsWith(next, at) ? at : endOfCut(text, from, at, next);
}

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

/** What `mail_log_fields` may leave out, in the plugin's fixed order, behind the Message-ID. */
const BEHIND_MESSAGE_ID = [', size=', ', vsize=', ', from=', ', subject='];
const BRACKETED = /^<[^<>]*>$/;

/**
 * The Message-ID, whichever fields follow it. Where its end is not marked by the size, which only the
 * server writes, it must be one in angle brackets: a stranger may have written the next field's name.
 */
function readMessageId(details: string): string | undefined {
  const next = BEHIND_MESSAGE_ID.find((part) => details.includes(part));
  if (next === ', size=') return field(details, ', msgid=', next);
  const from = only(details, ', msgid=');
  if (from < 0) return undefined;
  const text = details.slice(from + ', msgid='.length);
  const to = next === undefined ? text.length : text.indexOf(next);
  const id = to < 0 ? '' : text.slice(0, to);
  return BRACKETED.test(id) ? id : undefined;
}

/** What stands behind the folder; undefined when that is not a UID. */
function readDetails(
  details: string,
): Pick<MailLogLine, 'uid' | 'messageId' | 'subject' | 'flags'> | undefined {
  const uid = UID.exec(details);
  if (uid === null) return undefined;
  // Flags are IMAP atoms, so nothing in them looks like the field's own beginning.
  const flagsAt = details.lastIndexOf(', flags=(');
  const flagged = flagsAt >= 0 && details.endsWith(')');
  const named = flagged ? details.slice(0, flagsAt) : details;
  const subjectAt = only(named, ', subject=');
  const messageId = readMessageId(named);
  return {
    uid: Number(uid[1]),
    messageId: messageId === '' ? undefined : messageId,
    subject: subjectAt < 0 ? undefined : named.slice(subjectAt + ', subject='.length),
    flags: flagged ? details.slice(flagsAt + ', flags=('.length, -1) : undefined,
  };
}

/**
 * Reads the text of a mail_log line with the fields of the documented configuration or fewer of them,
 * but not without `uid` and `box`; their order is fixed: `box uid msgid size vsize from subject flags`. Undefined for other lines and for lines
 * whose folder or identity could be read in two ways; a subject or Message-ID of which that is
 * true is left out.
 *
 * @see Dovecot 2.3, plugins/mail-log/mail-log-plugin.c (the order is fixed there)
 */
export function parseMailLog(text: string): MailLogLine | undefined {
  const head = HEAD.exec(text);
  if (head === null) return undefined;
  const action = head[1] as MailLogAction;
  const sourceFolder = head[2];
  if ((action === 'copy') !== (sourceFolder !== undefined)) return undefined;
  if (only(text, ': box=') < 0) return undefined;
  const rest = text.slice(head[0].length);
  const uidAt = only(rest, ', uid=');
  if (uidAt < 0) return undefined;
  const details = readDetails(rest.slice(uidAt));
  return details && { action, sourceFolder, folder: rest.slice(0, uidAt), ...details };
}

/**
 * Reads a line as one about the folders; undefined when it is about others. Whatever a stranger wrote
 * into it, what was done, the folder and the UID are certain. The folders are given back as they were
 * passed, not as the line cuts them.
 */
export function readMailLog(
  text: string,
  action: MailLogAction,
  { folder, sourceFolder }: LineFolders,
): MailLogLine | undefined {
  let at = text.startsWith(action) ? action.length : -1;
  if (at >= 0 && sourceFolder !== undefined) {
    const from = ' from ';
    at = text.startsWith(from, at) ? endOfName(text, at + from.length, sourceFolder, ': box=') : -1;
  }
  const box = ': box=';
  if (at < 0 || !text.startsWith(box, at)) return undefined;
  if (folder === undefined) {
    const line = parseMailLog(text);
    return line && { ...line, sourceFolder };
  }
  const end = endOfName(text, at + box.length, folder, ', uid=');
  const details = end < 0 ? undefined : readDetails(text.slice(end));
  return details && { action, sourceFolder, folder, ...details };
}

const NAMED = 'Mailbox ';
/** Further in a line no folder's name ends, in characters: names have at most 255 bytes (Maildir). */
const NAME_END_MAX = 600;

/**
 * The text as 2.3 writes it: 2.4 names the folder in front of the line as well, e.g.
 * `Mailbox INBOX: save: box=INBOX, …`. Empty where a folder's own name makes that readable in two
 * ways; other text is given back as it is.
 */
export function withoutFolderInFront(text: string): string {
  if (!text.startsWith(NAMED)) return text;
  let found: string | undefined;
  for (let at = text.indexOf(': ', NAMED.length); at >= 0 && at <= NAME_END_MAX;) {
    const line = text.slice(at + 2);
    const head = HEAD.exec(line);
    const name = text.slice(NAMED.length, at);
    if (head !== null && endOfName(line, head[0].length, name, ', uid=') >= 0) {
      if (found !== undefined) return '';
      found = line;
    }
    at = text.indexOf(': ', at + 1);
  }
  return found ?? text;
}
