// What IMAP sessions do in mailboxes: the ends of commands, the events of the messages that they
// opened or expunged, and the lines of mail_log become one record for each object.
import type { AuditEvent } from '../../event/audit-event.ts';
import type { Held, Holdings } from '../holdings.ts';
import {
  accessEvent,
  itemId,
  ownedFolder,
  type AccessDetails,
  type AccessEvent,
} from './access-record.ts';
import { CausedLines } from './caused-lines.ts';
import { doveadmCommand } from './doveadm.ts';
import { numberField, textField, type DovecotEvent, type EventFields } from './event-line.ts';
import { appendRecords, folderRecord, imapCommand, type ImapCommand } from './imap-commands.ts';
import { mailLogAction } from './mail-log.ts';
import { MailLogJoin, type JoinedCommand } from './mail-log-join.ts';
import {
  itemTaker,
  messageRecords,
  takesItems,
  withSaved,
  type CommandContext,
} from './message-commands.ts';
import type { ToldAttachments } from './attachment-names/told-attachments.ts';
import { SelectedFolder } from './selected-folder.ts';
import type { PendingItem, Session } from './sessions.ts';

export interface ImapAccessOptions {
  readonly holdings: Holdings;
  readonly now: () => number;
  /** The prefixes of the shared namespaces, e.g. `shared/`; none when there is none. */
  readonly sharedPrefixes: readonly string[];
  /** Names the attachments that were read, where the administrator allows it. */
  readonly attachments?: ToldAttachments;
}

/** Most characters of a mail_log line; Dovecot cuts each of its fields at 80 or less. */
export const MAIL_LOG_LINE_CHARS_MAX = 2_000;

interface FinishedCommand {
  readonly command: ImapCommand;
  /** When it began, see DovecotEvent. */
  readonly started: DovecotEvent['started'];
  /** The place of its line. */
  readonly at: number;
}

interface TakenItems {
  /** Messages that the command opened or expunged. */
  readonly items: PendingItem[];
  /** Those of them that were told before the command had ended. */
  readonly toldItems: PendingItem[];
}

/** A command that waits for mail_log; with the messages that are told by it. */
class EndedCommand implements JoinedCommand {
  readonly at: number;
  readonly from: number;
  readonly sinceMs: number;
  readonly amendable = true;
  readonly caused: CausedLines;
  told = false;
  amending = false;
  readonly #items: readonly PendingItem[];
  readonly #holdings: Holdings;
  readonly #records: (caused: CausedLines) => AccessEvent[];

  constructor(
    place: Pick<Held, 'at' | 'from' | 'sinceMs'>,
    caused: CausedLines,
    items: readonly PendingItem[],
    holdings: Holdings,
    records: (caused: CausedLines) => AccessEvent[],
  ) {
    this.at = place.at;
    this.from = place.from;
    this.sinceMs = place.sinceMs;
    this.caused = caused;
    this.#items = items;
    this.#holdings = holdings;
    this.#records = records;
    // What waits for the time or gives way to others takes the command along.
    for (const item of items) item.tell = (out) => holdings.tellEarly(this, out);
  }

  tell(out: AuditEvent[]): void {
    for (const item of this.#items) this.#holdings.complete(item);
    out.push(...this.#records(this.caused));
  }
}

/** The mailbox access by IMAP in one log. */
export class ImapAccess {
  readonly #options: ImapAccessOptions;
  readonly #join: MailLogJoin;

  constructor(options: ImapAccessOptions) {
    this.#options = options;
    this.#join = new MailLogJoin(options.holdings, options.now);
  }

  /** Whether the log is known to have lines of mail_log. */
  get hasMailLog(): boolean {
    return this.#join.isOn;
  }

  /** The log has lines of mail_log. */
  mailLogHeard(): void {
    this.#join.heard();
  }

  /** A command ended. */
  commandFinished(
    event: DovecotEvent,
    name: string,
    session: Session,
    at: number,
    out: AuditEvent[],
  ): void {
    const { holdings, now, sharedPrefixes, attachments } = this.#options;
    const command = imapCommand(name, event.fields, sharedPrefixes);
    const taken = this.#takeItems(session, { command, started: event.started, at }, out);
    const caused = new CausedLines(command, [...taken.items, ...taken.toldItems]);
    const place = {
      at,
      from: Math.min(at, taken.items[0]?.from ?? at),
      sinceMs: taken.items[0]?.sinceMs ?? now(),
    };
    const { selected } = session;
    const ended = new EndedCommand(place, caused, taken.items, holdings, ({ lines }) => {
      const context = { ...taken, mailLog: lines, selected, hasMailLog: this.hasMailLog };
      const events = recordsOf(command, context).map((details) =>
        accessEvent(event, session, 'imap', details),
      );
      return attachments?.of(events, at) ?? events;
    });
    this.#join.command(session.id, ended, out);
    this.#select(command, session, at);
  }

  #select(command: ImapCommand, session: Session, at: number): void {
    if (command.name !== 'SELECT' && command.name !== 'EXAMINE') return;
    const path = textField(command.fields, 'mailbox');
    if (!command.allowed || path === undefined) {
      session.selected = undefined;
      return;
    }
    const isReadOnly = command.name === 'EXAMINE' || command.reply.startsWith('OK [READ-ONLY]');
    session.selected = new SelectedFolder(path, isReadOnly);
    // What is told of another's folder depends on it.
    const { owner } = ownedFolder(path, command.user, command.sharedPrefixes);
    if (owner !== command.user) session.openFrom ??= at;
  }

  /** Takes a line of a mail process; false when it is none of mail_log. */
  line(session: string, text: string, at: number, out: AuditEvent[]): boolean {
    const action = text.length > MAIL_LOG_LINE_CHARS_MAX ? undefined : mailLogAction(text);
    if (action === undefined) return false;
    this.#join.line(session, { action, text, at }, out);
    return true;
  }

  /** The session's process wrote its last line. */
  linesEnded(session: string, out: AuditEvent[]): void {
    this.#join.linesEnded(session, out);
  }

  /** The session's last event came. */
  ended(session: Session, out: AuditEvent[]): void {
    this.#takeItems(session, undefined, out);
    this.#join.commandsEnded(session.id);
  }

  /** The place of the oldest line that waits for its command. */
  openFrom(): number | undefined {
    return this.#join.openFrom();
  }

  /** A message was opened or expunged: it waits for the end of its command. */
  message(
    event: DovecotEvent,
    kind: PendingItem['kind'],
    session: Session,
    at: number,
    out: AuditEvent[],
  ): void {
    const uid = numberField(event.fields, 'uid');
    const mailbox = textField(event.fields, 'mailbox');
    if (uid === undefined || uid === 0 || mailbox === undefined) return;
    const command = textField(event.fields, 'cmd_name');
    const moved = command?.endsWith('MOVE') === true;
    const action = kind === 'opened' ? 'read' : moved ? 'move' : 'delete';
    const item: PendingItem = {
      at,
      from: at,
      sinceMs: this.#options.now(),
      told: false,
      kind,
      uid,
      mailbox,
      started: event.started,
      command,
      tell: (events) => this.tellMessage(event, session, 'imap', action, events),
    };
    session.items.push(item);
    this.#options.holdings.hold(item, out);
  }

  /** Tells of one message by its own event, without the command's. */
  tellMessage(
    event: DovecotEvent,
    session: Session | undefined,
    service: string,
    action: AccessDetails['action'],
    out: AuditEvent[],
  ): void {
    const { fields } = event;
    const uid = numberField(fields, 'uid');
    const mailbox = textField(fields, 'mailbox');
    const command = textField(fields, 'cmd_name') ?? pop3Command(fields) ?? doveadmCommand(fields);
    if (uid === undefined || uid === 0 || mailbox === undefined) return;
    const user = textField(fields, 'user') ?? session?.user;
    const folder = ownedFolder(mailbox, user, this.#options.sharedPrefixes);
    out.push(
      accessEvent(event, session, service, {
        action,
        ...(folder.owner !== undefined && { owner_id: folder.owner }),
        object_type: 'Message',
        item_id: itemId(folder, uid),
        folder_path: mailbox,
        action_allowed: true,
        ...(command !== undefined && { command }),
      }),
    );
  }

  /**
   * The command's own messages. Those of the commands behind it in a packet have come, too, and wait
   * for these; what no command can tell of any more is told alone.
   */
  #takeItems(session: Session, ended: FinishedCommand | undefined, out: AuditEvent[]): TakenItems {
    const { holdings } = this.#options;
    const taken: TakenItems = { items: [], toldItems: [] };
    if (session.items.length === 0) return taken;
    const takes = ended === undefined ? undefined : itemTaker(ended.command);
    // What an earlier run told of the command it told with its messages, and an amendment does again.
    const isToldAgain = ended !== undefined && holdings.wasTold(ended.at);
    const waiting: PendingItem[] = [];
    for (const item of session.items) {
      if (takes?.(item) === true) {
        (item.told && !isToldAgain ? taken.toldItems : taken.items).push(item);
      } else if (ended !== undefined && isOfLater(item, ended)) waiting.push(item);
      else {
        if (!item.told) item.tell(out);
        holdings.complete(item);
      }
    }
    session.items.splice(0, session.items.length, ...waiting);
    return taken;
  }
}

/** Whether what was done to a message began after the command, so that it can be another's. */
function isOfLater({ started, command }: PendingItem, ended: FinishedCommand): boolean {
  if (started === undefined || ended.started === undefined) return false;
  const { name } = ended.command;
  if (command === name && takesItems(name) === undefined) return false;
  return typeof started === typeof ended.started && started >= ended.started;
}

function recordsOf(
  command: ImapCommand,
  known: Omit<CommandContext, 'command'>,
): readonly AccessDetails[] {
  const folder = folderRecord(command);
  if (folder !== undefined) return [folder];
  if (command.name === 'APPEND') {
    return appendRecords(command).map((record) => withSaved(record, known.mailLog));
  }
  return messageRecords({ ...known, command }) ?? [];
}

/**
 * The command that a POP3 session's event belongs to: `TOP`, `RETR`, `QUIT`.
 *
 * @see Dovecot 2.3 and 2.4 event reasons, `pop3:cmd_top`
 */
function pop3Command(fields: EventFields): string | undefined {
  const codes = fields['reason_code'];
  const code: unknown = Array.isArray(codes) ? codes[0] : codes;
  const command = typeof code === 'string' ? /^pop3:cmd_([a-z]{1,10})$/.exec(code)?.[1] : undefined;
  return command?.toUpperCase();
}
