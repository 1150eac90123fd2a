// The contract of what gives a collector its lines: a file that is followed, or the system's journal.
import type { CutLines } from './line-cutter.ts';
import type { TailPlace } from './tail-place.ts';

/** Whole lines, and where reading stands after them. */
export interface LineBatch extends CutLines {
  readonly place: TailPlace;
}

/** Lines in order, pulled, so that what is not asked for is not read. */
export interface LineSource {
  /** The next whole lines; waits for them. Undefined once stopped. */
  next(): Promise<LineBatch | undefined>;
  /** Ends the waiting; `next` then answers undefined. */
  stop(): void;
  /** Why there is nothing to read, in words an administrator can act on; undefined when there is. */
  readonly waitingFor: string | undefined;
  /** What could not be read and never will be, the last such thing; undefined when nothing. */
  readonly lost: string | undefined;
  /** Bytes that were not read when it was last looked, where that is known. */
  readonly behindBytes: number;
  /** Whether the last look found everything read. */
  readonly atEnd: boolean;
}
