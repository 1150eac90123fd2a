// Regular expressions of filter patterns: a small part of what RE2 knows, so that RE2 reads it as it stands.
// @see CloudWatch Logs user guide, "Filter pattern syntax", supported regular expressions
import { InvalidFilterPattern, type PatternRegex } from './pattern.ts';

/** Repetitions that RE2 takes. */
const REPEAT_MAX = 1000;
const ALLOWED = /^[A-Za-z0-9 :_#=@/;,\-^$?[\]{}|\\*+.]$/;
const ESCAPABLE = /^[dDsSwW:_#=@/;,\-^$?[\]{}|\\*+.%"'()!&<>~`]$/;

/** Checks what is between the percent signs; throws InvalidFilterPattern. */
export function readPatternRegex(source: string, start: number): PatternRegex {
  const refuse = (message: string, at: number): InvalidFilterPattern =>
    new InvalidFilterPattern(
      `Invalid filter pattern: ${message} in the regular expression at character ${start + at}.`,
      start + at,
    );
  if (source === '') throw refuse('nothing is', 0);
  let made = '';
  for (let at = 0; at < source.length; at++) {
    const character = source[at] ?? '';
    if (!ALLOWED.test(character)) throw refuse(`${JSON.stringify(character)} is not supported`, at);
    if (character === '[') {
      const end = classEnd(source, at);
      if (end === undefined) throw refuse('a class is not ended by ]', at);
      made += classFor(source.slice(at, end));
      at = end - 1;
      continue;
    }
    if (character === '{') {
      const bounds = /^\{(\d*)(,?)(\d*)\}/.exec(source.slice(at));
      const [whole = '', least = '', comma = '', most = ''] = bounds ?? [];
      const known = whole !== '' && (least !== '' || most !== '');
      if (!known) throw refuse('{ must be followed by a number of repetitions', at);
      if (Math.max(Number(least), Number(most)) > REPEAT_MAX) {
        throw refuse(`more than ${REPEAT_MAX} repetitions are`, at);
      }
      made += `{${least === '' ? '0' : least}${comma}${most}}`;
      at += whole.length - 1;
      continue;
    }
    if (character !== '\\') {
      made += character;
      continue;
    }
    const escape = /^\\(x[0-9A-Fa-f]{2}|[^x])/.exec(source.slice(at))?.[0];
    const known = escape !== undefined && (escape.length > 2 || ESCAPABLE.test(escape[1] ?? ''));
    if (!known) throw refuse('an unknown escape is', at);
    made += escape;
    at += escape.length - 1;
  }
  return { kind: 'regex', source: made };
}

/** The place behind the class that begins here; a `]` at its beginning is one of its characters. */
function classEnd(source: string, start: number): number | undefined {
  let at = start + 1;
  if (source[at] === '^') at++;
  if (source[at] === ']') at++;
  for (; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === ']') return at + 1;
  }
  return undefined;
}

/** A `[` inside of a class is a character; RE2 would look for the name of a class. */
function classFor(source: string): string {
  return `[${source.slice(1).replace(/(?<!\\)\[/g, '\\[')}`;
}
