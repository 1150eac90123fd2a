// The commands that every kind of access document has, declared once: list, show, delete, history, revert.
import type { AccessDocumentKind } from './access-documents.ts';
import type { ArgumentSpec, CommandSpec } from './command.ts';
import { output, SERVER } from './option-groups.ts';
import { TIME_FORMS } from './time-argument.ts';

/** What is different of a family. */
export interface DocumentFamily {
  /** The first word of the commands. */
  readonly family: string;
  readonly id: ArgumentSpec;
  /** An id for the examples. */
  readonly example: string;
  /** What the deletion of the last one means. */
  readonly whenDeleted: string;
  /** The commands that make one. */
  readonly put: readonly CommandSpec[];
  /** Further commands of the family. */
  readonly further?: readonly CommandSpec[];
}

/** The commands of a family in the order of the help. */
export function documentCommands(
  kind: AccessDocumentKind,
  { family, id, example, whenDeleted, put, further = [] }: DocumentFamily,
): readonly CommandSpec[] {
  const { noun, plural } = kind;
  const list: CommandSpec = {
    name: `${family} list`,
    summary: `the ${plural}`,
    examples: [
      [`mailtrail ${family} list -o json > ${family}.json`, 'all that they say, for programs'],
    ],
    options: [output('table', 'json', 'ndjson'), ...SERVER],
    load: async () => ({ run: (await import('./documents-list.ts')).listOf(kind) }),
  };
  const show: CommandSpec = {
    name: `${family} show`,
    summary: `all that one ${noun} says, with its revision`,
    examples: [[`mailtrail ${family} show ${example}`, 'field by field']],
    arguments: [id],
    options: [output('text', 'json'), ...SERVER],
    load: async () => ({ run: (await import('./documents-show.ts')).showOf(kind) }),
  };
  const remove: CommandSpec = {
    name: `${family} delete`,
    summary: `delete a ${noun}; ${whenDeleted}`,
    examples: [
      [`mailtrail ${family} delete ${example} --dry-run`, 'only say which one it would be'],
    ],
    arguments: [id],
    options: [
      { flags: '--revision <number>', about: 'only if it is still at this revision' },
      { flags: '--dry-run', about: 'change nothing' },
      output('text', 'json'),
      ...SERVER,
    ],
    load: async () => ({ run: (await import('./documents-delete.ts')).deleteOf(kind) }),
  };
  return [list, show, ...put, remove, ...further, ...pastCommands(kind, { family, id, example })];
}

/** What was, and how to have it again. */
function pastCommands(
  kind: AccessDocumentKind,
  { family, id, example }: Pick<DocumentFamily, 'family' | 'id' | 'example'>,
): readonly CommandSpec[] {
  const { noun, plural } = kind;
  const history: CommandSpec = {
    name: `${family} history`,
    summary: `who changed the ${plural}, when, from where, and what was different`,
    examples: [[`mailtrail ${family} history ${example}`, 'newest first']],
    notes:
      'The changes are management events: they are found within two seconds, and as long as the retention of the management log keeps them.',
    arguments: [{ ...id, optional: true }],
    options: [output('text', 'json'), ...SERVER],
    load: async () => ({ run: (await import('./documents-history.ts')).historyOf(kind) }),
  };
  const revert: CommandSpec = {
    name: `${family} revert`,
    summary: `make a ${noun} again what it was, as one more change`,
    examples: [
      [`mailtrail ${family} revert ${example} --dry-run`, 'what it was before its last change'],
      [
        `mailtrail ${family} revert ${example} --to 3`,
        'what it was at revision 3, also when it was deleted',
      ],
    ],
    notes:
      'Nothing is reverted onto a change that came meanwhile: that is a conflict, and the command ends with 1.',
    arguments: [id],
    options: [
      {
        flags: '--to <revision>',
        about: `a revision, or a time: ${TIME_FORMS}`,
        fallback: 'before the last change',
      },
      { flags: '--dry-run', about: 'change nothing, show what would be different' },
      output('text', 'json'),
      ...SERVER,
    ],
    load: async () => ({ run: (await import('./documents-revert.ts')).revertOf(kind) }),
  };
  return [history, revert];
}
