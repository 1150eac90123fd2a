// Deliveries by LMTP: a message that arrived in a mailbox, where Sieve put it, and what else Sieve did.
import type { AuditEvent } from '../../event/audit-event.ts';
import { accessEvent, itemId, ownedFolder } from './access-record.ts';
import { listHas, numberField, textField, type DovecotEvent } from './event-line.ts';
import type { Session } from './sessions.ts';
import type { MessageTrace } from '../trace-join.ts';
import { parseMailLog, readMailLog, type MailLogLine } from './mail-log.ts';
import type { DeliveryStory } from './traced.ts';

export type EmailEvent = Extract<AuditEvent, { log_type: 'EMAIL_EVENT_LOGS' }>;

/** Most folders that one message is put into and that are told. */
export const STORED_FOLDERS_MAX = 100;

/** Where a message goes if nothing says otherwise. */
const USUAL_FOLDER = 'INBOX';
/** Sieve actions that put the message into a folder. */
const STORES = new Set(['keep', 'fileinto', 'store']);
/** Sieve actions that write to the sender. */
const ANSWERS = new Set(['reject', 'ereject', 'vacation']);

function envelope(
  event: DovecotEvent,
  details: EmailEvent['event'],
  trace: MessageTrace | undefined,
): EmailEvent {
  const { fields } = event;
  const session = textField(fields, 'session');
  const user = textField(fields, 'user');
  const sourceIp = textField(fields, 'remote_ip');
  const size = numberField(fields, 'message_size');
  return {
    log_type: 'EMAIL_EVENT_LOGS',
    event_timestamp: event.timeMs,
    ...(session !== undefined && { request_id: session }),
    ...(user !== undefined && { user_id: user }),
    ...(trace !== undefined && { traceId: trace.traceId }),
    event: details,
    protocol: 'LMTP',
    ...(sourceIp !== undefined && { source_ip: sourceIp }),
    ...(size !== undefined && { message_size: size }),
    ...(trace?.relatedTraceId !== undefined && { related_trace_id: trace.relatedTraceId }),
    ...(event.hostname !== undefined && { server_name: event.hostname }),
  };
}

function message(
  event: DovecotEvent,
): Pick<EmailEvent['event'], 'recipient' | 'from' | 'subject' | 'messageId'> {
  const { fields } = event;
  const recipient = textField(fields, 'rcpt_to') ?? textField(fields, 'user');
  const from = textField(fields, 'message_from');
  const subject = textField(fields, 'message_subject');
  const messageId = textField(fields, 'message_id');
  return {
    ...(recipient !== undefined && { recipient }),
    ...(from !== undefined && { from }),
    ...(subject !== undefined && { subject }),
    ...(messageId !== undefined && { messageId }),
  };
}

/**
 * A Sieve action has ended: where the message went is remembered for its delivery, and what a script
 * says is an applied rule. The keep that happens when no script says otherwise is none.
 *
 * @see Pigeonhole events, sieve_action_finished
 */
export function sieveAction(event: DovecotEvent, session: Session): DeliveryStory | undefined {
  const { fields } = event;
  const action = textField(fields, 'action_name');
  if (action === undefined) return undefined;
  session.sieveActions++;
  const folder = textField(fields, 'fileinto_mailbox_name');
  if (STORES.has(action) && folder !== undefined && session.storedIn.length < STORED_FOLDERS_MAX) {
    session.storedIn.push(folder);
  }
  const script = /^(.*): line \d+$/.exec(textField(fields, 'script_location') ?? '')?.[1];
  if (action === 'keep' && script === undefined) return undefined;
  const target = textField(fields, 'redirect_target');
  const written = target ?? (ANSWERS.has(action) ? textField(fields, 'mail_from') : undefined);
  const details: EmailEvent['event'] = {
    eventName: 'RULE_APPLIED',
    ...message(event),
    ...(script !== undefined && { ruleName: script }),
    ruleType: 'MAILBOX_RULE',
    ruleActions: [{ action, ...(written !== undefined && { recipients: [written] }) }],
    ...(folder !== undefined && { targetFolder: folder }),
    ...(target !== undefined && { targetRecipient: target }),
  };
  return { tell: (trace, out) => out.push(envelope(event, details, trace)) };
}

/**
 * Reads a `save` line: as one about a folder that the message is known or likely to be in, so that
 * nothing a stranger wrote into the message can hide its place.
 */
function savedIn(text: string, folders: readonly string[]): MailLogLine | undefined {
  for (const folder of folders) {
    const line = readMailLog(text, 'save', { folder });
    if (line !== undefined) return line;
  }
  return parseMailLog(text);
}

/**
 * A delivery has ended: one event for each folder the message is in, and the creation of the message
 * there. A message that Sieve discarded, rejected or only redirected is in none. Without Sieve the
 * folder is the one mail_log names.
 */
export function delivery(event: DovecotEvent, session: Session | undefined): DeliveryStory {
  const bySieve = (session?.sieveActions ?? 0) > 0;
  const failed = textField(event.fields, 'error') !== undefined;
  const filed = [...new Set(session?.storedIn)];
  const read = (line: string): MailLogLine[] => {
    const found = savedIn(line, filed.length > 0 ? filed : [USUAL_FOLDER]);
    return found === undefined ? [] : [found];
  };
  const saved: MailLogLine[] = session?.saves.flatMap(read) ?? [];
  const folders = (): readonly (string | undefined)[] => {
    if (failed) return [];
    return bySieve ? filed : [saved[0]?.folder];
  };
  const lineOf = (folder: string | undefined): MailLogLine | undefined =>
    saved.find((line) => line.folder === folder);
  return {
    placing: {
      isDone: () => folders().every((folder) => lineOf(folder) !== undefined),
      saved: (line) => {
        if (saved.length < STORED_FOLDERS_MAX) saved.push(...read(line));
      },
    },
    tell: (trace, out) => {
      for (const folder of folders()) {
        const known = folder === undefined ? {} : { folder };
        const details = { ...message(event), ...known };
        out.push(
          envelope(event, { eventName: 'MAILBOX_EMAIL_DELIVERED', ...details }, trace),
          creation(event, session, folder, lineOf(folder)?.uid),
        );
      }
    },
  };
}

function creation(
  event: DovecotEvent,
  session: Session | undefined,
  folder: string | undefined,
  uid: number | undefined,
): AuditEvent {
  const { fields } = event;
  const owner = textField(fields, 'user');
  const messageId = textField(fields, 'message_id');
  const subject = textField(fields, 'message_subject');
  return accessEvent(event, session, 'lmtp', {
    action: 'create',
    object_type: 'Message',
    ...(owner !== undefined && { owner_id: owner }),
    ...(folder !== undefined && { folder_path: folder }),
    ...(folder !== undefined &&
      uid !== undefined && { item_id: itemId(ownedFolder(folder, owner, []), uid) }),
    action_allowed: true,
    ...(messageId !== undefined && { message_id: messageId }),
    ...(subject !== undefined && { subject }),
  });
}

/** Whether a session's event is about delivering, not about the owner's own access. */
export function isDelivery(event: DovecotEvent, service: string | undefined): boolean {
  return service === 'lmtp' || listHas(event.fields, 'reason_code', 'lmtp:cmd_data');
}
