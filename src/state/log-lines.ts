// What the lines of the change log say: a head, the documents of its last shortening, the changes since.
import { readChainedLine } from './chained-lines.ts';
import type { Actor } from './state.ts';

/** Raised when older versions could not read what is written. */
export const FORMAT = 1;

/** A change as a line has it. */
export interface LoggedChange {
  /** Counts changes from 1 and never falls. */
  readonly seq: number;
  readonly atMs: number;
  readonly actor: Actor;
  readonly eventName: string;
  readonly eventSource: string;
  readonly resource: string;
  readonly silent?: true;
  /** `value` is null where the document was deleted. */
  readonly changes: readonly {
    readonly kind: string;
    readonly id: string;
    readonly value: unknown;
  }[];
}

export interface LoggedDocument {
  readonly kind: string;
  readonly id: string;
  readonly value: unknown;
}

/** What a log holds, in its order. */
export interface LogReader {
  readonly document: (document: LoggedDocument) => void;
  readonly change: (change: LoggedChange) => void;
}

/** The first line of a log. */
export interface Head {
  readonly format: number;
  readonly seq: number;
  readonly documents: number;
}

/** Where the log is not what it must be. */
export interface Damage {
  readonly offset: number;
  readonly expected: string;
}

/** The journal has events of changes that the log does not have. */
export function shortened(offset: number, found: number, least: number): Damage {
  const expected = `the changes up to number ${least}, whose events the journal has, found them up to ${found}`;
  return { offset, expected };
}

/** What was read before the end, a torn last line or damage. */
export interface ReadLines {
  readonly end: number;
  readonly sum: string;
  /** The number of the last change. */
  readonly seq: number;
  readonly damage?: Damage;
}

/**
 * Tells the reader what the lines hold. A last line that is torn, which is one that has no newline or is
 * not itself, is the end; anything else that is not as it was written is damage.
 */
export function readLines(content: Buffer, reader: LogReader): ReadLines {
  let sum = '';
  let seq = 0;
  let head: Head | undefined;
  let documents = 0;
  let at = 0;
  const until = (expected?: string): ReadLines => ({
    end: at,
    sum,
    seq,
    ...(expected !== undefined && { damage: { offset: at, expected } }),
  });
  while (at < content.length) {
    const newline = content.indexOf(0x0a, at);
    const line = content.toString('utf8', at, newline < 0 ? content.length : newline);
    const read = newline < 0 ? undefined : readChainedLine(line, sum);
    if (read === undefined) {
      const isLast = newline < 0 || newline === content.length - 1;
      if (isLast && head !== undefined && documents === head.documents) return until();
      return until('a line with the checksum that follows from the line before');
    }
    if (head === undefined) {
      const first = read.value as unknown as Head;
      if (first.format !== FORMAT) return until(`format ${FORMAT}`);
      head = first;
      ({ seq } = head);
    } else if (documents < head.documents) {
      documents++;
      reader.document(read.value as unknown as LoggedDocument);
    } else {
      const change = read.value as unknown as LoggedChange;
      reader.change(change);
      ({ seq } = change);
    }
    ({ sum } = read);
    at = newline + 1;
  }
  const isWhole = head !== undefined && documents === head.documents;
  return isWhole ? until() : until('more documents, as its first line says');
}
