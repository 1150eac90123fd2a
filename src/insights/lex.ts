// From characters to tokens, one at a time: what a slash means depends on where the parser is, so
// the parser asks for the next token and not for a list of all.
import { lineAndPosition, MalformedQuery } from './error.ts';

export type TokenKind = 'word' | 'number' | 'string' | 'regex' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  /** As it stands in the query. */
  readonly text: string;
  /** A word without backticks, a string without quotes and escapes, a regex without slashes. */
  readonly value: string;
  /** Whether a word has a part in backticks, which makes it a name and never a keyword. */
  readonly quoted: boolean;
}

const SPACE_OR_COMMENT = /(?:\s|#[^\n]*)*/y;
const WORD_PART = /[A-Za-z0-9_@.]+/y;
/** A number that is not the beginning of a longer word. */
const NUMBER = /(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![A-Za-z0-9_@.])/y;
/** A web address without quotes, as a query of AWS's own guide has it; nothing else begins so. */
const ADDRESS = /https?:\/\/[^\s|,()[\]"'`]+/y;
const SYMBOL = /==|=~|~=|!=|<=|>=|[|,()[\]{}+\-*/%^=<>!.:]/y;

/** The letters that may follow a backslash in a string; any other pair stays as it is. */
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\'],
  ['"', '"'],
  ["'", "'"],
  ['/', '/'],
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
]);

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function unclosed(what: string, text: string, start: number): MalformedQuery {
  return new MalformedQuery(
    `unclosed ${what} that begins at ${lineAndPosition(text, start)}: expecting ${text[start]}`,
    { start, end: text.length },
  );
}

function stringToken(text: string, start: number): Token {
  const quote = text[start];
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char === quote) {
      const end = at + 1;
      return { kind: 'string', start, end, text: text.slice(start, end), value, quoted: false };
    }
    if (char !== '\\') {
      value += char;
      continue;
    }
    const next = text[++at] ?? '';
    value += ESCAPES.get(next) ?? `\\${next}`;
  }
  throw unclosed('string', text, start);
}

/**
 * A word of plain parts and parts in backticks: `a.b`, `` `a b` ``, `` a.`b c` ``, `` @`a b` ``. A
 * part after a dot may be in quotes too: `a."b c"`.
 */
function wordToken(text: string, start: number): Token {
  let value = '';
  let quoted = false;
  let at = start;
  for (;;) {
    if (text[at] === '`') {
      const close = text.indexOf('`', at + 1);
      if (close < 0) throw unclosed('name', text, at);
      if (close === at + 1) throw new MalformedQuery('empty name', { start: at, end: close + 1 });
      value += text.slice(at + 1, close);
      quoted = true;
      at = close + 1;
      // After a closing backtick only a dot goes on with the name.
      if (text[at] !== '.') break;
      continue;
    }
    const part = matchAt(WORD_PART, text, at);
    if (part === undefined) break;
    value += part;
    at += part.length;
    const next = text[at];
    if (part.endsWith('.') && (next === '"' || next === "'")) {
      const key = stringToken(text, at);
      value += key.value;
      quoted = true;
      at = key.end;
      if (text[at] !== '.') break;
      continue;
    }
    if (next !== '`' || !/[.@]$/.test(part)) break;
  }
  return { kind: 'word', start, end: at, text: text.slice(start, at), value, quoted };
}

/** The token that begins at or after the offset, past white space and comments. */
export function tokenAt(text: string, offset: number): Token {
  const start = offset + (matchAt(SPACE_OR_COMMENT, text, offset)?.length ?? 0);
  const char = text[start];
  if (char === undefined) {
    return { kind: 'end', start, end: start, text: '<EOF>', value: '', quoted: false };
  }
  if (char === '"' || char === "'") return stringToken(text, start);
  const address = matchAt(ADDRESS, text, start);
  if (address !== undefined) {
    const end = start + address.length;
    return { kind: 'string', start, end, text: address, value: address, quoted: false };
  }
  const number = matchAt(NUMBER, text, start);
  if (number !== undefined) {
    const end = start + number.length;
    return { kind: 'number', start, end, text: number, value: number, quoted: false };
  }
  if (/[A-Za-z0-9_@`]/.test(char)) return wordToken(text, start);
  const symbol = matchAt(SYMBOL, text, start);
  if (symbol !== undefined) {
    const end = start + symbol.length;
    return { kind: 'symbol', start, end, text: symbol, value: symbol, quoted: false };
  }
  const shown = String.fromCodePoint(text.codePointAt(start) ?? 0);
  throw new MalformedQuery(`unexpected symbol found ${shown} at ${lineAndPosition(text, start)}`, {
    start,
    end: start + shown.length,
  });
}

/** The offset of the slash that closes a regex, or -1. */
function closingSlash(text: string, start: number, classes: boolean): number {
  let inClass = false;
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (classes && char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) return at;
  }
  return -1;
}

/**
 * The regular expression whose opening slash stands at the offset. A slash in brackets need not be
 * escaped.
 */
export function regexAt(text: string, start: number): Token {
  let close = closingSlash(text, start, true);
  if (close < 0) close = closingSlash(text, start, false);
  if (close < 0) throw unclosed('regular expression', text, start);
  const end = close + 1;
  const value = text.slice(start + 1, close);
  return { kind: 'regex', start, end, text: text.slice(start, end), value, quoted: false };
}
