// One write and one fdatasync are in flight; everything that arrives meanwhile forms the next
// block. Nobody waits on purpose: an idle journal writes at once.
import { Block } from './block.ts';
import { JournalError, type AppendBatch, type Position } from './journal.ts';
import { BATCH_OVERHEAD_BYTES, type JournalLimits } from './limits.ts';

/**
 * Makes a block durable and resolves to the position of its first event. A rejection says that
 * nothing of it is kept, and that what is queued behind it is refused as well.
 */
export type CommitBlock = (block: Block) => Promise<Position>;

/** The queue in front of the disk. */
export class GroupCommit {
  readonly #commit: CommitBlock;
  readonly #limits: JournalLimits;
  #blocks: Block[] = [];
  /** Bytes of the lines and batches that are not durable yet, in flight or queued. */
  #queuedBytes = 0;
  #running: Promise<void> | undefined;

  constructor(limits: JournalLimits, commit: CommitBlock) {
    this.#limits = limits;
    this.#commit = commit;
  }

  /** Resolves to the position after the batch; rejects with `overloaded` at the queue's limit. */
  add(batch: AppendBatch, checkpointJson: string | undefined): Promise<Position> {
    const bytes = batch.lines.length + (checkpointJson?.length ?? 0) + BATCH_OVERHEAD_BYTES;
    if (this.#queuedBytes + bytes > this.#limits.queueBytesMax) {
      const message =
        `${this.#queuedBytes} bytes wait for the disk and ${bytes} more are over the limit of ` +
        `${this.#limits.queueBytesMax}; send again in a second`;
      return Promise.reject(new JournalError('overloaded', message));
    }
    this.#queuedBytes += bytes;
    const block = this.#blockFor(batch);
    block.queuedBytes += bytes;
    const position = block.add(batch, checkpointJson);
    this.#running ??= this.#run();
    return position;
  }

  /** Resolves when nothing is queued or in flight. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #blockFor(batch: AppendBatch): Block {
    const { blockBytesMax, blockEventsMax } = this.#limits;
    const last = this.#blocks.at(-1);
    const fits =
      last !== undefined &&
      last.bytes + batch.lines.length <= blockBytesMax &&
      last.count + batch.count <= blockEventsMax &&
      last.batches < blockEventsMax;
    if (fits) return last;
    const block = new Block();
    this.#blocks.push(block);
    return block;
  }

  async #run(): Promise<void> {
    // What is appended in the same turn shares the first block.
    await Promise.resolve();
    for (let block = this.#blocks.shift(); block !== undefined; block = this.#blocks.shift()) {
      try {
        const position = await this.#commit(block);
        this.#free(block);
        block.acknowledge(position);
      } catch (error) {
        this.#refuseAll(block, error instanceof Error ? error : new Error(String(error)));
      }
    }
    this.#running = undefined;
  }

  #refuseAll(block: Block, error: Error): void {
    const refused = [block, ...this.#blocks];
    this.#blocks = [];
    for (const each of refused) {
      this.#free(each);
      each.refuse(error);
    }
  }

  #free(block: Block): void {
    this.#queuedBytes -= block.queuedBytes;
  }
}
