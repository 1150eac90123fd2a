// A header as `header_checks` logs it, made readable: Postfix cuts it, puts a question mark where a line
// was folded, and leaves encoded words as they are.
import { decodeEncodedWords } from '../encoded-words.ts';

/** Postfix logs so many bytes of a header, its name included. */
export const LOGGED_HEADER_BYTES = 200;
/** What stands at the end of a text that was cut, as in Dovecot's events. */
const CUT_MARK = '...';
/**
 * A line is folded when it reaches these columns. A question mark in front of a space there is taken for
 * a fold; anywhere else it is the sender's own. Between encoded words it is a fold wherever it stands.
 *
 * @see RFC 5322 sections 2.1.1 (78 columns), 2.2.3 (folding)
 */
const FOLD_COLUMN_MIN = 60;
const FOLD_COLUMN_MAX = 78;

const BETWEEN_WORDS = /\?=\? (?==\?)/g;
/** An encoded word that has no end. */
const BROKEN_WORD = /=\?[^\s?]*(?:\?[^\s?]*){0,2}\??$/;

function unfolded(name: string, value: string): string {
  const text = value.replaceAll(BETWEEN_WORDS, '?= ');
  let whole = '';
  let from = 0;
  let lineFrom = -(name.length + ': '.length);
  for (let at = text.indexOf('? '); at >= 0; at = text.indexOf('? ', at + 1)) {
    const column = at - lineFrom;
    if (column < FOLD_COLUMN_MIN || column > FOLD_COLUMN_MAX) continue;
    // What fits into one line is not folded.
    if (text.length - lineFrom <= FOLD_COLUMN_MAX) break;
    whole += text.slice(from, at);
    from = at + 1;
    lineFrom = from;
  }
  return whole + text.slice(from);
}

/**
 * The text of a logged header: unfolded, decoded, and marked by `...` where Postfix cut it. A header that
 * is exactly as long as Postfix logs is taken for a cut one.
 *
 * @see Postfix src/cleanup/cleanup_message.c (cleanup_act_log), src/util/printable.c
 */
export function headerText(name: string, value: string): string {
  const cut = name.length + ': '.length + Buffer.byteLength(value) >= LOGGED_HEADER_BYTES;
  const text = unfolded(name, value);
  if (!cut) return decodeEncodedWords(text);
  return `${decodeEncodedWords(text.replace(BROKEN_WORD, '')).trimEnd()}${CUT_MARK}`;
}
