// The commands of `mailtrail saved-queries`, declared.
import type { CommandSpec } from './command.ts';
import { LOG_GROUP, output, SERVER } from './option-groups.ts';

const NAMED = [{ name: 'name', about: 'its name or its id' }];

const LIST: CommandSpec = {
  name: 'saved-queries list',
  summary: 'the queries that the server keeps',
  examples: [
    ['mailtrail saved-queries list --prefix mail/', 'names are ordered in folders by slashes'],
  ],
  options: [
    { flags: '--prefix <text>', about: 'only those whose names begin so' },
    output('table', 'json', 'ndjson', 'csv'),
    ...SERVER,
  ],
  load: () => import('./saved-queries-list.ts'),
};

const SHOW: CommandSpec = {
  name: 'saved-queries show',
  summary: 'the text of a saved query',
  examples: [
    ['mailtrail query "$(mailtrail saved-queries show mail/failed)"', 'run what was saved'],
  ],
  arguments: NAMED,
  options: [output('text', 'json'), ...SERVER],
  load: () => import('./saved-queries-show.ts'),
};

const SAVE: CommandSpec = {
  name: 'saved-queries save',
  summary: 'keep a query under a name, in place of the one that has it',
  examples: [
    ["mailtrail saved-queries save mail/failed 'filter auth_successful = 0'", 'save or change it'],
  ],
  arguments: [
    { name: 'name', about: 'what it is called' },
    { name: 'query', about: 'the query' },
  ],
  options: [
    { ...LOG_GROUP, about: 'a log group that it is for, by its full name', fallback: 'none' },
    output('text', 'json'),
    ...SERVER,
  ],
  load: () => import('./saved-queries-save.ts'),
};

const DELETE: CommandSpec = {
  name: 'saved-queries delete',
  summary: 'delete a saved query',
  examples: [
    ['mailtrail saved-queries delete mail/failed --dry-run', 'only say which one it would be'],
  ],
  arguments: NAMED,
  options: [{ flags: '--dry-run', about: 'change nothing' }, output('text', 'json'), ...SERVER],
  load: () => import('./saved-queries-delete.ts'),
};

/** In the order of the help. */
export const SAVED_QUERY_COMMANDS: readonly CommandSpec[] = [LIST, SHOW, SAVE, DELETE];
