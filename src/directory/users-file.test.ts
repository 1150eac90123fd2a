import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatProblem } from '../config/raw-tree.ts';
import { createLog } from '../platform/log.ts';
import { FollowedUsers } from './followed-users.ts';
import { GROUPS_MAX, readUsersFile } from './users-file.ts';
import type { UserDirectory } from './user-directory.ts';

const USERS = `users:
  - userName: ann
    email: Ann@acme.example
    aliases: [a.nn@acme.example]
    displayName: Ann Example
  - userName: bob
    state: DISABLED
    role: RESOURCE
groups:
  - name: staff
    members: [ANN@acme.example, bob]
  - name: board
    members: [ann]
`;

function directoryOf(text: string): UserDirectory {
  const read = readUsersFile(text, 'users.yaml');
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'));
  return read.directory;
}

function problemsOf(text: string): string[] {
  const read = readUsersFile(text, 'users.yaml');
  return read.ok ? [] : read.problems.map(formatProblem);
}

test('a user is the same by login, address and alias, however they are written', () => {
  const directory = directoryOf(USERS);
  for (const name of ['ann', 'ANN', 'ann@acme.example', 'A.nn@acme.example']) {
    expect(directory.userIdOf(name)).toBe('ann');
    expect(directory.groupsOf(name)).toEqual(['staff', 'board']);
  }
  expect(directory.find('carol')).toBeUndefined();
  expect(directory.userIdOf('Carol')).toBe('carol');
  // Dovecot lowers ASCII letters alone.
  expect(directory.userIdOf('ÄNN')).toBe('Änn');
  expect(directory.users.map(({ userName, state, role }) => [userName, state, role])).toEqual([
    ['ann', 'ENABLED', 'USER'],
    ['bob', 'DISABLED', 'RESOURCE'],
  ]);
});

test('all mistakes of a file are told, each with its place', () => {
  const text = `users:
  - userName: ann
    emial: x
  - email: b@x
  - userName: ANN
    state: AWAY
groups:
  - name: staff
    members: [dave]
  - name: staff
`;
  expect(problemsOf(text)).toEqual([
    expect.stringMatching(
      /^users\.yaml:3:5: users\[0\]\.emial: unknown key; did you mean "email"\?/,
    ),
    expect.stringMatching(/^users\.yaml:4:\d+: users\[1\]\.userName: expected a login of 1 to 256/),
    expect.stringMatching(/^users\.yaml:6:\d+: users\[2\]\.state: expected ENABLED or DISABLED/),
    expect.stringMatching(
      /users\[2\]: expected names that no other user has, found "ann" again \(user 1/,
    ),
    expect.stringMatching(/^users\.yaml:9:\d+: groups\[0\]\.members\[0\]: there is no user "dave"/),
    expect.stringMatching(/groups\[1\]\.name: expected a name of its own, found "staff" again/),
  ]);
  expect(problemsOf('people: []')).toEqual([expect.stringMatching(/unknown key/)]);
  const groups = Array.from({ length: GROUPS_MAX + 1 }, (_, at) => `  - name: g${at}\n`).join('');
  expect(problemsOf(`groups:\n${groups}`)).toEqual([
    expect.stringMatching(/expected at most 1000 groups, found 1001/),
  ]);
});

test('a changed file is read anew, and one with mistakes takes the place of none', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mailtrail-users-'));
  try {
    const path = join(directory, 'users.yaml');
    const replace = (text: string): void => {
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    };
    const told: string[] = [];
    const log = createLog((line) => void told.push(line), { level: 'info', now: () => 0 });
    replace(USERS);
    const users = new FollowedUsers(path, log);
    expect(users.refresh()).toBe(false);
    replace(`${USERS}    nonsense: 1\n`);
    expect(users.refresh()).toBe(false);
    expect(told.join('')).toMatch(/the users before it stay/);
    expect(users.directory.groupsOf('bob')).toEqual(['staff']);
    replace('users:\n  - userName: bob\n');
    expect(users.refresh()).toBe(true);
    expect(users.directory.groupsOf('bob')).toEqual([]);
    rmSync(path);
    expect(users.refresh()).toBe(false);
    expect(users.directory.find('bob')).toBeDefined();
    expect(() => new FollowedUsers(path, log)).toThrow(
      /access\.users: .*users\.yaml cannot be read/,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
