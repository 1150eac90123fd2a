// A request body of NDJSON becomes journal lines here: the lines that can stay as they are are not
// copied or parsed, the others go through event/admit.ts one by one.
import { isUtf8 } from 'node:buffer';
import { admitRecord } from '../../event/admit.ts';
import { Scanner } from '../../event/scan.ts';

/** Longest line of one event: CloudWatch Logs takes events of 1 MiB. */
export const EVENT_LINE_BYTES_MAX = 1024 * 1024;

/** Most refusals that are told apart in one answer; further ones are counted only. */
export const REJECTIONS_TOLD_MAX = 1000;

export interface Rejection {
  /** Counted from 1, blank lines included. */
  readonly line: number;
  readonly reason: string;
}

export interface AdmittedBatch {
  /** Journal lines, each ended by a newline. */
  readonly lines: Buffer;
  readonly count: number;
  /** The first REJECTIONS_TOLD_MAX refusals. */
  readonly rejected: readonly Rejection[];
  readonly rejectedCount: number;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const NEWLINE_BYTES = Buffer.from('\n');
const scanner = new Scanner();

function isBlank(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0x20 && bytes[at] !== 0x09) return false;
  return true;
}

/** Collects the admitted lines; neighbours that stay as they are become one slice of the body. */
class Chunks {
  readonly #chunks: Buffer[] = [];
  readonly #body: Buffer;
  #from = -1;
  #to = -1;

  constructor(body: Buffer) {
    this.#body = body;
  }

  /** Takes the line from `from`; its newline is the byte at `to`, unless the body ends there. */
  keep(from: number, to: number): void {
    if (from !== this.#to) this.#flush();
    if (this.#from < 0) this.#from = from;
    this.#to = to + 1;
  }

  /** Takes a line that is not the body's own. */
  add(line: Buffer): void {
    this.#flush();
    this.#chunks.push(line);
  }

  #flush(): void {
    if (this.#from < 0) return;
    this.#chunks.push(this.#body.subarray(this.#from, this.#to));
    if (this.#to > this.#body.length) this.#chunks.push(NEWLINE_BYTES);
    this.#from = -1;
    this.#to = -1;
  }

  joined(): Buffer {
    this.#flush();
    return this.#chunks.length === 1 && this.#chunks[0]
      ? this.#chunks[0]
      : Buffer.concat(this.#chunks);
  }
}

/**
 * Admits every line of an NDJSON body. Blank lines are passed over, CR LF counts as a newline. A
 * bad line never stops the good ones beside it.
 */
export function admitLines(body: Buffer, nowMs: number): AdmittedBatch {
  const bodyIsUtf8 = isUtf8(body);
  const chunks = new Chunks(body);
  const rejected: Rejection[] = [];
  let rejectedCount = 0;
  let count = 0;
  for (let from = 0, line = 1; from < body.length; line++) {
    const newline = body.indexOf(NEWLINE, from);
    const to = newline < 0 ? body.length : newline;
    const textTo = to > from && body[to - 1] === RETURN ? to - 1 : to;
    const whole = textTo === to && textTo - from <= EVENT_LINE_BYTES_MAX;
    if (bodyIsUtf8 && whole && scanner.accepts(body, from, to, nowMs)) {
      chunks.keep(from, to);
      count++;
    } else if (!isBlank(body, from, textTo)) {
      const admission = admitBytes(body.subarray(from, textTo), nowMs);
      if (admission.ok) {
        chunks.add(Buffer.from(admission.line));
        count++;
      } else {
        rejectedCount++;
        if (rejected.length < REJECTIONS_TOLD_MAX)
          rejected.push({ line, reason: admission.reason });
      }
    }
    from = to + 1;
  }
  return { lines: chunks.joined(), count, rejected, rejectedCount };
}

function admitBytes(bytes: Buffer, nowMs: number): ReturnType<typeof admitRecord> {
  if (bytes.length > EVENT_LINE_BYTES_MAX) {
    const limit = `${EVENT_LINE_BYTES_MAX} bytes`;
    return {
      ok: false,
      reason: `the line is ${bytes.length} bytes long; at most ${limit} are taken`,
    };
  }
  if (!isUtf8(bytes)) return { ok: false, reason: 'not valid UTF-8' };
  const admission = admitRecord(bytes.toString('utf8'), nowMs);
  if (admission.ok && admission.line.length > EVENT_LINE_BYTES_MAX) {
    return { ok: false, reason: `longer than ${EVENT_LINE_BYTES_MAX} bytes as a journal line` };
  }
  return admission;
}
