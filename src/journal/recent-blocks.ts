// Where the last blocks lie, in memory: consumers that keep up neither search for seals nor parse
// them. A ring, so its size never changes.
import { BLOCKS_REMEMBERED_MAX } from './limits.ts';
import type { Segment } from './segments.ts';
import type { Position } from './journal.ts';

/** One durable block that this process wrote. */
export interface RecentBlock {
  readonly segment: Segment;
  readonly offset: number;
  /** Bytes of its event lines. */
  readonly bytes: number;
  readonly endOffset: number;
  readonly position: Position;
  readonly count: number;
  readonly sealedAtMs: number;
}

/** The blocks in the order in which they were written. */
export class RecentBlocks {
  readonly #ring: RecentBlock[] = [];
  readonly #capacity: number;
  /** How many were ever added; the last `capacity` of them are here. */
  #added = 0;

  constructor(capacity = BLOCKS_REMEMBERED_MAX) {
    this.#capacity = capacity;
  }

  add(block: RecentBlock): void {
    this.#ring[this.#added % this.#capacity] = block;
    this.#added++;
  }

  /** The blocks from the one that begins exactly at the offset to the segment's last; may be empty. */
  *from(segment: Segment, offset: number): Generator<RecentBlock> {
    let index = this.#find(segment, offset);
    for (let block = this.#get(index); block?.segment === segment; block = this.#get(++index)) {
      if (block.offset < offset) return;
      yield block;
    }
  }

  #get(index: number): RecentBlock | undefined {
    return index < this.#added ? this.#ring[index % this.#capacity] : undefined;
  }

  /** The index of the block at the place, by halving; past the end when it is not here. */
  #find(segment: Segment, offset: number): number {
    let low = Math.max(0, this.#added - this.#capacity);
    let high = this.#added;
    while (low < high) {
      const middle = (low + high) >> 1;
      const block = this.#get(middle);
      if (block === undefined) return this.#added;
      const { position } = block.segment;
      const before =
        position === segment.position ? block.offset < offset : position < segment.position;
      if (before) low = middle + 1;
      else high = middle;
    }
    return this.#get(low)?.offset === offset ? low : this.#added;
  }
}
