// What is not told while a part of a mail server's configuration is missing: one table, from the
// missing thing to the events or fields that go with it. The corpus of recorded sessions holds it to
// the truth (losses.test.ts): without the lines in question, these events and fields are gone.
import type { LogType } from '../../event/log-type.ts';

/** Events that are not told, or fields that those still told lack. */
export interface Loss {
  readonly log_type: LogType;
  /** Of mailbox access; all actions where nothing is said. */
  readonly actions?: readonly string[];
  /** What the events lack; where nothing is said, the events themselves are missing. */
  readonly fields?: readonly string[];
  /** Which of them, where not all: `POP3, doveadm`. */
  readonly by?: string;
}

const ACCESS = 'WORKMAIL_MAILBOX_ACCESS_LOGS';
const SIGN_INS = 'AUTHENTICATION_LOGS';
const DECISIONS = 'ACCESS_CONTROL_LOGS';
const EMAIL = 'EMAIL_EVENT_LOGS';

const IMAP_ACTIONS = [
  'read',
  'read_hierarchy',
  'read_summary',
  'read_attachment',
  'read_permissions',
  'create',
  'update',
  'update_permissions',
  'update_read_state',
  'delete',
  'move',
  'move_to',
  'copy',
  'copy_to',
];
const SUBMISSION: Loss = {
  log_type: ACCESS,
  actions: ['submit_email_for_sending', 'abort_sending_email'],
  by: "Dovecot's submission service",
};
/** What only lines of mail_log tell of a message. */
const MESSAGE_FIELDS = ['message_id', 'subject'];

/** Told as one event with the numbers that the client gave, instead of one for each message. */
const SEVERAL = 'each message of a change of several';

/** Which events an absence takes away; the keys are Dovecot's and Postfix's own names. */
const LOSSES = {
  // Sign-ins and rules.
  auth_policy: [{ log_type: DECISIONS, by: 'sign-ins, whose rules are not enforced' }],
  'auth_policy check': [{ log_type: DECISIONS, by: 'sign-ins, whose rules are not enforced' }],
  'auth_policy attributes': [{ log_type: DECISIONS, by: 'sign-ins, whose rules are not enforced' }],
  auth_verbose: [{ log_type: SIGN_INS, fields: ['failure_detail'] }],
  login_log_format_elements: [{ log_type: SIGN_INS, fields: ['request_id'] }],
  // Events. What the log's own lines tell all the same is not lost.
  auth_request_finished: [
    { log_type: SIGN_INS, fields: ['mechanism', 'server_name'] },
    { log_type: SIGN_INS, by: 'attempts that no line of the log tells of' },
    { log_type: ACCESS, fields: ['impersonator_id'] },
    SUBMISSION,
  ],
  auth_passdb_request_finished: [],
  imap_command_finished: [{ log_type: ACCESS, actions: IMAP_ACTIONS, by: 'IMAP' }],
  mail_opened: [
    { log_type: ACCESS, actions: ['read', 'read_summary', 'read_attachment'], by: 'POP3, doveadm' },
    { log_type: ACCESS, actions: ['read', 'read_attachment'], fields: ['item_id'], by: 'IMAP' },
  ],
  mail_expunged: [
    { log_type: ACCESS, actions: ['delete'], by: 'POP3, doveadm, EXPUNGE of IMAP' },
    { log_type: ACCESS, actions: ['move', 'move_to'], fields: ['item_id', ...MESSAGE_FIELDS] },
  ],
  // It tells whether others were lost, too.
  mail_user_session_finished: [{ log_type: ACCESS, by: 'folders and searches of doveadm' }],
  mail_delivery_finished: [
    { log_type: EMAIL, by: 'deliveries into mailboxes' },
    { log_type: ACCESS, actions: ['create'], by: 'deliveries into mailboxes' },
  ],
  sieve_action_finished: [{ log_type: EMAIL, by: 'what Sieve did: forwarded, filed, discarded' }],
  smtp_server_transaction_finished: [SUBMISSION],
  smtp_server_transaction_rcpt_finished: [],
  managesieve_command_finished: [
    {
      log_type: ACCESS,
      actions: ['read', 'create', 'update', 'delete', 'read_hierarchy'],
      by: 'ManageSieve',
    },
  ],
  // Lines of mail_log.
  mail_log: [
    { log_type: ACCESS, fields: [...MESSAGE_FIELDS, 'flags'] },
    { log_type: ACCESS, actions: ['create', 'move_to'], fields: ['item_id'], by: 'IMAP' },
  ],
  // A line without its session is of no command.
  mail_log_prefix: [{ log_type: ACCESS, fields: [...MESSAGE_FIELDS, 'flags'] }],
  'mail_log delete': [
    { log_type: ACCESS, actions: ['delete'], fields: [...MESSAGE_FIELDS, 'flags'] },
    { log_type: ACCESS, actions: ['delete'], by: SEVERAL },
  ],
  'mail_log undelete': [
    { log_type: ACCESS, actions: ['update'], fields: [...MESSAGE_FIELDS, 'flags'] },
  ],
  'mail_log expunge': [{ log_type: ACCESS, actions: ['delete'], fields: MESSAGE_FIELDS }],
  'mail_log save': [
    {
      log_type: ACCESS,
      actions: ['create'],
      fields: ['item_id', 'folder_path', ...MESSAGE_FIELDS],
    },
  ],
  'mail_log copy': [
    { log_type: ACCESS, actions: ['copy', 'copy_to'], fields: MESSAGE_FIELDS },
    { log_type: ACCESS, actions: ['move_to'], fields: ['item_id'] },
  ],
  'mail_log mailbox_create': [],
  'mail_log mailbox_delete': [],
  'mail_log mailbox_rename': [],
  'mail_log flag_change': [
    { log_type: ACCESS, actions: ['update_read_state'], by: 'reading' },
    { log_type: ACCESS, actions: ['update', 'delete'], by: SEVERAL },
    {
      log_type: ACCESS,
      actions: ['update', 'update_read_state'],
      fields: ['flags', ...MESSAGE_FIELDS],
    },
  ],
  // Without the place of a message a line of mail_log cannot be used.
  'mail_log uid': [{ log_type: ACCESS, fields: [...MESSAGE_FIELDS, 'flags'] }],
  'mail_log box': [{ log_type: ACCESS, fields: [...MESSAGE_FIELDS, 'flags'] }],
  'mail_log msgid': [{ log_type: ACCESS, fields: ['message_id'] }],
  // Dovecot writes it behind msgid, which ends there.
  'mail_log size': [{ log_type: ACCESS, fields: ['message_id'] }],
  'mail_log vsize': [],
  'mail_log flags': [{ log_type: ACCESS, fields: ['flags'] }],
  'mail_log from': [],
  'mail_log subject': [{ log_type: ACCESS, fields: ['subject'] }],
  // Postfix.
  check_policy_service: [{ log_type: DECISIONS, by: 'sending, whose rules are not enforced' }],
  header_checks: [{ log_type: EMAIL, fields: ['event.subject'], by: 'where no milter sees them' }],
  milter: [{ log_type: EMAIL, fields: ['attachments'] }],
  maillog: [{ log_type: EMAIL }],
} as const satisfies Readonly<Record<string, readonly Loss[]>>;

/** What can be missing, by the mail server's own name for it. */
export type Missing = keyof typeof LOSSES;

/** Everything that can be missing. */
export const MISSING = Object.keys(LOSSES) as readonly Missing[];

function isMissing(name: string): name is Missing {
  return Object.hasOwn(LOSSES, name);
}

/**
 * What is lost by these absences, each loss once. A name that is not in the table is of a template
 * that grew without it, and loses nothing that is known.
 */
export function lossesOf(...missing: readonly string[]): readonly Loss[] {
  const losses = missing.flatMap((name): readonly Loss[] => (isMissing(name) ? LOSSES[name] : []));
  return [...new Map(losses.map((loss) => [JSON.stringify(loss), loss])).values()];
}

/** A loss in one line: `WORKMAIL_MAILBOX_ACCESS_LOGS: item_id of read, read_attachment (IMAP)`. */
export function lossText({ log_type: logType, actions, fields, by }: Loss): string {
  const events = actions?.join(', ') ?? 'events';
  const what = fields === undefined ? events : `${fields.join(', ')} of ${events}`;
  return `${logType}: ${what}${by === undefined ? '' : ` (${by})`}`;
}
