// Where each WorkMail field, action and email event comes from on each mail server, or why it cannot be
// had. docs/coverage.md is made of this; a test holds it against the recorded events.
import type { LogType } from '../../event/log-type.ts';
import type { MailboxAction } from '../../event/mailbox-access.ts';

/** `had`: some recorded event has it. `rare`: had, but no scenario shows it. `none`: why it cannot be. */
export interface Cell {
  readonly kind: 'had' | 'rare' | 'none';
  readonly text: string;
}

/** One field on both servers. */
export interface Coverage {
  readonly dovecot: Cell;
  /** Where Dovecot 2.4.1 is other than 2.3.19. */
  readonly dovecot24?: string;
  readonly postfix: Cell;
}

/** The versions that this was measured with. */
export const COVERED_VERSIONS = ['Dovecot 2.3.19', 'Dovecot 2.4.1', 'Postfix 3.7.11'] as const;

function had(text: string): Cell {
  return { kind: 'had', text };
}
function rare(text: string): Cell {
  return { kind: 'rare', text };
}
function none(text: string): Cell {
  return { kind: 'none', text };
}
function both(dovecot: Cell, postfix: Cell, dovecot24?: string): Coverage {
  return { dovecot, postfix, ...(dovecot24 !== undefined && { dovecot24 }) };
}

const BY_DOVECOT = none('Dovecot tells of it; without its log Postfix does, see postfix.signIns');
const BY_POLICY = 'the request of its policy client';
const OURS = rare('set by Mailtrail when the event is kept');

const SIGN_IN: Readonly<Record<string, Coverage>> = {
  event_timestamp: both(
    had('end_time of auth_request_finished, or the time of the report'),
    BY_DOVECOT,
  ),
  request_id: both(
    had('the session; of a sign-in by SMTP an id of its own, or the queue id'),
    BY_DOVECOT,
  ),
  organization_arn: both(OURS, OURS),
  user_id: both(had('user of auth_request_finished, or of the policy report'), BY_DOVECOT),
  user: both(had('the name as it was typed (original_user)'), BY_DOVECOT),
  protocol: both(had('service; `smtp` is SMTP'), BY_DOVECOT),
  source_ip: both(had('remote_ip'), BY_DOVECOT),
  user_agent: both(had('IMAP ID, before or after signing in'), BY_DOVECOT),
  method: both(had('a token when the passdb gave a token id, else basic'), BY_DOVECOT),
  auth_successful: both(had('success'), BY_DOVECOT),
  auth_failed_reason: both(
    had("the passdb's result, the auth line or the rule that refused"),
    BY_DOVECOT,
    'fail_type of the policy report',
  ),
  personal_access_token_id: both(had('the field pat_id of the passdb'), BY_DOVECOT),
  impersonator_id: both(had('master_user'), BY_DOVECOT),
};

const ACCESS_CONTROL: Readonly<Record<string, Coverage>> = {
  event_timestamp: both(had('when it was decided'), had('when it was decided')),
  request_id: both(had('the session'), had('the queue id, or the instance before there is one')),
  organization_arn: both(OURS, OURS),
  user_id: both(had('login of the policy request'), had(`sasl_username of ${BY_POLICY}`)),
  impersonator_id: both(
    had('master_user of the policy request'),
    none('a mail has no master user'),
  ),
  protocol: both(had('protocol of the policy request'), had('SMTP')),
  source_ip: both(had('remote of the policy request'), had(`client_address of ${BY_POLICY}`)),
  scope: both(had('always AccessControl'), had('always AccessControl')),
  rule_id: both(had('the rule that decided'), had('the rule that decided')),
  access_granted: both(had('the decision'), had('the decision')),
  user_agent: both(
    had('device_id of the policy request: the IMAP ID sent before'),
    none('SMTP has none'),
  ),
};

const ONLY_SUBMISSION = none('only submit and abort, as the user and address of its SASL session');

const MAILBOX_ACCESS: Readonly<Record<string, Coverage>> = {
  event_timestamp: both(had('end_time of the event'), had("the line's time")),
  request_id: both(had('the session'), had('the queue id')),
  organization_arn: both(OURS, OURS),
  user_id: both(had('user'), had('sasl_username')),
  impersonator_id: both(
    had('joined with the sign-in of the session'),
    none('a mail has no master user'),
  ),
  protocol: both(had('the service'), had('SMTP')),
  source_ip: both(had('remote_ip, or that of the sign-in'), had('the client of the connection')),
  user_agent: both(had('IMAP ID, joined with the sign-in'), none('SMTP has none')),
  action: both(had('see the table of actions'), had('see the table of actions')),
  owner_id: both(had('the user, or the owner in the path of a shared folder'), had('the user')),
  object_type: both(had('by the command'), had('Message')),
  item_id: both(
    had(
      'folder as its owner names it and UID, of mail_opened, mail_expunged, mail_log or the reply',
    ),
    ONLY_SUBMISSION,
  ),
  folder_path: both(had('mailbox, in UTF-8'), ONLY_SUBMISSION),
  folder_id: both(none('no event tells the id of a folder'), ONLY_SUBMISSION),
  attachment_path: both(had("the part's number; with `dovecot.doveadm` its name"), ONLY_SUBMISSION),
  action_allowed: both(
    had("the reply, and mail_log's silence where an ACL takes the effect"),
    had('always true'),
  ),
};

const BY_POSTFIX = none("Postfix's line tells it");
const BY_SIEVE = none('Sieve does it, which Dovecot tells');

const EMAIL: Readonly<Record<string, Coverage>> = {
  event_timestamp: both(had('end_time of the event'), had("the line's time")),
  request_id: both(had('the LMTP session'), had('the queue id')),
  organization_arn: both(OURS, OURS),
  user_id: both(had('the mailbox'), had('sasl_username')),
  traceId: both(
    had("joined with Postfix's delivery"),
    had('made of the queue id and its time; kept over filters, aliases and Sieve'),
  ),
  'event.eventName': both(
    had('see the table of email events'),
    had('see the table of email events'),
  ),
  'event.recipients': both(BY_POSTFIX, had("the milter, else the deliveries' lines")),
  'event.recipient': both(had('rcpt_to'), had('to=')),
  'event.sender': both(
    none('the header Sender is in no event'),
    rare('the header Sender, by the milter'),
  ),
  'event.from': both(
    had('message_from'),
    had('the header From by the milter or header_checks, else the envelope'),
  ),
  'event.subject': both(
    had('message_subject'),
    had('the milter or header_checks, cut at 200 bytes'),
  ),
  'event.messageId': both(had('message_id'), had('message-id=')),
  'event.spamVerdict': both(BY_POSTFIX, rare('Authentication-Results of a trusted filter')),
  'event.dkimVerdict': both(BY_POSTFIX, rare('Authentication-Results of a trusted filter')),
  'event.dmarcVerdict': both(BY_POSTFIX, rare('Authentication-Results of a trusted filter')),
  'event.dmarcPolicy': both(BY_POSTFIX, rare('Authentication-Results of a trusted filter')),
  'event.spfVerdict': both(BY_POSTFIX, rare('Authentication-Results of a trusted filter')),
  'event.messageTimestamp': both(
    none('the header Date is in no event'),
    rare('the header Date, by the milter'),
  ),
  'event.folder': both(had("Sieve's store, or mail_log"), none('it does not know folders')),
  'event.ruleName': both(had("the script's name"), had('the stage that did it')),
  'event.ruleType': both(had('MAILBOX_RULE'), had('what kind of stage it was')),
  'event.ruleActions': both(
    had('action_name of sieve_action_finished'),
    had('discard, hold, redirect, filter'),
  ),
  'event.targetFolder': both(had('fileinto_mailbox_name'), BY_SIEVE),
  'event.targetRecipient': both(had('redirect_target'), rare('of a redirect by a table')),
  'event.journalingAddress': both(
    none('see JOURNALING_INITIATED'),
    rare('one of postfix.journalAddresses'),
  ),
  'event.bouncedRecipient': both(BY_POSTFIX, had('the refused recipient with its reason')),
  'event.destination': both(none('it hands nothing on'), had('the relay')),
  'event.reason': both(BY_POSTFIX, had("the other server's words, or the refusal")),
  'event.policy': both(BY_POSTFIX, rare('of the DMARC result')),
  protocol: both(had('LMTP'), had('SMTP')),
  source_ip: both(had('the client of LMTP'), had('the client')),
};

/** The log types that mail servers tell of; the fields of each. */
export const FIELD_COVERAGE: Readonly<
  Partial<Record<LogType, Readonly<Record<string, Coverage>>>>
> = {
  AUTHENTICATION_LOGS: SIGN_IN,
  ACCESS_CONTROL_LOGS: ACCESS_CONTROL,
  WORKMAIL_MAILBOX_ACCESS_LOGS: MAILBOX_ACCESS,
  EMAIL_EVENT_LOGS: EMAIL,
};

/** Log types of which no mail server tells. */
export const OTHER_SOURCES: Readonly<Partial<Record<LogType, string>>> = {
  WORKMAIL_AVAILABILITY_PROVIDER_LOGS:
    'No mail server looks up free and busy times. Records come over HTTP or by a mapping file.',
  WORKMAIL_PERSONAL_ACCESS_TOKEN_LOGS:
    'What makes tokens tells of them: records come over HTTP or by a mapping file. Signing in with one is in the authentication log.',
  MANAGEMENT_LOGS:
    'Mailtrail writes them: starts, stops and changes of its configuration and rules.',
};

/** How each mailbox action is told. */
export const ACTION_COVERAGE: Readonly<Record<MailboxAction, Coverage>> = {
  read: both(
    had('FETCH of a body with mail_opened; RETR; doveadm fetch'),
    none('it does not read mailboxes'),
  ),
  read_summary: both(
    had('SELECT, STATUS, SEARCH, FETCH of headers and flags; doveadm search'),
    none('it does not read mailboxes'),
  ),
  read_hierarchy: both(had('LIST, LSUB, NAMESPACE'), none('it does not read mailboxes')),
  read_attachment: both(
    had('FETCH of a part other than the first'),
    none('it does not read mailboxes'),
  ),
  read_permissions: both(had('GETACL, MYRIGHTS, LISTRIGHTS'), none('it does not read mailboxes')),
  create: both(
    had('APPEND, CREATE, a delivery, PUTSCRIPT'),
    none('Dovecot tells of its deliveries'),
  ),
  update: both(
    had('STORE, RENAME, SUBSCRIBE, RENAMESCRIPT, SETACTIVE'),
    none('it does not change mailboxes'),
  ),
  update_permissions: both(
    had('SETACL, DELETEACL; doveadm acl'),
    none('it does not change mailboxes'),
  ),
  update_read_state: both(
    had('STORE of \\Seen, and what reading marked, by mail_log'),
    none('it does not change mailboxes'),
  ),
  delete: both(
    had('STORE of \\Deleted, EXPUNGE, CLOSE, DELETE, QUIT of POP3, DELETESCRIPT'),
    none('it does not change mailboxes'),
  ),
  submit_email_for_sending: both(
    rare("Dovecot's submission service, which is told as SMTP"),
    had('a message with sasl_username'),
  ),
  abort_sending_email: both(
    rare("Dovecot's submission service: a transaction without recipients"),
    had('a connection lost, or reset, in a submission'),
  ),
  move: both(had('MOVE with mail_expunged'), none('it does not change mailboxes')),
  move_to: both(had("mail_log's copy line"), none('it does not change mailboxes')),
  copy: both(had('COPYUID'), none('it does not change mailboxes')),
  copy_to: both(had('COPYUID'), none('it does not change mailboxes')),
};

const BY_MILTER_RESULT = rare('Authentication-Results of a trusted filter');

/** How each of WorkMail's email events is told. */
export const EMAIL_EVENT_COVERAGE: Readonly<Record<string, Coverage>> = {
  ORGANIZATION_EMAIL_RECEIVED: both(BY_POSTFIX, had('qmgr has a message from elsewhere')),
  MAILBOX_EMAIL_DELIVERED: both(
    had('mail_delivery_finished, one for each folder'),
    rare('a delivery by local(8) or virtual(8)'),
  ),
  RULE_APPLIED: both(
    had('sieve_action_finished'),
    had('discard, hold, redirect and filter of tables and checks'),
  ),
  JOURNALING_INITIATED: both(
    none('it does not journal'),
    rare('a copy to one of postfix.journalAddresses was delivered'),
  ),
  INCOMING_EMAIL_BOUNCED: both(BY_POSTFIX, had('status=bounced of mail from elsewhere')),
  DMARC_POLICY_APPLIED: both(BY_POSTFIX, BY_MILTER_RESULT),
  OUTGOING_EMAIL_SUBMITTED: both(
    BY_POSTFIX,
    had('qmgr has a message of a signed-in user, or of this host'),
  ),
  OUTGOING_EMAIL_SENT: both(BY_POSTFIX, had('status=sent')),
  OUTGOING_EMAIL_SEND_ATTEMPT_FAILED: both(BY_POSTFIX, had('status=deferred')),
  OUTGOING_EMAIL_BOUNCED: both(BY_POSTFIX, had('status=bounced, or expired')),
};
