// Which lines of mail_log a command causes, and which of them have come. Lines carry no more of a
// command than their session, so they are told from those of its neighbours by what was done, in
// which folder, to which message, and with which flags after it.
import { agreement, flagChange } from './flag-change.ts';
import { expandSet, folderOf } from './imap-arguments.ts';
import { COMMAND_MESSAGES_MAX, isCut, type ImapCommand } from './imap-commands.ts';
import { fetchedContent } from './imap-fetch.ts';
import { readMailLog, type MailLogAction, type MailLogLine } from './mail-log.ts';
import { textField } from './event-line.ts';
import type { PendingItem } from './sessions.ts';

/** A line as it waits for its command. */
export interface LoggedLine {
  readonly action: MailLogAction;
  readonly text: string;
  /** The place of its line in the log. */
  readonly at: number;
}

/** One kind of line that a command causes. */
interface Cause {
  readonly actions: readonly MailLogAction[];
  readonly folder: string | undefined;
  readonly sourceFolder?: string | undefined;
  /** The only UIDs that it can be about; undefined when they are not known. */
  readonly uids?: ReadonlySet<number> | undefined;
  /** How many messages there will be a line of, where that is certain or at most so many. */
  readonly messages?: number | undefined;
  /** Whether all of them must come: where only what changes is told, some may not. */
  readonly certain: boolean;
  readonly agrees?: (flags: string) => ReturnType<typeof agreement>;
  /** UIDs of which everything was told. */
  readonly whole: Set<number>;
}

function isUidCommand({ name }: ImapCommand): boolean {
  return name.startsWith('UID ');
}

function commandSet(command: ImapCommand): number[] | undefined {
  if (isCut(command)) return undefined;
  return expandSet(command.tokens[0]?.text ?? '', COMMAND_MESSAGES_MAX);
}

function appendCauses(command: ImapCommand, folder: string | undefined): Cause[] {
  const set = /\[APPENDUID \d+ ([\d:,]+)\]/.exec(command.reply)?.[1];
  const uids = set === undefined ? undefined : expandSet(set, COMMAND_MESSAGES_MAX);
  if (uids === undefined) return [];
  const messages = uids.length;
  const into = folder ?? folderOf(command.tokens[0]);
  const base = { actions: ['save'] as const, uids: new Set(uids), messages, certain: true };
  return into === undefined ? [] : [{ ...base, folder: into, whole: new Set() }];
}

function copyCauses(command: ImapCommand, sourceFolder: string): Cause[] {
  const set = /\[COPYUID \d+ [\d:,]+ ([\d:,]+)\]/.exec(command.reply)?.[1];
  const uids = set === undefined ? undefined : expandSet(set, COMMAND_MESSAGES_MAX);
  if (uids === undefined) return [];
  const folder = folderOf(command.tokens.at(-1));
  const base = { actions: ['copy'] as const, uids: new Set(uids), messages: uids.length };
  return [{ ...base, folder, sourceFolder, certain: true, whole: new Set() }];
}

function expungeCauses(folder: string, items: readonly PendingItem[]): Cause[] {
  if (items.length === 0) return [];
  const uids = new Set(items.map((item) => item.uid));
  const actions = ['expunge'] as const;
  return [{ actions, folder, uids, messages: uids.size, certain: true, whole: new Set() }];
}

function moveCauses(
  command: ImapCommand,
  sourceFolder: string,
  items: readonly PendingItem[],
): Cause[] {
  const expunged = expungeCauses(sourceFolder, items);
  const folder = isCut(command) ? undefined : folderOf(command.tokens.at(-1));
  const actions = ['copy'] as const;
  const messages = items.length;
  const copied = {
    actions,
    folder,
    sourceFolder,
    messages,
    certain: true,
    whole: new Set<number>(),
  };
  return items.length === 0 ? [] : [copied, ...expunged];
}

function storeCauses(command: ImapCommand, folder: string): Cause[] {
  if (/^OK Store ignored/i.test(command.reply)) return [];
  const set = commandSet(command);
  const change = flagChange(command.tokens);
  return [
    {
      actions: ['flag_change', 'delete', 'undelete'],
      folder,
      uids: isUidCommand(command) && set !== undefined ? new Set(set) : undefined,
      messages: set && new Set(set).size,
      certain: false,
      ...(change !== undefined && { agrees: (flags: string) => agreement(change, flags) }),
      whole: new Set(),
    },
  ];
}

function fetchCauses(command: ImapCommand, folder: string, items: readonly PendingItem[]): Cause[] {
  if (!isCut(command) && !fetchedContent(command.args).marksSeen) return [];
  const set = isUidCommand(command) ? commandSet(command) : undefined;
  // What it opened is what it read; what it had in its cache it did not open.
  const uids = items.length > 0 ? items.map((item) => item.uid) : set;
  return [
    {
      actions: ['flag_change'],
      folder,
      uids: uids && new Set(uids),
      messages: uids?.length,
      certain: false,
      agrees: (flags) => (/(^| )\\Seen( |$)/.test(flags) ? 'fully' : 'no'),
      whole: new Set(),
    },
  ];
}

function causesOf(command: ImapCommand, items: readonly PendingItem[]): Cause[] {
  const folder = textField(command.fields, 'mailbox') ?? items[0]?.mailbox;
  const base = command.name.replace(/^UID /, '');
  if (base === 'APPEND') return appendCauses(command, folder);
  if (folder === undefined) return [];
  if (base === 'COPY') return copyCauses(command, folder);
  if (base === 'MOVE') return moveCauses(command, folder, items);
  if (base === 'EXPUNGE' || base === 'CLOSE') return expungeCauses(folder, items);
  if (base === 'STORE') return storeCauses(command, folder);
  return base === 'FETCH' ? fetchCauses(command, folder, items) : [];
}

/** The lines of one command. */
export class CausedLines {
  readonly lines: MailLogLine[] = [];
  /** The place of the first of them. */
  firstAt = Infinity;
  /** Whether it changes flags by the way, by reading: then a line may be another command's. */
  readonly isByTheWay: boolean;
  /** Whether it changes what reading a message does not change. */
  readonly isMoreThanSeen: boolean;
  readonly #causes: readonly Cause[];

  constructor(command: ImapCommand, items: readonly PendingItem[]) {
    this.#causes = causesOf(command, items);
    this.isByTheWay = command.name.endsWith('FETCH');
    this.isMoreThanSeen = command.name.endsWith('STORE') && !addsOnlySeen(command);
  }

  /** Whether nothing more is to come. */
  get isWhole(): boolean {
    return this.#causes.every(
      ({ messages, whole }) => messages !== undefined && whole.size >= messages,
    );
  }

  /** Whether mail_log tells of it for certain. */
  get isCertain(): boolean {
    return this.#causes.some(({ certain }) => certain);
  }

  /** Whether the command can have caused the line. */
  accepts(logged: LoggedLine): boolean {
    return this.#find(logged) !== undefined;
  }

  /** Takes the line if the command can have caused it. */
  take(logged: LoggedLine): boolean {
    const found = this.#find(logged);
    if (found === undefined) return false;
    const { cause, line, isLast } = found;
    if (isLast) cause.whole.add(line.uid);
    this.lines.push(line);
    this.firstAt = Math.min(this.firstAt, logged.at);
    return true;
  }

  #find(logged: LoggedLine): { cause: Cause; line: MailLogLine; isLast: boolean } | undefined {
    for (const cause of this.#causes) {
      if (!cause.actions.includes(logged.action) || isFull(cause)) continue;
      const line = readMailLog(logged.text, logged.action, cause);
      if (line === undefined || cause.whole.has(line.uid)) continue;
      if (cause.uids !== undefined && !cause.uids.has(line.uid)) continue;
      const agreed = line.flags === undefined ? 'fully' : (cause.agrees?.(line.flags) ?? 'fully');
      if (agreed !== 'no') return { cause, line, isLast: agreed === 'fully' };
    }
    return undefined;
  }
}

function addsOnlySeen({ tokens }: ImapCommand): boolean {
  const change = flagChange(tokens);
  if (change?.operation !== 'add' || change.keywords.size > 0) return false;
  return change.system.size === 1 && change.system.has('\\seen');
}

function isFull({ messages, whole }: Cause): boolean {
  return messages !== undefined && whole.size >= messages;
}
