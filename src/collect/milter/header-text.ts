// Header fields as they came over the wire, made into text: bytes to characters, folds taken out,
// encoded words decoded, cut to a length.
import { decodeEncodedWords } from '../encoded-words.ts';

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const WINDOWS_1252 = new TextDecoder('windows-1252');

/** UTF-8 where it is that (RFC 6532), else the characters most senders of unmarked bytes mean. */
export function decodeBytes(bytes: Buffer): string {
  try {
    return UTF_8.decode(bytes);
  } catch {
    return WINDOWS_1252.decode(bytes);
  }
}

/** One line: a line break with the space after it is that space (RFC 5322 section 2.2.3). */
export function unfold(text: string): string {
  return text
    .replace(/\r?\n(?=[ \t])/g, '')
    .replace(/[\r\n]+/g, ' ')
    .trim();
}

/** The text up to `charsMax`, never half of a surrogate pair. */
export function cutText(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const last = text.charCodeAt(charsMax - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? charsMax - 1 : charsMax);
}

/** An unstructured field, e.g. a subject, as people read it. */
export function headerText(bytes: Buffer): string {
  return decodeEncodedWords(unfold(decodeBytes(bytes)));
}
