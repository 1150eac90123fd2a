// The commands of `mailtrail rules`, declared.
import { ACCESS_RULES } from './access-documents.ts';
import type { CommandSpec, OptionSpec } from './command.ts';
import { documentCommands } from './document-commands.ts';
import { output, SERVER } from './option-groups.ts';

const NAMED = [{ name: 'name', about: 'the name of the rule' }] as const;

/** The conditions as options: the rule's fields in the words of command lines. */
export const CONDITION_OPTIONS: readonly (readonly [field: string, flag: string, about: string])[] =
  [
    ['actions', 'action', 'a protocol that it is about, such as IMAP'],
    ['notActions', 'not-action', 'a protocol that it is not about'],
    ['ipRanges', 'ip-range', 'addresses, such as 192.0.2.0/24'],
    ['notIpRanges', 'not-ip-range', 'addresses that it is not about'],
    ['userIds', 'user-id', "a user's login"],
    ['notUserIds', 'not-user-id', 'a login that it is not about'],
    ['impersonationRoleIds', 'role', 'the id of an impersonation role'],
    ['notImpersonationRoleIds', 'not-role', 'a role that it is not about'],
    ['networks', 'network', 'a named network'],
    ['notNetworks', 'not-network', 'a named network that it is not about'],
    ['countries', 'country', 'a country, such as DE'],
    ['notCountries', 'not-country', 'a country that it is not about'],
    ['hours', 'hours', 'hours, such as "Mo-Fr 08:00-18:00 Europe/Berlin"'],
    ['notHours', 'not-hours', 'hours that it is not about'],
    ['senders', 'sender', 'the sender of a message: an address, or @ and a domain'],
    ['notSenders', 'not-sender', 'a sender that it is not about'],
    ['messageSizes', 'message-size', 'the size of a message, such as 10MiB-'],
    ['notMessageSizes', 'not-message-size', 'sizes that it is not about'],
  ];

const CONDITIONS: readonly OptionSpec[] = CONDITION_OPTIONS.map(([, flag, about]) => ({
  flags: `--${flag} <value>`,
  about,
  repeated: true,
}));

const PUT: CommandSpec = {
  name: 'rules put',
  summary: 'make a rule, or put another in the place of the one that has the name',
  examples: [
    [
      'mailtrail rules put NoImapOutside --effect DENY --action IMAP --not-ip-range 192.0.2.0/24',
      'IMAP only from inside',
    ],
    [
      'mailtrail rules put Nights --effect DENY --hours "22:00-06:00 Europe/Berlin" --only-record',
      'see for some nights whom it would refuse',
    ],
  ],
  notes:
    'Every DENY that matches refuses, else an ALLOW that matches allows, else nobody may. All conditions of a rule ' +
    'must hold; of several values of one option one must fit. The rule is in force at once.',
  arguments: NAMED,
  options: [
    { flags: '--effect <effect>', about: 'what it does', choices: ['ALLOW', 'DENY'] },
    { flags: '--description <text>', about: 'what it is for' },
    ...CONDITIONS,
    {
      flags: '--only-record',
      about: 'a DENY that refuses nothing and records what it would refuse',
    },
    {
      flags: '--revision <number>',
      about: 'only if the rule is still at this revision; 0 for none',
    },
    { flags: '--dry-run', about: 'change nothing, show the rule' },
    output('text', 'json'),
    ...SERVER,
  ],
  load: () => import('./rules-put.ts'),
};

const ASKED: readonly OptionSpec[] = [
  { flags: '--protocol <protocol>', about: 'such as IMAP, SMTP, POP3', fallback: 'IMAP' },
  { flags: '--ip <address>', about: 'the address it comes from' },
  { flags: '--user <login>', about: 'whose mailbox it is' },
  { flags: '--role <id>', about: 'the impersonation role of who acts for the user' },
  { flags: '--sender <address>', about: 'the sender of a message that is handed in' },
  { flags: '--size <bytes>', about: 'how large the message is announced to be' },
  { flags: '--at <time>', about: 'when, as 2026-11-23T08:00:00Z', fallback: 'now' },
];

const TEST: CommandSpec = {
  name: 'rules test',
  summary: 'what the rules would decide; exits with 1 when they refuse',
  examples: [
    ['mailtrail rules test --user ann@example.org --ip 203.0.113.7', 'may she use IMAP there?'],
  ],
  options: [...ASKED, output('text', 'json'), ...SERVER],
  load: () => import('./rules-test.ts'),
};

const EXPLAIN: CommandSpec = {
  name: 'rules explain',
  summary: 'what the rules would decide, and of each rule why it matches or not',
  examples: [
    [
      'mailtrail rules explain --user ann --ip 203.0.113.7 --protocol SMTP',
      'condition by condition',
    ],
  ],
  options: [...ASKED, output('text', 'json'), ...SERVER],
  load: () => import('./rules-explain.ts'),
};

/** In the order of the help. */
export const RULE_COMMANDS: readonly CommandSpec[] = documentCommands(ACCESS_RULES, {
  family: 'rules',
  id: NAMED[0],
  example: 'NoImapOutside',
  whenDeleted: 'without any rule nobody may do anything',
  put: [PUT],
  further: [TEST, EXPLAIN],
});
