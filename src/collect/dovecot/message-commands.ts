// The IMAP commands on single messages, as one record for each message: which messages is told by
// the events of the messages themselves, by the reply, or by mail_log; where none of them tells, the
// set is kept as the client gave it.
import type { AccessDetails } from './access-record.ts';
import { itemId, ownedFolder } from './access-record.ts';
import { listHas, numberField, textField } from './event-line.ts';
import { expandSet, folderOf } from './imap-arguments.ts';
import { flagChange, type FlagChange } from './flag-change.ts';
import {
  COMMAND_MESSAGES_MAX,
  inFolder,
  isCut,
  outcome,
  type ImapCommand,
} from './imap-commands.ts';
import { fetchedContent } from './imap-fetch.ts';
import type { MailLogLine } from './mail-log.ts';
import { SelectedFolder } from './selected-folder.ts';
import type { PendingItem } from './sessions.ts';

/** What was heard of a command before its end. */
export interface CommandContext {
  readonly command: ImapCommand;
  /** Messages it opened or expunged. */
  readonly items: readonly PendingItem[];
  /** Those that were told before the command had ended. */
  readonly toldItems: readonly PendingItem[];
  readonly mailLog: readonly MailLogLine[];
  /** The folder that was selected. */
  readonly selected: SelectedFolder | undefined;
  /** Whether the log has lines of mail_log, so that their absence tells something. */
  readonly hasMailLog: boolean;
}

function isUidCommand(command: ImapCommand): boolean {
  return command.name.startsWith('UID ');
}

/** What mail_log knows of a message. */
export function mailLogDetails(
  lines: readonly MailLogLine[],
  folder: string | undefined,
  uid: number,
): Pick<AccessDetails, 'message_id' | 'subject'> {
  const line = lines.find((each) => each.uid === uid && each.folder === folder);
  return {
    ...(line?.messageId !== undefined && { message_id: line.messageId }),
    ...(line?.subject !== undefined && { subject: line.subject }),
  };
}

/** What mail_log tells of an appended message, found by its UID. */
export function withSaved(record: AccessDetails, mailLog: readonly MailLogLine[]): AccessDetails {
  const uid = Number(/;UID=(\d+)$/.exec(record.item_id ?? '')?.[1]);
  return { ...record, ...mailLogDetails(mailLog, record.folder_path, uid) };
}

/** The set as the client gave it; of one that was cut the numbers that are whole, and three dots. */
function givenSet(command: ImapCommand): string {
  const set = command.tokens[0]?.text ?? '';
  return isCut(command) && command.tokens.length === 1 ? set.replace(/[^,]*$/, '...') : set;
}

/** A record without a single message: the set as it was given, or the one message it names. */
function setRecord(command: ImapCommand, action: AccessDetails['action']): AccessDetails {
  const path = textField(command.fields, 'mailbox');
  const set = givenSet(command);
  const one = isUidCommand(command) && /^\d{1,10}$/.test(set) && path !== undefined;
  return {
    action,
    object_type: 'Message',
    ...inFolder(command, path),
    ...(one && {
      item_id: itemId(ownedFolder(path, command.user, command.sharedPrefixes), Number(set)),
    }),
    ...(!one && set !== '' && { item_set: set }),
    ...outcome(command),
  };
}

/** A record of one message of the command's folder. */
function messageRecord(
  context: CommandContext,
  action: AccessDetails['action'],
  path: string | undefined,
  uid: number,
): AccessDetails {
  const { command } = context;
  const known = path !== undefined;
  return {
    action,
    object_type: 'Message',
    ...inFolder(command, path),
    ...(known && { item_id: itemId(ownedFolder(path, command.user, command.sharedPrefixes), uid) }),
    ...outcome(command),
    ...mailLogDetails(context.mailLog, path, uid),
  };
}

/** 2.4 calls the field `net_out_bytes`. */
function sentNothing({ fields }: ImapCommand): boolean {
  return (numberField(fields, 'bytes_out') ?? numberField(fields, 'net_out_bytes')) === 0;
}

function fetchRecords(context: CommandContext): AccessDetails[] {
  const { command, items } = context;
  const content = fetchedContent(command.args);
  // The exporter cuts long arguments, so what was asked for may not be in them.
  const isBody = isCut(command) && listHas(command.fields, 'reason_code', 'imap:fetch_body');
  const body = content.body || isBody;
  const read = body || content.attachments.length > 0;
  if (!read) {
    // What was told before the end of the command was told as read.
    const isTold = context.toldItems.length > 0 && items.length === 0;
    return [
      ...(isTold ? [] : [setRecord(command, 'read_summary')]),
      ...seenRecords(context, false),
    ];
  }
  const records: AccessDetails[] = [];
  for (const item of items) {
    if (body) {
      records.push(messageRecord(context, 'read', item.mailbox, item.uid));
    }
    for (const part of content.attachments) {
      records.push({
        ...messageRecord(context, 'read_attachment', item.mailbox, item.uid),
        object_type: 'Attachment',
        attachment_path: part,
      });
    }
  }
  if (records.length === 0 && context.toldItems.length === 0) {
    const asked = setRecord(command, body ? 'read' : 'read_attachment');
    // Where nothing was sent no message was there: of none it is claimed that it was read.
    const { item_id: _, ...none } = asked;
    records.push(sentNothing(command) ? { ...none, item_set: givenSet(command) } : asked);
  }
  records.push(...seenRecords(context, content.marksSeen));
  return records;
}

/**
 * What reading marked as seen. mail_log tells it; where there is none, reading is taken to do so, as
 * which of the messages had been seen before is then not known.
 */
function seenRecords(context: CommandContext, marksSeen: boolean): AccessDetails[] {
  const { command, items, mailLog, selected } = context;
  if (context.hasMailLog) {
    return mailLog.map((line) => changeRecord(context, 'update_read_state', line));
  }
  if (!marksSeen || !command.allowed || selected?.isReadOnly === true) return [];
  return items.map((item) => messageRecord(context, 'update_read_state', item.mailbox, item.uid));
}

function changeRecord(
  context: CommandContext,
  action: AccessDetails['action'],
  line: MailLogLine,
): AccessDetails {
  return {
    ...messageRecord(context, action, line.folder, line.uid),
    ...(line.flags !== undefined && { flags: line.flags }),
  };
}

/** `+FLAGS.SILENT (\\Seen)` and the like: the action that it is. */
function storeAction(change: FlagChange | undefined): AccessDetails['action'] {
  if (change === undefined) return 'update';
  const { operation, system, keywords } = change;
  if (operation !== 'remove' && system.has('\\deleted')) return 'delete';
  return keywords.size === 0 && system.size === 1 && system.has('\\seen')
    ? 'update_read_state'
    : 'update';
}

/** The last line of each message: a change of flags and keywords has two. */
function lastLines(
  context: CommandContext,
  change: FlagChange | undefined,
): Map<number, MailLogLine> {
  const path = textField(context.command.fields, 'mailbox');
  const lines = context.mailLog.filter((line) => line.folder === path);
  for (const { uid, flags } of lines) context.selected?.changed(change, uid, flags);
  return new Map(lines.map((line) => [line.uid, line]));
}

/** Whether nothing can be changed in the folder: an ACL gives no right to, or it was opened so. */
function isReadOnly({ command, selected }: CommandContext): boolean {
  return selected?.isReadOnly === true && selected.path === textField(command.fields, 'mailbox');
}

/** Whether an ACL took the effect of a command that was answered with OK. */
function isSilentlyDenied(
  context: CommandContext,
  change: FlagChange | undefined,
  uid: number | undefined,
): boolean {
  const { command, selected, hasMailLog } = context;
  const path = textField(command.fields, 'mailbox');
  if (!command.allowed || change === undefined || path === undefined) return false;
  if (isReadOnly(context)) return true;
  if (!hasMailLog) return false;
  const { owner } = ownedFolder(path, command.user, command.sharedPrefixes);
  if (owner === command.user?.toLowerCase() || owner === command.user) return false;
  const known = selected?.path === path ? selected : new SelectedFolder(path, false);
  return known.isDenied(change, uid);
}

/**
 * What of a STORE was not done although it was answered with OK.
 *
 * @see RFC 7162 section 3.1.3 (MODIFIED); Dovecot answers so in a folder that was opened read-only
 */
function notStored(reply: string): { readonly all: boolean; readonly uids: ReadonlySet<number> } {
  const modified = /^OK \[MODIFIED ([\d:,]{1,1000})\]/.exec(reply)?.[1] ?? '';
  const uids = expandSet(modified, COMMAND_MESSAGES_MAX) ?? [];
  return { all: reply.startsWith('OK Store ignored'), uids: new Set(uids) };
}

function storeRecords(context: CommandContext): AccessDetails[] {
  const { command } = context;
  const change = flagChange(command.tokens);
  const action = storeAction(change);
  const path = textField(command.fields, 'mailbox');
  const set = command.tokens[0]?.text ?? '';
  const told = lastLines(context, change);
  const undone = notStored(command.reply);
  const denial = (uid?: number): Pick<AccessDetails, 'action_allowed' | 'reply'> | undefined => {
    if (undone.all || (uid !== undefined && undone.uids.has(uid))) {
      return { action_allowed: false, reply: command.reply };
    }
    return isSilentlyDenied(context, change, uid) ? { action_allowed: false } : undefined;
  };
  // Of a range it is not known which of its messages there are.
  const named = isUidCommand(command) && !isCut(command) && !set.includes(':');
  const uids = named ? expandSet(set, COMMAND_MESSAGES_MAX) : undefined;
  if (uids !== undefined) {
    return [...new Set(uids)].map((uid) => {
      const line = told.get(uid);
      if (line !== undefined) return changeRecord(context, action, line);
      return { ...messageRecord(context, action, path, uid), ...denial(uid) };
    });
  }
  if (told.size === 0) return [{ ...setRecord(command, action), ...denial() }];
  return [...told.values()].map((line) => changeRecord(context, action, line));
}

/** The two records of a message that went somewhere: of the message, and of its new place. */
function transferRecords(
  context: CommandContext,
  actions: readonly ['copy', 'copy_to'] | readonly ['move', 'move_to'],
  source: number,
  destination: number | undefined,
  destinationPath: string | undefined,
): AccessDetails[] {
  const { command } = context;
  const path = textField(command.fields, 'mailbox');
  const arrived =
    destination === undefined ? {} : mailLogDetails(context.mailLog, destinationPath, destination);
  const from = { ...messageRecord(context, actions[0], path, source) };
  const to: AccessDetails = {
    action: actions[1],
    object_type: 'Message',
    ...inFolder(command, destinationPath),
    ...(destination !== undefined &&
      destinationPath !== undefined && {
        item_id: itemId(
          ownedFolder(destinationPath, command.user, command.sharedPrefixes),
          destination,
        ),
      }),
    ...outcome(command),
    ...(from.message_id !== undefined && { message_id: from.message_id }),
    ...(from.subject !== undefined && { subject: from.subject }),
    ...arrived,
  };
  const moved = destinationPath !== undefined && { destination_path: destinationPath };
  return [{ ...arrived, ...from, ...moved }, to];
}

/** A transfer whose messages are not known one by one. */
function transferOfSet(
  context: CommandContext,
  actions: readonly ['copy', 'copy_to'] | readonly ['move', 'move_to'],
  destinationPath: string | undefined,
): AccessDetails[] {
  const { command } = context;
  if (command.allowed && /^OK No messages/i.test(command.reply)) return [];
  const from = setRecord(command, actions[0]);
  if (!command.allowed) {
    return [
      { ...from, ...(destinationPath !== undefined && { destination_path: destinationPath }) },
    ];
  }
  const { item_id: _source, ...to } = setRecord(command, actions[1]);
  return [
    { ...from, ...(destinationPath !== undefined && { destination_path: destinationPath }) },
    { ...to, ...inFolder(command, destinationPath) },
  ];
}

function copyRecords(context: CommandContext): AccessDetails[] {
  const { command } = context;
  const destination = folderOf(command.tokens.at(-1));
  // @see RFC 4315 section 3, COPYUID
  const uids = /\[COPYUID \d+ ([\d:,]+) ([\d:,]+)\]/.exec(command.reply);
  const from = expandSet(uids?.[1] ?? '', COMMAND_MESSAGES_MAX);
  const to = expandSet(uids?.[2] ?? '', COMMAND_MESSAGES_MAX);
  if (from === undefined || to?.length !== from.length) {
    return transferOfSet(context, ['copy', 'copy_to'], destination);
  }
  return from.flatMap((uid, index) =>
    transferRecords(context, ['copy', 'copy_to'], uid, to[index], destination),
  );
}

function moveRecords(context: CommandContext): AccessDetails[] {
  const { command, items, mailLog } = context;
  const path = textField(command.fields, 'mailbox');
  const copies = mailLog.filter((line) => line.action === 'copy' && line.sourceFolder === path);
  // A folder name sent as a literal is not in the event, but mail_log names the folder.
  const destination = folderOf(command.tokens.at(-1)) ?? copies[0]?.folder;
  const arrived = copies.filter((line) => line.folder === destination).map((line) => line.uid);
  const { toldItems } = context;
  const moved = [...toldItems, ...items];
  if (moved.length === 0) return transferOfSet(context, ['move', 'move_to'], destination);
  // Both come in the order of the messages, but only equally many can be told apart.
  const paired = arrived.length === moved.length;
  return moved.flatMap((item, index) => {
    const to = paired ? arrived[index] : undefined;
    const records = transferRecords(context, ['move', 'move_to'], item.uid, to, destination);
    return index < toldItems.length ? records.slice(1) : records;
  });
}

function expungeRecords(context: CommandContext): AccessDetails[] {
  const { command, items } = context;
  if (!command.allowed && items.length === 0) return [setRecord(command, 'delete')];
  // Answered with OK, and nothing is done; CLOSE does not ask for it then.
  if (items.length === 0 && command.name !== 'CLOSE' && isReadOnly(context)) {
    return [{ ...setRecord(command, 'delete'), action_allowed: false }];
  }
  return items.map((item) => messageRecord(context, 'delete', item.mailbox, item.uid));
}

const RECORDS: Readonly<Record<string, (context: CommandContext) => AccessDetails[]>> = {
  FETCH: fetchRecords,
  STORE: storeRecords,
  COPY: copyRecords,
  MOVE: moveRecords,
  EXPUNGE: expungeRecords,
  CLOSE: expungeRecords,
};

/** Which of its messages' events belong to a command. */
export function takesItems(name: string): 'opened' | 'expunged' | undefined {
  const base = name.replace(/^UID /, '');
  if (base === 'FETCH') return 'opened';
  return base === 'MOVE' || base === 'EXPUNGE' || base === 'CLOSE' ? 'expunged' : undefined;
}

/**
 * Tells which messages' events belong to the command: a command opens each message once, and in a
 * packet of commands those of all of them come before the end of the first.
 */
export function itemTaker(command: ImapCommand): (item: PendingItem) => boolean {
  const kind = takesItems(command.name);
  const set = isUidCommand(command) && !isCut(command) ? command.tokens[0]?.text : undefined;
  const uids = set === undefined ? undefined : expandSet(set, COMMAND_MESSAGES_MAX);
  const asked = uids && new Set(uids);
  const taken = new Set<string>();
  if (kind === undefined || (kind === 'opened' && !opensMessages(command))) return () => false;
  return (item) => {
    const message = `${item.uid} ${item.mailbox}`;
    const own = item.kind === kind && (item.command === undefined || item.command === command.name);
    if (!own || taken.has(message) || asked?.has(item.uid) === false) return false;
    taken.add(message);
    return true;
  };
}

/** Whether a FETCH reads more than what is known of its messages without opening them. */
function opensMessages(command: ImapCommand): boolean {
  if (isCut(command) || listHas(command.fields, 'reason_code', 'imap:fetch_body')) return true;
  const { body, attachments } = fetchedContent(command.args);
  return body || attachments.length > 0;
}

/** The records of a command on messages; undefined when it is not such a command. */
export function messageRecords(context: CommandContext): AccessDetails[] | undefined {
  const name = context.command.name.replace(/^UID /, '');
  return Object.hasOwn(RECORDS, name) ? RECORDS[name]?.(context) : undefined;
}
