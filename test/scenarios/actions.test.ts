// All sixteen actions of the mailbox access log: for each protocol that can cause one, the recorded
// scenario in which the real server told of it. Each row replays the recording.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MAILBOX_ACTIONS, type MailboxAction } from '../../src/event/mailbox-access.ts';
import { newestOf } from './golden.ts';
import { replay } from './replay.ts';

// Postfix writes local time without a zone.
process.env['TZ'] = 'UTC';

const CORPUS = join(import.meta.dirname, '..', 'corpus', 'scenarios');

/** Action, protocol as the event tells it, and a scenario that shows it. */
const ROWS: readonly (readonly [MailboxAction, string, string])[] = [
  ['abort_sending_email', 'SMTP', 'dovecot-submission'],
  ['copy', 'IMAP', 'moves'],
  ['copy', 'doveadm', 'doveadm'],
  ['copy_to', 'IMAP', 'moves'],
  ['create', 'IMAP', 'folders'],
  ['create', 'LMTP', 'inbound'],
  ['create', 'ManageSieve', 'sieve-scripts'],
  ['create', 'doveadm', 'doveadm'],
  ['delete', 'IMAP', 'flags'],
  ['delete', 'ManageSieve', 'sieve-scripts'],
  ['delete', 'POP3', 'pop3'],
  ['delete', 'doveadm', 'doveadm'],
  ['move', 'IMAP', 'moves'],
  ['move', 'doveadm', 'doveadm'],
  ['move_to', 'IMAP', 'moves'],
  ['read', 'IMAP', 'fetch'],
  ['read', 'ManageSieve', 'sieve-scripts'],
  ['read', 'POP3', 'pop3'],
  ['read', 'doveadm', 'doveadm'],
  ['read_attachment', 'IMAP', 'fetch'],
  ['read_hierarchy', 'IMAP', 'browse'],
  ['read_hierarchy', 'ManageSieve', 'sieve-scripts'],
  ['read_permissions', 'IMAP', 'permissions'],
  ['read_summary', 'IMAP', 'fetch'],
  ['read_summary', 'doveadm', 'doveadm'],
  ['submit_email_for_sending', 'SMTP', 'dovecot-submission'],
  ['update', 'IMAP', 'flags'],
  ['update', 'ManageSieve', 'sieve-scripts'],
  ['update', 'doveadm', 'doveadm'],
  ['update_permissions', 'IMAP', 'permissions'],
  ['update_permissions', 'doveadm', 'doveadm'],
  ['update_read_state', 'IMAP', 'fetch'],
];

test('every action has a row', () => {
  expect(new Set(ROWS.map(([action]) => action))).toEqual(new Set(MAILBOX_ACTIONS));
});

describe.each([...new Set(ROWS.map(([, , scenario]) => scenario))])('%s', (scenario) => {
  const rows = ROWS.filter((row) => row[2] === scenario);

  test('tells its actions by their protocols', async () => {
    const told = newestOf(await replay(join(CORPUS, scenario), 'as recorded')).map((event) => {
      const { log_type, action, protocol }: Readonly<Record<string, unknown>> = { ...event };
      return `${String(log_type)}: ${String(action)} by ${String(protocol)}`;
    });
    for (const [action, protocol] of rows)
      expect(told).toContain(`WORKMAIL_MAILBOX_ACCESS_LOGS: ${action} by ${protocol}`);
  });
});
