// The mailbox access record: what every one of them says about who did it, and how an object in a
// mailbox is named.
import type { AuditEvent } from '../../event/audit-event.ts';
import { numberField, textField, type DovecotEvent } from './event-line.ts';
import { protocolOfService } from './protocol.ts';
import type { Session } from './sessions.ts';

export type AccessEvent = Extract<AuditEvent, { log_type: 'WORKMAIL_MAILBOX_ACCESS_LOGS' }>;

/** What was acted on and how; the rest of the record is who, from where and by which session. */
export type AccessDetails = Pick<
  AccessEvent,
  | 'action'
  | 'owner_id'
  | 'object_type'
  | 'item_id'
  | 'folder_path'
  | 'attachment_path'
  | 'action_allowed'
  | 'command'
  | 'item_set'
  | 'destination_path'
  | 'message_id'
  | 'subject'
  | 'flags'
  | 'reply'
  | 'acl_identifier'
  | 'acl_rights'
>;

/** A folder as its owner sees it. */
export interface OwnedFolder {
  readonly owner: string | undefined;
  readonly path: string;
}

/**
 * Whose folder it is and what its owner calls it: in a shared namespace (`shared/<owner>/…`) the
 * owner is in the path, everywhere else it is the user. The last character of a prefix is the namespace's
 * separator; as in Dovecot itself an owner's name ends at the next one.
 *
 * @see Dovecot 2.3 documentation, "Shared mailboxes", prefix of a shared namespace
 */
export function ownedFolder(
  path: string,
  user: string | undefined,
  sharedPrefixes: readonly string[],
): OwnedFolder {
  const prefix = sharedPrefixes.find((each) => path.startsWith(each));
  if (prefix === undefined) return { owner: user, path };
  const separator = prefix.at(-1) ?? '/';
  const rest = path.slice(prefix.length);
  const end = rest.indexOf(separator);
  const owner = end < 0 ? rest : rest.slice(0, end);
  if (owner === '') return { owner: user, path };
  return { owner: owner.toLowerCase(), path: end < 0 ? 'INBOX' : rest.slice(end + 1) };
}

/** What a folder's name must not bring into an id: the mark of what follows, and what escapes it. */
const RESERVED = /[%;\p{Cc}]/gu;

/**
 * The id of a message: its folder as the owner calls it, and its UID, written as in an IMAP URL. The
 * same for everybody who has access, and for as long as the folder keeps its UIDVALIDITY. In the
 * folder's name `%`, `;` and control characters are percent-encoded, so that the only `;` of an id
 * stands in front of its UID.
 *
 * @see RFC 5092 section 11 (iuid, enc-mailbox)
 */
export function itemId(folder: OwnedFolder, uid: number): string {
  return `${folder.path.replace(RESERVED, encodeURIComponent)}/;UID=${uid}`;
}

/** The service that a session's event comes from, also where categories are not exported. */
export function serviceOf(event: DovecotEvent, session: Session | undefined): string | undefined {
  if (event.service !== undefined) return event.service;
  const codes = event.fields['reason_code'];
  const code: unknown = Array.isArray(codes) ? codes[0] : codes;
  if (typeof code === 'string' && code.includes(':')) {
    const service = code.slice(0, code.indexOf(':'));
    if (service === 'imap' || service === 'pop3' || service === 'lmtp') return service;
  }
  return session?.protocol;
}

/** A record of what the event's session did. */
export function accessEvent(
  event: DovecotEvent,
  session: Session | undefined,
  service: string,
  details: AccessDetails,
): AccessEvent {
  const { fields } = event;
  const requestId = textField(fields, 'session') ?? session?.id;
  const user = textField(fields, 'user') ?? session?.user;
  const sourceIp = textField(fields, 'remote_ip') ?? session?.sourceIp;
  const sourcePort = numberField(fields, 'remote_port') ?? session?.sourcePort;
  return {
    log_type: 'WORKMAIL_MAILBOX_ACCESS_LOGS',
    event_timestamp: event.timeMs,
    ...(requestId !== undefined && { request_id: requestId }),
    ...(user !== undefined && { user_id: user }),
    ...(session?.impersonatorId !== undefined && { impersonator_id: session.impersonatorId }),
    protocol: protocolOfService(service),
    ...(sourceIp !== undefined && { source_ip: sourceIp }),
    ...(session?.userAgent !== undefined && { user_agent: session.userAgent }),
    ...details,
    ...(sourcePort !== undefined && { source_port: sourcePort }),
    ...(event.hostname !== undefined && { server_name: event.hostname }),
  };
}
