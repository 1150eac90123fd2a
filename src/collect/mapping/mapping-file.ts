// Reads a mapping file: YAML, as in docs/guides/mappings.md. Either everything in it is good, or all that is wrong
// is said at once, each with file, line and column.
import { createHash } from 'node:crypto';
import type { ConfigProblem, RawSection, RawValue } from '../../config/raw-tree.ts';
import { type FileKind, readYaml } from '../../config/yaml-source.ts';
import { MAPPING_TESTS_MAX, MAPPINGS_MAX } from './limits.ts';
import type { Mapping } from './mapping.ts';
import { readMapping, readName } from './mapping-reader.ts';
import { LINE_FRAMES, type MappingFile } from './mapping-set.ts';
import { type MappingTest, readMappingTest } from './mapping-test.ts';
import { type Place, RawReader } from './raw-reader.ts';

export type MappingFileResult =
  | { readonly ok: true; readonly file: MappingFile; readonly tests: readonly MappingTest[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

const KIND: FileKind = {
  name: 'mapping',
  begins: 'a name and "mappings:"',
  guide: 'docs/guides/mappings.md',
  merges: true,
};
const KEYS = ['name', 'about', 'lines', 'each', 'programs', 'mappings', 'tests'] as const;

/** The items of a list, of which there are not too many. */
function items(
  reader: RawReader,
  value: RawValue | undefined,
  place: Place,
  max: number,
  what: string,
): readonly RawValue[] {
  const list = reader.list(value, place, `a list of ${what}`);
  if (list.length > max) {
    reader.problem(place, `expected at most ${max} ${what}, found ${list.length}`);
  }
  return list.slice(0, max);
}

function readMappings(reader: RawReader, root: RawSection): Mapping[] {
  const first = new Map<string, number>();
  const mappings: Mapping[] = [];
  if (root['mappings'] === undefined) return mappings;
  const list = items(reader, root['mappings'], ['mappings'], MAPPINGS_MAX, 'mappings');
  list.forEach((value, index) => {
    const mapping = readMapping(reader, value, ['mappings', index]);
    if (mapping === undefined) return;
    const earlier = first.get(mapping.name);
    if (earlier === undefined) first.set(mapping.name, index);
    else {
      const message = `expected a name of its own, found "${mapping.name}" again (mapping ${earlier + 1} has it)`;
      reader.problem(['mappings', index, 'name'], message);
    }
    mappings.push(mapping);
  });
  return mappings;
}

/**
 * Reads the text of a mapping file.
 *
 * @param name the file's name, as problems say it
 */
export function readMappingFile(text: string, name: string): MappingFileResult {
  const source = readYaml(text, name, undefined, KIND);
  const reader = new RawReader(source, name);
  if (reader.problems.length > 0) return { ok: false, problems: reader.problems };
  const root = reader.section(source.tree, [], KEYS, ['name', 'mappings']) ?? source.tree;
  const { lines, each, programs, tests } = root;
  const file: MappingFile = {
    name: root['name'] === undefined ? '' : readName(reader, root['name'], ['name']),
    sha256: createHash('sha256').update(text).digest('hex'),
    lines:
      (lines === undefined ? undefined : reader.word(lines, ['lines'], LINE_FRAMES, 'frame')) ??
      'plain',
    ...(each !== undefined && { each: reader.text(each, ['each'], 'a path') ?? '' }),
    ...(programs !== undefined && {
      programs: reader.texts(programs, ['programs'], 'a program or a list of them'),
    }),
    mappings: readMappings(reader, root),
  };
  const read =
    tests === undefined ? [] : items(reader, tests, ['tests'], MAPPING_TESTS_MAX, 'tests');
  const names = file.mappings.map((mapping) => mapping.name);
  const found = read.map((value, index) => readMappingTest(reader, value, ['tests', index], names));
  const { problems } = reader;
  if (problems.length > 0) return { ok: false, problems: problems.sort(byLine) };
  return { ok: true, file, tests: found.filter((test) => test !== undefined) };
}

function byLine({ origin: a }: ConfigProblem, { origin: b }: ConfigProblem): number {
  return a.kind === 'file' && b.kind === 'file' ? a.line - b.line || a.column - b.column : 0;
}
