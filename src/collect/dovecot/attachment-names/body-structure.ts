// BODYSTRUCTURE, read for what its parts are called.
// @see RFC 9051 section 7.5.2 (BODYSTRUCTURE), section 6.4.5.1 (part numbers)
import { parseMimeField } from '../../milter/mime-fields.ts';
import { decodeEncodedWords } from '../../encoded-words.ts';
import { NAME_PATH_CHARS_MAX, STRUCTURE_DEPTH_MAX, STRUCTURE_PARTS_MAX } from './limits.ts';

/** A parenthesised list, a text or NIL. */
type Node = string | undefined | readonly Node[];

/** What stands for a slash in a name, as it parts the names of a path. */
const SLASH = '\u2215';

class StructureReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The nodes up to the end, or to the parenthesis that closes the list; undefined when malformed. */
  list(depth: number): Node[] | undefined {
    const nodes: Node[] = [];
    for (;;) {
      while (this.#text[this.#at] === ' ') this.#at++;
      const char = this.#text[this.#at];
      if (char === undefined) return depth === 0 ? nodes : undefined;
      if (char === ')') {
        this.#at++;
        return depth === 0 ? undefined : nodes;
      }
      if (char === '(') {
        if (depth >= STRUCTURE_DEPTH_MAX) return undefined;
        this.#at++;
        const inner = this.list(depth + 1);
        if (inner === undefined) return undefined;
        nodes.push(inner);
      } else {
        const value = this.#value();
        if (value === false) return undefined;
        nodes.push(value);
      }
    }
  }

  /** A quoted string, a literal, NIL or an atom; false when it does not end. */
  #value(): string | undefined | false {
    const char = this.#text[this.#at];
    if (char === '"') return this.#quoted();
    if (char === '{') return this.#literal();
    const start = this.#at;
    while (!/[ ()]/.test(this.#text[this.#at] ?? ' ')) this.#at++;
    const atom = this.#text.slice(start, this.#at);
    return atom.toUpperCase() === 'NIL' ? undefined : atom;
  }

  #quoted(): string | false {
    let value = '';
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      let char = this.#text[at] ?? '';
      if (char === '"') {
        this.#at = at + 1;
        return value;
      }
      if (char === '\\') char = this.#text[++at] ?? '';
      value += char;
    }
    return false;
  }

  #literal(): string | false {
    const [head, bytes = ''] =
      /^\{(\d{1,9})\+?\}\r?\n/.exec(this.#text.slice(this.#at, this.#at + 16)) ?? [];
    if (head === undefined) return false;
    const start = this.#at + head.length;
    const end = start + Number(bytes);
    if (end > this.#text.length) return false;
    this.#at = end;
    return this.#text.slice(start, end);
  }
}

function isList(node: Node): node is readonly Node[] {
  return Array.isArray(node);
}

/** Where each thing stands in a part that is not a multipart. */
const PARAMETERS = 2;
const ENVELOPE = 7;
const NESTED = 8;
/** Where a part's disposition stands, behind its MD5: texts and messages say more before that. */
const DISPOSITIONS = { text: 9, message: 11, other: 8 } as const;

/** A header field again, of its value and its parameters: so that names are read in all spellings. */
function fieldOf(value: string, parameters: Node): string {
  if (!isList(parameters)) return value;
  let field = value;
  for (let index = 0; index + 1 < parameters.length; index += 2) {
    const [key, text] = [parameters[index], parameters[index + 1]];
    if (typeof key !== 'string' || typeof text !== 'string') continue;
    field += `; ${key}="${text.replace(/["\\]/g, '\\$&')}"`;
  }
  return Buffer.from(field, 'utf8').toString('latin1');
}

function nameOf(part: readonly Node[], disposition: Node): string | undefined {
  const [value, parameters] = isList(disposition) ? disposition : [];
  const disposed = parseMimeField(fieldOf(typeof value === 'string' ? value : '', parameters));
  const type = parseMimeField(fieldOf('x/x', part[PARAMETERS]));
  const name = disposed.parameters.get('filename') ?? type.parameters.get('name');
  return name === '' ? undefined : name;
}

/** What a message inside of a message is called: by its file's name, or by its subject. */
function messageName(name: string | undefined, envelope: Node): string {
  const subject = isList(envelope) ? envelope[1] : undefined;
  if (name !== undefined) return name;
  return typeof subject === 'string' && subject !== ''
    ? decodeEncodedWords(subject)
    : 'message/rfc822';
}

class PartNames {
  readonly names = new Map<string, string>();
  #parts = 0;

  /** @param number of the part; empty for the message itself @param path of the messages around it */
  visit(part: readonly Node[], number: string, path: string): void {
    if (++this.#parts > STRUCTURE_PARTS_MAX) return;
    if (isList(part[0])) {
      let child = 0;
      for (const inner of part) {
        if (!isList(inner)) break;
        child++;
        this.visit(inner, number === '' ? String(child) : `${number}.${child}`, path);
      }
      return;
    }
    this.#single(part, number === '' ? '1' : number, path);
  }

  #single(part: readonly Node[], number: string, path: string): void {
    const type = String(part[0] ?? '').toLowerCase();
    const subtype = String(part[1] ?? '').toLowerCase();
    const isMessage = type === 'message' && (subtype === 'rfc822' || subtype === 'global');
    const kind = isMessage ? 'message' : type === 'text' ? 'text' : 'other';
    const name = nameOf(part, part[DISPOSITIONS[kind]]);
    const shown = isMessage ? messageName(name, part[ENVELOPE]) : (name ?? `${type}/${subtype}`);
    const own = `${path}${name === undefined && !isMessage ? shown : shown.replaceAll('/', SLASH)}`;
    this.names.set(number, own.slice(0, NAME_PATH_CHARS_MAX));
    const nested = part[NESTED];
    if (!isMessage || !isList(nested)) return;
    // The parts of a message inside count on from its number; a single one is its part 1.
    if (isList(nested[0])) this.visit(nested, number, `${own}/`);
    else this.#single(nested, `${number}.1`, `${own}/`);
  }
}

/**
 * What each part is called, by its number: the names of the messages around it and its own, parted by
 * slashes; its media type where it has no name. Undefined when the text is no BODYSTRUCTURE.
 */
export function partNames(structure: string): ReadonlyMap<string, string> | undefined {
  const nodes = new StructureReader(structure).list(0);
  if (nodes === undefined || nodes.length === 0) return undefined;
  // doveadm leaves out the outer parentheses, IMAP has them.
  const [only] = nodes;
  const message = nodes.length === 1 && isList(only) && !isList(only[0]) ? only : nodes;
  const unwrapped = nodes.length === 1 && isList(only) && isList(only[0]) ? only : message;
  const names = new PartNames();
  names.visit(unwrapped, '', '');
  return names.names;
}
