// The segments that a journal consists of, oldest first; the last one is being written. Shared by
// the writer, which adds to it, the reader, which looks things up, and deletion.
import { JournalError, type Cursor, type Position } from './journal.ts';
import type { SegmentFile } from './segment-file.ts';

const NAME = /^(\d{20})\.ndjson$/;

/** The file's name for the position of its first event. */
export function segmentName(position: Position): string {
  return `${String(position).padStart(20, '0')}.ndjson`;
}

/** The position in a segment file's name; nothing for other files. */
export function segmentPosition(name: string): Position | undefined {
  const digits = NAME.exec(name)?.[1];
  const position = Number(digits);
  return digits !== undefined && Number.isSafeInteger(position) ? position : undefined;
}

/** The segment names among a directory's names, oldest first. */
export function segmentNames(names: readonly string[]): string[] {
  return names.filter((name) => segmentPosition(name) !== undefined).sort();
}

/** One segment and what is durable of it. */
export interface Segment {
  readonly name: string;
  readonly position: Position;
  /** The position after its last durable block. */
  endPosition: Position;
  /** The byte after its last durable block. */
  endOffset: number;
  /** `sha256` of its last durable block; while it has none, of the block before. */
  lastHash: string;
  /** When its first block was sealed, ms since the Unix epoch. */
  firstSealedAtMs?: number;
  /** Whether this process wrote or checked every block of it. */
  verified: boolean;
  /** Open while it is written. */
  file?: SegmentFile;
}

/** A place at which a block begins, or the durable end. */
export interface Place {
  readonly segment: Segment;
  readonly offset: number;
  readonly position: Position;
}

/** The list. */
export class Segments {
  readonly list: Segment[];

  constructor(list: Segment[]) {
    this.list = list;
  }

  get first(): Segment {
    return this.#at(0);
  }

  get active(): Segment {
    return this.#at(this.list.length - 1);
  }

  get begin(): Position {
    return this.first.position;
  }

  get end(): Position {
    return this.active.endPosition;
  }

  get bytes(): number {
    let bytes = 0;
    for (const segment of this.list) bytes += segment.endOffset;
    return bytes;
  }

  /** The segment that holds the position; the first for one before the journal's beginning. */
  holding(position: Position): Segment {
    let low = 0;
    let high = this.list.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#at(middle).position <= position) low = middle;
      else high = middle - 1;
    }
    return this.#at(low);
  }

  after(segment: Segment): Segment | undefined {
    const index = this.list.indexOf(segment);
    return index === -1 ? undefined : this.list[index + 1];
  }

  named(name: string): Segment | undefined {
    const position = segmentPosition(name);
    if (position === undefined) return undefined;
    const segment = this.holding(position);
    return segment.name === name ? segment : undefined;
  }

  /** The cursor that stands at a place. */
  cursorAt(place: Place): Cursor {
    return { position: place.position, segment: place.segment.name, offset: place.offset };
  }

  #at(index: number): Segment {
    const segment = this.list[index];
    if (segment === undefined) throw new JournalError('failed', 'a journal without a segment');
    return segment;
  }
}
