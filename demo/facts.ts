// What must be in the record after the story: written down scene by scene, in the words in which
// Mailtrail's answers are given.
import type { Program } from '../test/servers/clients/imap.ts';

/** One row of an answer; fields that are not there are empty. */
export type Row = Readonly<Record<string, string>>;

const WRONG_PASSWORD = 'Invalid username or password';
const REFUSED_BY_RULE = 'Denied by access control rule ';

/** The story's facts, each list in the order of the story. */
export interface StoryFacts {
  readonly failedSignIns: Row[];
  readonly refusals: Row[];
  readonly signIns: Row[];
  /** What came into bob's INBOX. */
  readonly arrivals: Row[];
  readonly mailboxActions: Row[];
  readonly scriptChanges: Row[];
  readonly sentMessages: Row[];
  readonly hiddenMessages: Row[];
  readonly impersonations: Row[];
  wrongPassword(user: string, address: string, protocol: string): void;
  refusedByRule(user: string, address: string, protocol: string, rule: string): void;
  signedIn(user: string, address: string, protocol: string, program?: Program): void;
  arrived(uid: number, subject: string): void;
  read(user: string, address: string, uid: number): void;
  moved(user: string, address: string, uid: number, destination: string): void;
  deleted(user: string, address: string, uid: number): void;
  changedScript(user: string, address: string, script: string): void;
  sent(user: string, address: string, recipient: string, subject: string, bounced: boolean): void;
  hidden(user: string, subject: string, folder: string): void;
  impersonated(owner: string, impersonator: string, address: string, item: string): void;
}

/** A message in the INBOX as Mailtrail names it. */
function inInbox(uid: number): string {
  return `INBOX/;UID=${uid}`;
}

/** Facts of a story that has not begun. */
export function emptyFacts(): StoryFacts {
  const failedSignIns: Row[] = [];
  const refusals: Row[] = [];
  const signIns: Row[] = [];
  const arrivals: Row[] = [];
  const mailboxActions: Row[] = [];
  const scriptChanges: Row[] = [];
  const sentMessages: Row[] = [];
  const hiddenMessages: Row[] = [];
  const impersonations: Row[] = [];
  const failed = (user: string, source_ip: string, protocol: string, reason: string): void => {
    failedSignIns.push({
      user,
      source_ip,
      protocol,
      auth_successful: '0',
      auth_failed_reason: reason,
    });
  };
  const acted = (
    user_id: string,
    source_ip: string,
    action: string,
    command: string,
    uid: number,
    destination_path = '',
  ): void => {
    const item_id = inInbox(uid);
    mailboxActions.push({ user_id, source_ip, action, command, item_id, destination_path });
  };
  return {
    failedSignIns,
    refusals,
    signIns,
    arrivals,
    mailboxActions,
    scriptChanges,
    sentMessages,
    hiddenMessages,
    impersonations,
    wrongPassword: (user, address, protocol) => failed(user, address, protocol, WRONG_PASSWORD),
    refusedByRule: (user_id, source_ip, protocol, rule_id) => {
      failed(user_id, source_ip, protocol, REFUSED_BY_RULE + rule_id);
      refusals.push({ user_id, source_ip, protocol, rule_id, access_granted: '0' });
    },
    signedIn: (user_id, source_ip, protocol, program) => {
      const user_agent = program === undefined ? '' : `${program.name}/${program.version}`;
      signIns.push({ user_id, source_ip, protocol, user_agent });
    },
    arrived: (uid, subject) => {
      arrivals.push({ item_id: inInbox(uid), subject });
    },
    read: (user_id, source_ip, uid) => acted(user_id, source_ip, 'read', 'UID FETCH', uid),
    moved: (user_id, source_ip, uid, destination) => {
      acted(user_id, source_ip, 'move', 'UID MOVE', uid, destination);
    },
    deleted: (user_id, source_ip, uid) => {
      // IMAP deletes in two steps: the mark, and the removal of what is marked.
      acted(user_id, source_ip, 'delete', 'UID STORE', uid);
      acted(user_id, source_ip, 'delete', 'UID EXPUNGE', uid);
    },
    changedScript: (user_id, source_ip, item_id) => {
      const script = { user_id, source_ip, protocol: 'ManageSieve', item_id };
      scriptChanges.push({ ...script, action: 'create', command: 'PUTSCRIPT' });
      scriptChanges.push({ ...script, action: 'update', command: 'SETACTIVE' });
    },
    sent: (user_id, source_ip, recipient, subject, bounced) => {
      sentMessages.push({
        user_id,
        source_ip,
        'event.eventName': bounced ? 'OUTGOING_EMAIL_BOUNCED' : 'OUTGOING_EMAIL_SENT',
        'event.recipient': recipient,
        'event.subject': subject,
      });
    },
    hidden: (user_id, subject, folder) => {
      hiddenMessages.push({ user_id, 'event.subject': subject, 'event.targetFolder': folder });
    },
    impersonated: (user_id, impersonator_id, source_ip, item) => {
      const who = { user_id, impersonator_id, source_ip, protocol: 'IMAP' };
      impersonations.push({ ...who, action: '', item_id: '' });
      impersonations.push({ ...who, action: 'read', item_id: item });
    },
  };
}
