// The commands of `mailtrail deliveries`, declared.
import type { CommandSpec, OptionSpec } from './command.ts';
import { PLACE_FORMS } from './delivery-place.ts';
import { LOG_NAMES, output, SERVER } from './option-groups.ts';

const KEY = [{ name: 'delivery', about: 'its id, or the name for all of that name' }] as const;
const EXAMPLE = '3f0a9c1d2b4e5f60';

const SHOWN: readonly CommandSpec[] = [
  {
    name: 'deliveries list',
    summary: 'the deliveries, how far each is, and what keeps one from going on',
    examples: [['mailtrail deliveries list', 'and -o json for programs']],
    options: [output('table', 'json', 'ndjson'), ...SERVER],
    load: () => import('./deliveries-list.ts'),
  },
  {
    name: 'deliveries show',
    summary: 'all that deliveries are, as descriptions that can be given back',
    examples: [
      ['mailtrail deliveries show archive', 'where it goes, and what of which logs'],
      [
        'mailtrail deliveries show > deliveries.yaml',
        'of all; "deliveries put -f" and the configuration file take it',
      ],
    ],
    arguments: [{ ...KEY[0], optional: true }],
    options: [output('yaml', 'json'), ...SERVER],
    load: () => import('./deliveries-show.ts'),
  },
  {
    name: 'deliveries status',
    summary: 'lag, failures and errors of deliveries; exits with 1 when one does not get on',
    examples: [
      ['mailtrail deliveries status', 'of all of them'],
      ['mailtrail deliveries status archive -o json', 'for monitoring'],
    ],
    arguments: [{ ...KEY[0], optional: true }],
    options: [output('text', 'table', 'json', 'ndjson'), ...SERVER],
    load: () => import('./deliveries-status.ts'),
  },
];

const DESCRIBED: readonly OptionSpec[] = [
  { flags: '-f, --file <file>', about: 'a description in YAML or JSON instead', names: 'file' },
  { flags: '--log <name>', about: `a log: ${LOG_NAMES.join(', ')}`, repeated: true, names: 'log' },
  { flags: '--to <place>', about: PLACE_FORMS },
  { flags: '--to-endpoint <url>', about: 'the URL of S3, Firehose or CloudWatch Logs' },
  { flags: '--to-region <region>', about: 'its region' },
  {
    flags: '--format <format>',
    about: 'how records are written',
    choices: ['json', 'plain', 'w3c', 'raw', 'parquet'],
  },
  { flags: '--field <path>', about: 'a field that leaves, in this order', repeated: true },
  { flags: '--field-delimiter <text>', about: 'between the fields of plain, w3c and raw' },
  { flags: '--filter <expression>', about: 'only events of which it is true leave' },
  {
    flags: '--redact <field=how>',
    about: 'a field that leaves as its hash, as ***, or not at all: hash, mask, remove',
    repeated: true,
  },
  { flags: '--sample-one-in <number>', about: 'one of so many events leaves' },
  { flags: '--interval <time>', about: 'how often an object of S3 is made', fallback: '50s' },
  {
    flags: '--object-size <size>',
    about: 'events of one object of S3, before compression',
    fallback: '8MiB',
  },
  { flags: '--suffix-path <path>', about: 'what stands before the names of objects of S3' },
  { flags: '--hive-paths', about: 'write its variables as name=value' },
  {
    flags: '--backlog <size>',
    about: 'how much is kept for it while it does not get on',
    fallback: '10GiB',
  },
  {
    flags: '--when-backlog-full <what>',
    about: 'what happens then',
    choices: ['stop-accepting', 'drop-oldest'],
    fallback: 'stop-accepting',
  },
  { flags: '--dry-run', about: 'make nothing, check and show the description' },
];

const OF_NAME = [{ name: 'name', about: 'what they are called by', optional: true }] as const;

const CREATE: CommandSpec = {
  name: 'deliveries create',
  summary: 'deliver logs elsewhere, from now on',
  examples: [
    [
      'mailtrail deliveries create archive --log authentication --log mailbox-access --to s3://audit/mail',
      'two logs into a bucket',
    ],
    [
      'mailtrail deliveries create failures --log authentication --to log-group:/failures --filter "auth_successful = 0" --redact user=hash',
      'what failed, without names',
    ],
    ['mailtrail deliveries create -f archive.yaml', 'all that a description can say'],
  ],
  notes:
    'One delivery is made for each log. "mailtrail deliveries test" tries where they go. A file has one description, or a list of them ' +
    'under "deliveries:" as the configuration file (docs/guides/delivery.md).',
  arguments: OF_NAME,
  options: [...DESCRIBED, output('text', 'json'), ...SERVER],
  load: async () => ({ run: (await import('./deliveries-create.ts')).described('create') }),
};

const PUT: CommandSpec = {
  name: 'deliveries put',
  summary: 'make deliveries what a description says; they go on where they were',
  examples: [
    ['mailtrail deliveries put -f deliveries.yaml --dry-run', 'what would be different'],
    ['mailtrail deliveries put -f deliveries.yaml', 'what "deliveries show" printed, changed'],
  ],
  notes:
    'What the description does not say is as if it had never been said, but for "paused"; deliveries of logs that it does not name are deleted. ' +
    'What lies at the destination stays as it is.',
  arguments: OF_NAME,
  options: [...DESCRIBED, output('text', 'json'), ...SERVER],
  load: async () => ({ run: (await import('./deliveries-create.ts')).described('put') }),
};

function pausing(act: 'pause' | 'resume', summary: string): CommandSpec {
  return {
    name: `deliveries ${act}`,
    summary,
    examples: [[`mailtrail deliveries ${act} archive`, 'all of that name']],
    arguments: KEY,
    options: [output('text', 'json'), ...SERVER],
    load: async () => ({ run: (await import('./deliveries-pause.ts')).paused(act) }),
  };
}

/** In the order of the help. */
export const DELIVERY_COMMANDS: readonly CommandSpec[] = [
  ...SHOWN,
  CREATE,
  PUT,
  {
    name: 'deliveries delete',
    summary: 'delete deliveries; what has arrived stays where it is',
    examples: [['mailtrail deliveries delete archive --dry-run', 'only say which they would be']],
    arguments: KEY,
    options: [{ flags: '--dry-run', about: 'delete nothing' }, output('text', 'json'), ...SERVER],
    load: () => import('./deliveries-delete.ts'),
  },
  {
    name: 'deliveries test',
    summary: 'try where deliveries go; exits with 1 when one cannot be written to',
    examples: [[`mailtrail deliveries test ${EXAMPLE}`, 'says what is wrong, and what to do']],
    arguments: KEY,
    options: [output('text', 'json'), ...SERVER],
    load: () => import('./deliveries-test.ts'),
  },
  pausing('pause', 'hold deliveries; what comes meanwhile is kept for them'),
  pausing('resume', 'let held deliveries go on where they were'),
];
