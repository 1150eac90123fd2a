// IMAP commands as mailbox actions: which command is which of WorkMail's sixteen, on what kind of
// object. FETCH, STORE, COPY, MOVE and EXPUNGE, which concern single messages, are in
// message-commands.ts.
import type { MailboxAction } from '../../event/mailbox-access.ts';
import type { AccessDetails } from './access-record.ts';
import { ownedFolder, itemId } from './access-record.ts';
import { textField, type EventFields } from './event-line.ts';
import { expandSet, folderOf, imapTokens, type ImapToken } from './imap-arguments.ts';

/** Most messages of one command that are told one by one; beyond it the set is told as it was given. */
export const COMMAND_MESSAGES_MAX = 1_000;

/** A finished command, read once for everything that looks at it. */
export interface ImapCommand {
  /** e.g. `UID FETCH` */
  readonly name: string;
  readonly fields: EventFields;
  readonly user: string | undefined;
  readonly args: string;
  readonly tokens: readonly ImapToken[];
  /** Whether the server answered OK: what it refused for any reason was not done. */
  readonly allowed: boolean;
  /** The server's words; only told for what was not done. */
  readonly reply: string;
  readonly sharedPrefixes: readonly string[];
}

/** What the `log` exporter lets through of a field, in characters; then come three dots. */
const FIELD_CHARS_MAX = 1_000;

/** Whether the exporter cut the arguments. @see Dovecot 2.3 event exporter `log` */
export function isCut({ args }: Pick<ImapCommand, 'args'>): boolean {
  return args.length >= FIELD_CHARS_MAX && args.endsWith('...');
}

/** Reads a finished command. */
export function imapCommand(
  name: string,
  fields: EventFields,
  sharedPrefixes: readonly string[],
): ImapCommand {
  const args = textField(fields, 'cmd_args') ?? '';
  return {
    name,
    fields,
    user: textField(fields, 'user'),
    args,
    tokens: imapTokens(args),
    allowed: textField(fields, 'tagged_reply_state') === 'OK',
    reply: textField(fields, 'tagged_reply') ?? '',
    sharedPrefixes,
  };
}

/** What all records of a command say. */
export function outcome(command: ImapCommand): AccessDetailsPart {
  return {
    action_allowed: command.allowed,
    command: command.name,
    ...(!command.allowed && command.reply !== '' && { reply: command.reply }),
  };
}
type AccessDetailsPart = Pick<AccessDetails, 'action_allowed' | 'command' | 'reply'>;

/** Whose and which folder. */
export function inFolder(
  command: ImapCommand,
  path: string | undefined,
): Pick<AccessDetails, 'owner_id' | 'folder_path'> {
  // A pattern is no folder: who it would match is not known.
  if (path === undefined || /[*%]/.test(path)) {
    return {
      ...(command.user !== undefined && { owner_id: command.user }),
      ...(path !== undefined && { folder_path: path }),
    };
  }
  const { owner } = ownedFolder(path, command.user, command.sharedPrefixes);
  return { ...(owner !== undefined && { owner_id: owner }), folder_path: path };
}

const FOLDER_COMMANDS: Readonly<Record<string, MailboxAction>> = {
  SELECT: 'read_summary',
  EXAMINE: 'read_summary',
  STATUS: 'read_summary',
  SEARCH: 'read_summary',
  'UID SEARCH': 'read_summary',
  SORT: 'read_summary',
  'UID SORT': 'read_summary',
  THREAD: 'read_summary',
  'UID THREAD': 'read_summary',
  GETMETADATA: 'read_summary',
  LIST: 'read_hierarchy',
  XLIST: 'read_hierarchy',
  LSUB: 'read_hierarchy',
  NAMESPACE: 'read_hierarchy',
  GETACL: 'read_permissions',
  MYRIGHTS: 'read_permissions',
  LISTRIGHTS: 'read_permissions',
  CREATE: 'create',
  DELETE: 'delete',
  RENAME: 'update',
  SUBSCRIBE: 'update',
  UNSUBSCRIBE: 'update',
  SETMETADATA: 'update',
  SETACL: 'update_permissions',
  DELETEACL: 'update_permissions',
};

/**
 * What a LIST or LSUB asked for: reference and pattern. Undefined where it asked for nothing (a
 * `LIST "" ""` only shows the separator) or with several patterns, of which none is the folder.
 *
 * @see RFC 5258 section 3 (selection options in front, patterns in parentheses)
 */
function listedPattern(tokens: readonly ImapToken[]): string | undefined {
  const [reference, last] = tokens[0]?.kind === 'list' ? tokens.slice(1) : tokens;
  const patterns = last?.kind === 'list' ? imapTokens(last.text.slice(1, -1)) : [last];
  const [pattern] = patterns;
  if (patterns.length > 1 || pattern?.kind === 'literal') return undefined;
  const asked = `${folderOf(reference) ?? ''}${folderOf(pattern) ?? ''}`;
  return asked === '' ? undefined : asked;
}

/** The folder that a command without `mailbox` is about; METADATA's `""` is the server itself. */
function folderArgument(command: ImapCommand): string | undefined {
  if (FOLDER_COMMANDS[command.name] === 'read_hierarchy') return listedPattern(command.tokens);
  const folder = folderOf(command.tokens.find((token) => token.kind !== 'list'));
  return folder === '' ? undefined : folder;
}

/** The record of a command about a folder; undefined when it is not such a command. */
export function folderRecord(command: ImapCommand): AccessDetails | undefined {
  if (!Object.hasOwn(FOLDER_COMMANDS, command.name)) return undefined;
  const action = FOLDER_COMMANDS[command.name];
  if (action === undefined) return undefined;
  const { fields } = command;
  const path =
    textField(fields, 'mailbox') ?? textField(fields, 'old_mailbox') ?? folderArgument(command);
  const destination = textField(fields, 'new_mailbox');
  return {
    action,
    object_type: 'Folder',
    ...inFolder(command, path),
    ...outcome(command),
    ...(destination !== undefined && { destination_path: destination }),
    ...permissions(command),
  };
}

/**
 * Whose rights a command is about, and which they were to become.
 *
 * @see RFC 4314 sections 3.1 (SETACL), 3.2 (DELETEACL), 3.4 (LISTRIGHTS)
 */
function permissions({ name, tokens }: ImapCommand): Partial<AccessDetails> {
  if (!['SETACL', 'DELETEACL', 'LISTRIGHTS'].includes(name)) return {};
  const identifier = tokens[1]?.text;
  const rights = name === 'SETACL' ? tokens[2]?.text : undefined;
  return {
    ...(identifier !== undefined && { acl_identifier: identifier }),
    ...(rights !== undefined && { acl_rights: rights }),
  };
}

/** The records of an APPEND: one for each message, by the UIDs that the reply gives. */
export function appendRecords(command: ImapCommand): AccessDetails[] {
  const path = textField(command.fields, 'mailbox') ?? folderOf(command.tokens[0]);
  const base: AccessDetails = {
    action: 'create',
    object_type: 'Message',
    ...inFolder(command, path),
    ...outcome(command),
  };
  // @see RFC 4315 section 3, APPENDUID
  const set = /\[APPENDUID \d+ ([\d:,]+)\]/.exec(command.reply)?.[1];
  const uids = set === undefined ? undefined : expandSet(set, COMMAND_MESSAGES_MAX);
  if (path === undefined || uids === undefined) return [base];
  const folder = ownedFolder(path, command.user, command.sharedPrefixes);
  return uids.map((uid) => ({ ...base, item_id: itemId(folder, uid) }));
}
