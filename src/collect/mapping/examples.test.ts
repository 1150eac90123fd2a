// The mapping files that come with Mailtrail pass their own tests, whose lines real servers wrote.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatProblem } from '../../config/raw-tree.ts';
import { readMappingFile } from './mapping-file.ts';
import { MappingSet } from './mapping-set.ts';
import { type MappingTest, runMappingTest } from './mapping-test.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'examples', 'mappings');
const NOW_MS = Date.UTC(2026, 10, 24);

const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

function read(name: string): { set: MappingSet; tests: readonly MappingTest[] } {
  const result = readMappingFile(readFileSync(join(FOLDER, name), 'utf8'), name);
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return { set: new MappingSet(result.file), tests: result.tests };
}

const CASES = FILES.flatMap((name) => read(name).tests.map((one) => [name, one.name] as const));

test.each(CASES)('%s: %s', (name, title) => {
  const { set, tests } = read(name);
  const one = tests.find((each) => each.name === title);
  expect(one && runMappingTest(set, one, NOW_MS)).toEqual([]);
});

test.each(FILES)('%s: every mapping that makes events has a test', (name) => {
  const { set, tests } = read(name);
  const making = set.file.mappings.filter(({ logType }) => logType !== undefined);
  const tested = new Set(tests.map(({ mapping }) => mapping));
  expect(making.map((mapping) => mapping.name).filter((each) => !tested.has(each))).toEqual([]);
});

test('the file that the guide shows passes its test', () => {
  const guide = readFileSync(join(FOLDER, '..', '..', 'docs', 'guides', 'mappings.md'), 'utf8');
  const text = /```yaml\n(name: .*?)```/s.exec(guide)?.[1] ?? '';
  const result = readMappingFile(text, 'guide');
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  expect(result.tests).toHaveLength(1);
  const set = new MappingSet(result.file);
  expect(result.tests.flatMap((one) => runMappingTest(set, one, NOW_MS))).toEqual([]);
});

test('what a test says is compared field by field', () => {
  const { set, tests } = read('exim.yaml');
  const [first] = tests;
  if (first === undefined) throw new Error('there are no tests');
  const events = first.events.map((event) => ({ ...event, source_ip: '192.0.2.9', relay: 'x' }));
  expect(runMappingTest(set, { ...first, events, mapping: 'sent' }, NOW_MS)).toEqual([
    'expected the mapping sent, found received',
    'source_ip: expected "192.0.2.9", found "127.0.0.1"',
    'relay: expected "x", found nothing',
  ]);
  expect(runMappingTest(set, { ...first, refused: 'size' }, NOW_MS)[0]).toBe(
    'expected a refusal that says "size", found none',
  );
});
