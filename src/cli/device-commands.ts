// The commands of `mailtrail devices` and `mailtrail device-overrides`, declared.
import { DEVICE_OVERRIDES, DEVICE_RULES } from './access-documents.ts';
import type { CommandSpec, OptionSpec } from './command.ts';
import { documentCommands } from './document-commands.ts';
import { output, SERVER } from './option-groups.ts';

const RULE_ID = { name: 'id', about: 'the id of the rule' };
const OVERRIDE_ID = { name: 'user:device', about: 'the login and the id of the device' };

/** The conditions of a device rule as options. */
export const DEVICE_CONDITIONS: readonly (readonly [field: string, flag: string, about: string])[] =
  [
    ['deviceTypes', 'type', 'the beginning of a device type; $NONE where it says none'],
    ['notDeviceTypes', 'not-type', 'a type that it is not about'],
    ['deviceModels', 'model', 'the beginning of a model'],
    ['notDeviceModels', 'not-model', 'a model that it is not about'],
    ['deviceOperatingSystems', 'os', 'the beginning of an operating system'],
    ['notDeviceOperatingSystems', 'not-os', 'an operating system that it is not about'],
    ['deviceUserAgents', 'user-agent', 'the beginning of a user agent'],
    ['notDeviceUserAgents', 'not-user-agent', 'a user agent that it is not about'],
  ];

const EFFECT: OptionSpec = {
  flags: '--effect <effect>',
  about: 'what it does',
  choices: ['ALLOW', 'DENY'],
};
const CHANGING: readonly OptionSpec[] = [
  { flags: '--description <text>', about: 'what it is for' },
  { flags: '--revision <number>', about: 'only if it is still at this revision; 0 for none' },
  { flags: '--dry-run', about: 'change nothing, show what would be put' },
  output('text', 'json'),
  ...SERVER,
];

const PUT: CommandSpec = {
  name: 'devices put',
  summary: 'make a mobile device rule, or put another in the place of the one that has the id',
  examples: [
    [
      'mailtrail devices put no-android --name "No Android" --effect DENY --os Android',
      'by what devices say of themselves',
    ],
  ],
  arguments: [RULE_ID],
  options: [
    EFFECT,
    { flags: '--name <name>', about: 'what it is called', fallback: 'the id' },
    ...DEVICE_CONDITIONS.map(([, flag, about]) => ({
      flags: `--${flag} <value>`,
      about,
      repeated: true,
    })),
    ...CHANGING,
  ],
  load: () => import('./devices-put.ts'),
};

const TEST: CommandSpec = {
  name: 'devices test',
  summary:
    'what the rules and overrides would decide about a device; exits with 1 when they refuse',
  examples: [
    [
      'mailtrail devices test --user ann@example.org --device-id AB12 --type iPhone',
      'may she use it?',
    ],
  ],
  options: [
    { flags: '--user <login>', about: 'whose device it is' },
    { flags: '--device-id <id>', about: 'the id of the device' },
    { flags: '--type <type>', about: 'such as iPhone' },
    { flags: '--model <model>', about: 'such as iPhone15C2' },
    { flags: '--os <system>', about: 'such as iOS 17' },
    { flags: '--user-agent <text>', about: 'what the client calls itself' },
    output('text', 'json'),
    ...SERVER,
  ],
  load: () => import('./devices-test.ts'),
};

const OVERRIDE_PUT: CommandSpec = {
  name: 'device-overrides put',
  summary: "let one user's one device in, or keep it out, whatever the rules say",
  examples: [
    [
      'mailtrail device-overrides put ann@example.org:AB12CD --effect ALLOW',
      'this one may be used',
    ],
  ],
  arguments: [OVERRIDE_ID],
  options: [EFFECT, ...CHANGING],
  load: () => import('./device-overrides-put.ts'),
};

/** In the order of the help. */
export const DEVICE_COMMANDS: readonly CommandSpec[] = documentCommands(DEVICE_RULES, {
  family: 'devices',
  id: RULE_ID,
  example: 'no-android',
  whenDeleted: 'without any no device may be used',
  put: [PUT],
  further: [TEST],
});

/** In the order of the help. */
export const DEVICE_OVERRIDE_COMMANDS: readonly CommandSpec[] = documentCommands(DEVICE_OVERRIDES, {
  family: 'device-overrides',
  id: OVERRIDE_ID,
  example: 'ann@example.org:AB12CD',
  whenDeleted: 'then the rules decide about the device',
  put: [OVERRIDE_PUT],
});
