// JSON of other programs. Their 64-bit identifiers (spans, queue ids) are larger than the whole numbers
// that JavaScript can tell apart; such a number is read as the text it was written as.

const LONG_NUMBER = /\d{16}/;
/** Strings are passed over as they are, numbers are looked at. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;
const LONG_WHOLE_NUMBER = /^-?\d{16,}$/;

/** Parses JSON text; whole numbers of 16 digits and more become texts. Throws a SyntaxError. */
export function parseJson(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  // Only now that its strings are known to end: an open one would be looked for over and over.
  if (!LONG_NUMBER.test(text)) return parsed;
  const quoted = text.replace(STRING_OR_NUMBER, (token) =>
    LONG_WHOLE_NUMBER.test(token) ? `"${token}"` : token,
  );
  return JSON.parse(quoted) as unknown;
}
