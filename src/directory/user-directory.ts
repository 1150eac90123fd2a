// Who the users are, where an administrator says so: by which names each is known, and in which groups.
// Pure; users-file.ts reads one. Without a directory every login is a user.

/** @see AWS WorkMail API, User */
export interface DirectoryUser {
  /** The login, by which events name the user; also the id. */
  readonly userName: string;
  readonly email?: string;
  readonly aliases: readonly string[];
  readonly displayName?: string;
  readonly role: 'USER' | 'RESOURCE' | 'SYSTEM_USER';
  readonly state: 'ENABLED' | 'DISABLED';
}

export interface DirectoryGroup {
  readonly name: string;
  /** Users by any of their names. */
  readonly members: readonly string[];
}

/**
 * The form in which logins are compared: ASCII letters in lower case, as Dovecot's default
 * `auth_username_format` (%Lu) makes them, whose %L leaves other letters alone.
 *
 * @see Dovecot 2.3, "Variables", modifier L
 */
export function comparableLogin(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** All names by which a user is known. */
export function namesOf({ userName, email, aliases }: DirectoryUser): readonly string[] {
  return [userName, ...(email === undefined ? [] : [email]), ...aliases];
}

/** A directory as it was read; it never changes. */
export class UserDirectory {
  readonly users: readonly DirectoryUser[];
  readonly #byName = new Map<string, DirectoryUser>();
  readonly #groups = new Map<string, string[]>();

  /** The names of the users differ, however they are written; who reads one checks that. */
  constructor(users: readonly DirectoryUser[], groups: readonly DirectoryGroup[]) {
    this.users = users.toSorted((a, b) => (a.userName < b.userName ? -1 : 1));
    for (const user of users) {
      for (const name of namesOf(user)) this.#byName.set(comparableLogin(name), user);
    }
    for (const { name, members } of groups) {
      for (const member of new Set(members.map((each) => this.userIdOf(each)))) {
        this.#groups.set(member, [...(this.#groups.get(member) ?? []), name]);
      }
    }
  }

  /** The user of a login, an address or an alias. */
  find(name: string): DirectoryUser | undefined {
    return this.#byName.get(comparableLogin(name));
  }

  /** The one name of a user who may be called in several ways, and of a stranger the name itself. */
  userIdOf(name: string): string {
    return comparableLogin(this.find(name)?.userName ?? name);
  }

  /** The groups that a user is in, by any of the user's names. */
  groupsOf(name: string): readonly string[] {
    return this.#groups.get(this.userIdOf(name)) ?? [];
  }
}
