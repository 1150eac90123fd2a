// Takes the raw tree of a mapping file apart: what is expected at a place is asked for, and what is there
// instead becomes a problem with its file, line and column.
import {
  type ConfigProblem,
  formatPath,
  isSection,
  type Origin,
  type RawSection,
  type RawValue,
} from '../../config/raw-tree.ts';
import { nearest } from '../../config/suggest.ts';
import type { YamlSource } from '../../config/yaml-source.ts';

/** Keys and indices down to a value. */
export type Place = readonly (string | number)[];

/** How much of a value a problem quotes, in characters. */
const QUOTED_LENGTH_MAX = 60;

function shown(value: RawValue | undefined): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isSection(value)) return `the keys ${Object.keys(value).join(', ')}`;
  const text = JSON.stringify(value);
  return text.length > QUOTED_LENGTH_MAX ? `${text.slice(0, QUOTED_LENGTH_MAX)}…"` : text;
}

/** See the head of this file. */
export class RawReader {
  readonly problems: ConfigProblem[] = [];
  readonly #source: YamlSource;
  readonly #file: string;

  constructor(source: YamlSource, file: string) {
    this.#source = source;
    this.#file = file;
    this.problems.push(...source.problems);
  }

  /** Notes a problem at the value, or at its key. */
  problem(place: Place, message: string, at: 'value' | 'key' = 'value'): void {
    const origin = this.#origin(place, at);
    this.problems.push({ origin, path: formatPath(place), message });
  }

  #origin(place: Place, at: 'value' | 'key'): Origin {
    for (let length = place.length; length > 0; length--) {
      const path = formatPath(place.slice(0, length));
      const key = at === 'key' && length === place.length ? this.#source.keys.get(path) : undefined;
      const found = key ?? this.#source.values.get(path);
      if (found !== undefined) return found;
    }
    return { kind: 'file', file: this.#file, line: 1, column: 1 };
  }

  expected(place: Place, what: string, found: RawValue | undefined): undefined {
    this.problem(place, `expected ${what}, found ${shown(found)}`);
    return undefined;
  }

  /** A section that has no other keys than these, and all of the needed ones. */
  section(
    value: RawValue | undefined,
    place: Place,
    known: readonly string[],
    needed: readonly string[] = [],
  ): RawSection | undefined {
    if (!isSection(value)) {
      return this.expected(place, `a section with the keys ${known.join(', ')}`, value);
    }
    for (const key of Object.keys(value)) {
      if (!known.includes(key)) this.unknown(key, place, known, 'key');
    }
    for (const key of needed) {
      if (value[key] === undefined || value[key] === null) {
        this.problem(place, `expected the key "${key}" here, found none; add it`);
      }
    }
    return value;
  }

  /** Any keys. */
  entries(value: RawValue | undefined, place: Place, what: string): [string, RawValue][] {
    if (isSection(value)) return Object.entries(value);
    this.expected(place, what, value);
    return [];
  }

  /** Notes that a word is none of the known ones, and the one that was probably meant. */
  unknown(word: string, place: Place, known: readonly string[], what: string): void {
    const near = nearest(word, known);
    const advice = near === undefined ? `known are ${known.join(', ')}` : `did you mean "${near}"?`;
    const at = what === 'key' ? [...place, word] : place;
    const named = what === 'key' ? 'unknown key' : `unknown ${what} "${word}"`;
    this.problem(at, `${named}; ${advice}`, what === 'key' ? 'key' : 'value');
  }

  list(value: RawValue | undefined, place: Place, what: string): readonly RawValue[] {
    if (Array.isArray(value)) return value;
    this.expected(place, what, value);
    return [];
  }

  text(value: RawValue | undefined, place: Place, what: string): string | undefined {
    return typeof value === 'string' ? value : this.expected(place, what, value);
  }

  /** One text, or a list of them. */
  texts(value: RawValue | undefined, place: Place, what: string): string[] {
    if (typeof value === 'string') return [value];
    return this.list(value, place, what).flatMap(
      (item, index) => this.text(item, [...place, index], what) ?? [],
    );
  }

  /** One of the words. */
  word<Word extends string>(
    value: RawValue | undefined,
    place: Place,
    known: readonly Word[],
    what: string,
  ): Word | undefined {
    const text = this.text(value, place, `a ${what}: ${known.join(', ')}`);
    const found = known.find((word) => word === text);
    if (text !== undefined && found === undefined) this.unknown(text, place, known, what);
    return found;
  }
}
