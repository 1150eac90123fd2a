// `doctor` on a host with Dovecot 2.4, by what its real doveconf printed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DOVECONF_24, FakeHost, YAML, doctor, troubles } from '../../../test/cli/fake-host.ts';

let data = '';
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'mailtrail-doctor-'));
  const text =
    '[default]\naws_access_key_id = A\naws_secret_access_key = S\nbearer_token = TOKEN\n';
  writeFileSync(join(data, 'credentials'), text);
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

test('Dovecot 2.4: what its doveconf prints of our template has nothing missing', async () => {
  const host = new FakeHost(data);
  host.doveconf = DOVECONF_24;
  const { checks, text } = await doctor(host);
  expect(troubles(checks)).toEqual([]);
  expect(text).toContain('✓ Dovecot: is version 2.4.1-4\n');
  expect(text).toContain('✓ Dovecot: exports 11 kinds of events\n');
  // A doveconf that does not say its version: the program does.
  host.doveconf = DOVECONF_24.replace(/^# 2\.4.*$/m, '');
  host.version = '2.4.1-4 (7d8c0e5759)\n';
  expect(troubles((await doctor(host)).checks)).toEqual([]);
});

test('Dovecot 2.4 that was told nothing gets its own lines, without the secrets', async () => {
  const host = new FakeHost(data);
  host.doveconf = '# 2.4.1-4 (7d8c0e5759): /etc/dovecot/dovecot.conf\nauth_policy_server_url = \n';
  const { code, text } = await doctor(host);
  expect(code).toBe(1);
  expect(text).toContain('      auth_policy_request_attributes {\n');
  expect(text).toContain('      event_exporter mailtrail {\n        driver = file\n');
  expect(text).toContain('      mail_plugins {\n        notify = yes\n');
  expect(text).not.toContain('TOKEN');
});

const READS = { log_type: 'WORKMAIL_MAILBOX_ACCESS_LOGS', actions: ['read', 'read_attachment'] };
const DECISIONS = { log_type: 'ACCESS_CONTROL_LOGS' };
const ACCESS = { log_type: 'WORKMAIL_MAILBOX_ACCESS_LOGS' };
const SUBJECTS = { ...ACCESS, fields: ['subject'] };
const LINES = { ...ACCESS, fields: ['message_id', 'subject', 'flags'] };

test.each<[string, string, string, object]>([
  ['server_url = http', 'xserver_url = http', 'fail Dovecot: does not ask Mailtrail', DECISIONS],
  ['Bearer TOKEN', 'Bearer OTHER', 'fail Dovecot: sends another token', DECISIONS],
  ['    session_id =', '    other =', 'fail Dovecot: does not tell session_id', DECISIONS],
  [
    '  reject_on_fail',
    '  log_only = yes\n  reject_on_fail',
    'fail Dovecot: does not obey',
    DECISIONS,
  ],
  ['event=mail_opened and', '', 'warn Dovecot: does not export mail_opened', READS],
  ['mail_log = yes', 'mail_log = no', 'warn Dovecot: has no mail_log plugin for imap, p', LINES],
  [
    'metric mailtrail_mail {',
    'protocol imap {\n  mail_plugins {\n    mail_log = no\n  }\n}\nmetric mailtrail_mail {',
    'warn Dovecot: has no mail_log plugin for imap: ',
    LINES,
  ],
  [
    ' flag_change\n',
    '\n',
    'warn Dovecot: does not log flag_change',
    { ...ACCESS, actions: ['update_read_state'], by: 'reading' },
  ],
  [' from subject', ' from', 'warn Dovecot: does not log subject', SUBJECTS],
  ['<%{session}>{rip', '{rip', 'warn Dovecot: does not log the session in mail_log_p', LINES],
  [
    '  file_path = /var/log/dovecot-audit.log',
    '  file_path = /var/log/other.log',
    'fail Dovecot: exports events to /var/log/other.log, which dovecot.logs does not name',
    READS,
  ],
  ['driver = file', 'driver = http-post', 'fail Dovecot: does not export', READS],
  [
    'name hostname timestamps categories fields\n  filter = (event=mail_op',
    'name hostname\n  filter = (event=mail_op',
    'fail Dovecot: exports no timestamps, categories, fields by the metric mailtrail_mail',
    READS,
  ],
  [
    'auth_verbose = yes',
    'auth_verbose = no',
    'warn Dovecot: does not log why a sign-in failed',
    { log_type: 'AUTHENTICATION_LOGS', fields: ['failure_detail'] },
  ],
])('Dovecot 2.4 with %j as %j', async (from, to, message, lost) => {
  const host = new FakeHost(data);
  expect(DOVECONF_24).toContain(from);
  host.doveconf = DOVECONF_24.replace(from, to);
  const { checks, text } = await doctor(host);
  const found = checks.filter(({ status }) => status !== 'ok');
  expect(troubles(found)).toEqual([expect.stringContaining(message)]);
  expect(found[0]?.lost).toContainEqual(expect.objectContaining(lost));
  expect(text).toContain('    not told: ');
});

test('Dovecot 2.4 that sends its events to a socket', async () => {
  const host = new FakeHost(data);
  host.doveconf = DOVECONF_24.replace(
    'driver = file\n  file_path = /var/log/dovecot-audit.log',
    'driver = unix\n  unix_path = /run/mailtrail/dovecot.sock',
  );
  expect(troubles((await doctor(host)).checks)).toEqual([
    'fail Dovecot: exports events to /run/mailtrail/dovecot.sock, which dovecot.exporterListen does not name',
  ]);
  const listening = `${YAML}\ndovecot: { exporterListen: "unix:/run/mailtrail/dovecot.sock" }`;
  expect(troubles((await doctor(host, {}, listening)).checks)).toEqual([]);
});

test('a log that is not read loses the events that are written into it, and no others', async () => {
  const host = new FakeHost(data);
  const elsewhere = DOVECONF_24.replace(/^info_log_path = .*$/m, 'info_log_path = /var/log/x.log');
  const reads = expect.objectContaining(READS) as object;
  const lines = expect.objectContaining(LINES) as object;
  host.doveconf = elsewhere;
  const byFile = (await doctor(host)).checks.find(({ status }) => status === 'fail');
  expect(byFile?.lost).toContainEqual(lines);
  expect(byFile?.lost).not.toContainEqual(reads);
  host.doveconf = elsewhere.replace('driver = file', 'driver = log');
  const byLog = (await doctor(host)).checks.find(({ status }) => status === 'fail');
  expect(byLog?.lost).toEqual(expect.arrayContaining([lines, reads]));
});

test.each([
  ['may bring events', 403, []],
  ['may do more', 200, []],
  ["is nobody's", 401, ['fail Dovecot: sends another token']],
])('Dovecot with the token of a key that %s', async (_, status, found) => {
  const host = new FakeHost(data);
  host.doveconf = DOVECONF_24.replace('Bearer TOKEN', 'Bearer FEED');
  const tokens: (string | null)[] = [];
  const { checks } = await doctor(host, {
    answer: ({ headers }) => {
      tokens.push(headers.get('authorization'));
      return new Response('{}', { status });
    },
  });
  expect(tokens).toContain('Bearer FEED');
  const ofDovecot = troubles(checks).filter((trouble) => trouble.includes('Dovecot'));
  expect(ofDovecot).toEqual(found.map((text) => expect.stringContaining(text) as string));
});
