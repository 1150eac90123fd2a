// The commands of `mailtrail roles`, declared.
import { ROLES } from './access-documents.ts';
import type { CommandSpec } from './command.ts';
import { documentCommands } from './document-commands.ts';
import { output, SERVER } from './option-groups.ts';

const ROLE_ID = { name: 'id', about: 'the id of the role' };

const PUT: CommandSpec = {
  name: 'roles put',
  summary: 'make an impersonation role, or put another in the place of the one that has the id',
  examples: [
    [
      'mailtrail roles put auditors --name Auditors --type READ_ONLY --allow-everybody --deny ceo@example.org',
      'read every mailbox but one',
    ],
    ['mailtrail roles put auditors --from role.json', 'with rules of any form'],
  ],
  notes:
    'Who signs in as a master user with the role (setting access.impersonation) may open the mailboxes that its rules allow and none denies.',
  arguments: [ROLE_ID],
  options: [
    { flags: '--name <name>', about: 'what it is called', fallback: 'the id' },
    { flags: '--type <type>', about: 'what it may do', choices: ['FULL_ACCESS', 'READ_ONLY'] },
    { flags: '--allow <login>', about: 'a mailbox that it may open', repeated: true },
    { flags: '--allow-everybody', about: 'it may open all mailboxes' },
    { flags: '--deny <login>', about: 'a mailbox that it may not open', repeated: true },
    {
      flags: '--from <file>',
      about: 'a JSON file with all of it, or - for standard input',
      names: 'file',
    },
    { flags: '--description <text>', about: 'what it is for' },
    { flags: '--revision <number>', about: 'only if it is still at this revision; 0 for none' },
    { flags: '--dry-run', about: 'change nothing, show what would be put' },
    output('text', 'json'),
    ...SERVER,
  ],
  load: () => import('./roles-put.ts'),
};

/** In the order of the help. */
export const ROLE_COMMANDS: readonly CommandSpec[] = documentCommands(ROLES, {
  family: 'roles',
  id: ROLE_ID,
  example: 'auditors',
  whenDeleted: 'who has it can open no mailbox of another any more',
  put: [PUT],
});
