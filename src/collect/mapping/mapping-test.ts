// The tests a mapping file brings along: an input and the events that it must become, field by field.
import { isSection, type RawSection, type RawValue } from '../../config/raw-tree.ts';
import { canonicalJson } from '../../event/canonical-json.ts';
import { recordOfLine } from './file-line.ts';
import { FOREIGN_SOURCES, type ForeignRecord } from './foreign-record.ts';
import type { Mapped } from './mapping.ts';
import type { MappingSet } from './mapping-set.ts';
import type { Place, RawReader } from './raw-reader.ts';
import { textOf } from './expression.ts';

/** One test of a mapping file. */
export interface MappingTest {
  readonly name: string;
  readonly input: string;
  readonly frame: Pick<ForeignRecord, 'program' | 'host'> & Partial<Pick<ForeignRecord, 'source'>>;
  /** Our clock when the input comes; undefined for now. */
  readonly nowMs?: number;
  /** The mapping that is to take it. */
  readonly mapping?: string;
  /** The events it is to become, each with its log type. */
  readonly events: readonly RawSection[];
  /** What the refusal is to say; undefined when there is to be none. */
  readonly refused?: string;
}

const KEYS = [
  'name',
  'input',
  'source',
  'program',
  'host',
  'now',
  'mapping',
  'event',
  'events',
  'refused',
] as const;

/** Reads one test; undefined when it is none. Problems are the reader's. */
export function readMappingTest(
  reader: RawReader,
  value: RawValue,
  place: Place,
  mappings: readonly string[],
): MappingTest | undefined {
  const section = reader.section(value, place, KEYS, ['name', 'input']);
  if (section === undefined) return undefined;
  const at = (key: string): Place => [...place, key];
  const text = (key: string): string | undefined =>
    section[key] === undefined ? undefined : reader.text(section[key], at(key), 'a text');
  const expectations = ['event', 'events', 'refused'].filter((key) => key in section);
  if (expectations.length !== 1) {
    const found = expectations.length === 0 ? 'none' : expectations.join(' and ');
    reader.problem(place, `expected one of event, events and refused, found ${found}`);
  }
  const source =
    section['source'] === undefined
      ? undefined
      : reader.word(section['source'], at('source'), FOREIGN_SOURCES, 'source');
  const mapping = text('mapping');
  if (mapping !== undefined && !mappings.includes(mapping)) {
    reader.unknown(mapping, at('mapping'), mappings, 'mapping');
  }
  const now = text('now');
  const nowMs = now === undefined ? undefined : Date.parse(now);
  if (Number.isNaN(nowMs)) reader.expected(at('now'), 'a time such as 2026-11-23T12:00:00Z', now);
  const [program, host, refused] = [text('program'), text('host'), text('refused')];
  return {
    name: text('name') ?? '',
    input: (text('input') ?? '').trimEnd(),
    frame: {
      ...(source !== undefined && { source }),
      ...(program !== undefined && { program }),
      ...(host !== undefined && { host }),
    },
    ...(nowMs !== undefined && { nowMs }),
    ...(mapping !== undefined && { mapping }),
    events: readEvents(reader, section, place),
    ...(refused !== undefined && { refused }),
  };
}

function readEvents(reader: RawReader, section: RawSection, place: Place): RawSection[] {
  const check = (value: RawValue, at: Place): RawSection[] => {
    if (isSection(value)) return [value];
    reader.expected(at, 'the fields of an event', value);
    return [];
  };
  const { event, events } = section;
  if (event !== undefined) return check(event, [...place, 'event']);
  if (events === undefined) return [];
  return reader
    .list(events, [...place, 'events'], 'a list of events')
    .flatMap((value, index) => check(value, [...place, 'events', index]));
}

/** Where a value differs from what was written, as `field: expected …, found …`. */
function differences(expected: RawValue, actual: unknown, path: string, out: string[]): void {
  if (isSection(expected)) {
    const object =
      typeof actual === 'object' && actual !== null && !Array.isArray(actual) ? actual : undefined;
    if (object !== undefined) {
      const members = object as Readonly<Record<string, unknown>>;
      for (const key of new Set([...Object.keys(expected), ...Object.keys(members)])) {
        const inner = path === '' ? key : `${path}.${key}`;
        differences(expected[key] ?? null, members[key], inner, out);
      }
      return;
    }
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    expected.forEach((item, index) => differences(item, actual[index], `${path}[${index}]`, out));
    return;
  }
  const same =
    typeof expected === 'string'
      ? textOf(actual) === expected ||
        (typeof actual === 'number' && Date.parse(expected) === actual)
      : expected === null && actual === undefined;
  if (!same) {
    const found = actual === undefined ? 'nothing' : JSON.stringify(actual);
    out.push(
      `${path}: expected ${expected === null ? 'nothing' : JSON.stringify(expected)}, found ${found}`,
    );
  }
}

/** What a mapping made, with its log type, as tests and `map test` show it. */
export function shownEvent(mapped: Mapped): Readonly<Record<string, unknown>> | undefined {
  if (mapped.event === undefined) return undefined;
  const fields = JSON.parse(canonicalJson(mapped.event)) as Readonly<Record<string, unknown>>;
  return { log_type: mapped.event.log_type, ...fields };
}

/** Runs one test; the reasons why it fails, none when it passes. */
export function runMappingTest(set: MappingSet, test: MappingTest, clockMs: number): string[] {
  const nowMs = test.nowMs ?? clockMs;
  const named = test.frame.program !== undefined || test.frame.source !== undefined;
  const record = recordOfLine(test.input, named ? 'plain' : set.file.lines, nowMs);
  const mapped = set.map({ ...record, ...test.frame });
  const failures: string[] = [];
  const problems = mapped.flatMap((each) => each.problems);
  const { refused, mapping } = test;
  if (refused === undefined) failures.push(...problems.map((problem) => `refused: ${problem}`));
  else if (!problems.some((problem) => problem.includes(refused))) {
    const found = problems.length === 0 ? 'none' : problems.join('; ');
    failures.push(`expected a refusal that says "${refused}", found ${found}`);
  }
  if (mapping !== undefined && !mapped.some((each) => each.mapping === mapping)) {
    const found = mapped.map((each) => each.mapping).join(', ') || 'none';
    failures.push(`expected the mapping ${mapping}, found ${found}`);
  }
  const events = mapped.map(shownEvent).filter((event) => event !== undefined);
  if (events.length !== test.events.length) {
    failures.push(`expected ${test.events.length} events, found ${events.length}`);
  }
  test.events.forEach((expected, index) => {
    if (events[index] !== undefined) differences(expected, events[index], '', failures);
  });
  return failures;
}
