// What a checkpoint may be, so that seals stay readable in one piece.
import type { Checkpoint } from './journal.ts';
import { CHECKPOINT_BYTES_MAX, CHECKPOINT_SOURCES_MAX } from './limits.ts';

/** Admits checkpoints and counts their sources. */
export class CheckpointRules {
  readonly #sources: Set<string>;

  constructor(durable: ReadonlyMap<string, string>) {
    this.#sources = new Set(durable.keys());
  }

  /** The value's JSON, `null` to forget the source. Throws a RangeError over a limit. */
  admit({ source, value }: Checkpoint): string {
    const json = value === undefined ? 'null' : JSON.stringify(value);
    const bytes = Buffer.byteLength(json) + Buffer.byteLength(source);
    if (bytes > CHECKPOINT_BYTES_MAX) {
      const limit = `no more than ${CHECKPOINT_BYTES_MAX} are possible`;
      throw new RangeError(
        `the checkpoint of ${source.slice(0, 256)} takes ${bytes} bytes; ${limit}`,
      );
    }
    if (json === 'null') this.#sources.delete(source);
    else if (!this.#sources.has(source) && this.#sources.size >= CHECKPOINT_SOURCES_MAX) {
      const limit = `no more than ${CHECKPOINT_SOURCES_MAX} sources can have a checkpoint`;
      throw new RangeError(`${limit}; ${source} would be one more`);
    } else this.#sources.add(source);
    return json;
  }
}
