// Reads whole durable blocks for the consumers, by positional reads: the last blocks by what is
// remembered of them, older ones by walking from seal to seal.
import { join } from 'node:path';
import type { Disk, DiskFile } from '../platform/disk.ts';
import { BlockWalk } from './block-walk.ts';
import { corrupt, isMissing } from './disk-error.ts';
import type { Cursor, JournalBlock, JournalRange, Position } from './journal.ts';
import type { RecentBlock, RecentBlocks } from './recent-blocks.ts';
import { SEAL_MARK } from './seal.ts';
import type { Place, Segment, Segments } from './segments.ts';

/** How much one read gives. */
export interface ReadLimits {
  readonly eventsMax: number;
  readonly bytesMax: number;
}

/** Room in a window for the seals between the event lines. */
const SEALS_BYTES = 64 * 1024;
const MARK = Buffer.from(SEAL_MARK);

interface Part {
  readonly blocks: JournalBlock[];
  readonly endOffset: number;
  readonly endPosition: Position;
}

/** Reads segments; never changes anything. */
export class Reader {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #segments: Segments;
  readonly #recent: RecentBlocks;

  constructor(disk: Disk, directory: string, segments: Segments, recent: RecentBlocks) {
    this.#disk = disk;
    this.#directory = directory;
    this.#segments = segments;
    this.#recent = recent;
  }

  /**
   * The blocks from the cursor on, of one segment. Blocks without events are passed over. A cursor
   * before the journal's beginning reads from there. Rejects with `corrupt` at an unreadable block.
   */
  async read(cursor: Cursor, limits: ReadLimits): Promise<JournalRange> {
    if (cursor.position > this.#segments.end) {
      const { end } = this.#segments;
      throw new RangeError(`cursor at position ${cursor.position}, but the journal ends at ${end}`);
    }
    const hinted = this.#hinted(cursor);
    let place = hinted ?? (await this.#find(cursor.position));
    let sure = hinted === undefined;
    const from = this.#segments.cursorAt(place);
    for (;;) {
      const { segment } = place;
      if (place.offset >= segment.endOffset) {
        const next = this.#segments.after(segment);
        if (next === undefined) break;
        place = { segment: next, offset: 0, position: next.position };
        sure = true;
        continue;
      }
      const part = await this.#readPart(place, limits, sure);
      sure = true;
      if (part === undefined) {
        place = await this.#find(place.position);
        continue;
      }
      const { blocks, endOffset: offset, endPosition: position } = part;
      place = { segment, offset, position };
      if (blocks.length > 0) return { from, to: this.#segments.cursorAt(place), blocks };
    }
    return { from, to: this.#segments.cursorAt(place), blocks: [] };
  }

  /** The place the cursor names, as far as that can be told without reading. */
  #hinted(cursor: Cursor): Place | undefined {
    const segments = this.#segments;
    const { active } = segments;
    const { position, offset } = cursor;
    if (position === active.endPosition) {
      return { segment: active, offset: active.endOffset, position };
    }
    const segment = cursor.segment === undefined ? undefined : segments.named(cursor.segment);
    if (segment === undefined || offset === undefined) return undefined;
    if (!Number.isSafeInteger(offset) || offset < 0) return undefined;
    if (offset > segment.endOffset || position < segment.position) return undefined;
    if (offset === segment.endOffset && position !== segment.endPosition) return undefined;
    return { segment, offset, position };
  }

  /** Walks a segment until the block that holds the position. */
  async #find(position: Position): Promise<Place> {
    for (;;) {
      const segment = this.#segments.holding(position);
      const first: Place = { segment, offset: 0, position: segment.position };
      if (position <= segment.position) return first;
      const place = await this.#withFile(segment, async (file) => {
        const limit = segment.endOffset;
        const extent = { offset: 0, limit, checkHash: false, paddingEnds: false };
        const walk = new BlockWalk(file, extent);
        for (let step = await walk.next(); step.kind !== 'end'; step = await walk.next()) {
          if (step.kind === 'broken') throw this.#corrupt(segment, step);
          const { seal, offset } = step;
          if (seal.position + seal.count > position) {
            return { segment, offset, position: seal.position };
          }
        }
        return { segment, offset: segment.endOffset, position: segment.endPosition };
      });
      if (place !== undefined) return place;
    }
  }

  /**
   * Blocks from a place; nothing when the segment was deleted meanwhile, or when the place is not
   * sure (a cursor's hint) and no block for the position begins there.
   */
  #readPart(place: Place, limits: ReadLimits, sure: boolean): Promise<Part | undefined> {
    const known = this.#known(place, limits);
    return this.#withFile(place.segment, (file) => {
      if (known.length > 0) return this.#readKnown(place.segment, file, known);
      return this.#walk(place, file, limits, sure);
    });
  }

  #known(place: Place, limits: ReadLimits): RecentBlock[] {
    const known: RecentBlock[] = [];
    let events = 0;
    let bytes = 0;
    for (const block of this.#recent.from(place.segment, place.offset)) {
      if (known.length === 0 && block.position !== place.position) return [];
      events += block.count;
      bytes += block.bytes;
      const over = events > limits.eventsMax || bytes > limits.bytesMax;
      if (over && known.length > 0) break;
      known.push(block);
      if (over) break;
    }
    return known;
  }

  async #readKnown(
    segment: Segment,
    file: Pick<DiskFile, 'read'>,
    known: readonly RecentBlock[],
  ): Promise<Part | undefined> {
    const first = known[0];
    const last = known.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const buffer = Buffer.allocUnsafeSlow(last.endOffset - first.offset);
    const read = await file.read(buffer, first.offset);
    const blocks: JournalBlock[] = [];
    for (const { offset, bytes, position, count, sealedAtMs } of known) {
      const begin = offset - first.offset;
      const end = begin + bytes;
      if (end + MARK.length > read || !buffer.subarray(end, end + MARK.length).equals(MARK)) {
        const expected = `a seal line at byte ${offset + bytes}`;
        throw this.#corrupt(segment, { offset, expected, found: 'something else' });
      }
      if (count === 0) continue;
      blocks.push({ position, count, sealedAtMs, lines: buffer.subarray(begin, end) });
    }
    return { blocks, endOffset: last.endOffset, endPosition: last.position + last.count };
  }

  /** Blocks that this process neither wrote nor checked before are checked against their hash. */
  async #walk(
    place: Place,
    file: Pick<DiskFile, 'read'>,
    { eventsMax, bytesMax }: ReadLimits,
    sure: boolean,
  ): Promise<Part | undefined> {
    const { segment, offset } = place;
    const walk = new BlockWalk(file, {
      offset,
      limit: segment.endOffset,
      checkHash: !segment.verified,
      paddingEnds: false,
      windowBytes: bytesMax + SEALS_BYTES,
    });
    const blocks: JournalBlock[] = [];
    let { offset: endOffset, position: endPosition } = place;
    let events = 0;
    let bytes = 0;
    for (let step = await walk.next(); step.kind !== 'end'; step = await walk.next()) {
      if (step.kind === 'broken') {
        if (blocks.length > 0) break;
        if (!sure && endOffset === offset) return undefined;
        throw this.#corrupt(segment, step);
      }
      const { position, count, sealedAtMs } = step.seal;
      if (position !== endPosition) {
        if (!sure) return undefined;
        const expected = `a block at position ${endPosition}`;
        throw this.#corrupt(segment, { offset: step.offset, expected, found: `${position}` });
      }
      events += count;
      bytes += step.lines.length;
      if (blocks.length > 0 && (events > eventsMax || bytes > bytesMax)) break;
      if (count > 0) blocks.push({ position, count, sealedAtMs, lines: step.lines });
      ({ endOffset } = step);
      endPosition = position + count;
      // The next one would hardly fit: leave it unread.
      if (blocks.length > 0 && bytes + step.lines.length > bytesMax) break;
    }
    return { blocks, endOffset, endPosition };
  }

  async #withFile<T>(
    segment: Segment,
    use: (file: Pick<DiskFile, 'read'>) => Promise<T>,
  ): Promise<T | undefined> {
    const { file: open } = segment;
    if (open !== undefined) {
      open.borrow();
      try {
        return await use(open);
      } finally {
        await open.release();
      }
    }
    let file: DiskFile;
    try {
      file = await this.#disk.open(join(this.#directory, segment.name), 'read');
    } catch (error) {
      if (isMissing(error) && !this.#segments.list.includes(segment)) return undefined;
      throw error;
    }
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  }

  #corrupt(segment: Segment, at: { offset: number; expected: string; found: string }): Error {
    const path = join(this.#directory, segment.name);
    return corrupt(path, at.offset, at.expected, at.found);
  }
}
