// What `parse` takes out of a text: the value of each name, for each match.
import type { ParseCommand } from '../../../src/insights/ast.ts';
import { regexOf } from './evaluate.ts';
import type { Value } from './values.ts';

type Extracted = ReadonlyMap<string, Value>;

/** The text between the literals, each found as early as possible; a last `*` takes the rest. */
function byGlob(glob: string, text: string): readonly string[] | undefined {
  const [first = '', ...literals] = glob.split('*');
  const begin = text.indexOf(first);
  if (begin < 0) return undefined;
  const parts: string[] = [];
  let at = begin + first.length;
  for (const [index, literal] of literals.entries()) {
    const last = index === literals.length - 1;
    const end = last && literal === '' ? text.length : text.indexOf(literal, at);
    if (end < 0) return undefined;
    parts.push(text.slice(at, end));
    at = end + literal.length;
  }
  return parts;
}

/** The columns of a line by RFC 4180. */
function byCommas(text: string): readonly string[] {
  const fields = `,${text}`.match(/,(?:"(?:[^"]|"")*"|[^,]*)/g) ?? [];
  return fields.map((field) => {
    const value = field.slice(1);
    return value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value;
  });
}

/** The names that a command gives. */
export function namesOf({ pattern, aliases }: ParseCommand): readonly string[] {
  if (aliases.length > 0 || pattern.kind !== 'regex') return aliases.map(({ name }) => name);
  return [...pattern.source.matchAll(/\(\?<(\w+)>/g)].map(([, name = '']) => name);
}

/** The names that a match gives a value; absent ones are missing. One map for each row. */
export function extracted(command: ParseCommand, text: string | undefined): readonly Extracted[] {
  const { pattern, aliases, multi } = command;
  const named = (values: readonly Value[]): Extracted =>
    new Map(aliases.map(({ name }, index) => [name, values[index]]));
  if (pattern.kind === 'string') {
    return [named(text === undefined ? [] : (byGlob(pattern.value, text) ?? []))];
  }
  if (pattern.kind === 'csv') return [named(text === undefined ? [] : byCommas(text))];
  if (pattern.kind !== 'regex') throw new Error(`the reference executor has no ${pattern.kind}`);
  const found = [...(text ?? '').matchAll(regexOf(pattern.source, 'g'))];
  const matches = multi === true ? found : found.slice(0, 1);
  const rows = matches.map((match): Extracted => {
    const [, ...groups] = match.map((group) => (group === '' ? undefined : group));
    if (aliases.length > 0) return named(groups);
    const entries = Object.entries(match.groups ?? {});
    return new Map(entries.map(([name, group]) => [name, group === '' ? undefined : group]));
  });
  if (rows.length > 0) return rows;
  return [new Map(namesOf(command).map((name) => [name, undefined]))];
}
