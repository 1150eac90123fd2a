// Email event log: what happened to a message on its way, in WorkMail's envelope: `traceId` joins
// the events of one message, `event` holds the event's own fields in camelCase.
import { HEAD, MESSAGE_SIZE, PROTOCOL, SIGN_IN_ID, SOURCE_IP, TAIL } from './recurring-fields.ts';
import type { FieldSpec } from './field.ts';

/**
 * WorkMail's nine email events, and Mailtrail's: for an attempt that will be repeated, to another
 * server or to a mailbox, for what was not taken in the first place, and for what an administrator
 * deleted from the queue.
 */
export const EMAIL_EVENT_NAMES = [
  'ORGANIZATION_EMAIL_RECEIVED',
  'MAILBOX_EMAIL_DELIVERED',
  'RULE_APPLIED',
  'JOURNALING_INITIATED',
  'INCOMING_EMAIL_BOUNCED',
  'OUTGOING_EMAIL_SUBMITTED',
  'OUTGOING_EMAIL_SENT',
  'OUTGOING_EMAIL_BOUNCED',
  'DMARC_POLICY_APPLIED',
  'OUTGOING_EMAIL_SEND_ATTEMPT_FAILED',
  'INCOMING_EMAIL_DELIVERY_ATTEMPT_FAILED',
  'INCOMING_EMAIL_REJECTED',
  'OUTGOING_EMAIL_REJECTED',
  'QUEUED_EMAIL_REMOVED',
] as const;
export type EmailEventName = (typeof EMAIL_EVENT_NAMES)[number];

/** @see AWS WorkMail administrator guide, "Tracking messages", email event logs */
export const EMAIL_EVENT_FIELDS = [
  ...HEAD,
  {
    path: 'traceId',
    kind: 'text',
    spread: 'needle',
    origin: 'workmail',
    about: 'The same for all events of one message.',
  },
  {
    path: 'event.eventName',
    kind: 'text',
    required: true,
    oneOf: EMAIL_EVENT_NAMES,
    origin: 'workmail',
    about: 'What happened.',
  },
  { path: 'event.recipients', kind: 'texts', origin: 'workmail', about: 'All recipients.' },
  {
    path: 'event.recipient',
    kind: 'text',
    spread: 'needle',
    origin: 'workmail',
    about: 'The one recipient this event is about.',
  },
  { path: 'event.sender', kind: 'text', origin: 'workmail', about: 'Only when sent on behalf.' },
  {
    path: 'event.from',
    kind: 'text',
    spread: 'needle',
    origin: 'workmail',
    about: 'The author address.',
  },
  {
    path: 'event.subject',
    kind: 'text',
    spread: 'prose',
    origin: 'workmail',
    about: 'The subject.',
  },
  {
    path: 'event.messageId',
    kind: 'text',
    spread: 'needle',
    origin: 'workmail',
    about: 'The Message-ID.',
  },
  { path: 'event.spamVerdict', kind: 'text', origin: 'workmail', about: 'PASS, FAIL, …' },
  { path: 'event.dkimVerdict', kind: 'text', origin: 'workmail', about: 'PASS, FAIL, …' },
  { path: 'event.dmarcVerdict', kind: 'text', origin: 'workmail', about: 'PASS, FAIL, …' },
  { path: 'event.dmarcPolicy', kind: 'text', origin: 'workmail', about: 'Only when DMARC failed.' },
  { path: 'event.spfVerdict', kind: 'text', origin: 'workmail', about: 'PASS, FAIL, …' },
  {
    path: 'event.messageTimestamp',
    kind: 'timestamp',
    origin: 'workmail',
    about: 'When the message was received.',
  },
  { path: 'event.folder', kind: 'text', origin: 'workmail', about: 'Where it was delivered.' },
  { path: 'event.ruleName', kind: 'text', origin: 'workmail', about: 'The rule applied.' },
  { path: 'event.ruleType', kind: 'text', origin: 'workmail', about: 'MAILBOX_RULE, …' },
  { path: 'event.ruleActions', kind: 'json', origin: 'workmail', about: 'What the rule did.' },
  { path: 'event.targetFolder', kind: 'text', origin: 'workmail', about: 'Where a rule moved it.' },
  {
    path: 'event.targetRecipient',
    kind: 'text',
    origin: 'workmail',
    about: 'Where a rule forwarded it.',
  },
  {
    path: 'event.journalingAddress',
    kind: 'text',
    origin: 'workmail',
    about: 'Where the journal copy went.',
  },
  {
    path: 'event.bouncedRecipient',
    kind: 'json',
    origin: 'workmail',
    about: 'Who could not be reached: an object of emailAddress, reason and status.',
  },
  {
    path: 'event.destination',
    kind: 'text',
    spread: 'needle',
    origin: 'workmail',
    about: 'Who could not be reached, as the documented outgoing bounce query names it.',
  },
  { path: 'event.reason', kind: 'text', spread: 'prose', origin: 'workmail', about: 'Why.' },
  { path: 'event.policy', kind: 'text', origin: 'workmail', about: 'The DMARC policy applied.' },
  PROTOCOL,
  SOURCE_IP,
  { path: 'queue_id', kind: 'text', spread: 'needle', origin: 'mailtrail', about: 'Postfix id.' },
  MESSAGE_SIZE,
  { path: 'relay', kind: 'text', origin: 'mailtrail', about: 'The server it was handed to.' },
  { path: 'dsn', kind: 'text', origin: 'mailtrail', about: 'The enhanced status code.' },
  {
    path: 'smtp_response',
    kind: 'text',
    spread: 'prose',
    origin: 'mailtrail',
    about: "The other server's answer.",
  },
  {
    path: 'attachments',
    kind: 'texts',
    origin: 'mailtrail',
    about:
      'The names of the attachments, with the names of the messages they are in; the media type of one without a name. Only with the milter.',
  },
  {
    path: 'related_trace_id',
    kind: 'text',
    spread: 'needle',
    origin: 'mailtrail',
    about:
      'Of a message that the server wrote about another, a bounce or an automatic reply: the traceId of that one.',
  },
  {
    path: 'local_uid',
    kind: 'integer',
    origin: 'mailtrail',
    about: 'The user id of who handed in a message on the server itself, by sendmail(1).',
  },
  SIGN_IN_ID,
  ...TAIL,
] as const satisfies readonly FieldSpec[];

/** One email event record. */
export interface EmailEventRecord {
  readonly event_timestamp: number;
  readonly request_id?: string;
  readonly organization_arn?: string;
  readonly user_id?: string;
  readonly traceId?: string;
  readonly event: {
    readonly eventName: EmailEventName;
    readonly recipients?: readonly string[];
    readonly recipient?: string;
    readonly sender?: string;
    readonly from?: string;
    readonly subject?: string;
    readonly messageId?: string;
    readonly spamVerdict?: string;
    readonly dkimVerdict?: string;
    readonly dmarcVerdict?: string;
    readonly dmarcPolicy?: string;
    readonly spfVerdict?: string;
    readonly messageTimestamp?: number;
    readonly folder?: string;
    readonly ruleName?: string;
    readonly ruleType?: string;
    readonly ruleActions?: unknown;
    readonly targetFolder?: string;
    readonly targetRecipient?: string;
    readonly journalingAddress?: string;
    readonly bouncedRecipient?: {
      readonly emailAddress?: string;
      readonly reason?: string;
      readonly status?: string;
    };
    readonly destination?: string;
    readonly reason?: string;
    readonly policy?: string;
  };
  readonly protocol?: string;
  readonly source_ip?: string;
  readonly queue_id?: string;
  readonly message_size?: number;
  readonly relay?: string;
  readonly dsn?: string;
  readonly smtp_response?: string;
  readonly attachments?: readonly string[];
  readonly related_trace_id?: string;
  readonly local_uid?: number;
  readonly sign_in_id?: string;
  readonly server_name?: string;
  readonly revision_key?: string;
  readonly revision?: number;
}
