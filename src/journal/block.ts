// A block while it forms: the batches that will share one write and one fdatasync.
import { createHash } from 'node:crypto';
import type { AppendBatch, Position } from './journal.ts';
import { sealHead, sealTail } from './seal.ts';

/** Batches up to this are copied together: a write and a hash call per 600 bytes cost more. */
const SMALL_BATCH_BYTES = 16 * 1024;
const CHUNK_BYTES_MIN = 4 * 1024;
const CHUNK_BYTES_MAX = 64 * 1024;

interface Waiting {
  /** Events of the block up to and with this batch. */
  readonly countBehind: number;
  readonly resolve: (position: Position) => void;
  readonly reject: (error: Error) => void;
}

/** What is written for a block. */
export interface SealedBlock {
  readonly buffers: readonly Uint8Array[];
  readonly bytes: number;
  readonly sha256: string;
}

/** Takes batches until it is sealed. The hash is fed as they come, so sealing is quick. */
export class Block {
  /** Bytes and number of its event lines. */
  bytes = 0;
  count = 0;
  /** What it takes of the queue's limit: lines, checkpoints, overhead. */
  queuedBytes = 0;
  /** Source to the value's JSON; the last one wins. */
  readonly checkpoints = new Map<string, string>();
  readonly #buffers: Uint8Array[] = [];
  readonly #hash = createHash('sha256');
  readonly #waiting: Waiting[] = [];
  #chunk: Uint8Array | undefined;
  #chunkUsed = 0;

  /** Adds a batch; resolves when `acknowledge` is called. Large `lines` are kept, not copied. */
  add(batch: AppendBatch, checkpointJson: string | undefined): Promise<Position> {
    const { lines } = batch;
    if (lines.length > SMALL_BATCH_BYTES) {
      this.#closeChunk();
      this.#push(lines);
    } else if (lines.length > 0) this.#copy(lines);
    this.bytes += lines.length;
    this.count += batch.count;
    if (batch.checkpoint !== undefined && checkpointJson !== undefined) {
      this.checkpoints.set(batch.checkpoint.source, checkpointJson);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ countBehind: this.count, resolve, reject });
    });
  }

  /** Closes the block for writing; nothing may be added any more, and it works once. */
  seal(
    place: { position: Position; sealedAtMs: number; prev: string },
    checkpoints: ReadonlyMap<string, string>,
  ): SealedBlock {
    this.#closeChunk();
    const head = sealHead({ ...place, count: this.count, bytes: this.bytes }, checkpoints);
    const sha256 = this.#hash.update(head).digest('hex');
    const seal = Buffer.from(head + sealTail(sha256));
    this.#buffers.push(seal);
    return { buffers: this.#buffers, bytes: this.bytes + seal.length, sha256 };
  }

  /** The block is durable and its first event has this position. */
  acknowledge(position: Position): void {
    for (const waiting of this.#waiting) waiting.resolve(position + waiting.countBehind);
  }

  /** Nothing of the block is kept. */
  refuse(error: Error): void {
    for (const waiting of this.#waiting) waiting.reject(error);
  }

  get batches(): number {
    return this.#waiting.length;
  }

  #copy(lines: Uint8Array): void {
    if (this.#chunk === undefined || this.#chunkUsed + lines.length > this.#chunk.length) {
      const next = this.#chunk === undefined ? CHUNK_BYTES_MIN : 2 * this.#chunk.length;
      this.#closeChunk();
      const bytes = Math.max(Math.min(next, CHUNK_BYTES_MAX), lines.length);
      this.#chunk = Buffer.allocUnsafeSlow(bytes);
    }
    this.#chunk.set(lines, this.#chunkUsed);
    this.#chunkUsed += lines.length;
  }

  #closeChunk(): void {
    if (this.#chunk !== undefined) this.#push(this.#chunk.subarray(0, this.#chunkUsed));
    this.#chunk = undefined;
    this.#chunkUsed = 0;
  }

  #push(buffer: Uint8Array): void {
    this.#hash.update(buffer);
    this.#buffers.push(buffer);
  }
}
