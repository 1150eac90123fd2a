import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  CONFIG,
  DOVECOT,
  DOVECOT_VALUES,
  POSTFIX,
  POSTFIX_VALUES,
  FakeHost,
  YAML,
  doctor,
  troubles,
} from '../../test/cli/fake-host.ts';
import { NOW_MS, type FakeOptions } from '../../test/cli/fake-world.ts';
import { parseStatements, settingValue } from './doctor/statements.ts';
import { dovecotDecisionValues, fillTemplate } from './mail-server-templates.ts';

let data = '';
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'mailtrail-doctor-'));
  const text =
    '[default]\naws_access_key_id = A\naws_secret_access_key = S\nbearer_token = TOKEN\n';
  writeFileSync(join(data, 'credentials'), text);
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

test('a host on which everything is right', async () => {
  const { code, checks, text } = await doctor(new FakeHost(data));
  expect(troubles(checks)).toEqual([]);
  expect(code).toBe(0);
  expect(text).toContain('✓ software: Node v20.19.0\n');
  expect(text).toContain('✓ server: dovecot is running (5 lines or requests, 4 events)\n');
});

test('versions and clock', async () => {
  const host = new FakeHost(data);
  host.nodeVersion = 'v18.20.0';
  host.engine = undefined;
  const { code, checks } = await doctor(host, { nowMs: Date.UTC(1970, 0, 2) });
  expect(code).toBe(1);
  expect(troubles(checks)).toEqual(
    expect.arrayContaining([
      'fail software: Node v18.20.0',
      'fail software: the embedded engine (chdb) is not installed',
      expect.stringMatching(/^fail clock: it is 1970/),
    ]),
  );
});

test('every warning and failure says what to do', async () => {
  const host = new FakeHost(data);
  host.files.set(data, { kind: 'directory', mode: 0o755, modifiedAtMs: NOW_MS + 3_600_000 });
  host.files.set(join(data, 'credentials'), { mode: 0o644 });
  host.files.delete('/var/log/mail.log');
  host.unreadable.add('/var/log/dovecot-audit.log');
  host.free = 10 * 2 ** 20;
  const { code, checks, text } = await doctor(host);
  expect(code).toBe(1);
  expect(troubles(checks)).toEqual([
    `warn data directory: ${data}, mode 0755, of this user: anybody can look into it`,
    `warn clock: ${data} was changed 60 min in the future`,
    `fail admin key: ${data}/credentials has mode 0644: others may have read it`,
    expect.stringMatching(/^fail disk: 10\.0 MiB of .* less than journal\.minFreeBytes/),
    'fail log file: /var/log/dovecot-audit.log cannot be read by this user',
    'warn log file: /var/log/mail.log does not exist',
  ]);
  for (const { status, remedy } of checks) {
    if (status !== 'ok') expect(remedy).toMatch(/\w/);
  }
  expect(text).toContain(`    → remove it and restart the server`);
});

test('an old log is a warning, one from the future too', async () => {
  const host = new FakeHost(data);
  host.files.set('/var/log/mail.log', { modifiedAtMs: NOW_MS - 3 * 86_400_000 });
  host.files.set('/var/log/dovecot-audit.log', { modifiedAtMs: NOW_MS + 3_600_000 });
  expect(troubles((await doctor(host)).checks)).toEqual([
    'warn log file: /var/log/dovecot-audit.log was written 60 min in the future',
    'warn log file: /var/log/mail.log, 10 B, written 3 days ago',
  ]);
});

test('a data directory that is not there, not writable, not a directory', async () => {
  const host = new FakeHost(data);
  host.files.delete(data);
  expect(troubles((await doctor(host)).checks)).toEqual([
    `skip data directory: ${data} does not exist yet`.concat('; the server makes it'),
  ]);
  host.files.set(data, { kind: 'directory', mode: 0o750 });
  host.unreadable.add(data);
  const { checks } = await doctor(host);
  expect(troubles(checks)[0]).toContain('it cannot be written');
  host.files.set(data, { kind: 'file' });
  expect(troubles((await doctor(host)).checks)[0]).toContain('is not a directory');
});

test('a Dovecot that was told nothing gets the lines it needs, without the secrets', async () => {
  const host = new FakeHost(data);
  host.doveconf = '# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf\nprotocols = imap\n';
  const { code, checks, text } = await doctor(host);
  expect(code).toBe(1);
  const failures = checks.filter(({ status }) => status === 'fail');
  expect(failures.map(({ message }) => message)).toEqual([
    'does not ask Mailtrail about sign-ins (auth_policy_server_url)',
    'logs to syslog, Mailtrail reads /var/log/dovecot-audit.log',
    expect.stringMatching(
      /^does not export auth_request_finished, .*managesieve_command_finished$/,
    ),
  ]);
  expect(text).toContain('      auth_policy_server_url = http://127.0.0.1:4650/dovecot/policy\n');
  expect(text).toContain('      auth_policy_server_api_header = Authorization: Bearer ***\n');
  expect(text).toContain('      event_exporter mailtrail {\n        format = json\n');
  expect(text).toContain('        mail_plugins = $mail_plugins notify mail_log\n');
  expect(text).not.toContain('TOKEN');
});

test.each([
  [
    'auth_policy_server_url = http://127.0.0.1:4650',
    'auth_policy_server_url = http://x',
    'warn',
    'asks about sign-ins at http://x/dovecot/policy',
  ],
  ['Bearer TOKEN', 'Bearer OTHER', 'fail', 'sends another token'],
  ['auth_policy_hash_nonce = abc', '', 'fail', 'has no auth_policy_hash_nonce'],
  ['session_id=%{session} ', '', 'fail', 'does not tell session_id'],
  ['transport = log', 'transport = http-post', 'fail', 'does not export auth_request_finished'],
  ['event=mail_opened and ', '', 'warn', 'does not export mail_opened'],
  ['subject\n', '\n', 'warn', 'does not log subject (mail_log_events, mail_log_fields)'],
  ['protocol pop3 {', 'protocol xxx {', 'warn', 'has no mail_log plugin for pop3'],
  ['session=<%{session}>\n', '\n', 'warn', 'does not log the session in login_log_format_elements'],
  ['auth_verbose = yes', 'auth_verbose = no', 'warn', 'does not log why a sign-in failed'],
])('Dovecot with %j as %j', async (from, to, status, message) => {
  const host = new FakeHost(data);
  host.doveconf = (host.doveconf ?? '').replace(from, to);
  const { checks } = await doctor(host);
  const found = troubles(checks).filter((trouble) => trouble.includes('Dovecot'));
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(`${status} Dovecot: ${message}`);
});

test('what doveconf hides is not taken for wrong', async () => {
  const host = new FakeHost(data);
  host.doveconf = (host.doveconf ?? '').replace(
    /(auth_policy_hash_nonce =).*/,
    '$1 # hidden, use -P to show it',
  );
  expect(troubles((await doctor(host)).checks)).toEqual([]);
});

test('Dovecot that uses decisions in another way than the configuration says', async () => {
  const host = new FakeHost(data);
  const wanted = `${YAML}\ndovecot: { askRules: after-password, whenDown: refuse }`;
  const { checks, text } = await doctor(host, {}, wanted);
  expect(troubles(checks)).toEqual([
    'warn Dovecot: asks the rules at another moment than dovecot.askRules says (after-password), or twice',
    'warn Dovecot: allows sign-ins while Mailtrail is down, and dovecot.whenDown is refuse',
  ]);
  expect(text).toContain('auth_policy_check_before_auth = no\n');
  expect(text).toContain('auth_policy_reject_on_fail = yes\n');
  const decisions = { askRules: 'after-password', whenDown: 'refuse' } as const;
  const values = { ...DOVECOT_VALUES, ...dovecotDecisionValues(decisions, undefined) };
  host.doveconf = fillTemplate(DOVECOT, values);
  expect(troubles((await doctor(host, {}, wanted)).checks)).toEqual([]);
});

test('Dovecot that does not obey the ACLs of master users', async () => {
  const host = new FakeHost(data);
  const roles = `${YAML}\naccess: { impersonation: { admin: Auditors } }`;
  expect(troubles((await doctor(host, {}, roles)).checks)).toEqual([
    'warn Dovecot: does not know which master users may only read: access.dovecotAcl is not set',
  ]);
  const acl = `${YAML}\naccess: { dovecotAcl: /etc/dovecot/roles }`;
  expect(troubles((await doctor(host, {}, acl)).checks)).toEqual([
    'fail Dovecot: does not obey the ACLs of master users in /etc/dovecot/roles: a READ_ONLY role can write',
  ]);
  const decisions = { askRules: 'before-password', whenDown: 'allow' } as const;
  const values = { ...DOVECOT_VALUES, ...dovecotDecisionValues(decisions, '/etc/dovecot/roles') };
  const filled = fillTemplate(DOVECOT, values);
  // What doveconf prints has one block for each protocol and the plugins of all of them.
  host.doveconf = filled.replaceAll('$mail_plugins acl', 'notify mail_log acl');
  expect(troubles((await doctor(host, {}, acl)).checks)).toEqual([
    'fail Dovecot: lets master users do nothing while /etc/dovecot/roles is not there',
  ]);
  host.files.set('/etc/dovecot/roles', {});
  expect(troubles((await doctor(host, {}, acl)).checks)).toEqual([]);
});

test('mail servers that are not there are no fault; a later Dovecot is told', async () => {
  const host = new FakeHost(data);
  host.doveconf = undefined;
  host.postconf = undefined;
  const { code, checks } = await doctor(host);
  expect(code).toBe(0);
  expect(troubles(checks)).toEqual([
    'skip Dovecot: is not installed on this host',
    'skip Postfix: is not installed on this host',
  ]);
  host.doveconf = '# 2.5.0 (x): /etc/dovecot/dovecot.conf\n';
  expect(troubles((await doctor(host)).checks)[0]).toContain('warn Dovecot: is version 2.5.0');
});

test('Postfix: what is missing, and where it logs', async () => {
  const host = new FakeHost(data);
  host.postconf = 'myhostname = x\nmaillog_file = /var/log/postfix.log\n';
  const { checks, text } = await doctor(host);
  expect(troubles(checks)).toEqual([
    'fail Postfix: does not ask Mailtrail (check_policy_service inet:127.0.0.1:4651)',
    'fail Postfix: logs to /var/log/postfix.log, Mailtrail reads /var/log/mail.log',
    'warn Postfix: uses short queue ids, which come again: messages may be taken for each other',
    'warn Postfix: does not log subjects (header_checks)',
    'warn Postfix: does not show messages to Mailtrail in smtpd_milters and non_smtpd_milters',
  ]);
  expect(text).toContain('smtpd_milters = { unix:mailtrail/milter, default_action=accept,');
  expect(text).toContain('smtpd_data_restrictions = check_policy_service inet:127.0.0.1:4651\n');
  host.postconf =
    'smtpd_recipient_restrictions = permit_mynetworks,\n  check_policy_service  inet:127.0.0.1:4651\n' +
    'enable_long_queue_ids = yes\nheader_checks = x\n' +
    'smtpd_milters = {unix:mailtrail/milter, default_action=accept}\nnon_smtpd_milters = $smtpd_milters\n';
  expect(troubles((await doctor(host)).checks)).toEqual([
    'warn Postfix: refuses all mail while Mailtrail is down (smtpd_policy_service_default_action)',
  ]);
  const closed = YAML.replace('{ ', '{ whenDown: refuse, ');
  expect(troubles((await doctor(host, {}, closed)).checks)).toEqual([]);
  host.postconf += 'smtpd_policy_service_default_action = DUNNO\n';
  expect(troubles((await doctor(host, {}, closed)).checks)).toEqual([
    'warn Postfix: takes all mail while Mailtrail is down, and postfix.whenDown is refuse',
  ]);
  const off = await doctor(host, {}, 'organization: { name: a }');
  expect(troubles(off.checks)[0]).toContain('postfix.policyListen is off');
});

test('Postfix: whether it shows messages to the milter, and what if that is down', async () => {
  const host = new FakeHost(data);
  const others = fillTemplate(POSTFIX, POSTFIX_VALUES).replaceAll(/^.*milters =.*$/gm, '');
  host.postconf = `${others}smtpd_milters = inet:localhost:11332, unix:mailtrail/milter\n`;
  const half = await doctor(host);
  expect(troubles(half.checks)).toEqual([
    'warn Postfix: does not show messages to Mailtrail in non_smtpd_milters',
  ]);
  host.postconf += 'non_smtpd_milters = $smtpd_milters\n';
  const refusing = await doctor(host);
  expect(troubles(refusing.checks)).toEqual([
    'fail Postfix: refuses all mail while Mailtrail is down (milter_default_action)',
  ]);
  host.postconf += 'milter_default_action = accept\n';
  expect(troubles((await doctor(host)).checks)).toEqual([]);
  host.postconf = host.postconf.replace('unix:mailtrail/milter', 'unix:/run/mailtrail/milter');
  const outside = YAML.replace('/var/spool/postfix', '/run');
  expect(troubles((await doctor(host, {}, outside)).checks)).toEqual([
    "warn Postfix: cannot reach the milter's socket /run/mailtrail/milter where smtpd is chrooted, as on Debian",
  ]);
  const off = await doctor(host, {}, 'postfix: { policyListen: "127.0.0.1:4651" }');
  expect(troubles(off.checks)).toEqual([
    'skip Postfix: does not show messages to Mailtrail, so attachments are not known: postfix.milterListen is off',
  ]);
});

test('a wrong configuration is a failure, the server is asked all the same', async () => {
  const { code, checks } = await doctor(new FakeHost(data), {}, 'lgo: {}\ndta: x\n');
  expect(code).toBe(1);
  expect(troubles(checks)).toEqual([
    `fail configuration: ${CONFIG}:1:1: lgo: unknown key; did you mean "log"?`,
    `fail configuration: ${CONFIG}:2:1: dta: unknown key; did you mean "data"?`,
  ]);
  expect(checks.at(-1)?.area).toBe('server');
});

test.each<[string, FakeOptions['answer'], string]>([
  ['is not there', undefined, 'does not answer as Mailtrail (connect ECONNREFUSED)'],
  ['is another program', () => new Response('<html>'), 'does not answer as Mailtrail'],
  [
    'is not ready',
    ({ url }) =>
      url.pathname === '/readyz'
        ? Response.json(
            { ready: false, reasons: [{ component: 'store', ok: false, reason: 'starting' }] },
            { status: 503 },
          )
        : Response.json({}),
    'fail server: not ready: store',
  ],
  [
    'does not know the key',
    ({ url }) =>
      url.pathname === '/readyz'
        ? Response.json({ ready: true })
        : Response.json({ error: { code: 'U', message: 'unknown key' } }, { status: 401 }),
    'fail server: unknown key',
  ],
  [
    'has a collector that failed',
    ({ url }) =>
      url.pathname === '/readyz'
        ? Response.json({ ready: true })
        : Response.json({ collectors: [{ name: 'postfix', state: 'failed', reason: 'why' }] }),
    'fail server: postfix is failed',
  ],
  [
    'has another time',
    ({ url }) =>
      url.pathname === '/readyz'
        ? Response.json({ ready: true }, { headers: { date: 'Mon, 23 Nov 2026 13:00:00 GMT' } })
        : Response.json({}),
    "fail clock: the server's clock is 60 min from this host's",
  ],
])('a server that %s', async (_, answer, message) => {
  const { code, checks } = await doctor(new FakeHost(data), { answer });
  expect(code).toBe(1);
  expect(troubles(checks).join('\n')).toContain(message);
});

test('nesting without an end is read to an end', () => {
  expect(parseStatements('a {\n'.repeat(100_000))).toHaveLength(1);
});

test("Dovecot's syntax, nested and repeated", () => {
  const found = parseStatements(
    'a = 1\n# b = 2\nnamespace inbox {\n  mailbox Drafts {\n    special_use = \\Drafts\n  }\n  inbox = yes\n}\na = "x "\n',
  );
  expect(settingValue(found, 'a')).toBe('x ');
  expect(settingValue(found, 'b')).toBeUndefined();
  expect(settingValue(found, 'namespace inbox/inbox')).toBe('yes');
  expect(settingValue(found, 'namespace inbox/mailbox Drafts/special_use')).toBe(
    String.raw`\Drafts`,
  );
});
