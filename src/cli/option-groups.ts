// Options that several commands share, declared once.
import { DEFAULT_LISTEN } from '../config/address.ts';
import { LOG_TYPE_SPECS } from '../event/log-type.ts';
import type { OptionSpec } from './command.ts';
import { TIME_FORMS } from './time-argument.ts';

/** The short names of the logs, as log groups end. */
export const LOG_NAMES: readonly string[] = LOG_TYPE_SPECS.map((spec) => spec.groupSuffix);

export const COLOR: OptionSpec = {
  flags: '--color <when>',
  about: 'colours; auto obeys NO_COLOR and FORCE_COLOR',
  choices: ['auto', 'always', 'never'],
  fallback: 'auto',
};

export const CONFIG: OptionSpec = {
  flags: '--config <file>',
  about: 'the configuration file',
  fallback: '$MAILTRAIL_CONFIG, else /etc/mailtrail/config.yaml',
  names: 'file',
};

export const DATA: OptionSpec = {
  flags: '--data <directory>',
  about: 'the data directory',
  names: 'directory',
};

/** How a client finds the server and its key. */
export const SERVER: readonly OptionSpec[] = [
  {
    flags: '--endpoint-url <url>',
    about: "the server's URL",
    fallback: `$MAILTRAIL_ENDPOINT, else http://${DEFAULT_LISTEN}`,
  },
  { ...DATA, about: 'the data directory of a server on this host, for its key' },
  CONFIG,
  COLOR,
];

export const LOG_GROUP: OptionSpec = {
  flags: '-g, --log-group <name>',
  about: `a log group, by its full name or as ${LOG_NAMES.join(', ')}`,
  fallback: 'all of them',
  repeated: true,
  names: 'log',
};

export const START: OptionSpec = {
  flags: '--start <time>',
  about: `the beginning: ${TIME_FORMS}`,
  fallback: 'a day before the end',
};

export const END: OptionSpec = {
  flags: '--end <time>',
  about: 'the end, in the same forms',
  fallback: 'now',
};

export function output(...choices: readonly string[]): OptionSpec {
  const fallback = choices[0] ?? '';
  return { flags: '-o, --output <format>', about: 'the format', choices, fallback };
}
