// What the operating system's error means for somebody who wants to append, and how damage is told.
import { JournalError } from './journal.ts';

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT']);
const NOT_ALLOWED = new Set(['EROFS', 'EACCES', 'EPERM']);

/** The error's name (`ENOSPC`), or nothing when it is not the operating system's. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Whether the error says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}

/** The error's own words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The refusal that follows from a disk error; a JournalError stays as it is. */
export function refusalFor(error: unknown, doing: string, path: string): JournalError {
  if (error instanceof JournalError) return error;
  const code = errorCode(error) ?? '';
  const said = `${doing} ${path}: ${messageOf(error)}`;
  if (NO_ROOM.has(code)) {
    return new JournalError('disk-full', `${said}; free some space, then it goes on by itself`, {
      cause: error,
    });
  }
  if (NOT_ALLOWED.has(code)) {
    const advice = 'make the directory writable for the user that runs mailtrail, then restart';
    return new JournalError('read-only', `${said}; ${advice}`, { cause: error });
  }
  const advice = 'check the disk and the system log, then restart';
  return new JournalError('failed', `${said}; ${advice}`, { cause: error });
}

/** A refusal that names the file and the byte at which something else was expected. */
export function corrupt(
  path: string,
  offset: number,
  expected: string,
  found: string,
): JournalError {
  const what = `${path} is damaged at byte ${offset}: expected ${expected}, found ${found}`;
  const advice = 'run "mailtrail journal verify" and restore the file from a backup';
  return new JournalError('corrupt', `${what}; ${advice}`);
}
