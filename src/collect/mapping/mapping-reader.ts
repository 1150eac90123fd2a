// Reads one mapping of a mapping file: its conditions, how the record is parsed, and the expression of each
// field. Everything that can be known to go wrong is said here, with its place, before any record comes.
import { isSection, type RawSection, type RawValue } from '../../config/raw-tree.ts';
import type { FieldSpec } from '../../event/field.ts';
import { LOG_TYPES, type LogType, logTypeSpec } from '../../event/log-type.ts';
import type { Expression } from './expression.ts';
import { ExpressionReader, readPattern } from './expression-reader.ts';
import { FOREIGN_SOURCES, type ForeignSource } from './foreign-record.ts';
import type { MappedField, Mapping, Parse, When } from './mapping.ts';
import type { Place, RawReader } from './raw-reader.ts';

const KEYS = ['name', 'about', 'when', 'parse', 'log_type', 'fields', 'extra', 'continue'] as const;
const WHEN_KEYS = ['source', 'program', 'line', 'has', 'is'] as const;
const PARSES = ['json', 'key=value'] as const;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
/** What a mapping writes for records that it knows and that are no events. */
const NO_EVENT = 'none';

/** A name of a file or mapping; notes what is wrong with it. */
export function readName(reader: RawReader, value: RawValue | undefined, place: Place): string {
  const name = reader.text(value, place, 'a name') ?? '';
  if (name !== '' && !NAME.test(name)) {
    reader.expected(place, 'a name of letters, digits and . _ -', value);
  }
  return name;
}

function readParse(reader: RawReader, value: RawValue | undefined, place: Place): Parse {
  if (!isSection(value)) {
    const known = [...PARSES, 'regex'] as const;
    const kind = reader.word(value ?? null, place, known, 'way to parse') ?? 'json';
    if (kind !== 'regex') return { kind };
    reader.problem(place, 'expected the pattern, found none; write "parse: { regex: … }"');
    return { kind: 'json' };
  }
  const section = reader.section(value, place, ['regex'], ['regex']);
  const pattern = readPattern(reader, section?.['regex'], [...place, 'regex']);
  if (pattern === undefined) return { kind: 'json' };
  return { kind: 'regex', pattern };
}

function readWhen(
  reader: RawReader,
  value: RawValue | undefined,
  place: Place,
  paths: ExpressionReader,
): When {
  const nothing: When = { has: [], is: [] };
  if (value === undefined) return nothing;
  const when = reader.section(value, place, WHEN_KEYS);
  if (when === undefined) return nothing;
  const at = (key: string): Place => [...place, key];
  const one = (key: string, what: string): string[] | undefined =>
    when[key] === undefined ? undefined : reader.texts(when[key], at(key), what);
  const sources = one('source', 'a source or a list of them');
  const known = FOREIGN_SOURCES as readonly string[];
  for (const source of sources ?? []) {
    if (!known.includes(source)) reader.unknown(source, at('source'), known, 'source');
  }
  const programs = one('program', 'a program or a list of them');
  const line =
    when['line'] === undefined ? undefined : readPattern(reader, when['line'], at('line'));
  const has = one('has', 'a path or a list of them') ?? [];
  for (const path of has) paths.checkPath(path, at('has'));
  const is =
    when['is'] === undefined
      ? []
      : reader.entries(when['is'], at('is'), 'paths and their values').map(([path, values]) => {
          const where = [...at('is'), path];
          paths.checkPath(path, where);
          return {
            path,
            values: new Set(reader.texts(values, where, 'a value or a list of them')),
          };
        });
  return {
    ...(sources !== undefined && { sources: sources as ForeignSource[] }),
    ...(programs !== undefined && { programs }),
    ...(line !== undefined && { line }),
    has,
    is,
  };
}

function checkSaid(
  reader: RawReader,
  field: FieldSpec,
  says: readonly { readonly value: string; readonly place: Place }[],
): void {
  const known = field.oneOf ?? (field.kind === 'boolean' ? ['true', 'false'] : undefined);
  if (known === undefined) return;
  for (const { value, place } of says) {
    if (!known.includes(value)) reader.unknown(value, place, known, `value of ${field.path}`);
  }
}

function readFields(
  reader: RawReader,
  value: RawValue | undefined,
  place: Place,
  logType: LogType,
  expressions: ExpressionReader,
): MappedField[] {
  const specs = logTypeSpec(logType).fields;
  const names = specs.filter((spec) => spec.reserved !== true).map((spec) => spec.path);
  const fields: MappedField[] = [];
  for (const [name, raw] of reader.entries(value, place, `fields of ${logType}`)) {
    const field: FieldSpec | undefined = specs.find((spec) => spec.path === name);
    const at = [...place, name];
    if (field === undefined) {
      reader.unknown(name, place, names, 'key');
      continue;
    }
    if (field.reserved === true) {
      reader.problem(at, 'only Mailtrail itself sets this field; leave it out', 'key');
      continue;
    }
    const { evaluate, says } = expressions.read(raw, at);
    checkSaid(reader, field, says);
    fields.push({ field, expression: evaluate });
  }
  for (const { path, required } of specs) {
    const given = path === 'event_timestamp' || fields.some(({ field }) => field.path === path);
    if (required === true && !given) {
      reader.problem(place, `expected the field ${path}, which ${logType} must have, found none`);
    }
  }
  return fields;
}

function readExtra(
  reader: RawReader,
  value: RawValue,
  place: Place,
  logType: LogType,
  expressions: ExpressionReader,
): [string, Expression][] {
  const declared = new Set(
    logTypeSpec(logType).fields.map(({ path }) => path.split('.', 1)[0] ?? ''),
  );
  return reader.entries(value, place, 'further fields').map(([name, raw]) => {
    const at = [...place, name];
    if (declared.has(name) || name === 'log_type') {
      reader.problem(at, `${logType} has this field itself; write it under "fields"`, 'key');
    }
    return [name, expressions.read(raw, at).evaluate];
  });
}

function readLogType(
  reader: RawReader,
  section: RawSection,
  place: Place,
): LogType | typeof NO_EVENT | undefined {
  return reader.word(
    section['log_type'] ?? null,
    [...place, 'log_type'],
    [...LOG_TYPES, NO_EVENT] as const,
    'log type',
  );
}

/** Reads one mapping; undefined when there is nothing to go on with. Problems are the reader's. */
export function readMapping(reader: RawReader, value: RawValue, place: Place): Mapping | undefined {
  const section = reader.section(value, place, KEYS, ['name', 'log_type']);
  if (section === undefined) return undefined;
  const at = (key: string): Place => [...place, key];
  const parse = readParse(reader, section['parse'] ?? 'json', at('parse'));
  const groups = parse.kind === 'regex' ? parse.pattern.names : undefined;
  const expressions = new ExpressionReader(reader, groups);
  const when = readWhen(reader, section['when'], at('when'), expressions);
  const found = readLogType(reader, section, place);
  const logType = found === NO_EVENT ? undefined : found;
  const { fields, extra } = section;
  if (found === NO_EVENT && (fields ?? extra) !== undefined) {
    reader.problem(at('log_type'), 'expected no fields where there is no event, found some');
  }
  return {
    name: section['name'] === undefined ? '' : readName(reader, section['name'], at('name')),
    when,
    parse,
    logType,
    fields:
      logType === undefined ? [] : readFields(reader, fields, at('fields'), logType, expressions),
    extra:
      logType === undefined || extra === undefined
        ? []
        : readExtra(reader, extra, at('extra'), logType, expressions),
    goesOn: readSwitch(reader, section['continue'], at('continue')),
  };
}

function readSwitch(reader: RawReader, value: RawValue | undefined, place: Place): boolean {
  if (value === undefined) return false;
  return reader.word(value, place, ['true', 'false'], 'switch') === 'true';
}
