// The header fields that say what a MIME part is: Content-Type and Content-Disposition with their
// parameters, in all the spellings in which file names come.
import { decodeEncodedWords } from '../encoded-words.ts';
import { decodeBytes } from './header-text.ts';
import { MIME_PARAMETERS_MAX } from './limits.ts';

/** A value and its parameters, e.g. `text/plain; charset=utf-8`. */
export interface MimeField {
  /** In lower case, without comments. */
  readonly value: string;
  /** By name in lower case; decoded. The first of a name counts. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The parameter of this name as it stands on the wire, one character for each octet. */
  readonly boundary: string | undefined;
}

const ATTRIBUTE = /^;?\s*([^\s;=*]+)(?:\*(\d{1,3}))?(\*)?\s*=\s*/;

/** One piece of a parameter; its characters are octets until the end. */
interface Piece {
  readonly index: number;
  readonly octets: string;
  /** RFC 2231: percent-encoded, the first piece with character set and language in front. */
  readonly encoded: boolean;
}

/** Takes comments out, which can stand between all other things (RFC 5322 section 3.2.2). */
function withoutComments(octets: string): string {
  if (!octets.includes('(')) return octets;
  let plain = '';
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < octets.length; at++) {
    const char = octets[at] ?? '';
    if (char === '\\' && (quoted || depth > 0)) {
      if (depth === 0) plain += octets.slice(at, at + 2);
      at++;
    } else if (quoted) {
      plain += char;
      if (char === '"') quoted = false;
    } else if (char === '(') depth++;
    else if (char === ')' && depth > 0) depth--;
    else if (depth === 0) {
      plain += char;
      if (char === '"') quoted = true;
    }
  }
  return plain;
}

/** The value at the head of the text, a quoted string or a word, and the text behind it. */
function takeValue(octets: string): [value: string, rest: string] {
  if (!octets.startsWith('"')) {
    const end = octets.indexOf(';');
    return end < 0 ? [octets.trim(), ''] : [octets.slice(0, end).trim(), octets.slice(end)];
  }
  let value = '';
  let at = 1;
  for (; at < octets.length && octets[at] !== '"'; at++) {
    if (octets[at] === '\\') at++;
    value += octets[at] ?? '';
  }
  const next = octets.indexOf(';', at);
  return [value, next < 0 ? '' : octets.slice(next)];
}

function percentDecoded(octets: string): string {
  return octets.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** RFC 2231 section 4: `charset'language'value`, then further pieces by their numbers. */
function joined(pieces: readonly Piece[]): { octets: string; charset: string } {
  const ordered = pieces.toSorted((one, other) => one.index - other.index);
  let charset = '';
  let octets = '';
  for (const [expected, piece] of ordered.entries()) {
    if (piece.index !== expected) break;
    const head = piece.encoded && expected === 0 ? /^([^']*)'[^']*'/.exec(piece.octets) : null;
    if (head !== null) charset = head[1] ?? '';
    const text = piece.octets.slice(head?.[0].length ?? 0);
    octets += piece.encoded ? percentDecoded(text) : text;
  }
  return { octets, charset };
}

function decoded({ octets, charset }: { octets: string; charset: string }): string {
  const bytes = Buffer.from(octets, 'latin1');
  if (charset === '') return decodeEncodedWords(decodeBytes(bytes));
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return decodeBytes(bytes);
  }
}

/** All parameters with their pieces, by name in lower case. */
function takePieces(octets: string): Map<string, { plain?: string; pieces: Piece[] }> {
  const parameters = new Map<string, { plain?: string; pieces: Piece[] }>();
  let rest = octets;
  for (let count = 0; count < MIME_PARAMETERS_MAX && rest !== ''; count++) {
    const attribute = ATTRIBUTE.exec(rest);
    if (attribute === null) {
      const next = rest.indexOf(';', 1);
      rest = next < 0 ? '' : rest.slice(next);
      continue;
    }
    const [text, after] = takeValue(rest.slice(attribute[0].length));
    rest = after;
    const name = (attribute[1] ?? '').toLowerCase();
    const known = parameters.get(name) ?? { pieces: [] };
    parameters.set(name, known);
    const encoded = attribute[3] !== undefined;
    if (attribute[2] === undefined && !encoded) known.plain ??= text;
    else known.pieces.push({ index: Number(attribute[2] ?? 0), octets: text, encoded });
  }
  return parameters;
}

/**
 * Reads a field. File names are understood as RFC 2231 writes them, as encoded words in quotes (which
 * RFC 2047 forbids and many programs write), and as plain bytes.
 *
 * @param octets the unfolded value, one character for each octet
 */
export function parseMimeField(octets: string): MimeField {
  const [value, behind] = takeValue(withoutComments(octets).trim());
  const parameters = new Map<string, string>();
  let boundary: string | undefined;
  for (const [name, { plain, pieces }] of takePieces(behind)) {
    // RFC 2231's spelling counts before the plain one, which stands beside it for old readers.
    const whole = pieces.length > 0 ? joined(pieces) : { octets: plain ?? '', charset: '' };
    parameters.set(name, decoded(whole));
    if (name === 'boundary') boundary = whole.octets;
  }
  return { value: value.toLowerCase(), parameters, boundary };
}
