// Goes through the sealed blocks of one segment file, in windows of bounded size. The reader,
// recovery and verification all see blocks through this one pair of eyes.
import type { DiskFile } from '../platform/disk.ts';
import { BATCH_BYTES_MAX, SEAL_BYTES_MAX } from './limits.ts';
import { SEAL_MARK, blockHash, parseSeal, type Seal } from './seal.ts';

/** A block that is whole: framed by its seal and, if asked for, with the right hash. */
export interface WalkedBlock {
  readonly kind: 'block';
  /** The byte of the segment at which it begins. */
  readonly offset: number;
  /** The byte after its seal line. */
  readonly endOffset: number;
  readonly seal: Seal;
  /** Its event lines; the memory stays valid and is not used again. */
  readonly lines: Uint8Array;
}

/** Where no block begins: the limit, or a padding byte. */
export interface WalkEnd {
  readonly kind: 'end';
  readonly offset: number;
}

/** Bytes that are neither a whole block nor padding. */
export interface WalkBreak {
  readonly kind: 'broken';
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
}

const NEWLINE = 0x0a;
/** The largest block there can be; a longer stretch without a seal is damage. */
export const BLOCK_FRAME_BYTES_MAX = BATCH_BYTES_MAX + SEAL_BYTES_MAX;
const WINDOW_BYTES = 1024 * 1024;
/** Searched instead of the whole mark: `{` is in every line, this hardly ever, so it is 2.5 times faster. */
const NEEDLE = Buffer.from('_seal":{"position":');
const MARK = Buffer.from(SEAL_MARK);
/** A mark that is cut by the window's end is found again when searching goes on this far before it. */
const SEARCH_OVERLAP_BYTES = 32;
const NEEDLE_IN_MARK = SEAL_MARK.indexOf('_seal');

/** A byte that padding may consist of: newlines, or the zeros of a crash during preallocation. */
export function isPadding(byte: number | undefined): boolean {
  return byte === NEWLINE || byte === 0;
}

/** The index at which a seal line begins, at or after `from`; -1 when there is none. */
export function findSeal(buffer: Buffer, from: number, lineBegin: number): number {
  let at = buffer.indexOf(NEEDLE, from);
  while (at !== -1) {
    const begin = at - NEEDLE_IN_MARK;
    const first = begin === lineBegin || buffer[begin - 1] === NEWLINE;
    if (begin >= from && first && buffer.subarray(begin, begin + MARK.length).equals(MARK)) {
      return begin;
    }
    at = buffer.indexOf(NEEDLE, at + 1);
  }
  return -1;
}

/** How a walk goes. */
export interface BlockWalkOptions {
  /** Where a block begins. */
  readonly offset: number;
  /** The byte before which everything is looked at. */
  readonly limit: number;
  readonly checkHash: boolean;
  /** Whether padding is where the blocks end, or a break because only blocks can be there. */
  readonly paddingEnds: boolean;
  readonly windowBytes?: number;
}

/** Walks from block to block. */
export class BlockWalk {
  readonly #file: Pick<DiskFile, 'read'>;
  readonly #limit: number;
  readonly #checkHash: boolean;
  readonly #paddingEnds: boolean;
  readonly #windowBytes: number;
  #window: Buffer = Buffer.alloc(0);
  #windowOffset: number;
  #offset: number;

  constructor(file: Pick<DiskFile, 'read'>, options: BlockWalkOptions) {
    this.#file = file;
    this.#paddingEnds = options.paddingEnds;
    this.#limit = options.limit;
    this.#checkHash = options.checkHash;
    this.#windowBytes = options.windowBytes ?? WINDOW_BYTES;
    this.#offset = options.offset;
    this.#windowOffset = options.offset;
  }

  /** The next block; after an end or a break it says the same again. */
  async next(): Promise<WalkedBlock | WalkEnd | WalkBreak> {
    const offset = this.#offset;
    if (offset >= this.#limit) return { kind: 'end', offset };
    if (this.#available() === 0 && !(await this.#extend())) {
      return this.#broken(`${this.#limit} bytes in the file`, `${offset} bytes`);
    }
    if (isPadding(this.#window[offset - this.#windowOffset])) {
      return this.#paddingEnds ? { kind: 'end', offset } : this.#broken('a block', 'padding');
    }
    let searched = 0;
    for (;;) {
      const begin = offset - this.#windowOffset;
      const seal = findSeal(this.#window, begin + searched, begin);
      const lineEnd = seal === -1 ? -1 : this.#window.indexOf(NEWLINE, seal);
      if (lineEnd !== -1) return this.#frame(begin, seal, lineEnd);
      const available = this.#available();
      searched = seal === -1 ? Math.max(0, available - SEARCH_OVERLAP_BYTES) : seal - begin;
      if (available >= BLOCK_FRAME_BYTES_MAX || !(await this.#extend())) {
        return this.#broken('a block closed by a seal line', `${available} bytes without one`);
      }
    }
  }

  #available(): number {
    return this.#windowOffset + this.#window.length - this.#offset;
  }

  /** Reads on into a new window that begins with the current block; false at the limit. */
  async #extend(): Promise<boolean> {
    const kept = this.#window.subarray(this.#offset - this.#windowOffset);
    const wanted = Math.max(this.#windowBytes, 2 * kept.length);
    const bytes = Math.min(wanted, this.#limit - this.#offset);
    if (bytes <= kept.length) return false;
    const window = Buffer.allocUnsafeSlow(bytes);
    window.set(kept);
    const read = await this.#file.read(window.subarray(kept.length), this.#offset + kept.length);
    if (read === 0) return false;
    this.#window = window.subarray(0, kept.length + read);
    this.#windowOffset = this.#offset;
    return true;
  }

  #frame(begin: number, sealBegin: number, lineEnd: number): WalkedBlock | WalkBreak {
    const seal = parseSeal(this.#window.toString('utf8', sealBegin, lineEnd));
    if (seal === undefined) return this.#broken('a well-formed seal', 'a seal that is not');
    const bytes = sealBegin - begin;
    if (seal.bytes !== bytes) {
      return this.#broken(`${seal.bytes} bytes of events before the seal`, `${bytes} bytes`);
    }
    if (this.#checkHash) {
      const hash = blockHash(this.#window.subarray(begin, lineEnd + 1));
      if (hash !== seal.sha256) {
        return this.#broken(`a block with sha256 ${seal.sha256}`, `sha256 ${hash}`);
      }
    }
    const offset = this.#offset;
    const endOffset = this.#windowOffset + lineEnd + 1;
    this.#offset = endOffset;
    const lines = this.#window.subarray(begin, sealBegin);
    return { kind: 'block', offset, endOffset, seal, lines };
  }

  #broken(expected: string, found: string): WalkBreak {
    return { kind: 'broken', offset: this.#offset, expected, found };
  }
}
