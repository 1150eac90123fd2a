// Why a log cannot be read, in words an administrator can act on.
import { userInfo } from 'node:os';

/** What to say of the system's error. */
export function whyUnreadable(path: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') {
    return `${path} does not exist yet; it is read from its beginning as soon as it does`;
  }
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    const user = userInfo().username;
    return `${path} may not be read by user ${user}; let it: setfacl -m u:${user}:r ${path} (and x on its directories)`;
  }
  return `${path} cannot be read: ${error.message}`;
}
