// The front door for a large body: checked in slices, so that the requests beside it are answered
// in between. Line numbers and refusals are those of the whole body.
import { setImmediate } from 'node:timers/promises';
import { ADMIT_SLICE_BYTES, REJECTIONS_TOLD_MAX } from './limits.ts';

/** One refused line, counted from 1, blank lines included. */
export interface Rejection {
  readonly line: number;
  readonly reason: string;
}

/** What became of the lines of a body. */
export interface AdmittedLines {
  /** Journal lines, each ended by a newline. */
  readonly lines: Buffer;
  readonly count: number;
  /** The first refusals. */
  readonly rejected: readonly Rejection[];
  readonly rejectedCount: number;
}

/** Checks the lines of NDJSON; `lines` may be the body's own memory. */
export type AdmitLines = (body: Buffer, nowMs: number) => AdmittedLines;

const NEWLINE = 0x0a;

function newlinesIn(body: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = body.indexOf(NEWLINE, from); at >= 0 && at < to; count++) {
    at = body.indexOf(NEWLINE, at + 1);
  }
  return count;
}

/** Where the slice from `from` ends: after the newline that makes it long enough. */
function sliceEnd(body: Buffer, from: number, sliceBytes: number): number {
  if (from + sliceBytes >= body.length) return body.length;
  const newline = body.indexOf(NEWLINE, from + sliceBytes - 1);
  return newline < 0 ? body.length : newline + 1;
}

/** Lines that are slices of one body, joined without copying where they are neighbours in it. */
class Slices {
  readonly #slices: Buffer[] = [];

  add(lines: Buffer): void {
    if (lines.length === 0) return;
    const last = this.#slices.at(-1);
    if (last?.buffer === lines.buffer && last.byteOffset + last.length === lines.byteOffset) {
      const length = last.length + lines.length;
      this.#slices[this.#slices.length - 1] = Buffer.from(last.buffer, last.byteOffset, length);
    } else this.#slices.push(lines);
  }

  joined(): Buffer {
    const [only] = this.#slices;
    return this.#slices.length === 1 && only ? only : Buffer.concat(this.#slices);
  }
}

/**
 * Admits all lines of a body. Between slices other work of the process goes on; the body must not
 * change meanwhile.
 */
export async function admitSliced(
  body: Buffer,
  admit: AdmitLines,
  nowMs: number,
  sliceBytes = ADMIT_SLICE_BYTES,
): Promise<AdmittedLines> {
  const slices = new Slices();
  const rejected: Rejection[] = [];
  let count = 0;
  let rejectedCount = 0;
  let linesBefore = 0;
  let countedTo = 0;
  for (let from = 0; from < body.length;) {
    if (from > 0) await setImmediate();
    const to = sliceEnd(body, from, sliceBytes);
    const slice = admit(body.subarray(from, to), nowMs);
    slices.add(slice.lines);
    count += slice.count;
    rejectedCount += slice.rejectedCount;
    if (slice.rejected.length > 0 && rejected.length < REJECTIONS_TOLD_MAX) {
      linesBefore += newlinesIn(body, countedTo, from);
      countedTo = from;
      const told = slice.rejected.slice(0, REJECTIONS_TOLD_MAX - rejected.length);
      for (const { line, reason } of told) rejected.push({ line: linesBefore + line, reason });
    }
    from = to;
  }
  return { lines: slices.joined(), count, rejected, rejectedCount };
}
