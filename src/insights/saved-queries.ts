// Saved queries that a text calls by name, `$Errors(level = "WARN")`: their text takes the place of the call before
// anything is parsed, and what is wrong in it is told at the call.
import { MalformedQuery, type Span } from './error.ts';
import { regexAt, type Token, tokenAt } from './lex.ts';

/** A query with placeholders `{{name}}`. */
export interface SavedQuery {
  readonly queryString: string;
  readonly parameters: readonly { readonly name: string; readonly defaultValue?: string }[];
}

/** The saved query of a name; undefined when there is none. */
export type SavedQueries = (name: string) => SavedQuery | undefined;

/** A query's text without calls. */
export interface Expanded {
  readonly text: string;
  /** Where a part of it is in the text as it was written: all of a saved query is where it is called. */
  readonly placeOf: (part: Span) => Span;
}

/** In place of what is called where no saved queries are known: it lets every row pass. */
const ANY_QUERY = 'filter true';

interface CallOfSaved extends Span {
  readonly name: Token;
  readonly values: ReadonlyMap<string, { readonly token: Token; readonly text: string }>;
}

/** What may stand before a slash that begins a regular expression. */
const BEFORE_REGEX = /(?:\blike|=~|~=|\bparse(?:\s+[^\s|]+)?)\s*$/i;

/** A default value that is put as it is: a number, period, text in quotes, regular expression, list or field. */
const AS_IT_IS = /^\s*(?:-?[\d.]+[a-z]*|(["'])[^]*\1|\/[^]*\/|\[[^]*\]|[@`][^]*|true|false)\s*$/i;

const PLACEHOLDER = /\{\{\s*([A-Za-z_]\w*)\s*\}\}/y;

/** The offset behind what may hold any characters: a text, a name in backticks, a regular expression, a comment. */
function behindQuoted(text: string, at: number): number | undefined {
  const char = text[at];
  if (char === '"' || char === "'") return tokenAt(text, at).end;
  if (char === '`') return text.indexOf('`', at + 1) + 1 || text.length;
  if (char === '/' && BEFORE_REGEX.test(text.slice(Math.max(0, at - 300), at))) {
    return regexAt(text, at).end;
  }
  if (char === '#' && (at === 0 || /\s/.test(text[at - 1] ?? ''))) {
    return text.indexOf('\n', at) + 1 || text.length;
  }
  return undefined;
}

function expected(what: string, { text, start, end }: Token): MalformedQuery {
  return new MalformedQuery(`mismatched input '${text}' expecting {${what}}`, { start, end });
}

/** A value is one token, or a minus and a number. */
function readValue(text: string, offset: number): Token {
  const token = tokenAt(text, offset);
  if (token.text === '/') return regexAt(text, token.start);
  if (token.text === '-') {
    const number = tokenAt(text, token.end);
    if (number.kind === 'number') return { ...number, start: token.start, text: `-${number.text}` };
  }
  if (token.kind === 'word' || token.kind === 'string' || token.kind === 'number') return token;
  throw expected('STRING, NUMBER, IDENTIFIER, REGEX', token);
}

/** The call whose dollar sign stands at the offset. */
function readCall(text: string, start: number): CallOfSaved {
  const name = tokenAt(text, start + 1);
  if (name.kind !== 'word') throw expected('IDENTIFIER', name);
  const values = new Map<string, { token: Token; text: string }>();
  let next = tokenAt(text, name.end);
  if (next.text !== '(') throw expected("'('", next);
  next = tokenAt(text, next.end);
  while (next.text !== ')') {
    if (next.kind !== 'word') throw expected("IDENTIFIER, ')'", next);
    if (values.has(next.value)) {
      throw new MalformedQuery(`${next.value} is given two values`, next);
    }
    const equals = tokenAt(text, next.end);
    if (equals.text !== '=') throw expected("'='", equals);
    const value = readValue(text, equals.end);
    values.set(next.value, { token: next, text: text.slice(value.start, value.end) });
    next = tokenAt(text, value.end);
    if (next.text === ',') next = tokenAt(text, next.end);
    else if (next.text !== ')') throw expected("',', ')'", next);
  }
  return { name, values, start, end: next.end };
}

/** A value inside of quotes: without its own, and so that it cannot end them. */
function insideQuotes(value: string, quote: string): string {
  const bare = /^(["'])([^]*)\1$/.exec(value)?.[2] ?? value;
  return bare.replace(/\\[^]|["']/g, (found) => (found === quote ? `\\${found}` : found));
}

/** The saved text with values in place of its placeholders. */
function filled(template: string, valueOf: (name: string) => string): string {
  let made = '';
  let quote: string | undefined;
  for (let at = 0; at < template.length; at++) {
    const char = template[at] ?? '';
    PLACEHOLDER.lastIndex = at;
    const [placeholder, name = ''] = char === '{' ? (PLACEHOLDER.exec(template) ?? []) : [];
    if (placeholder !== undefined) {
      const value = valueOf(name);
      made += quote === undefined ? value : insideQuotes(value, quote);
      at += placeholder.length - 1;
      continue;
    }
    made += char;
    if (char === '\\') made += template[++at] ?? '';
    else if (char === quote) quote = undefined;
    else if (quote === undefined && (char === '"' || char === "'")) quote = char;
  }
  return made;
}

function expandedCall(call: CallOfSaved, saved: SavedQueries | undefined): string {
  if (saved === undefined) return ANY_QUERY;
  const query = saved(call.name.value);
  if (query === undefined) {
    throw new MalformedQuery(`no saved query is called ${call.name.value}`, call.name);
  }
  const known = new Map(query.parameters.map((parameter) => [parameter.name, parameter]));
  for (const [name, { token }] of call.values) {
    if (known.has(name)) continue;
    throw new MalformedQuery(`the saved query has no parameter ${name}`, token);
  }
  const text = filled(query.queryString, (name) => {
    const given = call.values.get(name)?.text;
    if (given !== undefined) return given;
    const value = known.get(name)?.defaultValue;
    if (value === undefined) {
      throw new MalformedQuery(`the parameter ${name} has no value: expecting ${name} = …`, call);
    }
    return AS_IT_IS.test(value) ? value : JSON.stringify(value);
  });
  if (callsIn(text).length > 0) {
    throw new MalformedQuery('a saved query cannot call another one', call);
  }
  // A comment at its end must not take what follows the call along.
  return `${text.trim()}${/#[^\n]*$/.test(text.trim()) ? '\n' : ''}`;
}

/** The calls that stand where a command can. */
function callsIn(text: string): CallOfSaved[] {
  const calls: CallOfSaved[] = [];
  let begins = true;
  for (let at = 0; at < text.length;) {
    const char = text[at] ?? '';
    if (begins && char === '$') {
      const call = readCall(text, at);
      calls.push(call);
      at = call.end;
      begins = false;
      continue;
    }
    const behind = behindQuoted(text, at);
    if (behind === undefined || char !== '#') {
      begins = char === '|' || char === '(' || (begins && /\s/.test(char));
    }
    at = behind ?? at + 1;
  }
  return calls;
}

/**
 * The text with the saved queries that it calls. Throws MalformedQuery for a call of what is not there, or with
 * other parameters.
 *
 * @param saved undefined where a query is checked without knowing any: then every call is taken for one of a query that is there
 *
 * @see CloudWatch Logs user guide, "Using saved queries with parameters"
 */
export function expandSaved(text: string, saved: SavedQueries | undefined): Expanded {
  const calls = text.includes('$') ? callsIn(text) : [];
  if (calls.length === 0) return { text, placeOf: (part) => part };
  const pieces: { readonly from: number; readonly to: number; readonly call: CallOfSaved }[] = [];
  let made = '';
  let behind = 0;
  for (const call of calls) {
    made += text.slice(behind, call.start);
    const from = made.length;
    made += expandedCall(call, saved);
    pieces.push({ from, to: made.length, call });
    behind = call.end;
  }
  made += text.slice(behind);
  const written = (offset: number, end: boolean): number => {
    let moved = 0;
    for (const { from, to, call } of pieces) {
      if (offset < from || (end && offset === from)) break;
      if (offset < to || (end && offset === to)) return end ? call.end : call.start;
      moved = call.end - to;
    }
    return offset + moved;
  };
  return {
    text: made,
    placeOf: ({ start, end }) => ({
      start: written(start, false),
      end:
        end === start ? Math.max(written(start, false), written(end, false)) : written(end, true),
    }),
  };
}
