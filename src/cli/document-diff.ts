// What is different between two documents, field by field, for people who are to agree to a change.
import { escapeForTerminal, safeJson } from './escape.ts';
import type { Paint } from './style.ts';

type Fields = Readonly<Record<string, unknown>>;

function shown(value: unknown): string {
  if (typeof value === 'string') return escapeForTerminal(value);
  const isTexts = Array.isArray(value) && value.every((item) => typeof item === 'string');
  return isTexts ? escapeForTerminal(value.join(', ')) : safeJson(value);
}

/**
 * The lines: `+ field: value`, `- field: value`, both for a changed one. None when they say the same.
 *
 * @param before undefined when there was none
 * @param after undefined when there is to be none
 */
export function diffLines(
  before: Fields | undefined,
  after: Fields | undefined,
  paint: Paint,
): readonly string[] {
  const fields = [...Object.keys(before ?? {}), ...Object.keys(after ?? {})];
  return [...new Set(fields)].flatMap((field) => {
    const [old, now] = [before?.[field], after?.[field]];
    if (JSON.stringify(old) === JSON.stringify(now)) return [];
    const minus = old === undefined ? [] : [paint(`- ${field}: ${shown(old)}`, 'red')];
    const plus = now === undefined ? [] : [paint(`+ ${field}: ${shown(now)}`, 'green')];
    return [...minus, ...plus];
  });
}
