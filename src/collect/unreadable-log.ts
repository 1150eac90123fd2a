// Why a log cannot be read, in words an administrator can act on.
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { DecompressionError } from './compressed-log.ts';

/**
 * Says what hinders reading and what to do.
 *
 * @param path the log; where the error names another file, that one is meant
 */
export function whyUnreadable(path: string, error: NodeJS.ErrnoException): string {
  const file = error.path ?? path;
  if (error instanceof DecompressionError) {
    return `a rotated file of ${path} is not whole yet; it is read as soon as it is: ${error.message}`;
  }
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
    return `${file} does not exist yet; it is read as soon as it does`;
  }
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    const user = userInfo().username;
    return `${file} may not be read by user ${user}; let it: setfacl -m u:${user}:r ${file} (and x on ${dirname(file)} and above)`;
  }
  return `${file} cannot be read: ${error.message}`;
}
