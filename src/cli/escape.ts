// Values come from strangers (a mail's subject, a login that was tried). What could drive a
// terminal, forge a line or reorder text is shown as an escape instead of being sent.

/**
 * C0 and C1 controls and DEL, line and paragraph separators, the bidirectional controls of UAX 9
 * (with which a text shows in another order than it is), byte order mark, lone surrogates.
 */
const DANGEROUS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}\ufeff]/gu;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The text with everything dangerous as `\n`, `\x1b` or `\u202e`. */
export function escapeForTerminal(text: string): string {
  return text.replaceAll(DANGEROUS, (character) => {
    const named = NAMED[character];
    if (named !== undefined) return named;
    const code = character.charCodeAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
  });
}

/** Many lines of a server's or file's text: line ends stay, everything else is escaped. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escapeForTerminal).join('\n');
}

/** JSON with the same content, in which also the controls that JSON lets pass are `\u` escapes. */
export function safeJson(value: unknown): string {
  const json = JSON.stringify(value) ?? 'null';
  return json.replaceAll(DANGEROUS, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
