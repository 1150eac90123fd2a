// What a master user's role may do in the mailboxes it opens, as the file of global ACLs that Dovecot obeys.
// Dovecot's auth policy says only yes or no to a sign-in; that a role may read and not write is up to ACLs.

/** A master user and what his role is. */
export interface MasterUser {
  readonly login: string;
  readonly type: 'FULL_ACCESS' | 'READ_ONLY';
}

/**
 * Look up and read; all of them. Without `s`, reading marks nothing as seen.
 *
 * @see Dovecot 2.3 documentation, "Access Control Lists", ACL file format; RFC 4314 section 2.1
 */
const RIGHTS = { READ_ONLY: 'lr', FULL_ACCESS: 'lrwstipekxa' } as const;

const HEAD = `# Written by Mailtrail (access.dovecotAcl) from its impersonation roles: changes made here are lost.
# A master user who is not named here has no rights in anybody's mailbox.
`;

/** The identifier; quoted where it has characters that end one. */
function identifier(login: string): string {
  const plain = `user=${login}`;
  if (/^[\w.@+=-]+$/.test(plain)) return plain;
  return `"${plain.replace(/[\\"]/g, '\\$&')}"`;
}

/**
 * The file for these master users, in the order of their logins. One whose login has a control character,
 * which no line can hold, is left out and so has no rights.
 *
 * @see Dovecot 2.3 documentation, "Access Control Lists", global ACL file; "Master users", ACLs
 */
export function masterUserAcl(masters: readonly MasterUser[]): string {
  const lines = masters
    .filter(({ login }) => !/\p{Cc}/u.test(login))
    .map(({ login, type }) => `* ${identifier(login)} ${RIGHTS[type]}\n`)
    .toSorted((a, b) => (a < b ? -1 : 1));
  return HEAD + lines.join('');
}
