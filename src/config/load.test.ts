import { expect, test } from 'vitest';
import { RULES_MAX } from './access-rules.ts';
import { loadConfig, type ConfigResult, type ConfigSources, type LoadedConfig } from './load.ts';
import { CONFIG_BYTES_MAX } from './yaml-source.ts';
import { formatOrigin, formatProblem } from './raw-tree.ts';

const FILE = '/etc/mailtrail/config.yaml';

function missing(path: string): never {
  throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), {
    code: 'ENOENT',
  });
}

/** Loads with the files of a small world. */
function load(
  files: Readonly<Record<string, string>> = {},
  more: Partial<ConfigSources> = {},
): ConfigResult {
  return loadConfig({
    env: {},
    cwd: '/cwd',
    home: '/home/ann',
    uid: 1000,
    readFile: (path) => files[path] ?? missing(path),
    ...more,
  });
}

function loaded(result: ConfigResult): LoadedConfig {
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return result;
}

function problems(result: ConfigResult): string[] {
  if (result.ok) throw new Error('the configuration was accepted');
  return result.problems.map(formatProblem);
}

test('works with nothing said at all', () => {
  const { config, file } = loaded(load());
  expect(file).toBeUndefined();
  expect(config).toEqual({
    organization: { name: 'default', account: '000000000000', region: 'us-east-1' },
    server: { listen: { host: '127.0.0.1', port: 4650 }, allowPublicWithoutTls: false },
    data: '/home/ann/.local/state/mailtrail',
    dovecot: {
      logs: ['/var/log/dovecot-audit.log'],
      sharedPrefix: ['shared/'],
      askRules: 'before-password',
      whenDown: 'allow',
    },
    postfix: {
      logs: ['/var/log/mail.log'],
      authservIds: [],
      journalAddresses: [],
      signIns: 'auto',
      whenDown: 'allow',
    },
    collectors: { mappings: [], mapped: [], webhooks: [], syslog: [] },
    access: {
      rules: [],
      networks: {},
      impersonation: {},
      deviceProtocols: ['ActiveSync'],
      workmailLimits: false,
    },
    deliveries: [],
    retention: { days: {} },
    journal: { keepBytes: 2 ** 30, minFreeBytes: 64 * 2 ** 20 },
    store: { memoryBytesMax: 700 * 2 ** 20 },
    queries: {},
    log: { level: 'info' },
  });
});

function dataDirectory(more: Partial<ConfigSources>): string {
  return loaded(load({}, more)).config.data;
}

test('the data directory follows systemd, root, XDG and home, in this order', () => {
  expect(dataDirectory({ env: { STATE_DIRECTORY: '/srv/a:/srv/b' }, uid: 0 })).toBe('/srv/a');
  expect(dataDirectory({ uid: 0 })).toBe('/var/lib/mailtrail');
  expect(dataDirectory({ env: { XDG_STATE_HOME: '/home/ann/state' } })).toBe(
    '/home/ann/state/mailtrail',
  );
  expect(dataDirectory({ env: { XDG_STATE_HOME: 'relative' } })).toBe(
    '/home/ann/.local/state/mailtrail',
  );
});

test('flags win over environment over file over defaults, and each says where it is from', () => {
  const yaml = 'server:\n  listen: 127.0.0.1:1\norganization:\n  name: file\n  region: eu-west-1\n';
  const result = loaded(
    load(
      { [FILE]: yaml },
      {
        env: { MAILTRAIL__ORGANIZATION__NAME: 'env', MAILTRAIL__SERVER__LISTEN: '127.0.0.1:2' },
        flags: [{ flag: '--listen', path: 'server.listen', value: '127.0.0.1:3' }],
      },
    ),
  );
  expect(result.config.server.listen.port).toBe(3);
  expect(result.config.organization).toMatchObject({ name: 'env', region: 'eu-west-1' });
  const origins = Object.fromEntries(
    result.settings.map(({ path, origin }) => [path, formatOrigin(origin)]),
  );
  expect(origins).toMatchObject({
    'server.listen': '--listen',
    'organization.name': '$MAILTRAIL__ORGANIZATION__NAME',
    'organization.region': `${FILE}:5:11`,
    'organization.account': 'default',
  });
});

test('the file is named by --config, then $MAILTRAIL_CONFIG; ./mailtrail.yaml is not looked for', () => {
  const files = {
    '/cwd/a.yaml': 'organization: { name: a }',
    '/b.yaml': 'organization: { name: b }',
    '/cwd/mailtrail.yaml': 'organization: { name: c }',
  };
  const name = (more: Partial<ConfigSources>): string =>
    loaded(load(files, more)).config.organization.name;
  expect(name({ file: 'a.yaml', env: { MAILTRAIL_CONFIG: '/b.yaml' } })).toBe('a');
  expect(name({ env: { MAILTRAIL_CONFIG: '/b.yaml' } })).toBe('b');
  expect(name({})).toBe('default');
});

test('a named file that is not there is an error, the system file need not exist', () => {
  expect(problems(load({}, { file: 'x.yaml' }))[0]).toMatch(
    /^--config x\.yaml: expected a file that can be read, found ENOENT.*; correct the path/,
  );
  expect(problems(load({}, { env: { MAILTRAIL_CONFIG: '/x' } }))[0]).toMatch(/^\$MAILTRAIL_CONFIG/);
});

test('every error is told at once, each with file, line, column, path and what to do', () => {
  const yaml = [
    'organisation:',
    '  name: x',
    'server:',
    '  listen: 4650',
    '  tls: { cert: a.pem }',
    'dovecot:',
    '  logs: /var/log/x',
    'retention:',
    '  days: { authentication: 0, mailbox: 3 }',
    'journal: { keepBytes: 1MiB }',
    'access:',
    '  rules:',
    '    - name: a b',
    '      effect: DENY',
    '      ipRange: [10.0.0.0/8]',
    '    - { name: ok, effect: ALLOW, actions: [IMAP, FAX] }',
    'log: loud',
  ].join('\n');
  expect(problems(load({ [FILE]: yaml }))).toEqual([
    `${FILE}:1:1: organisation: unknown key; did you mean "organization"?`,
    `${FILE}:4:11: server.listen: expected host:port such as 127.0.0.1:4650 or [::1]:4650, found "4650"; correct it or leave the setting out`,
    `${FILE}:7:9: dovecot.logs: expected a list of paths, found "/var/log/x"; correct it or leave the setting out`,
    expect.stringMatching(/:9:27: retention\.days\.authentication: expected whole days .*"0"; /),
    `${FILE}:9:30: retention.days.mailbox: expected the name of a log, found "mailbox"; did you mean "mailbox-access"?`,
    `${FILE}:10:23: journal.keepBytes: expected a size such as 512MiB, 2GB or 1048576 (bytes), at least ` +
      '64MiB, found "1MiB"; correct it or leave the setting out',
    `${FILE}:13:13: access.rules[0].name: must be 1 to 64 of the characters a-z A-Z 0-9 _ -, but is "a b"`,
    `${FILE}:15:7: access.rules[0].ipRange: unknown key; did you mean "ipRanges"?`,
    expect.stringMatching(/:16:50: access\.rules\[1\]\.actions\[1\]: must be one of .*"FAX"$/),
    `${FILE}:17:6: log: expected a section with the keys level, found "loud"; write the keys below it, indented`,
  ]);
});

test('broken YAML is told with its place', () => {
  expect(problems(load({ [FILE]: 'server:\n  listen: "a\n' }))[0]).toMatch(
    /^\/etc\/mailtrail\/config\.yaml:\d+:\d+: expected valid YAML, found an error: .*; correct the syntax$/,
  );
  expect(problems(load({ [FILE]: 'log:\n  level: info\nlog:\n  level: warn\n' }))).toEqual([
    `${FILE}:3:1: expected valid YAML, found an error: Map keys must be unique; correct the syntax`,
  ]);
  expect(problems(load({ [FILE]: '- a\n' }))[0]).toMatch(/:1:1: expected sections .* found a list/);
});

test('a key without a value is absent where it begins a section, an error where it is a setting', () => {
  expect(loaded(load({ [FILE]: 'server:\ndovecot:\n' })).config.server.listen.port).toBe(4650);
  expect(problems(load({ [FILE]: 'dovecot:\n  logs:\n' }))).toEqual([
    `${FILE}:2:8: dovecot.logs: expected a list of paths, found nothing; correct it or leave the setting out`,
  ]);
});

test('variables are replaced in values, and cannot add keys', () => {
  const yaml = 'organization: { name: "${ORG:-fallback}" }\ndata: ${DATA}/x$${y}\n';
  const env = { ORG: 'acme', DATA: '/d\nlog: {}' };
  const { config } = loaded(load({ [FILE]: yaml }, { env }));
  expect(config.organization.name).toBe('acme');
  expect(config.data).toBe('/d\nlog: {}/x${y}');
  expect(problems(load({ [FILE]: yaml }))).toEqual([
    `${FILE}:2:7: data: expected the environment variable DATA to be set, found nothing; set it, or write \${DATA:-default}, or $\${DATA} for the text itself`,
  ]);
});

test('digits stay as they were written', () => {
  const yaml = 'organization: { account: 012345678901, name: 0123 }';
  expect(loaded(load({ [FILE]: yaml })).config.organization).toMatchObject({
    account: '012345678901',
    name: '0123',
  });
});

test('relative paths start at the file, in flags at the working directory', () => {
  const yaml = 'data: var\ndovecot: { logs: [a.log, /b.log] }\n';
  const result = loaded(
    load(
      { '/etc/x/c.yaml': yaml },
      { file: '/etc/x/c.yaml', flags: [{ flag: '--data', path: 'data', value: 'd' }] },
    ),
  );
  expect(result.config.dovecot.logs).toEqual(['/etc/x/a.log', '/b.log']);
  expect(result.config.data).toBe('/cwd/d');
});

test('environment: lists by commas, YAML for the rest, _FILE for what is in a file', () => {
  const { config } = loaded(
    load(
      { '/run/secrets/name': 'from-file\n' },
      {
        env: {
          MAILTRAIL__DOVECOT__LOGS: '/a, /b',
          MAILTRAIL__POSTFIX__LOGS: '[]',
          MAILTRAIL__RETENTION__DAYS: '{ authentication: 30 }',
          MAILTRAIL__ACCESS__RULES: '[{ name: R, effect: DENY, actions: [POP3] }]',
          MAILTRAIL__ORGANIZATION__NAME_FILE: '/run/secrets/name',
        },
      },
    ),
  );
  expect(config.dovecot.logs).toEqual(['/a', '/b']);
  expect(config.postfix.logs).toEqual([]);
  expect(config.retention.days).toEqual({ AUTHENTICATION_LOGS: 30 });
  expect(config.access.rules).toEqual([{ name: 'R', effect: 'DENY', actions: ['POP3'] }]);
  expect(config.organization.name).toBe('from-file');
});

test('environment: every mistake names its variable', () => {
  const env = {
    MAILTRAIL__SERVER__LISTE: 'x',
    MAILTRAIL__LOG__LEVEL: 'loud',
    MAILTRAIL__DATA_FILE: '/missing',
    MAILTRAIL__ORGANIZATION__NAME: 'a',
    MAILTRAIL__ORGANIZATION__NAME_FILE: '/b',
    MAILTRAIL__RETENTION__DAYS: '{ a: ',
  };
  const found = problems(load({}, { env }));
  expect(found).toHaveLength(5);
  expect(found).toEqual(
    expect.arrayContaining([
      '$MAILTRAIL__SERVER__LISTE: unknown variable; did you mean MAILTRAIL__SERVER__LISTEN?',
      '$MAILTRAIL__LOG__LEVEL: log.level: expected one of error, warn, info, debug, found "loud"; correct it or leave the setting out',
      expect.stringMatching(/^\$MAILTRAIL__DATA_FILE: data: ENOENT/),
      expect.stringMatching(
        /^\$MAILTRAIL__ORGANIZATION__NAME_FILE: organization\.name: .*found both/,
      ),
      expect.stringMatching(/^\$MAILTRAIL__RETENTION__DAYS: retention\.days: expected valid YAML/),
    ]),
  );
});

test('one number keeps all logs so many days', () => {
  const days = loaded(load({ [FILE]: 'retention: { days: 52w }' })).config.retention.days;
  expect(Object.values(days)).toEqual([364, 364, 364, 364, 364, 364, 364]);
});

test('rules need names of their own', () => {
  const yaml = 'access:\n  rules:\n  - {name: A, effect: DENY}\n  - {name: A, effect: ALLOW}\n';
  expect(problems(load({ [FILE]: yaml }))[0]).toMatch(
    /:4:12: access\.rules\[1\]\.name: .*"A" again/,
  );
});

function listen(value: string, more = ''): ConfigResult {
  return load({ [FILE]: `server: { listen: "${value}"${more} }` });
}

test('more rules than anybody wrote by hand are refused', () => {
  const rules = Array.from({ length: RULES_MAX + 1 }, (_, i) => `{name: R${i}, effect: DENY}`);
  const [problem] = problems(load({ [FILE]: `access: { rules: [${rules.join(', ')}] }` }));
  expect(problem).toContain(`expected a list of at most ${RULES_MAX} rules, found a list of 1001`);
  rules.pop();
  const { config } = loaded(load({ [FILE]: `access: { rules: [${rules.join(', ')}] }` }));
  expect(config.access.rules).toHaveLength(RULES_MAX);
});

test('a public address needs TLS or the explicit flag', () => {
  for (const host of ['0.0.0.0', '[::]', '192.0.2.1', 'mail.example.com', '127.0.0.1.example']) {
    const [problem] = problems(listen(`${host}:4650`));
    expect(problem).toContain(`${FILE}:1:19: server.listen: expected a loopback address`);
    expect(problem).toContain('--allow-public-without-tls');
  }
  for (const host of ['127.0.0.1', '127.8.9.1', '[::1]', 'localhost', '[::ffff:127.0.0.1]']) {
    loaded(listen(`${host}:4650`));
  }
  loaded(listen('0.0.0.0:4650', ', allowPublicWithoutTls: true'));
  const tls = loaded(listen('0.0.0.0:4650', ', tls: { cert: c.pem, key: k.pem }'));
  expect(tls.config.server.tls).toEqual({
    cert: '/etc/mailtrail/c.pem',
    key: '/etc/mailtrail/k.pem',
  });
  expect(problems(listen('127.0.0.1:1', ', tls: { cert: c.pem }'))[0]).toMatch(
    /server\.tls\.cert: expected server\.tls\.key beside it/,
  );
});

function policy(value: string): ConfigResult {
  return load({ [FILE]: `postfix: { policyListen: "${value}" }` });
}

test('the policy service, which asks for no password, stays on loopback or a socket', () => {
  expect(problems(policy('0.0.0.0:4651'))[0]).toContain(
    'postfix.policyListen: expected a loopback',
  );
  expect(loaded(policy('unix:/run/p')).config.postfix.policyListen).toEqual({ path: '/run/p' });
});

function exporter(value: string, logs = '[/l]'): ConfigResult {
  return load({ [FILE]: `dovecot: { exporterListen: "${value}", logs: ${logs} }` });
}

test("Dovecot's events come by a socket, and go to a log", () => {
  expect(loaded(exporter('unix:/run/e')).config.dovecot.exporterListen).toEqual({ path: '/run/e' });
  expect(problems(exporter('127.0.0.1:1'))[0]).toContain('expected unix:/path');
  expect(problems(exporter('unix:/run/e', '[]'))[0]).toContain('expected a file in dovecot.logs');
});

test('a file that is not a configuration is refused before it is read into memory twice', () => {
  const [problem] = problems(load({ [FILE]: `#${'x'.repeat(CONFIG_BYTES_MAX)}` }));
  expect(problem).toContain('is this the configuration file?');
});

test('aliases that multiply end at a limit', () => {
  let yaml = 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n';
  for (let level = 1; level < 9; level++) {
    yaml += `a${level}: &a${level} [${`*a${level - 1}, `.repeat(10)}]\n`;
  }
  expect(problems(load({ [FILE]: yaml })).join('\n')).toContain('values, found more');
});

test('keys that JavaScript knows are unknown keys like others', () => {
  expect(problems(load({ [FILE]: '__proto__: { a: 1 }\nconstructor: x\n' }))).toHaveLength(2);
});

test('feeds of other programs: paths beside the file, and keys that are never shown', () => {
  const text = `collectors:
  mappings: [exim.yaml]
  mapped: [{ path: log/exim, mapping: exim }]
  webhooks: [{ mapping: stalwart, signatureKey: "\${KEY}" }]
`;
  const key = 'a-key-of-32-characters-and-no-one-knows';
  const { config, settings } = loaded(load({ [FILE]: text }, { env: { KEY: key } }));
  expect(config.collectors).toEqual({
    mappings: ['/etc/mailtrail/exim.yaml'],
    mapped: [{ path: '/etc/mailtrail/log/exim', mapping: 'exim' }],
    webhooks: [{ mapping: 'stalwart', signatureKey: key }],
    syslog: [],
  });
  expect(settings.find(({ path }) => path === 'collectors.webhooks')?.secret).toBe(true);
  const wrong = text.replace('${KEY}', 'too-short').replace('mapping: exim', 'mappping: exim');
  const said = problems(load({ [FILE]: wrong }));
  expect(said.join('\n')).not.toContain('too-short');
  expect(said).toEqual([
    `${FILE}:3:12: collectors.mapped[0].mapping: expected the name of a mapping file, found nothing; correct it or leave the setting out`,
    `${FILE}:3:30: collectors.mapped[0].mappping: unknown key; did you mean "mapping"?`,
    `${FILE}:4:49: collectors.webhooks[0].signatureKey: expected a key of at least 16 characters, found something else (not shown, as it is a secret); correct it or leave the setting out`,
  ]);
});

test('syslog listeners: where, whom they hear, and what is wrong in one', () => {
  const text = `collectors:
  syslog:
    - { listen: "udp://127.0.0.1:5514" }
    - { listen: "tls://[::]:6514", allow: [10.0.0.0/8], cert: /c.pem, key: /k.pem, mappings: [exim] }
`;
  const { config } = loaded(load({ [FILE]: text }));
  expect(config.collectors.syslog).toMatchObject([
    { transport: 'udp', host: '127.0.0.1', port: 5514, mappings: [] },
    { transport: 'tls', host: '::', port: 6514, cert: '/c.pem', key: '/k.pem', mappings: ['exim'] },
  ]);
  expect(config.collectors.syslog.map(({ allow }) => allow.length)).toEqual([2, 1]);
  const wrong = text
    .replace('udp://', 'http://')
    .replace('10.0.0.0/8', '10.0.0.0/99')
    .replace(', cert: /c.pem', '');
  expect(problems(load({ [FILE]: wrong })).map((line) => line.slice(FILE.length))).toEqual([
    ':3:17: collectors.syslog[0].listen: expected udp://, tcp:// or tls:// and host:port, found "http://127.0.0.1:5514"; correct it or leave the setting out',
    ':4:44: collectors.syslog[1].allow[0]: expected an address or a range such as 10.0.0.0/8, found "10.0.0.0/99"; correct it or leave the setting out',
  ]);
  const keyless = text.replace(', cert: /c.pem', '');
  expect(problems(load({ [FILE]: keyless })).join()).toContain('expected cert and key with tls://');
});
