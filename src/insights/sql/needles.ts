// What a message must contain if a field of its JSON is to be equal to a text: a condition that follows from the
// equality, and that the index of the messages can answer without reading them.
import type { Parameters } from './parameters.ts';
import { numberOf, type SqlValue } from './value.ts';

/** Characters of a piece; what is shorter the index does not know. */
const NEEDLE_CHARS_MIN = 3;

/** Texts of one condition that are looked for; the engine takes 255, and with so many nearly every message has one. */
const NEEDLES_MAX = 50;

/** Characters that JSON writes as they are or as `\u00…`, and in no third way. */
const PLAIN = /[A-Za-z0-9 _.,:;@+=~!?#$%&*()-]+/g;

/** How every other way to write one of them begins. */
const ESCAPE = '\\u00';

/** The longest piece of a text that must be in every JSON with it; undefined when there is none. */
function needleOf({ literal }: SqlValue): string | undefined {
  // A text that is a number may be equal to a number written otherwise.
  if (typeof literal !== 'string' || numberOf(literal) !== undefined) return undefined;
  // So may one that is a map or list.
  if (/^[[{]/.test(literal)) return undefined;
  const pieces = literal.match(PLAIN) ?? [];
  const longest = pieces.reduce((best, piece) => (piece.length > best.length ? piece : best), '');
  return longest.length < NEEDLE_CHARS_MIN ? undefined : longest;
}

/**
 * The condition that a value is equal to one of the texts, with what follows from it in front; as it is where
 * nothing follows.
 */
export function behindNeedles(
  condition: string,
  { inJson }: SqlValue,
  texts: readonly SqlValue[],
  parameters: Parameters,
): string {
  if (inJson === undefined || texts.length > NEEDLES_MAX) return condition;
  const needles: string[] = [];
  for (const text of texts) {
    const needle = needleOf(text);
    if (needle === undefined) return condition;
    needles.push(needle);
  }
  const bound = [...needles, ESCAPE].map((needle) => parameters.bind(needle, 'String'));
  return `(multiSearchAny(${inJson}, [${bound.join(', ')}]) AND ${condition})`;
}
