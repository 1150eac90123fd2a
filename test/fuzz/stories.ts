// Short stories as the servers' logs tell them, with everything a stranger may choose left open:
// told twice, once with harmless texts and once with hostile ones, they must make the same events.
import { sanitized } from './hostile-text.ts';

/** What strangers choose in a story. */
export interface Choices {
  readonly subject: string;
  readonly from: string;
  readonly messageId: string;
  readonly folder: string;
  readonly client: string;
  readonly typedUser: string;
  readonly helo: string;
  readonly reply: string;
  readonly script: string;
}
export type Choice = keyof Choices;

/** Harmless texts that no other part of a story contains. */
export const MARKS: Choices = {
  subject: 'MarkSubject',
  from: 'MarkFrom',
  messageId: 'MarkMessageId',
  folder: 'MarkFolder',
  client: 'MarkClient',
  typedUser: 'MarkTyped',
  helo: 'MarkHelo',
  reply: 'MarkReply',
  script: 'MarkScript',
};

/** What Dovecot lets of a header field or folder into a mail_log line, in characters. */
const MAIL_LOG_CHARS_MAX = 80;
/** What Postfix lets of a header into its log with its name, in bytes. */
const HEADER_BYTES_MAX = 200;
/** Longer than what of a stranger's other texts is in Postfix's log, in characters. */
const POSTFIX_CHARS_MAX = 200;
/** What the `log` exporter lets of a field into an event, in characters. */
const EVENT_FIELD_CHARS_MAX = 1000;

const TIME = '2026-11-23T05:56:11';
const SESSION = 'bjY0QOtgRtJ/AAAB';
const USER = 'alice@example.test';

/** A line of the `log` exporter. */
function event(name: string, service: string, fields: Record<string, unknown>): string {
  const cut = Object.entries({ session: SESSION, user: USER, ...fields }).map(([key, value]) => [
    key,
    typeof value === 'string' && value.length > EVENT_FIELD_CHARS_MAX
      ? `${value.slice(0, EVENT_FIELD_CHARS_MAX)}...`
      : value,
  ]);
  const body = {
    event: name,
    hostname: 'mx',
    start_time: `${TIME}.008700Z`,
    end_time: `${TIME}.030044Z`,
    categories: [`service:${service}`],
    fields: Object.fromEntries(cut),
  };
  return `${TIME} stats: Info: ${JSON.stringify(body)}`;
}

/** A string as an IMAP quoted string. */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** A folder as a client names it: `&` begins an encoded part and stands for itself as `&-`. */
function named(folder: string): string {
  return quoted(folder.replaceAll('&', '&-'));
}

function imap(name: string, args: string, fields: Record<string, unknown> = {}): string {
  return event('imap_command_finished', 'imap', {
    remote_ip: '203.0.113.7',
    remote_port: 4711,
    cmd_name: name,
    cmd_args: args,
    tagged_reply_state: 'OK',
    tagged_reply: 'OK done.',
    ...fields,
  });
}

function mailLogPart(text: string): string {
  return sanitized(text, MAIL_LOG_CHARS_MAX);
}

function mailLog(
  action: string,
  folder: string,
  uid: number,
  choices: Choices,
  flags = '',
): string {
  return (
    `${TIME} imap(${USER})<1030><${SESSION}>{rip=203.0.113.7,auth=${USER}}: Info: ${action}: ` +
    `box=${mailLogPart(folder)}, uid=${uid}, msgid=<${mailLogPart(choices.messageId)}>, size=432, vsize=451, ` +
    `from=${mailLogPart(choices.from)}, subject=${mailLogPart(choices.subject)}, flags=(${flags})`
  );
}

/** A sign-in over IMAP and what it did, a delivery, a failed sign-in and a changed script. */
export function dovecotStory(choices: Choices): string[] {
  const { folder, subject } = choices;
  const client = `"name" ${quoted(choices.client)}`;
  const auth = { service: 'imap', remote_ip: '203.0.113.7', remote_port: 4711, mechanism: 'PLAIN' };
  const delivered = {
    session: 'sEjjLaTVA2vlKwAAg+zDdQ',
    transaction_id: 'sEjjLaTVA2vlKwAAg+zDdQ',
    remote_ip: '127.0.0.1',
    message_id: `<${choices.messageId}>`,
    message_subject: subject,
    message_from: choices.from,
    mail_from: 'ext@sink.test',
    rcpt_to: USER,
    message_size: 869,
  };
  return [
    event('auth_passdb_request_finished', 'auth', { ...auth, result: 'ok' }),
    event('auth_request_finished', 'auth', {
      ...auth,
      original_user: USER,
      client_id: client,
      success: 'yes',
    }),
    imap('ID', `(${client})`),
    mailLog('save', 'INBOX', 1, choices),
    imap('APPEND', 'INBOX <451 byte literal>', {
      mailbox: 'INBOX',
      tagged_reply: 'OK [APPENDUID 1795413371 1] Append completed.',
    }),
    imap('CREATE', named(folder), { mailbox: folder }),
    imap('SELECT', named(folder), { mailbox: folder }),
    event('mail_opened', 'imap', {
      cmd_name: 'UID FETCH',
      reason_code: ['imap:cmd_uid_fetch', 'imap:fetch_body'],
      mailbox: folder,
      uid: 7,
    }),
    mailLog('flag_change', folder, 7, choices, '\\Seen'),
    imap('UID FETCH', '7 (BODY[])', {
      mailbox: folder,
      reason_code: ['imap:cmd_uid_fetch', 'imap:fetch_body'],
    }),
    mailLog('delete', folder, 7, choices, '\\Deleted \\Seen'),
    imap('UID STORE', '7 +FLAGS (\\Deleted)', { mailbox: folder }),
    event('mail_expunged', 'imap', { cmd_name: 'EXPUNGE', mailbox: folder, uid: 7 }),
    mailLog('expunge', folder, 7, choices, '\\Deleted \\Seen'),
    imap('EXPUNGE', '', { mailbox: folder }),
    imap('SETACL', `${named(folder)} bob lr`),
    event('mail_user_session_finished', 'imap', {}),
    event('auth_request_finished', 'auth', {
      ...auth,
      session: 'X2',
      user: choices.typedUser,
      original_user: choices.typedUser,
    }),
    event('managesieve_command_finished', 'managesieve', {
      cmd_name: 'PUTSCRIPT',
      cmd_args: quoted(choices.script),
      script_name: choices.script,
    }),
    event('sieve_action_finished', 'lmtp', {
      ...delivered,
      action_name: 'fileinto',
      fileinto_mailbox_name: folder,
    }),
    event('mail_delivery_finished', 'lmtp', delivered),
  ];
}

function line(program: string, text: string): string {
  return `Nov 23 05:56:41 mail postfix/${program}[11250]: ${text}`;
}

/** Postfix cuts without a mark, also within a character. */
function cutHeader(text: string): string {
  return Buffer.from(sanitized(text, Infinity)).toString('utf8', 0, HEADER_BYTES_MAX);
}

/** A message received, one submitted and bounced, a rejected one and a failed sign-in. */
export function postfixStory(choices: Choices): string[] {
  const header = (id: string, name: string, value: string, from: string, to: string): string =>
    line(
      'cleanup',
      `${id}: info: header ${cutHeader(`${name}: ${value}`)} from unknown[203.0.113.7]; ` +
        `from=<${from}> to=<${to}> proto=ESMTP helo=<${sanitized(choices.helo, POSTFIX_CHARS_MAX)}>`,
    );
  const sent = (id: string, to: string, status: string): string =>
    line(
      'smtp',
      `${id}: to=<${to}>, relay=mx.sink.test[192.0.2.9]:25, delay=0.2, delays=0/0/0/0.2, ${status}`,
    );
  const reply = sanitized(choices.reply, POSTFIX_CHARS_MAX);
  const [received, submitted] = ['4jXwF05NJdzJ9ZJ', '4jXwF55qVCzJ9ZN'];
  return [
    line('smtpd', `${received}: client=unknown[203.0.113.7]`),
    line('cleanup', `${received}: message-id=<${sanitized(choices.messageId, POSTFIX_CHARS_MAX)}>`),
    header(received, 'Subject', choices.subject, 'ext@sink.test', USER),
    header(received, 'From', choices.from, 'ext@sink.test', USER),
    line('qmgr', `${received}: from=<ext@sink.test>, size=869, nrcpt=1 (queue active)`),
    line(
      'lmtp',
      `${received}: to=<${USER}>, relay=127.0.0.1[127.0.0.1]:24, delay=0.1, delays=0/0/0/0.1, dsn=2.0.0, status=sent (250 2.0.0 <${USER}> sEjjLaTVA2vlKwAAg+zDdQ Saved)`,
    ),
    line('qmgr', `${received}: removed`),
    line(
      'submission/smtpd',
      `${submitted}: client=unknown[203.0.113.7], sasl_method=PLAIN, sasl_username=${USER}`,
    ),
    line('cleanup', `${submitted}: message-id=<m2@example.test>`),
    header(submitted, 'Subject', choices.subject, USER, 'x@sink.test'),
    line('qmgr', `${submitted}: from=<${USER}>, size=661, nrcpt=2 (queue active)`),
    sent(submitted, 'x@sink.test', `dsn=2.0.0, status=sent (250 2.0.0 ${reply})`),
    sent(
      submitted,
      'y@sink.test',
      `dsn=5.1.1, status=bounced (host mx.sink.test[192.0.2.9] said: 550 5.1.1 ${reply} (in reply to RCPT TO command))`,
    ),
    line('qmgr', `${submitted}: removed`),
    line(
      'smtpd',
      `NOQUEUE: reject: RCPT from unknown[203.0.113.7]: 554 5.7.1 <z@elsewhere.test>: Relay access denied; from=<ext@sink.test> to=<z@elsewhere.test> proto=ESMTP helo=<${sanitized(choices.helo, POSTFIX_CHARS_MAX)}>`,
    ),
    line(
      'submission/smtpd',
      `warning: unknown[203.0.113.7]: SASL PLAIN authentication failed: (reason unavailable), sasl_username=${sanitized(choices.typedUser, POSTFIX_CHARS_MAX)}`,
    ),
  ];
}
