// Header text in encoded words, as it stands in a message, made readable.

const WORD = /=\?([A-Za-z0-9_-]{1,40})(?:\*[A-Za-z0-9-]+)?\?([BbQq])\?([^? ]*)\?=/g;

function quotedPrintable(text: string): Buffer {
  const spaced = text.replaceAll('_', ' ');
  const bytes: number[] = [];
  for (let at = 0; at < spaced.length; at++) {
    const hex = spaced[at] === '=' ? /^[0-9A-Fa-f]{2}/.exec(spaced.slice(at + 1, at + 3)) : null;
    bytes.push(hex === null ? spaced.charCodeAt(at) & 0xff : Number.parseInt(hex[0], 16));
    if (hex !== null) at += 2;
  }
  return Buffer.from(bytes);
}

/**
 * Decodes RFC 2047 encoded words; text that is none, or in a character set that is not known, stays
 * as it is. Space between two encoded words is not part of the text.
 */
export function decodeEncodedWords(text: string): string {
  if (!text.includes('=?')) return text;
  return text
    .replace(/(\?=)\s+(?==\?)/g, '$1')
    .replace(WORD, (whole, charset: string, encoding: string, encoded: string) => {
      const bytes =
        encoding.toUpperCase() === 'B' ? Buffer.from(encoded, 'base64') : quotedPrintable(encoded);
      try {
        return new TextDecoder(charset).decode(bytes);
      } catch {
        return whole;
      }
    });
}
