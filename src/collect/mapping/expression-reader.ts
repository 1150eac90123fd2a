// Reads the expressions of a mapping file. An expression is the path of a value, or a section with one
// source (`path`, `constant`, `firstOf`, `join`, `object`) and the steps (`then`) that change it.
import { isSection, type RawSection, type RawValue } from '../../config/raw-tree.ts';
import {
  booleanOf,
  constant,
  type Expression,
  extract,
  firstOf,
  format,
  join,
  lookup,
  lower,
  number,
  object,
  path,
  split,
  type Step,
  time,
  trim,
  upper,
  withSteps,
} from './expression.ts';
import { EXPRESSION_DEPTH_MAX } from './limits.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import type { Place, RawReader } from './raw-reader.ts';
import { FRAME_PATHS } from './read-record.ts';
import { compileTimeFormat, TIME_FORMATS } from './time-format.ts';

/** An expression, and where it says a value itself: those are compared with the field's closed list. */
export interface ReadExpression {
  readonly evaluate: Expression;
  readonly says: readonly { readonly value: string; readonly place: Place }[];
}

const SOURCES = ['path', 'constant', 'firstOf', 'join', 'object'] as const;
const WORD_STEPS: Readonly<Record<string, Step>> = {
  lower,
  upper,
  trim,
  number,
  boolean: booleanOf(['true', 'yes', 'on', '1'], ['false', 'no', 'off', '0']),
};
const SECTION_STEPS = ['lookup', 'split', 'boolean', 'time', 'extract', 'format'] as const;
const STEP_NAMES = [
  ...Object.keys(WORD_STEPS).filter((name) => name !== 'boolean'),
  ...SECTION_STEPS,
];
const NOTHING: ReadExpression = { evaluate: () => undefined, says: [] };

interface ReadStep {
  readonly step: Step;
  readonly says?: ReadExpression['says'];
}

/** Compiles a pattern of the file; notes what is wrong with it. */
export function readPattern(
  reader: RawReader,
  value: RawValue | undefined,
  place: Place,
): Pattern | undefined {
  const source = reader.text(value, place, 'a pattern');
  if (source === undefined) return undefined;
  const pattern = compilePattern(source);
  if (!('problem' in pattern)) return pattern;
  reader.problem(place, pattern.problem);
  return undefined;
}

/** Reads the expressions of one mapping. */
export class ExpressionReader {
  readonly #reader: RawReader;
  /** The paths there are; undefined where any may be. */
  readonly #paths: readonly string[] | undefined;

  constructor(reader: RawReader, paths: readonly string[] | undefined) {
    this.#reader = reader;
    this.#paths = paths;
  }

  /** Notes a path that cannot give anything. */
  checkPath(at: string, place: Place): void {
    const known = at.startsWith('@') ? FRAME_PATHS : this.#paths;
    if (known !== undefined && !known.some((each) => each === at)) {
      this.#reader.unknown(at, place, [...known, ...FRAME_PATHS], 'path');
    }
  }

  read(value: RawValue, place: Place, depth = 0): ReadExpression {
    if (depth >= EXPRESSION_DEPTH_MAX) {
      const message = `expected at most ${EXPRESSION_DEPTH_MAX} expressions in each other, found more`;
      this.#reader.problem(place, message);
      return NOTHING;
    }
    if (typeof value === 'string') {
      this.checkPath(value, place);
      return { evaluate: path(value), says: [] };
    }
    const known = [...SOURCES, 'then', 'with'];
    const section = this.#reader.section(value, place, known);
    if (section === undefined) return NOTHING;
    const sources = SOURCES.filter((source) => source in section);
    const [source] = sources;
    if (source === undefined || sources.length > 1) {
      const found = sources.length === 0 ? 'none' : sources.join(' and ');
      this.#reader.problem(place, `expected one of ${SOURCES.join(', ')}, found ${found}`);
      return NOTHING;
    }
    if (section['with'] !== undefined && source !== 'join') {
      this.#reader.problem([...place, 'with'], 'expected "join" beside "with", found none', 'key');
    }
    return this.#withSteps(this.#source(source, section, place, depth), section, place);
  }

  #source(
    source: (typeof SOURCES)[number],
    section: RawSection,
    place: Place,
    depth: number,
  ): ReadExpression {
    const at = [...place, source];
    const value = section[source] ?? null;
    switch (source) {
      case 'path': {
        const text = this.#reader.text(value, at, 'a path') ?? '';
        if (text !== '') this.checkPath(text, at);
        return { evaluate: path(text), says: [] };
      }
      case 'constant': {
        const text = this.#reader.text(value, at, 'a text') ?? '';
        return { evaluate: constant(text), says: [{ value: text, place: at }] };
      }
      case 'firstOf': {
        const all = this.#all(value, at, depth);
        return {
          evaluate: firstOf(all.map(({ evaluate }) => evaluate)),
          says: all.flatMap(({ says }) => says),
        };
      }
      case 'join': {
        const separator = section['with'] === undefined ? '' : section['with'];
        const text = this.#reader.text(separator, [...place, 'with'], 'a text') ?? '';
        const all = this.#all(value, at, depth);
        return {
          evaluate: join(
            all.map(({ evaluate }) => evaluate),
            text,
          ),
          says: [],
        };
      }
      case 'object': {
        const members = this.#reader
          .entries(value, at, 'a section of expressions')
          .map(
            ([key, inner]) => [key, this.read(inner, [...at, key], depth + 1).evaluate] as const,
          );
        return { evaluate: object(members), says: [] };
      }
    }
  }

  #all(value: RawValue, place: Place, depth: number): ReadExpression[] {
    return this.#reader
      .list(value, place, 'a list of expressions')
      .map((item, index) => this.read(item, [...place, index], depth + 1));
  }

  #withSteps(read: ReadExpression, section: RawSection, place: Place): ReadExpression {
    const raw = section['then'];
    if (raw === undefined) return read;
    const at = [...place, 'then'];
    const steps = Array.isArray(raw)
      ? raw.map((item, index) => this.#step(item, [...at, index]))
      : [this.#step(raw, at)];
    const found = steps.filter((step) => step !== undefined);
    const last = found.at(-1);
    return {
      evaluate: withSteps(
        read.evaluate,
        found.map(({ step }) => step),
      ),
      says: last?.says ?? (found.length === 0 ? read.says : []),
    };
  }

  #step(value: RawValue, place: Place): ReadStep | undefined {
    if (typeof value === 'string') {
      const step = Object.hasOwn(WORD_STEPS, value) ? WORD_STEPS[value] : undefined;
      if (step !== undefined) return { step };
      this.#reader.unknown(value, place, STEP_NAMES, 'step');
      return undefined;
    }
    if (!isSection(value)) {
      return this.#reader.expected(place, `a step: ${STEP_NAMES.join(', ')}`, value);
    }
    const known = [...SECTION_STEPS, 'otherwise', 'take', 'zone'];
    this.#reader.section(value, place, known);
    const names = SECTION_STEPS.filter((name) => name in value);
    const [name] = names;
    if (name === undefined || names.length > 1) {
      const found = names.length === 0 ? 'none' : names.join(' and ');
      this.#reader.problem(place, `expected one of ${SECTION_STEPS.join(', ')}, found ${found}`);
      return undefined;
    }
    for (const [key, owner] of [
      ['otherwise', 'lookup'],
      ['take', 'split'],
      ['zone', 'time'],
    ] as const) {
      if (key in value && owner !== name) {
        this.#reader.problem(
          [...place, key],
          `expected "${owner}" beside "${key}", found ${name}`,
          'key',
        );
      }
    }
    return this.#sectionStep(name, value, place);
  }

  #sectionStep(
    name: (typeof SECTION_STEPS)[number],
    section: RawSection,
    place: Place,
  ): ReadStep | undefined {
    const reader = this.#reader;
    const at = [...place, name];
    const value = section[name] ?? null;
    switch (name) {
      case 'lookup':
        return this.#lookup(section, place);
      case 'split': {
        const separator = reader.text(value, at, 'a separator') ?? '';
        if (separator === '') reader.problem(at, 'expected a separator, found an empty text');
        return { step: split(separator, this.#index(section['take'], [...place, 'take'])) };
      }
      case 'boolean': {
        const words = reader.section(value, at, ['true', 'false'], ['true', 'false']) ?? {};
        const yes = reader.texts(words['true'], [...at, 'true'], 'a word or a list of words');
        const no = reader.texts(words['false'], [...at, 'false'], 'a word or a list of words');
        return { step: booleanOf(yes, no) };
      }
      case 'time': {
        const format = reader.text(
          value,
          at,
          `a format: ${TIME_FORMATS.join(', ')}, or %Y-%m-%d …`,
        );
        if (format === undefined) return undefined;
        const zone = section['zone'];
        const named =
          zone === undefined ? undefined : reader.text(zone, [...place, 'zone'], 'a zone');
        const read = compileTimeFormat(format, named);
        if (!('problem' in read)) return { step: time(read, format) };
        reader.problem(zone === undefined ? at : [...place, 'zone'], read.problem);
        return undefined;
      }
      case 'format': {
        const template = reader.text(value, at, 'a text with {}') ?? '{}';
        if (!template.includes('{}')) {
          reader.expected(at, 'a text with {}, where the value stands', value);
        }
        return { step: format(template) };
      }
      case 'extract': {
        const pattern = readPattern(reader, value, at);
        return pattern && { step: extract(pattern) };
      }
    }
  }

  #lookup(section: RawSection, place: Place): ReadStep {
    const at = [...place, 'lookup'];
    const says: { value: string; place: Place }[] = [];
    const table = new Map<string, string>();
    const say = (value: RawValue | undefined, where: Place): string | undefined => {
      const text = this.#reader.text(value, where, 'a text');
      if (text !== undefined) says.push({ value: text, place: where });
      return text;
    };
    for (const [key, value] of this.#reader.entries(section['lookup'], at, 'a table')) {
      const text = say(value, [...at, key]);
      if (text !== undefined) table.set(key, text);
    }
    const other = section['otherwise'];
    const otherwise = other === undefined ? undefined : say(other, [...place, 'otherwise']);
    return { step: lookup(table, otherwise), says };
  }

  #index(value: RawValue | undefined, place: Place): number | undefined {
    if (value === undefined) return undefined;
    const text = this.#reader.text(value, place, 'a whole number');
    if (text === undefined || /^-?\d{1,4}$/.test(text)) return Number(text);
    return this.#reader.expected(place, 'a whole number, negative from the end', value);
  }
}
