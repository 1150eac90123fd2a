// What `parse` takes out of a text: a regular expression for RE2 and which group has which name.
import type { Name, RegexLiteral, StringLiteral } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { readRegex } from '../regex.ts';

export interface Extraction {
  /** For RE2, its groups without names. */
  readonly pattern: string;
  /** `group` counts from 1. */
  readonly names: readonly { readonly name: Name; readonly group: number }[];
  /** Whether a group that is empty did not match: true for regular expressions. */
  readonly emptyIsAbsent: boolean;
}

/** Characters that mean something in a regular expression. */
const SPECIAL = /[\\^$.|?*+()[\]{}]/g;

/**
 * A glob: the text between the asterisks is literal, each asterisk takes as little as possible, and
 * one at the end takes the rest.
 *
 * @see CloudWatch Logs user guide, "parse"
 */
function globExtraction(glob: StringLiteral, aliases: readonly Name[]): Extraction {
  const literals = glob.value.split('*');
  const count = literals.length - 1;
  if (count !== aliases.length) {
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
  const names = aliases.map((name, index) => ({ name, group: index + 1 }));
  return { pattern: `(?s)${pattern}`, names, emptyIsAbsent: false };
}

/** Named groups, or names for all groups in their order after `as`. */
function regexExtraction(regex: RegexLiteral, aliases: readonly Name[]): Extraction {
  const { pattern, groups } = readRegex(regex);
  if (aliases.length === 0) {
    const names = groups.flatMap(({ name }, index) =>
      name === undefined ? [] : [{ name, group: index + 1 }],
    );
    if (names.length > 0) return { pattern, names, emptyIsAbsent: true };
    throw new MalformedQuery('no named group: expecting at least one (?<name>…)', regex);
  }
  if (aliases.length !== groups.length) {
    throw new MalformedQuery(
      `the regular expression has ${groups.length} groups but ${aliases.length} names follow`,
      regex,
    );
  }
  const names = aliases.map((name, index) => ({ name, group: index + 1 }));
  return { pattern, names, emptyIsAbsent: true };
}

/** Reads the pattern of `parse`. Throws MalformedQuery when names and pattern do not fit. */
export function extractionOf(
  pattern: StringLiteral | RegexLiteral,
  aliases: readonly Name[],
): Extraction {
  return pattern.kind === 'regex'
    ? regexExtraction(pattern, aliases)
    : globExtraction(pattern, aliases);
}
