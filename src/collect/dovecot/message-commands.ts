// The IMAP commands on single messages, as one record for each message: which messages is told by
// the events of the messages themselves, by the reply, or by mail_log; where none of them tells, the
// set is kept as the client gave it.
import type { AccessDetails } from './access-record.ts';
import { itemId, ownedFolder } from './access-record.ts';
import { listHas, textField } from './event-line.ts';
import { expandSet, folderOf } from './imap-arguments.ts';
import { COMMAND_MESSAGES_MAX, inFolder, outcome, type ImapCommand } from './imap-commands.ts';
import { fetchedContent } from './imap-fetch.ts';
import type { MailLogLine } from './mail-log.ts';
import type { PendingItem } from './sessions.ts';

/** What was heard of a command before its end. */
export interface CommandContext {
  readonly command: ImapCommand;
  /** Messages it opened or expunged. */
  readonly items: readonly PendingItem[];
  /** How many of these were told before the command had ended. */
  readonly toldItems: number;
  readonly mailLog: readonly MailLogLine[];
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

/** A record without a single message: the set as it was given, or the one message it names. */
function setRecord(command: ImapCommand, action: AccessDetails['action']): AccessDetails {
  const path = textField(command.fields, 'mailbox');
  const set = command.tokens[0]?.text ?? '';
  const one = isUidCommand(command) && /^\d{1,10}$/.test(set) && path !== undefined;
  return {
    action,
    object_type: 'Message',
    ...inFolder(command, path),
    ...(one && {
      item_id: itemId(ownedFolder(path, command.user, command.sharedPrefix), Number(set)),
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
    ...(known && { item_id: itemId(ownedFolder(path, command.user, command.sharedPrefix), uid) }),
    ...outcome(command),
    ...mailLogDetails(context.mailLog, path, uid),
  };
}

function fetchRecords(context: CommandContext): AccessDetails[] {
  const { command, items, mailLog } = context;
  const content = fetchedContent(command.args);
  // The exporter cuts long arguments, so what was asked for may not be in them.
  const body = content.body || listHas(command.fields, 'reason_code', 'imap:fetch_body');
  const read = body || content.attachments.length > 0;
  const records: AccessDetails[] = [];
  for (const item of items) {
    if (content.body || content.attachments.length === 0) {
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
  if (records.length === 0 && context.toldItems === 0) {
    if (!read) return [setRecord(command, 'read_summary')];
    const attachment = content.attachments.length > 0 && !content.body;
    records.push(setRecord(command, attachment ? 'read_attachment' : 'read'));
  }
  if (!content.marksSeen) return records;
  for (const line of mailLog) {
    if (line.action !== 'flag_change' || !/(^| )\\Seen( |$)/.test(line.flags ?? '')) continue;
    records.push(changeRecord(context, 'update_read_state', line));
  }
  return records;
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

/** `+FLAGS.SILENT (\Seen)` and the like: the action that it is. */
function storeAction(command: ImapCommand): AccessDetails['action'] {
  const at = command.tokens.findIndex((token) => /^[+-]?FLAGS(\.SILENT)?$/i.test(token.text));
  const operation = command.tokens[at]?.text ?? '';
  const flags = command.tokens
    .slice(at + 1)
    .map((token) => token.text.replace(/^\(|\)$/g, ''))
    .join(' ')
    .toLowerCase();
  const list = flags.split(' ').filter((flag) => flag !== '');
  if (!operation.startsWith('-') && list.includes('\\deleted')) return 'delete';
  return list.length > 0 && list.every((flag) => flag === '\\seen')
    ? 'update_read_state'
    : 'update';
}

function storeRecords(context: CommandContext): AccessDetails[] {
  const { command } = context;
  const action = storeAction(command);
  const path = textField(command.fields, 'mailbox');
  const set = command.tokens[0]?.text ?? '';
  const uids = isUidCommand(command) ? expandSet(set, COMMAND_MESSAGES_MAX) : undefined;
  const asked = uids === undefined ? undefined : new Set(uids);
  const told = new Set<number>();
  const records: AccessDetails[] = [];
  for (const line of context.mailLog) {
    const changes = ['flag_change', 'delete', 'undelete'].includes(line.action);
    if (!changes || line.folder !== path || told.has(line.uid)) continue;
    if (asked !== undefined && !asked.has(line.uid)) continue;
    told.add(line.uid);
    records.push(changeRecord(context, action, line));
  }
  if (records.length > 0) return records;
  if (uids !== undefined && !set.includes(':')) {
    return uids.map((uid) => messageRecord(context, action, path, uid));
  }
  return [setRecord(command, action)];
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
          ownedFolder(destinationPath, command.user, command.sharedPrefix),
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
  if (items.length === 0) {
    return context.toldItems > 0 ? [] : transferOfSet(context, ['move', 'move_to'], destination);
  }
  // Both come in the order of the messages, but only equally many can be told apart.
  const paired = arrived.length === items.length;
  return items.flatMap((item, index) =>
    transferRecords(
      context,
      ['move', 'move_to'],
      item.uid,
      paired ? arrived[index] : undefined,
      destination,
    ),
  );
}

function expungeRecords(context: CommandContext): AccessDetails[] {
  const { command, items } = context;
  if (!command.allowed && items.length === 0) return [setRecord(command, 'delete')];
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

/** The records of a command on messages; undefined when it is not such a command. */
export function messageRecords(context: CommandContext): AccessDetails[] | undefined {
  const name = context.command.name.replace(/^UID /, '');
  return Object.hasOwn(RECORDS, name) ? RECORDS[name]?.(context) : undefined;
}
