// All commands, declared. The parser, `--help`, the completions and docs/reference/cli.md are made
// from this list; the code of a command is loaded when it is called.
import { APPLY_COMMANDS } from './apply-commands.ts';
import type { CommandSpec, OptionSpec } from './command.ts';
import { DELIVERY_COMMANDS } from './delivery-commands.ts';
import { DOVECOT_VERSIONS } from './dovecot-version.ts';
import { KEY_COMMANDS } from './key-commands.ts';
import { DEVICE_COMMANDS, DEVICE_OVERRIDE_COMMANDS } from './device-commands.ts';
import { ROLE_COMMANDS } from './role-commands.ts';
import { RULE_COMMANDS } from './rule-commands.ts';
import { SAVED_QUERY_COMMANDS } from './saved-query-commands.ts';
import { CONFIG, DATA, END, LOG_GROUP, output, SERVER, START } from './option-groups.ts';

const SERVE: CommandSpec = {
  name: 'serve',
  summary: 'collect, keep and answer: the server',
  examples: [
    ['mailtrail serve', 'with the system configuration, or none'],
    ['mailtrail serve --data ./data --listen 127.0.0.1:4650', 'all in one directory'],
    ['mailtrail serve --config /etc/mailtrail/config.yaml', 'as a service'],
  ],
  notes:
    'SIGTERM and SIGINT drain and end with 0, a second one ends at once with 1; SIGHUP reads the configuration again and keeps the old one if it has mistakes.',
  options: [
    CONFIG,
    { flags: '--listen <host:port>', about: 'where to listen', setting: 'server.listen' },
    { ...DATA, setting: 'data' },
    {
      flags: '--organization <name>',
      about: 'whose mail it is; names the log groups',
      setting: 'organization.name',
    },
    {
      flags: '--dovecot-log <file>',
      about: 'a file Dovecot logs to',
      repeated: true,
      setting: 'dovecot.logs',
      names: 'file',
    },
    {
      flags: '--postfix-log <file>',
      about: 'a file Postfix logs to',
      repeated: true,
      setting: 'postfix.logs',
      names: 'file',
    },
    {
      flags: '--postfix-policy-listen <address>',
      about: 'where to answer check_policy_service: host:port or unix:/path',
      setting: 'postfix.policyListen',
    },
    {
      flags: '--postfix-milter-listen <address>',
      about: 'where Postfix shows each message: unix:/path or host:port',
      setting: 'postfix.milterListen',
    },
    {
      flags: '--allow-public-without-tls',
      about: 'listen on other addresses than loopback without TLS',
      setting: 'server.allowPublicWithoutTls',
    },
    {
      flags: '--log-level <level>',
      about: "how much the server's own log says",
      choices: ['error', 'warn', 'info', 'debug'],
      setting: 'log.level',
    },
  ],
  handlesSignals: true,
  load: () => import('./serve.ts'),
};

const QUERY: CommandSpec = {
  name: 'query',
  summary: 'ask in the query language of CloudWatch Logs Insights',
  examples: [
    [
      "mailtrail query 'fields user, source_ip, protocol, auth_failed_reason | filter auth_successful = 0'",
      'failed sign-ins of the last day',
    ],
    [
      'mailtrail query -g mailbox-access --start 7d \'filter user_id = "bob" | stats count(*) by action, source_ip\'',
      "what was done in bob's mailbox",
    ],
    [
      'mailtrail query -o csv --start 2026-01-01 - < report.query > report.csv',
      'a query in a file',
    ],
  ],
  notes:
    'json is one array of {field: value} objects, ndjson one object a line, csv has a header (RFC 4180). On a ' +
    'terminal a table is fitted to it and csv is escaped; in a pipe nothing is cut. Control characters in ' +
    'values are always escaped in tables and JSON.',
  arguments: [{ name: 'query', about: 'the query, or - to read it from standard input' }],
  options: [
    LOG_GROUP,
    START,
    END,
    { flags: '-n, --limit <rows>', about: 'at most so many rows, whatever the query says' },
    output('table', 'json', 'ndjson', 'csv'),
    { flags: '--fail-on-empty', about: 'end with 1 when there are no results' },
    { flags: '--verbose', about: 'statistics also when standard error is not a terminal' },
    ...SERVER,
  ],
  load: () => import('./query.ts'),
};

const LENIENT: OptionSpec = {
  flags: '--lenient',
  about: 'also take what Logs Insights would probably refuse',
};

const QUERY_CHECK: CommandSpec = {
  name: 'query check',
  summary: 'whether queries are right, without a server',
  examples: [
    ['mailtrail query check queries.jsonl', 'a file with {"query": "…"} on each line'],
    ['echo \'{"query": "fields user"}\' | mailtrail query check -', 'from standard input'],
  ],
  notes:
    'Prints {"ok":true} for each query, or {"ok":false} with a message and the characters it is about ' +
    '(end is after the last one). Ends with 1 when a query has a mistake.',
  arguments: [{ name: 'file', about: 'the file, or - for standard input' }],
  options: [LENIENT],
  load: () => import('./query-check.ts'),
};

const QUERY_EXPLAIN: CommandSpec = {
  name: 'query explain',
  summary: 'what becomes of a query: its tree, its plan, the SQL and its parameters',
  examples: [["mailtrail query explain 'stats count(*) by user'", 'without a server']],
  arguments: [{ name: 'query', about: 'the query' }],
  options: [LENIENT, output('text', 'json')],
  load: () => import('./query-explain.ts'),
};

const EXPORT: CommandSpec = {
  name: 'export',
  summary: 'a whole result, however long',
  examples: [
    [
      "mailtrail export -g authentication --start 90d 'fields @timestamp, @message' --to sign-ins.ndjson",
      'every sign-in of a quarter',
    ],
    [
      'mailtrail export -o csv \'filter user = "bob" | fields @timestamp, protocol, source_ip\' > bob.csv',
      'as comma separated values',
    ],
  ],
  notes:
    'As query, but without its limit of 10,000 rows; the query may have a limit of its own. A file is whole or ' +
    'not there, and an existing one is kept unless --force is given. Each export is a management event.',
  arguments: [{ name: 'query', about: 'the query, or - to read it from standard input' }],
  options: [
    LOG_GROUP,
    START,
    END,
    output('ndjson', 'csv', 'json'),
    { flags: '--to <file>', about: 'write to a file', fallback: 'standard output', names: 'file' },
    { flags: '--force', about: 'replace the file if there is one' },
    { flags: '--fail-on-empty', about: 'end with 1 when there are no results' },
    { flags: '--verbose', about: 'a last line also when standard error is not a terminal' },
    ...SERVER,
  ],
  load: () => import('./export.ts'),
};

const GROUPS: CommandSpec = {
  name: 'groups',
  summary: 'the log groups and what is in them',
  examples: [
    ['mailtrail groups', 'events, size, first and last event, retention'],
    ['mailtrail groups -o json', 'the same for programs'],
  ],
  options: [output('table', 'json', 'ndjson', 'csv'), ...SERVER],
  load: () => import('./groups.ts'),
};

const TAIL: CommandSpec = {
  name: 'tail',
  summary: 'the newest events, and with -f those that arrive',
  examples: [
    ['mailtrail tail', 'the last 10 events of all logs'],
    ['mailtrail tail -f -g authentication', 'sign-ins as they happen'],
    ["mailtrail tail -f --filter 'access_granted = 0'", 'what is refused'],
  ],
  options: [
    { flags: '-f, --follow', about: 'go on with events as they arrive' },
    { flags: '--filter <expression>', about: 'the condition of a filter command' },
    LOG_GROUP,
    { flags: '-n, --lines <count>', about: 'so many events, without -f', fallback: '10' },
    output('text', 'ndjson'),
    ...SERVER,
  ],
  load: () => import('./tail.ts'),
};

const DOCTOR: CommandSpec = {
  name: 'doctor',
  summary: 'look at everything that has to be right, and say what to do',
  examples: [
    ['sudo mailtrail doctor', 'the installation on this host'],
    ['mailtrail doctor -o json', 'the same for monitoring'],
  ],
  notes:
    'Looks at versions, configuration, data directory, key, disk, clock, log files, the wiring of Dovecot and ' +
    'Postfix, and the server. Ends with 1 if there is a ✗.',
  options: [output('text', 'json'), ...SERVER],
  load: () => import('./doctor.ts'),
};

const PRINT_CONFIG: CommandSpec = {
  name: 'print-config',
  summary: 'what Dovecot or Postfix must be told, filled in for this server',
  examples: [
    [
      'mailtrail print-config dovecot > /etc/dovecot/conf.d/99-mailtrail.conf',
      'then: doveadm reload',
    ],
    ['mailtrail print-config postfix >> /etc/postfix/main.cf', 'then: postfix reload'],
  ],
  notes:
    'The bearer token and the nonce are shown as *** on a terminal; they are in the output when it goes to a file or a pipe, or with --show-secrets.',
  arguments: [{ name: 'server', about: 'whose configuration', choices: ['dovecot', 'postfix'] }],
  options: [
    { flags: '--show-secrets', about: 'show the bearer token and the nonce on a terminal too' },
    {
      flags: '--endpoint-url <url>',
      about: 'the URL by which the mail server reaches Mailtrail',
      fallback: 'that of server.listen',
    },
    {
      flags: '--credentials <file>',
      about: 'whose token Dovecot is to use: what "keys create NAME --access ingest-only" printed',
      fallback: "the administrator's",
      names: 'file',
    },
    {
      flags: '--dovecot-version <version>',
      about: 'the Dovecot to write for',
      choices: DOVECOT_VERSIONS,
      fallback: 'that of this host, else 2.3',
    },
    DATA,
    CONFIG,
  ],
  load: () => import('./print-config.ts'),
};

const CONFIG_CHECK: CommandSpec = {
  name: 'config check',
  summary: 'say everything that is wrong with the configuration',
  examples: [
    ['mailtrail config check', 'the file that the server would read'],
    ['mailtrail config check --config new.yaml', 'another file'],
  ],
  notes: 'Ends with 3 and one line for each mistake: file:line:column: setting: what is expected.',
  options: [CONFIG],
  load: () => import('./config-check.ts'),
};

const CONFIG_SHOW: CommandSpec = {
  name: 'config show',
  summary: 'the configuration in force',
  examples: [
    ['mailtrail config show', 'all settings as YAML'],
    ['mailtrail config show --origin', 'with where each value came from'],
  ],
  options: [
    { flags: '--origin', about: 'where each value came from' },
    output('yaml', 'json'),
    CONFIG,
  ],
  load: () => import('./config-show.ts'),
};

const MAP_TEST: CommandSpec = {
  name: 'map test',
  summary: 'try a mapping file: on lines, or by its own tests',
  examples: [
    ['mailtrail map test exim.yaml', 'run the tests in the file'],
    ['mailtrail map test exim.yaml --input /var/log/exim4/mainlog', 'what each line becomes'],
    ['tail cyrus.log | mailtrail map test cyrus.yaml --input - -o json', 'for programs'],
  ],
  notes:
    'Ends with 1 when a test fails, a line is refused or no mapping is for any line, with 3 when the file has mistakes. ' +
    'Mapping files are described in docs/guides/mappings.md.',
  arguments: [{ name: 'file', about: 'the mapping file' }],
  options: [
    {
      flags: '--input <lines>',
      about: 'a file of lines or JSON, or - for standard input',
      names: 'file',
    },
    { flags: '--mapping <name>', about: 'only this mapping of the file' },
    output('table', 'json'),
  ],
  load: () => import('./map-test.ts'),
};

const JOURNAL_VERIFY: CommandSpec = {
  name: 'journal verify',
  summary: 'prove that the journal is as it was written',
  examples: [
    ['mailtrail journal verify', "the server's journal; it may be running"],
    ['mailtrail journal verify --data /mnt/backup/mailtrail', 'a copy'],
  ],
  notes: 'Ends with 7 and the first broken byte when a block is not what its seal says.',
  options: [DATA, CONFIG, output('text', 'json')],
  load: () => import('./journal-verify.ts'),
};

const COMPLETION: CommandSpec = {
  name: 'completion',
  summary: 'completions for a shell',
  examples: [
    ['mailtrail completion bash > /etc/bash_completion.d/mailtrail', 'for bash'],
    ['mailtrail completion zsh > "${fpath[1]}/_mailtrail"', 'for zsh'],
    ['mailtrail completion fish > ~/.config/fish/completions/mailtrail.fish', 'for fish'],
  ],
  arguments: [{ name: 'shell', about: 'the shell', choices: ['bash', 'zsh', 'fish'] }],
  options: [],
  load: () => import('./completion.ts'),
};

const VERSION: CommandSpec = {
  name: 'version',
  summary: 'the version',
  examples: [['mailtrail version', 'of the program and of Node']],
  options: [],
  load: () => import('./version.ts'),
};

/** In the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  SERVE,
  QUERY,
  QUERY_CHECK,
  QUERY_EXPLAIN,
  EXPORT,
  GROUPS,
  TAIL,
  ...SAVED_QUERY_COMMANDS,
  ...RULE_COMMANDS,
  ...DEVICE_COMMANDS,
  ...DEVICE_OVERRIDE_COMMANDS,
  ...ROLE_COMMANDS,
  ...APPLY_COMMANDS,
  ...DELIVERY_COMMANDS,
  ...KEY_COMMANDS,
  DOCTOR,
  PRINT_CONFIG,
  CONFIG_CHECK,
  CONFIG_SHOW,
  MAP_TEST,
  JOURNAL_VERIFY,
  COMPLETION,
  VERSION,
];

/** What the commands with two words are about. */
export const FAMILIES: Readonly<Record<string, string>> = {
  'saved-queries': 'the queries that the server keeps',
  rules: 'who may do what from where: the access control rules',
  devices: 'which mobile devices may be used: the mobile device access rules',
  'device-overrides': 'which device one user may use, whatever the rules say',
  roles: 'who may open whose mailboxes: the impersonation roles',
  access: 'rules, devices, overrides and roles as files',
  deliveries: 'where the logs are delivered to, and how far each delivery is',
  keys: 'make, list and revoke API keys',
  config: 'check or show the configuration',
  map: 'try mapping files for other programs',
  journal: 'look after the journal',
};

/** The examples of the program's own help. */
export const PROGRAM_EXAMPLES: CommandSpec['examples'] = [
  ['mailtrail serve', 'start the server'],
  ["mailtrail query 'filter auth_successful = 0'", 'failed sign-ins of the last day'],
  ['mailtrail tail -f', 'events as they happen'],
  ['mailtrail doctor', 'what is missing, and how to add it'],
];
