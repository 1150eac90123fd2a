// The commands for rules in files, declared.
import type { CommandSpec } from './command.ts';
import { output, SERVER } from './option-groups.ts';

/** In the order of the help. */
export const APPLY_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'apply',
    summary:
      'make rules, devices, overrides and roles what files say, after showing the difference',
    examples: [
      ['mailtrail apply -f access.yaml --dry-run', 'only show what would change'],
      [
        'mailtrail apply -f access.yaml --prune --yes',
        'in a pipeline; what is not in the file goes',
      ],
    ],
    notes:
      'Every change is made only onto the revision that was shown; one that came meanwhile is a conflict, and the command ends with 1. ' +
      'What the configuration file declares is changed there. "mailtrail access export" writes such a file.',
    options: [
      {
        flags: '-f, --file <file>',
        about: 'a file in YAML or JSON, or - for standard input',
        repeated: true,
        names: 'file',
      },
      {
        flags: '--prune',
        about: 'delete what is not in the files, of the kinds that they have a section for',
      },
      { flags: '--dry-run', about: 'change nothing, show the difference' },
      {
        flags: '--fail-on-changes',
        about: 'with --dry-run, end with 1 when there is a difference',
      },
      { flags: '--yes', about: 'do not ask' },
      output('text', 'json'),
      ...SERVER,
    ],
    load: () => import('./apply.ts'),
  },
  {
    name: 'access export',
    summary: 'the rules, devices, overrides and roles as a file for apply',
    examples: [['mailtrail access export > access.yaml', 'to begin with what there is']],
    options: [output('yaml', 'json'), ...SERVER],
    load: () => import('./access-export.ts'),
  },
];
