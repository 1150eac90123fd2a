// Header text in encoded words, as it stands in a message, made readable.

const ONE = String.raw`=\?([A-Za-z0-9_-]{1,40})(?:\*[A-Za-z0-9-]+)?\?([BbQq])\?([^? ]*)\?=`;
const WORD = new RegExp(ONE, 'g');
/** Words that follow each other; the space between them is not part of the text. */
const RUN = new RegExp(`${ONE}(?:\\s*${ONE})*`, 'g');

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

function decodeRun(run: string): string {
  let text = '';
  let charset = '';
  let bytes: Buffer[] = [];
  let raw = '';
  const flush = (): void => {
    try {
      if (raw !== '') text += new TextDecoder(charset).decode(Buffer.concat(bytes));
    } catch {
      text += raw;
    }
    bytes = [];
    raw = '';
  };
  for (const [whole, name = '', encoding = '', encoded = ''] of run.matchAll(WORD)) {
    const more =
      encoding.toUpperCase() === 'B' ? Buffer.from(encoded, 'base64') : quotedPrintable(encoded);
    if (name.toLowerCase() !== charset) flush();
    charset = name.toLowerCase();
    bytes.push(more);
    raw += whole;
  }
  flush();
  return text;
}

/**
 * Decodes RFC 2047 encoded words; text that is none, or in a character set that is not known, stays
 * as it is. A character may begin in one word and end in the next, which the RFC forbids and many
 * programs write.
 */
export function decodeEncodedWords(text: string): string {
  return text.includes('=?') ? text.replace(RUN, decodeRun) : text;
}
