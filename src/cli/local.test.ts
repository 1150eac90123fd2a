// The commands that need no server: configuration, journal, templates, completions.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli, type FakeOptions } from '../../test/cli/fake-world.ts';
import { openJournal } from '../journal/open.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { COMMANDS } from './commands.ts';
import { completionScript } from './completion.ts';
import { fillTemplate } from './mail-server-templates.ts';

const FILE = '/etc/mailtrail/config.yaml';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mailtrail-local-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('config check: quiet about a good file, everything about a bad one', async () => {
  const good = await runCli(['config', 'check'], { files: { [FILE]: 'data: /d\n' } });
  expect(good).toMatchObject({ code: 0, out: '', err: `${FILE} is valid\n` });
  const none = await runCli(['config', 'check']);
  expect(none.err).toBe('no configuration file; the defaults are valid\n');
  const bad = await runCli(['config', 'check', '--config', 'my.yaml'], {
    files: { '/cwd/my.yaml': 'log: { level: x }\norganisation: y\n' },
  });
  expect(bad.code).toBe(3);
  expect(bad.out).toBe('');
  expect(bad.err).toBe(
    'my.yaml:1:15: log.level: expected one of error, warn, info, debug, found "x"; correct it or leave the setting out\n' +
      'my.yaml:2:1: organisation: unknown key; did you mean "organization"?\n',
  );
});

test('config check reads the mapping files too', async () => {
  const config =
    'collectors: { mappings: [m.yaml, n.yaml], mapped: [{ path: /l, mapping: elsewhere }] }\n';
  const mapping = 'name: y\nmappings: [{ name: a, log_type: none }]\n';
  const files = { [FILE]: config, '/etc/mailtrail/m.yaml': mapping };
  const missing = await runCli(['config', 'check'], { files });
  expect(missing).toMatchObject({ code: 3, out: '' });
  expect(missing.err).toContain('/etc/mailtrail/n.yaml: cannot be read: ENOENT');
  const twice = { ...files, '/etc/mailtrail/n.yaml': `${mapping}a: 1\n` };
  const wrong = await runCli(['config', 'check'], { files: twice });
  expect(wrong.err).toContain('/etc/mailtrail/n.yaml:3:1: a: unknown key');
  const same = { ...files, '/etc/mailtrail/n.yaml': mapping };
  expect((await runCli(['config', 'check'], { files: same })).err).toBe(
    '/etc/mailtrail/n.yaml: name: expected a name of its own, found "y", which /etc/mailtrail/m.yaml has\n',
  );
  const other = { ...files, '/etc/mailtrail/n.yaml': mapping.replace('y', 'z') };
  expect((await runCli(['config', 'check'], { files: other })).err).toBe(
    'collectors.mapped[0].mapping: expected the name of a file of collectors.mappings, found "elsewhere"; there are y, z\n',
  );
});

test('a hostile configuration cannot drive the terminal', async () => {
  const files = { [FILE]: 'data: "/\\u001b[2Jx"\n"\\u001b]0;x\\u0007": 1\n' };
  const { err } = await runCli(['config', 'check'], { files });
  expect(err).toContain(String.raw`\x1b]0;x\x07: unknown key`);
  const shown = await runCli(['config', 'show'], { files: { [FILE]: 'data: "/\\u009b2Jx"\n' } });
  expect(shown.out).not.toContain('\u009b');
});

test('config show as YAML and JSON, with origins', async () => {
  const files = { [FILE]: 'organization: { name: acme }\n' };
  const yaml = await runCli(['config', 'show', '--origin'], { files });
  expect(yaml.out).toContain(`name: acme # ${FILE}:1:23\n`);
  expect(yaml.out).toContain('listen: 127.0.0.1:4650 # default\n');
  const json = await runCli(['config', 'show', '-o', 'json'], { files });
  expect(JSON.parse(json.out)).toMatchObject({ organization: { name: 'acme' } });
});

async function writeJournal(): Promise<string> {
  const path = join(directory, 'journal');
  const journal = await openJournal({ directory: path, clock: systemClock, log: silentLog });
  for (const user of ['a', 'b']) {
    await journal.append({ lines: Buffer.from(`{"user":"${user}"}\n`), count: 1 });
  }
  await journal.close();
  return path;
}

function verify(argv: readonly string[] = []): ReturnType<typeof runCli> {
  return runCli(['journal', 'verify', '--data', directory, ...argv]);
}

test('journal verify: what is whole, and the first broken byte', async () => {
  const path = await writeJournal();
  const whole = await verify();
  expect(whole.code).toBe(0);
  expect(whole.out).toContain(`${path}: whole\n`);
  expect(whole.out).toContain('events     2 (');
  expect(JSON.parse((await verify(['-o', 'json'])).out)).toMatchObject({ ok: true, events: 2 });

  const segment = readdirSync(path).find((name) => name.endsWith('.ndjson')) ?? '';
  const bytes = readFileSync(join(path, segment));
  bytes[bytes.indexOf('"b"') + 1] = 'c'.charCodeAt(0);
  writeFileSync(join(path, segment), bytes);
  const damaged = await verify();
  expect(damaged.code).toBe(7);
  expect(damaged.out).toContain('BROKEN');
  expect(damaged.out).toMatch(/damage {5}\S+, byte \d+\n\s+expected .+\n\s+found .+\n/);
  const json = await verify(['-o', 'json']);
  expect(json.code).toBe(7);
  expect(JSON.parse(json.out)).toMatchObject({ ok: false, events: 1 });
});

test('journal verify: no journal is not a whole one', async () => {
  const { code, err } = await verify();
  expect(code).toBe(5);
  expect(err).toContain(`${directory}/journal holds no journal`);
  expect(err).toContain('--data');
});

/** A world that can also read the packaged templates. */
function printConfig(argv: readonly string[], more: FakeOptions = {}): ReturnType<typeof runCli> {
  const root = join(import.meta.dirname, '..', '..', 'packaging');
  const templates = [
    'dovecot/99-mailtrail.conf',
    'dovecot/99-mailtrail-2.4.conf',
    'postfix/main.cf',
  ].map((name) => join(root, name));
  const files = Object.fromEntries(templates.map((path) => [path, readFileSync(path, 'utf8')]));
  return runCli(['print-config', ...argv], { ...more, files: { ...files, ...more.files } });
}

function writeCredentials(): void {
  const text =
    '[default]\naws_access_key_id = A\naws_secret_access_key = S\nbearer_token = TOKEN\n';
  writeFileSync(join(directory, 'credentials'), text);
}

test('print-config dovecot: complete in a pipe, without secrets on a terminal', async () => {
  writeCredentials();
  const argv = ['dovecot', '--dovecot-version', '2.3', '--data', directory];
  const { code, out, err } = await printConfig(argv);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).not.toContain('{{');
  expect(out).toContain('auth_policy_server_url = http://127.0.0.1:4650/dovecot/policy\n');
  expect(out).toContain('auth_policy_server_api_header = Authorization: Bearer TOKEN\n');
  expect(out).toContain('info_log_path = /var/log/dovecot-audit.log\n');
  const nonce = /^auth_policy_hash_nonce = ([0-9a-f]{32})$/m.exec(out)?.[1] ?? '';
  expect(nonce).not.toBe('');
  expect((await printConfig(argv)).out).toBe(out);

  const shown = await printConfig(argv, { terminal: 80 });
  expect(shown.out).toContain('Bearer ***\n');
  expect(shown.out).not.toContain('TOKEN');
  expect(shown.out).not.toContain(nonce);
  expect(shown.err).toContain('--show-secrets');
  const asked = await printConfig([...argv, '--show-secrets'], { terminal: 80 });
  expect(asked.out).toBe(out);
});

test('print-config dovecot with a key of its own, which may only bring events', async () => {
  writeCredentials();
  const argv = ['dovecot', '--dovecot-version', '2.3', '--data', directory];
  const own = (await printConfig(argv)).out;
  const file = join(directory, 'dovecot.credentials');
  writeFileSync(file, '[default]\naws_access_key_id = B\naws_secret_access_key = T\n');
  const lacking = await printConfig([...argv, '--credentials', file]);
  expect(lacking.code).toBe(4);
  expect(lacking.err).toContain('expected bearer_token');
  appendFileSync(file, 'bearer_token = FEED\n');
  const { out } = await printConfig([...argv, '--credentials', file]);
  expect(out).toBe(own.replaceAll('TOKEN', 'FEED'));
});

test('print-config dovecot: another URL, a public address, no key', async () => {
  writeCredentials();
  const argv = ['dovecot', '--dovecot-version', '2.3', '--data', directory];
  const url = await printConfig([...argv, '--endpoint-url', 'https://audit.example.com/']);
  expect(url.out).toContain('auth_policy_server_url = https://audit.example.com/dovecot/policy\n');
  const files = { [FILE]: 'server: { listen: "0.0.0.0:1", allowPublicWithoutTls: true }' };
  const any = await printConfig(argv, { files });
  expect(any.out).toContain('auth_policy_server_url = http://127.0.0.1:1/dovecot/policy\n');
  const none = await printConfig(['dovecot', '--dovecot-version', '2.3', '--data', '/nowhere']);
  expect(none.code).toBe(4);
  expect(none.err).toContain('/nowhere/credentials does not exist');
  expect(none.err).toContain('--data');
});

test('print-config dovecot for 2.4: the exporter by file, or by the socket that is configured', async () => {
  writeCredentials();
  const argv = ['dovecot', '--dovecot-version', '2.4', '--data', directory];
  const { code, out, err } = await printConfig(argv);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).not.toContain('{{');
  expect(out).toContain('  driver = file\n  file_path = /var/log/dovecot-audit.log\n');
  const files = { [FILE]: 'dovecot: { exporterListen: "unix:/run/mailtrail/events" }' };
  const socket = await printConfig(argv, { files });
  expect(socket.out).toContain('  driver = unix\n  unix_path = /run/mailtrail/events\n');
  const unknown = await printConfig(['dovecot', '--dovecot-version', '2.2', '--data', directory]);
  expect(unknown).toMatchObject({ code: 2, out: '' });
});

test('print-config postfix', async () => {
  const files = {
    [FILE]: 'postfix: { policyListen: "unix:/run/p", logs: [/var/log/postfix/a.log] }',
  };
  const { code, out } = await printConfig(['postfix'], { files });
  expect(code).toBe(0);
  expect(out).not.toContain('{{');
  expect(out).toContain('check_policy_service unix:/run/p\n');
  expect(out).toContain('maillog_file = /var/log/postfix/a.log\n');
  expect(out).toContain('maillog_file_prefixes = /var/log/postfix,');
  expect(out).toContain('\n#smtpd_milters = { unix:mailtrail/milter, default_action=accept,');
  const milter = files[FILE].replace('{', '{ milterListen: "unix:/run/m",');
  const shown = await printConfig(['postfix'], { files: { [FILE]: milter } });
  expect(shown.out).toContain('\nsmtpd_milters = { unix:/run/m, default_action=accept,');
  const alone = await printConfig(['postfix'], {
    files: { [FILE]: 'postfix: { milterListen: "unix:/run/m" }' },
  });
  expect(alone).toMatchObject({ code: 0, err: '' });
  expect(alone.out).toContain('\nsmtpd_milters = { unix:/run/m, default_action=accept,');
  expect(alone.out).toContain('\n#smtpd_data_restrictions = check_policy_service inet:127.0.0.1:');
  expect(alone.out).not.toMatch(/^[^#\n]*policy_service/m);
  const off = await printConfig(['postfix']);
  expect(off.code).toBe(3);
  expect(off.err).toContain('postfix.policyListen is off');
});

test('a placeholder without a value is never printed', () => {
  expect(() => fillTemplate('a = {{unknown}}', { known: 'x' })).toThrow('{{unknown}}');
  expect(() => fillTemplate('{{constructor}}', {})).toThrow('{{constructor}}');
});

test('completions know every command and option', () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const script = completionScript(shell);
    for (const { name, options } of COMMANDS) {
      for (const word of name.split(' ')) expect(script).toContain(word);
      for (const { flags } of options) {
        expect(script).toContain(/--([a-z-]+)/.exec(flags)?.[1]);
      }
    }
  }
});

/** What bash would offer after these words. */
function completed(...words: readonly string[]): string[] {
  const script = [
    completionScript('bash'),
    `COMP_WORDS=(mailtrail ${words.map((word) => `'${word}'`).join(' ')})`,
    `COMP_CWORD=${words.length}`,
    '_mailtrail',
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ].join('\n');
  const out = execFileSync('bash', ['-c', script], { encoding: 'utf8' });
  return out.split('\n').filter((word) => word !== '');
}

test('bash completes commands, their options and values', () => {
  expect(completed('que')).toEqual(['query']);
  expect(completed('config', '')).toEqual(['check', 'show', '--help']);
  expect(completed('config', 'show', '--or')).toEqual(['--origin']);
  expect(completed('query', '--output', 'nd')).toEqual(['ndjson']);
  expect(completed('query', 'x', '-g', 'auth')).toEqual(['authentication']);
  expect(completed('print-config', 'd')).toEqual(['dovecot']);
});

test('the completion command prints the script', async () => {
  const { out } = await runCli(['completion', 'fish']);
  expect(out).toBe(completionScript('fish'));
});
