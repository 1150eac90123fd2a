// What `parse` takes out of a text: by a regular expression for RE2, or by the text's own format.
import type { Name, ParseCommand, RegexLiteral, StringLiteral, TextFormat } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { readRegex } from '../regex.ts';
import { type XmlPath, xmlPathOf } from './xml-path.ts';

/** A name for one of the parts; `part` counts from 1. */
export interface ExtractedName {
  readonly name: Name;
  readonly part: number;
}

export interface PatternExtraction {
  readonly kind: 'pattern';
  /** For RE2, its groups without names. */
  readonly pattern: string;
  /** The parts are its groups. */
  readonly names: readonly ExtractedName[];
  /** Whether a group that is empty did not match: true for regular expressions. */
  readonly emptyIsAbsent: boolean;
  /** Whether each match makes a row of its own. */
  readonly multi: boolean;
}

export type Extraction =
  | PatternExtraction
  /** The parts are the columns of a line. */
  | { readonly kind: 'csv'; readonly names: readonly ExtractedName[] }
  /** One part, the map of all pairs. */
  | { readonly kind: 'logfmt'; readonly names: readonly ExtractedName[] }
  /** One part, what is at the path. */
  | { readonly kind: 'xml'; readonly names: readonly ExtractedName[]; readonly path: XmlPath };

/** Characters that mean something in a regular expression. */
const SPECIAL = /[\\^$.|?*+()[\]{}]/g;

/** Names for parts in their order. */
function inOrder(aliases: readonly Name[]): readonly ExtractedName[] {
  return aliases.map((name, index) => ({ name, part: index + 1 }));
}

/**
 * A glob: the text between the asterisks is literal, each asterisk takes as little as possible, and
 * one at the end takes the rest. A name for a text without any is empty where the text is found.
 *
 * @see CloudWatch Logs user guide, "parse"
 */
function globExtraction(glob: StringLiteral, aliases: readonly Name[]): PatternExtraction {
  const literals = glob.value.split('*');
  const count = literals.length - 1;
  // Without an asterisk the text itself is looked for: real queries count where it is found.
  const found = count === 0 && aliases.length === 1;
  if (!found && count !== aliases.length) {
    throw new MalformedQuery(
      `the pattern has ${count} * but ${aliases.length} names follow: expecting one name for each *`,
      glob,
    );
  }
  const pattern = literals
    .map((literal, index) => {
      if (index === 0) return literal.replace(SPECIAL, '\\$&');
      const rest = index === count && literal === '';
      return `${rest ? '(.*)' : '(.*?)'}${literal.replace(SPECIAL, '\\$&')}`;
    })
    .join('');
  const names = inOrder(aliases);
  if (found) {
    return { kind: 'pattern', pattern: `()${pattern}`, names, emptyIsAbsent: false, multi: false };
  }
  return { kind: 'pattern', pattern: `(?s)${pattern}`, names, emptyIsAbsent: false, multi: false };
}

/** Named groups, or names for all groups in their order after `as`. */
function regexExtraction(
  regex: RegexLiteral,
  aliases: readonly Name[],
  multi: boolean,
): PatternExtraction {
  const { pattern, groups } = readRegex(regex);
  const made = (names: readonly ExtractedName[]): PatternExtraction => {
    return { kind: 'pattern', pattern, names, emptyIsAbsent: true, multi };
  };
  if (aliases.length === 0) {
    const names = groups.flatMap(({ name }, index) =>
      name === undefined ? [] : [{ name, part: index + 1 }],
    );
    if (names.length > 0) return made(names);
    throw new MalformedQuery('no named group: expecting at least one (?<name>…)', regex);
  }
  if (aliases.length === groups.length) return made(inOrder(aliases));
  throw new MalformedQuery(
    `the regular expression has ${groups.length} groups but ${aliases.length} names follow`,
    regex,
  );
}

function formatExtraction(format: TextFormat, aliases: readonly Name[]): Extraction {
  const names = inOrder(aliases);
  if (format.kind === 'csv') return { kind: 'csv', names };
  const [, further] = aliases;
  if (further !== undefined) {
    throw new MalformedQuery(`${format.kind} gives one name: expecting no other`, further);
  }
  return format.kind === 'xml'
    ? { kind: 'xml', names, path: xmlPathOf(format.path) }
    : { kind: 'logfmt', names };
}

/** Reads the pattern of `parse`. Throws MalformedQuery when names and pattern do not fit. */
export function extractionOf({ pattern, aliases, multi }: ParseCommand): Extraction {
  switch (pattern.kind) {
    case 'regex':
      return regexExtraction(pattern, aliases, multi === true);
    case 'string':
      return globExtraction(pattern, aliases);
    default:
      return formatExtraction(pattern, aliases);
  }
}
