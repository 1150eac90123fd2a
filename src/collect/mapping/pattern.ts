// Patterns of mappings. The lines they meet are written by strangers, so they are RE2's: the time for
// a line grows with its length alone, whatever the pattern is.
import { RE2JS } from 're2js';
import { PATTERN_LENGTH_MAX } from './limits.ts';

/** What the named groups of a pattern found; a group that took no part is absent. */
export type Groups = ReadonlyMap<string, string>;

export interface Pattern {
  /** The names of its groups. */
  readonly names: readonly string[];
  /** Whether the text has it, anywhere unless the pattern says `^` or `$`. */
  test(text: string): boolean;
  /** What the named groups found; undefined when the text does not have it. */
  groups(text: string): Groups | undefined;
  /** What the first group found, or the whole where there is none; undefined when nothing. */
  first(text: string): string | undefined;
}

/**
 * Compiles a pattern in RE2's syntax, with groups as `(?<name>…)`; returns why it cannot be.
 *
 * @see https://github.com/google/re2/wiki/Syntax (no look-around, no back-references)
 */
export function compilePattern(source: string): Pattern | { readonly problem: string } {
  if (source.length > PATTERN_LENGTH_MAX) {
    return { problem: `expected at most ${PATTERN_LENGTH_MAX} characters, found ${source.length}` };
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { problem: `expected a pattern in RE2 syntax, found ${why}` };
  }
  const names = Object.keys(compiled.namedGroups());
  const grouped = compiled.groupCount() > 0;
  return {
    names,
    test: (text) => compiled.matcher(text).find(),
    groups: (text) => {
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return undefined;
      const groups = new Map<string, string>();
      for (const name of names) {
        const found = matcher.group(name);
        if (found !== null) groups.set(name, found);
      }
      return groups;
    },
    first: (text) => {
      const matcher = compiled.matcher(text);
      return matcher.find() ? (matcher.group(grouped ? 1 : 0) ?? undefined) : undefined;
    },
  };
}
