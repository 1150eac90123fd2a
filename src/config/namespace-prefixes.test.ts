import { expect, test } from 'vitest';
import { ownedFolder } from '../collect/dovecot/access-record.ts';
import { parseSharedPrefixes } from './namespace-prefixes.ts';

test.each([
  ['shared/', ['shared/']],
  ['shared/%u/', ['shared/']],
  ['shared/%%u/, Other Users/,user.%{owner_user}.', ['shared/', 'Other Users/', 'user.']],
])('%j', (text, prefixes) => {
  expect(parseSharedPrefixes(text)).toEqual(prefixes);
});

test.each(['', 'shared', '/', 'shared/,', '%u/', 'shared/%u', 'a/%u/b/'])('%j is none', (text) => {
  expect(parseSharedPrefixes(text)).toBeUndefined();
});

test.each([
  ['Other Users/Bob@example.org/Post/2026', 'bob@example.org', 'Post/2026'],
  ['shared/bob', 'bob', 'INBOX'],
  ['user.bob.Post.2026', 'bob', 'Post.2026'],
  ['user.', 'eve', 'user.'],
  ['Post', 'eve', 'Post'],
])('%s is of %s', (path, owner, own) => {
  const prefixes = parseSharedPrefixes('shared/, Other Users/, user.') ?? [];
  expect(ownedFolder(path, 'eve', prefixes)).toEqual({ owner, path: own });
});
