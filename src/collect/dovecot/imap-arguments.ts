// The arguments of an IMAP command as Dovecot's events repeat them: atoms, quoted strings, literals
// shown as `<451 byte literal>`, and parentheses; folder names in modified UTF-7.

/** One argument. `literal` is one whose content the log does not show. */
export interface ImapToken {
  readonly kind: 'atom' | 'quoted' | 'literal' | 'list';
  /** The value: unquoted for `quoted`, with its parentheses for `list`, empty for `literal`. */
  readonly text: string;
}

const LITERAL = /^<\d+ byte literal>/;

function readQuoted(text: string, from: number): { value: string; next: number } {
  let value = '';
  let at = from + 1;
  while (at < text.length && text[at] !== '"') {
    if (text[at] === '\\' && at + 1 < text.length) at++;
    value += text[at] ?? '';
    at++;
  }
  return { value, next: at + 1 };
}

/** Where the list that opens at `from` ends; the end of the text when it was cut. */
function endOfList(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const c = text[at];
    if (c === '"') {
      at = readQuoted(text, at).next - 1;
    } else if (c === '(') {
      depth++;
    } else if (c === ')') {
      depth--;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
}

/**
 * Splits a command's arguments at its top level. Text that was cut in the middle gives what can be
 * read of it.
 *
 * @see RFC 9051 section 9 (astring, list); Dovecot 2.3 event field `cmd_args`
 */
export function imapTokens(text: string): ImapToken[] {
  const tokens: ImapToken[] = [];
  let at = 0;
  while (at < text.length) {
    const c = text[at];
    if (c === ' ') {
      at++;
    } else if (c === '"') {
      const { value, next } = readQuoted(text, at);
      tokens.push({ kind: 'quoted', text: value });
      at = next;
    } else if (c === '(') {
      const end = endOfList(text, at);
      tokens.push({ kind: 'list', text: text.slice(at, end) });
      at = end;
    } else {
      const literal = c === '<' ? LITERAL.exec(text.slice(at, at + 40)) : null;
      if (literal !== null) {
        tokens.push({ kind: 'literal', text: '' });
        at += literal[0].length;
        continue;
      }
      const space = text.indexOf(' ', at);
      const end = space < 0 ? text.length : space;
      tokens.push({ kind: 'atom', text: text.slice(at, end) });
      at = end;
    }
  }
  return tokens;
}

/**
 * A folder name in UTF-8 from its modified UTF-7 form; as it is where it is not well formed.
 *
 * @see RFC 3501 section 5.1.3
 */
export function decodeFolderName(name: string): string {
  if (!name.includes('&')) return name;
  return name.replace(/&([A-Za-z0-9+,]*)-/g, (whole, base64: string) => {
    if (base64 === '') return '&';
    const bytes = Buffer.from(base64.replaceAll(',', '/'), 'base64');
    if (bytes.length === 0 || bytes.length % 2 !== 0) return whole;
    return bytes.swap16().toString('utf16le');
  });
}

/** The folder that an argument names, in UTF-8; undefined where the log does not show it. */
export function folderOf(token: ImapToken | undefined): string | undefined {
  if (token === undefined || token.kind === 'literal' || token.kind === 'list') return undefined;
  return decodeFolderName(token.text);
}

/**
 * The numbers of a sequence or UID set in the order they are written, e.g. `1:3,7`. Undefined when
 * it has a `*`, is not a set, or holds more than `numbersMax`.
 *
 * @see RFC 9051 section 9 (sequence-set)
 */
export function expandSet(set: string, numbersMax: number): number[] | undefined {
  const numbers: number[] = [];
  for (const part of set.split(',')) {
    const range = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(part);
    if (range === null) return undefined;
    const a = Number(range[1]);
    const b = Number(range[2] ?? range[1]);
    if (Math.abs(b - a) + 1 + numbers.length > numbersMax) return undefined;
    const step = a <= b ? 1 : -1;
    for (let n = a; n !== b + step; n += step) numbers.push(n);
  }
  return numbers;
}
