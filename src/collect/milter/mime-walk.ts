// Finds the attachments of a message while its body passes by in pieces of any size. Only what a line
// of a boundary or a part's headers need is kept, never the body.
import type { ContentsCut, MessageAttachment } from '../message-contents.ts';
import { cutText, headerText, unfold } from './header-text.ts';
import {
  ATTACHMENT_PATH_CHARS_MAX,
  ATTACHMENTS_MAX,
  MIME_BOUNDARY_CHARS_MAX,
  MIME_DEPTH_MAX,
  MIME_HEADERS_BYTES_MAX,
  MIME_PARTS_MAX,
} from './limits.ts';
import { parseMimeField } from './mime-fields.ts';

const NEWLINE = 0x0a;
const DASH = 0x2d;
/** What a part is that does not say it (RFC 2045 section 5.2). */
const UNNAMED_TYPE = 'text/plain';
const MESSAGE_TYPES = new Set(['message/rfc822', 'message/global']);
/** Dashes before and behind, and the line's end. */
const LINE_AROUND_BOUNDARY_CHARS = 6;

/** Something that holds parts: a multipart with its boundary, or a message in the message. */
interface Level {
  /** Undefined for a message: it ends where what it lies in goes on. */
  readonly boundary: string | undefined;
  /** The names of the messages around it, each ended by `/`. */
  readonly prefix: string;
}

/** The header fields of a part that matter; one character for each octet. */
export interface PartHeaders {
  readonly type?: string | undefined;
  readonly disposition?: string | undefined;
  readonly encoding?: string | undefined;
  /** Only of a message in the message: what it is called when it has no name. */
  readonly subject?: string | undefined;
}

/** Takes the fields that matter out of a block of header lines. */
function readPartHeaders(block: string): PartHeaders {
  const found = new Map<string, string>();
  for (const field of block.replace(/\r?\n(?=[ \t])/g, '').split(/\r?\n/)) {
    const colon = field.indexOf(':');
    const name = field.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (name !== '' && !found.has(name)) found.set(name, field.slice(colon + 1).trim());
  }
  return {
    type: found.get('content-type'),
    disposition: found.get('content-disposition'),
    encoding: found.get('content-transfer-encoding'),
    subject: found.get('subject'),
  };
}

/** A name cannot be taken for a path: its own slashes are marked. */
function asName(name: string): string {
  return name.replaceAll('/', '\\/');
}

/** A message in the message whose headers are being read. */
interface Enclosed {
  /** What it is called, where the part around it says so. */
  readonly name: string | undefined;
  /** The part's type, where the part is an attachment. */
  readonly listedAs: string | undefined;
  readonly prefix: string;
}

/** The bytes as text, one character for each. */
function textOf(bytes: readonly Buffer[]): string {
  return Buffer.concat(bytes).toString('latin1');
}

/** Whether a line that begins there can be a boundary, as far as it is there. */
function mayBeBoundary(chunk: Buffer, from: number): boolean {
  return chunk[from] === DASH && (from + 1 === chunk.length || chunk[from + 1] === DASH);
}

/** One message. Give it the headers, then the body in pieces, then read what was found. */
export class MimeWalk {
  readonly #levels: Level[] = [];
  readonly #attachments: MessageAttachment[] = [];
  readonly #cut = new Set<ContentsCut>();
  /** What is being read: a part's headers, or what lies between boundaries. */
  #reading: 'headers' | 'body' = 'body';
  /** The lines of the headers that are being read. */
  #headers = '';
  /** Set while the headers are those of a message in a message. */
  #enclosed: Enclosed | undefined;
  /** The beginning of a line that is not complete, undefined in the middle of one that is of no interest. */
  #line: Buffer[] | undefined = [];
  #lineBytes = 0;
  #parts = 0;
  #done = false;

  /** Nothing more can be found: the rest of the body is not needed. */
  get done(): boolean {
    return this.#done;
  }

  get attachments(): readonly MessageAttachment[] {
    return this.#attachments;
  }

  get cut(): Iterable<ContentsCut> {
    return this.#cut;
  }

  /** The message's own headers. To be called once, before the body. */
  begin(headers: PartHeaders): void {
    this.#part(headers, '');
    this.#settle();
  }

  /** A piece of the body. */
  push(chunk: Buffer): void {
    for (let from = 0; from < chunk.length && !this.#done;) {
      if (this.#line === undefined) from = this.#toNextLine(chunk, from);
      else from = this.#takeLine(chunk, from, this.#line);
    }
  }

  /** The body is over. */
  end(): void {
    if (this.#done) return;
    if (this.#line !== undefined && this.#lineBytes > 0) this.#finishLine(textOf(this.#line));
    if (this.#reading === 'headers' && !this.#done) this.#endHeaders();
    this.#done = true;
  }

  /** Takes the line that begins or goes on at `from`; the answer is where to go on. */
  #takeLine(chunk: Buffer, from: number, line: Buffer[]): number {
    const headers = this.#reading === 'headers';
    if (!headers && this.#lineBytes === 0 && !mayBeBoundary(chunk, from)) {
      this.#line = undefined;
      return from;
    }
    const newline = chunk.indexOf(NEWLINE, from);
    const to = newline < 0 ? chunk.length : newline + 1;
    const room = (headers ? MIME_HEADERS_BYTES_MAX : MIME_BOUNDARY_CHARS_MAX) - this.#lineBytes;
    const part = chunk.subarray(from, Math.min(to, from + Math.max(room, 0)));
    this.#lineBytes += to - from;
    if (newline < 0) line.push(Buffer.from(part));
    else this.#finishLine(line.length === 0 ? part.toString('latin1') : textOf([...line, part]));
    return to;
  }

  /** The start of the next line that could be a boundary. */
  #toNextLine(chunk: Buffer, from: number): number {
    const newline = chunk.indexOf('\n--', from, 'latin1');
    // A chunk may end within the three.
    const last = newline < 0 ? chunk.lastIndexOf(NEWLINE) : newline;
    if (newline < 0 && (last < from || last < chunk.length - 2)) return chunk.length;
    this.#startLine();
    return last + 1;
  }

  #startLine(): void {
    this.#line = [];
    this.#lineBytes = 0;
  }

  #finishLine(text: string): void {
    const bytes = this.#lineBytes;
    this.#startLine();
    if (text.startsWith('--') && this.#boundary(text)) return;
    if (this.#reading !== 'headers') return;
    if (/^\r?\n?$/.test(text)) this.#endHeaders();
    else if (this.#headers.length + bytes <= MIME_HEADERS_BYTES_MAX) this.#headers += text;
    else this.#cut.add('mime-headers');
  }

  /** Whether the line was a boundary of a multipart that is open; those inside it end with it. */
  #boundary(text: string): boolean {
    const line = text.trimEnd();
    for (let depth = this.#levels.length - 1; depth >= 0; depth--) {
      const level = this.#levels[depth];
      if (level?.boundary === undefined || !line.startsWith(`--${level.boundary}`)) continue;
      const rest = line.slice(level.boundary.length + 2);
      if (rest !== '' && rest !== '--') continue;
      if (this.#reading === 'headers') this.#endHeaders();
      this.#levels.length = rest === '' ? depth + 1 : depth;
      if (rest === '') this.#startHeaders(undefined);
      else this.#reading = 'body';
      this.#settle();
      return true;
    }
    return false;
  }

  /** Without an open multipart and with no headers to read, nothing more can come. */
  #settle(): void {
    const open = this.#levels.some(({ boundary }) => boundary !== undefined);
    this.#done ||= !open && this.#reading === 'body';
  }

  #startHeaders(enclosed: Enclosed | undefined): void {
    this.#reading = 'headers';
    this.#headers = '';
    this.#enclosed = enclosed;
  }

  #endHeaders(): void {
    this.#reading = 'body';
    const headers = readPartHeaders(this.#headers);
    const enclosed = this.#enclosed;
    this.#enclosed = undefined;
    if (enclosed === undefined) {
      this.#part(headers, this.#levels.at(-1)?.prefix ?? '');
    } else {
      const subject = headerText(Buffer.from(headers.subject ?? '', 'latin1'));
      const known = enclosed.name ?? subject;
      const name = known === '' ? 'message/rfc822' : asName(known);
      const path = `${enclosed.prefix}${name}`;
      if (enclosed.listedAs !== undefined) this.#attach(path, enclosed.listedAs);
      const prefix = `${cutText(path, ATTACHMENT_PATH_CHARS_MAX)}/`;
      this.#levels.push({ boundary: undefined, prefix });
      this.#part(headers, prefix);
    }
    this.#settle();
  }

  #part(headers: PartHeaders, prefix: string): void {
    if (++this.#parts > MIME_PARTS_MAX) {
      this.#cut.add('mime-parts');
      this.#done = true;
      return;
    }
    const type = parseMimeField(unfold(headers.type ?? UNNAMED_TYPE));
    if (type.value.startsWith('multipart/') && this.#opened(type.boundary, prefix)) return;
    const disposition = parseMimeField(unfold(headers.disposition ?? ''));
    const named = disposition.parameters.get('filename') ?? type.parameters.get('name') ?? '';
    const listed = named !== '' || disposition.value === 'attachment';
    const readable = !/base64|quoted-printable/i.test(headers.encoding ?? '');
    if (readable && MESSAGE_TYPES.has(type.value) && !this.#deepEnough()) {
      const name = named === '' ? undefined : named;
      this.#startHeaders({ name, listedAs: listed ? type.value : undefined, prefix });
    } else if (listed) {
      this.#attach(`${prefix}${named === '' ? type.value : asName(named)}`, type.value);
    }
  }

  #opened(boundary: string | undefined, prefix: string): boolean {
    const trimmed = (boundary ?? '').trimEnd();
    if (trimmed === '') return false;
    if (trimmed.length > MIME_BOUNDARY_CHARS_MAX - LINE_AROUND_BOUNDARY_CHARS) {
      this.#cut.add('mime-headers');
      return false;
    }
    if (this.#deepEnough()) return false;
    this.#levels.push({ boundary: trimmed, prefix });
    return true;
  }

  #deepEnough(): boolean {
    if (this.#levels.length < MIME_DEPTH_MAX) return false;
    this.#cut.add('mime-depth');
    return true;
  }

  #attach(path: string, type: string): void {
    if (this.#attachments.length >= ATTACHMENTS_MAX) {
      this.#cut.add('attachments');
      this.#done = true;
      return;
    }
    if (path.length > ATTACHMENT_PATH_CHARS_MAX) this.#cut.add('attachment-name');
    this.#attachments.push({
      path: cutText(path, ATTACHMENT_PATH_CHARS_MAX),
      type: cutText(type, ATTACHMENT_PATH_CHARS_MAX),
    });
  }
}
