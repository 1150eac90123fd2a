// Targets: the mapping files that come with Mailtrail, on the lines in their own tests with a stranger's text put
// into them, and the reading of mapping files itself. Every event must pass the front door.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { recordsOf } from '../../src/collect/mapping/body-records.ts';
import { recordOfLine } from '../../src/collect/mapping/file-line.ts';
import type { ForeignRecord } from '../../src/collect/mapping/foreign-record.ts';
import { readMappingFile } from '../../src/collect/mapping/mapping-file.ts';
import { MappingSet } from '../../src/collect/mapping/mapping-set.ts';
import { admitObject } from '../../src/event/admit.ts';
import { hostileText } from './hostile-text.ts';
import type { FuzzTarget } from './target.ts';

const NOW_MS = Date.UTC(2026, 10, 24);
/** Longer than a line may take, in ms: RE2 needs 26 for the longest against all of a file's mappings. */
const LONG_MS = 1000;

/** The project's folder, whether this runs as it is or compiled into build/. */
function projectRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

function example(name: string): string {
  return readFileSync(join(projectRoot(), 'examples', 'mappings', `${name}.yaml`), 'utf8');
}

function take(set: MappingSet, record: ForeignRecord): void {
  const beforeMs = performance.now();
  const { events } = set.take(record);
  const tookMs = performance.now() - beforeMs;
  if (tookMs > LONG_MS) throw new Error(`a record took ${tookMs} ms`);
  for (const event of events) {
    const { extra, ...fields } = event as typeof event & { extra?: object };
    const admission = admitObject({ ...extra, ...fields }, NOW_MS);
    if (!admission.ok) throw new Error(`the front door refuses it: ${admission.reason}`);
  }
}

/** Lines of the file's tests, cut and put together with text of a stranger. */
function linesTarget(name: string): FuzzTarget {
  const read = readMappingFile(example(name), name);
  if (!read.ok) throw new Error(`${name} has mistakes`);
  const set = new MappingSet(read.file);
  const line = fc
    .tuple(
      fc.constantFrom(...read.tests.map(({ input }) => input)),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(40),
      hostileText,
      fc.constantFrom(1, 1, 1, 500),
    )
    .map(([input, at, length, text, times]) => {
      const from = Math.floor(input.length * at);
      return input.slice(0, from) + text.repeat(times) + input.slice(from + length);
    });
  return {
    name: `mapping-${name}`,
    property: () =>
      fc.property(line, (text) => {
        for (const { content } of recordsOf(text)) {
          if (typeof content === 'string') take(set, recordOfLine(content, set.file.lines, NOW_MS));
          else take(set, { source: 'http', receivedMs: NOW_MS, content });
        }
      }),
  };
}

/** A mapping file in which something was changed is read, or refused with its places; nothing is thrown. */
const fileTarget: FuzzTarget = {
  name: 'mapping-file',
  property: () =>
    fc.property(
      fc.constantFrom(...['exim', 'cyrus', 'stalwart'].map((name) => example(name).slice(0, 4000))),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(12),
      hostileText,
      (text, at, length, piece) => {
        const from = Math.floor(text.length * at);
        readMappingFile(text.slice(0, from) + piece + text.slice(from + length), 'm.yaml');
      },
    ),
};

export const MAPPING_TARGETS: readonly FuzzTarget[] = [
  linesTarget('exim'),
  linesTarget('cyrus'),
  linesTarget('stalwart'),
  fileTarget,
];
