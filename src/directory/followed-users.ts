// The users file as it is now: read again when it has changed. A file with mistakes never takes the place
// of a good one.
import { readFileSync, statSync } from 'node:fs';
import { formatProblem } from '../config/raw-tree.ts';
import type { Log } from '../platform/log.ts';
import type { UserDirectory } from './user-directory.ts';
import { readUsersFile } from './users-file.ts';

/** Mistakes that are told of one file. */
const PROBLEMS_TOLD_MAX = 20;

/** Reads a users file. Throws an Error that says where what is wrong. */
export function readUsers(path: string): UserDirectory {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const why = (error as Error).message;
    throw new Error(`access.users: ${path} cannot be read: ${why}`, { cause: error });
  }
  const read = readUsersFile(text, path);
  if (read.ok) return read.directory;
  const told = read.problems.slice(0, PROBLEMS_TOLD_MAX).map(formatProblem);
  throw new Error(told.join('\n'));
}

/** What tells one writing of a file from another. */
function stampOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${ino}:${size}:${mtimeMs}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unreadable';
  }
}

/** See the head of this file. */
export class FollowedUsers {
  readonly path: string;
  readonly #log: Log;
  #stamp: string;
  #directory: UserDirectory;

  /** Throws when the file cannot be used now. */
  constructor(path: string, log: Log) {
    this.path = path;
    this.#log = log;
    this.#stamp = stampOf(path);
    this.#directory = readUsers(path);
  }

  /** The users as they are known now. */
  get directory(): UserDirectory {
    return this.#directory;
  }

  /** Looks whether the file was written; true when there is another directory. */
  refresh(): boolean {
    const stamp = stampOf(this.path);
    if (stamp === this.#stamp) return false;
    this.#stamp = stamp;
    try {
      this.#directory = readUsers(this.path);
      this.#log.info('read the users file anew', { file: this.path });
      return true;
    } catch (error) {
      const reason = (error as Error).message;
      this.#log.error('the users file has mistakes; the users before it stay', { reason });
      return false;
    }
  }
}
