// The commands of `mailtrail keys`, declared.
import type { CommandSpec } from './command.ts';
import { output, SERVER } from './option-groups.ts';

const KEYS_CREATE: CommandSpec = {
  name: 'keys create',
  summary: 'make a key; its secrets are shown this once',
  examples: [
    [
      'mailtrail keys create grafana > grafana.credentials',
      'may ask, and is used with AWS_SHARED_CREDENTIALS_FILE',
    ],
    ['mailtrail keys create exim-feed --access ingest-only -o json', 'may bring events'],
  ],
  arguments: [{ name: 'name', about: 'what it is for; no other key has the name' }],
  options: [
    {
      flags: '--access <access>',
      about: 'what it may do',
      choices: ['read-only', 'ingest-only', 'admin'],
      fallback: 'read-only',
    },
    output('text', 'json'),
    ...SERVER,
  ],
  load: () => import('./keys-create.ts'),
};

const KEYS_LIST: CommandSpec = {
  name: 'keys list',
  summary: 'the keys, what they may do and when they were used last',
  examples: [['mailtrail keys list', "the administrator's key is the first"]],
  options: [output('table', 'json', 'ndjson', 'csv'), ...SERVER],
  load: () => import('./keys-list.ts'),
};

const KEYS_REVOKE: CommandSpec = {
  name: 'keys revoke',
  summary: 'make a key useless, at once',
  examples: [
    ['mailtrail keys revoke grafana', 'by its name'],
    ['mailtrail keys revoke MTAK3EXAMPLEEXAMPLEX --dry-run', 'only say which one it would be'],
  ],
  arguments: [{ name: 'key', about: 'its name or its access key id' }],
  options: [{ flags: '--dry-run', about: 'change nothing' }, output('text', 'json'), ...SERVER],
  load: () => import('./keys-revoke.ts'),
};

/** In the order of the help. */
export const KEY_COMMANDS: readonly CommandSpec[] = [KEYS_CREATE, KEYS_LIST, KEYS_REVOKE];
