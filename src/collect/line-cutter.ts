// Cuts what was read of a log into whole lines. A line that is not yet whole waits for its newline;
// one that is too long is skipped to its end and counted; NULs, which a crash, a truncation under
// a writer or a hole leaves, end a line like a newline, because no server writes them.

/** Longest line, in bytes. A longer one is skipped to its newline and counted as rejected. */
export const LINE_BYTES_MAX = 1024 * 1024;
/** How much of the beginning of a skipped line is quoted, in bytes. */
export const QUOTED_BYTES = 200;

/** Whole lines, each ended by a newline. */
export interface CutLines {
  readonly bytes: Buffer;
  /** The place of their first byte. */
  readonly at: number;
  /** The beginnings of lines that were too long and are not among them. */
  readonly overlong: readonly Buffer[];
}

const NEWLINE = 0x0a;
const NUL = 0x00;
const NOTHING: Buffer = Buffer.alloc(0);

/** Where the NULs end that begin at the index. */
function afterNuls(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === NUL) at++;
  return at;
}

/** Ends lines at NULs: the first of a run becomes a newline where a line stands in front of it. */
function endLinesAtNuls(bytes: Buffer): void {
  for (let at = bytes.indexOf(NUL); at >= 0; at = bytes.indexOf(NUL, at)) {
    if (at > 0 && bytes[at - 1] !== NEWLINE) bytes[at] = NEWLINE;
    at = afterNuls(bytes, at + 1);
  }
}

/** What makes lines of a log; places are those of the log. */
export interface Cutter {
  /** The place from which reading must go on to lose nothing. */
  readonly place: number;
  /** The place after the last byte that was taken. */
  readonly readTo: number;
  /** Takes what was read next, which it may change; undefined while no line is whole. */
  take(chunk: Buffer): CutLines | undefined;
  /** The log goes on in another file, or was cut off: what waits for its end is whole. */
  finish(): CutLines | undefined;
}

/** Cuts lines; see the head of this file. */
export class LineCutter implements Cutter {
  /** The beginning of a line. */
  #rest = NOTHING;
  /** The place of the first byte that was not handed out, of the rest if there is one. */
  #at: number;
  /** Where the line begins that is being skipped because it is too long. */
  #skippingFrom: number | undefined;

  constructor(at: number) {
    this.#at = at;
  }

  get place(): number {
    return this.#skippingFrom ?? this.#at;
  }

  get readTo(): number {
    return this.#at + this.#rest.length;
  }

  take(chunk: Buffer): CutLines | undefined {
    endLinesAtNuls(chunk);
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const overlong: Buffer[] = [];
    let from = 0;
    const end = bytes.indexOf(NEWLINE) + 1;
    if (this.#skippingFrom !== undefined) {
      if (end === 0) this.#at += bytes.length;
      if (end === 0) return undefined;
      this.#skippingFrom = undefined;
      from = end;
    } else if (end > LINE_BYTES_MAX + 1) {
      overlong.push(bytes.subarray(0, QUOTED_BYTES));
      from = end;
    }
    const whole = bytes.subarray(from, Math.max(from, bytes.lastIndexOf(NEWLINE) + 1));
    const at = this.#at + from;
    this.#at = at + whole.length;
    this.#keep(bytes.subarray(from + whole.length), overlong);
    if (overlong.length === 0 && whole.length === 0) return undefined;
    return { bytes: whole, at, overlong };
  }

  /** What waits for a newline is a whole line. */
  finish(): CutLines | undefined {
    const rest = this.#rest;
    const at = this.#at;
    this.#at += rest.length;
    this.#rest = NOTHING;
    this.#skippingFrom = undefined;
    if (rest.length === 0) return undefined;
    return { bytes: Buffer.concat([rest, Buffer.of(NEWLINE)]), at, overlong: [] };
  }

  /** Keeps the beginning of a line; NULs in front of it are of no line. */
  #keep(rest: Buffer, overlong: Buffer[]): void {
    const nuls = afterNuls(rest, 0);
    this.#at += nuls;
    this.#rest = rest.subarray(nuls);
    if (this.#rest.length <= LINE_BYTES_MAX) return;
    overlong.push(this.#rest.subarray(0, QUOTED_BYTES));
    this.#skippingFrom = this.#at;
    this.#at += this.#rest.length;
    this.#rest = NOTHING;
  }
}
