import { expect, test } from 'vitest';
import {
  mappingDigests,
  obstacleToReplace,
  readMappingFiles,
  replaceMappings,
} from './mapping-files.ts';
import type { MappingSet } from './mapping-set.ts';

const A = 'name: a\nmappings: [{ name: m, parse: key=value, log_type: none }]\n';

function sets(files: Readonly<Record<string, string>>): ReadonlyMap<string, MappingSet> {
  const settings = { mappings: Object.keys(files), mapped: [], webhooks: [], syslog: [] };
  const read = readMappingFiles(settings, (path) => files[path] ?? '');
  if (!read.ok) throw new Error(read.problems.join('\n'));
  return read.sets;
}

test('files read anew are in force for whoever holds their sets', () => {
  const now = sets({ '/a': A, '/b': A.replace(': a', ': b') });
  const held = now.get('a');
  const next = sets({ '/a': A.replace('m,', 'other,'), '/b': A.replace(': a', ': b') });
  expect(obstacleToReplace(now, next)).toBeUndefined();
  const before = mappingDigests(now);
  replaceMappings(now, next);
  expect(held?.file.mappings[0]?.name).toBe('other');
  expect(mappingDigests(now)).toEqual({
    a: expect.not.stringContaining(before['a'] ?? ''),
    b: before['b'],
  });
  expect(before['a']).toMatch(/^[0-9a-f]{64}$/);
});

test('what needs a restart is said', () => {
  const now = sets({ '/a': A });
  expect(obstacleToReplace(now, sets({ '/a': A.replace(': a', ': b') }))).toBe(
    'the names of the mapping files cannot change while the server runs (a to b); restart it',
  );
  expect(obstacleToReplace(now, sets({ '/a': `lines: syslog\n${A}` }))).toBe(
    '"lines" of the mapping file a cannot change while the server runs; restart it',
  );
});
