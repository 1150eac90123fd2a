// Reads the file of users and groups: YAML, as docs/guides/access-control.md has it. Either all of it is
// good, or everything that is wrong is said at once, each with file, line and column.
import {
  type ConfigProblem,
  formatPath,
  isSection,
  type Origin,
  type RawSection,
  type RawValue,
} from '../config/raw-tree.ts';
import { nearest } from '../config/suggest.ts';
import { type FileKind, readYaml, type YamlSource } from '../config/yaml-source.ts';
import {
  comparableLogin,
  type DirectoryGroup,
  type DirectoryUser,
  namesOf,
  UserDirectory,
} from './user-directory.ts';

/** Users in one file: what a file of the size that is read can hold. */
export const USERS_MAX = 20_000;
export const GROUPS_MAX = 1_000;
/** Longest login, address or name, in characters: RFC 5321's 254 and a little. */
const NAME_LENGTH_MAX = 256;

const KIND: FileKind = {
  name: 'users',
  begins: '"users:" and "groups:"',
  guide: 'docs/guides/access-control.md',
};
const USER_KEYS = ['userName', 'email', 'aliases', 'displayName', 'role', 'state'] as const;
const GROUP_KEYS = ['name', 'members'] as const;

export type UsersFile =
  | { readonly ok: true; readonly directory: UserDirectory }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

type Path = readonly (string | number)[];

/** Reads the parts of one file and gathers what is wrong with them. */
class UsersReader {
  readonly problems: ConfigProblem[];
  readonly #source: YamlSource;
  readonly #start: Origin;

  constructor(source: YamlSource, file: string) {
    this.#source = source;
    this.problems = [...source.problems];
    this.#start = { kind: 'file', file, line: 1, column: 1 };
  }

  problem(path: Path, message: string): undefined {
    this.problems.push({ origin: this.#placeOf(path), path: formatPath(path), message });
    return undefined;
  }

  /** Where it stands, or what it is missing in. */
  #placeOf(path: Path): Origin {
    const { values, keys } = this.#source;
    for (let length = path.length; length > 0; length--) {
      const place = formatPath(path.slice(0, length));
      const origin = keys.get(place) ?? values.get(place);
      if (origin !== undefined) return origin;
    }
    return this.#start;
  }

  list(value: RawValue | undefined, path: Path, what: string, most: number): readonly RawValue[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.problem(path, `expected a list of ${what}`);
      return [];
    }
    if (value.length > most) {
      this.problem(path, `expected at most ${most} ${what}, found ${value.length}`);
    }
    return value.slice(0, most);
  }

  section(value: RawValue, path: Path, keys: readonly string[]): RawSection | undefined {
    if (!isSection(value)) return this.problem(path, `expected ${keys.join(', ')}`);
    for (const key of Object.keys(value)) {
      if (keys.includes(key)) continue;
      const near = nearest(key, keys);
      const hint =
        near === undefined ? `expected one of ${keys.join(', ')}` : `did you mean "${near}"?`;
      this.problem([...path, key], `unknown key; ${hint}`);
    }
    return value;
  }

  name(value: RawValue | undefined, path: Path, what: string): string | undefined {
    const fits = typeof value === 'string' && value !== '' && value.length <= NAME_LENGTH_MAX;
    return fits
      ? value
      : this.problem(path, `expected ${what} of 1 to ${NAME_LENGTH_MAX} characters`);
  }

  choice<T extends string>(
    value: RawValue | undefined,
    path: Path,
    choices: readonly [T, ...T[]],
  ): T {
    if (value === undefined) return choices[0];
    const found = choices.find((choice) => choice === value);
    if (found === undefined) this.problem(path, `expected ${choices.join(' or ')}`);
    return found ?? choices[0];
  }
}

function readUser(reader: UsersReader, value: RawValue, path: Path): DirectoryUser | undefined {
  const section = reader.section(value, path, USER_KEYS);
  if (section === undefined) return undefined;
  const { email, displayName } = section;
  const optional = (key: string, raw: RawValue | undefined, what: string): object =>
    raw === undefined ? {} : { [key]: reader.name(raw, [...path, key], what) ?? '' };
  const aliases = reader.list(section['aliases'], [...path, 'aliases'], 'addresses', 100);
  return {
    userName: reader.name(section['userName'], [...path, 'userName'], 'a login') ?? '',
    ...optional('email', email, 'an address'),
    ...optional('displayName', displayName, 'a name'),
    aliases: aliases.flatMap((alias, index) => {
      return reader.name(alias, [...path, 'aliases', index], 'an address') ?? [];
    }),
    role: reader.choice(section['role'], [...path, 'role'], ['USER', 'RESOURCE', 'SYSTEM_USER']),
    state: reader.choice(section['state'], [...path, 'state'], ['ENABLED', 'DISABLED']),
  };
}

function readUsers(reader: UsersReader, value: RawValue | undefined): DirectoryUser[] {
  const owner = new Map<string, number>();
  return reader.list(value, ['users'], 'users', USERS_MAX).flatMap((each, index) => {
    const user = readUser(reader, each, ['users', index]);
    if (user === undefined) return [];
    for (const name of new Set(namesOf(user).map(comparableLogin))) {
      const first = owner.get(name);
      if (first === undefined) owner.set(name, index);
      else {
        const message = `expected names that no other user has, found "${name}" again (user ${first + 1} has it)`;
        reader.problem(['users', index], message);
      }
    }
    return [user];
  });
}

function readGroups(
  reader: UsersReader,
  value: RawValue | undefined,
  users: readonly DirectoryUser[],
): DirectoryGroup[] {
  const known = new Set(users.flatMap((user) => namesOf(user).map(comparableLogin)));
  const names = new Set<string>();
  return reader.list(value, ['groups'], 'groups', GROUPS_MAX).flatMap((each, index) => {
    const path = ['groups', index];
    const section = reader.section(each, path, GROUP_KEYS);
    const name = section && reader.name(section['name'], [...path, 'name'], 'a name');
    if (section === undefined || name === undefined) return [];
    if (names.has(name))
      reader.problem([...path, 'name'], `expected a name of its own, found "${name}" again`);
    names.add(name);
    const list = reader.list(section['members'], [...path, 'members'], 'users', USERS_MAX);
    const members = list.flatMap((raw, at) => {
      const member = reader.name(raw, [...path, 'members', at], 'a user');
      if (member === undefined) return [];
      if (!known.has(comparableLogin(member))) {
        reader.problem([...path, 'members', at], `there is no user "${member}" in this file`);
      }
      return [member];
    });
    return [{ name, members }];
  });
}

/**
 * Reads the text of a users file.
 *
 * @param file the file's name, as problems say it
 */
export function readUsersFile(text: string, file: string): UsersFile {
  const source = readYaml(text, file, undefined, KIND);
  const reader = new UsersReader(source, file);
  const root = reader.section(source.tree, [], ['users', 'groups']) ?? source.tree;
  const users = readUsers(reader, root['users']);
  const groups = readGroups(reader, root['groups'], users);
  if (reader.problems.length > 0) return { ok: false, problems: reader.problems };
  return { ok: true, directory: new UserDirectory(users, groups) };
}
