// Puts blocks on the disk: into the active segment, rolling to a new one when it is full or old.
// The next segment's file is made ready in the background.
import { join } from 'node:path';
import type { Clock } from '../platform/clock.ts';
import type { Disk } from '../platform/disk.ts';
import type { Log } from '../platform/log.ts';
import type { Block } from './block.ts';
import { messageOf } from './disk-error.ts';
import type { Position } from './journal.ts';
import type { JournalLimits } from './limits.ts';
import { writeHead } from './notes.ts';
import { RecentBlocks } from './recent-blocks.ts';
import { SegmentFile } from './segment-file.ts';
import { segmentName, type Segment, type Segments } from './segments.ts';

/** The next segment's file until it is needed: its name is not known before its first position. */
export const SPARE_NAME = 'next.spare';

/** What the writer works with. */
export interface SegmentWriterOptions {
  readonly directory: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: JournalLimits;
  readonly segments: Segments;
  /** Source to the JSON of its last durable value; kept up to date here. */
  readonly checkpoints: Map<string, string>;
  /** Told when work in the background failed; what was acknowledged is not concerned. */
  readonly onTrouble: (error: unknown, path: string) => void;
}

/** Writes one block at a time; the caller sees to that. */
export class SegmentWriter {
  readonly recent = new RecentBlocks();
  readonly #options: SegmentWriterOptions;
  #spare: SegmentFile | undefined;
  #preparing: Promise<void> | undefined;
  /** A new name in the directory that is not durable yet. */
  #directoryDirty = false;
  #finishing: Promise<void> = Promise.resolve();

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
  }

  /** Resolves, once fdatasync has returned, to the position of the block's first event. */
  async write(block: Block): Promise<Position> {
    const { segments, clock } = this.#options;
    const sealedAtMs = clock.now();
    if (this.#mustRoll(block, sealedAtMs)) await this.#roll();
    const { active } = segments;
    const file = openFile(active);
    const position = active.endPosition;
    const sealed = block.seal(
      { position, sealedAtMs, prev: active.lastHash },
      active.endOffset === 0 ? this.#allCheckpoints(block) : block.checkpoints,
    );
    const offset = active.endOffset;
    const { preallocateBytes } = this.#options.limits;
    await file.write(sealed.buffers, { offset, bytes: sealed.bytes, preallocateBytes });
    await Promise.all([file.datasync(), this.#syncDirectory()]);
    active.endOffset = offset + sealed.bytes;
    active.endPosition = position + block.count;
    active.lastHash = sealed.sha256;
    active.firstSealedAtMs ??= sealedAtMs;
    for (const [source, json] of block.checkpoints) {
      if (json === 'null') this.#options.checkpoints.delete(source);
      else this.#options.checkpoints.set(source, json);
    }
    const { count, bytes } = block;
    const { endOffset } = active;
    this.recent.add({ segment: active, offset, bytes, endOffset, position, count, sealedAtMs });
    this.#prepareSpare();
    return position;
  }

  /** Has the next segment's file made when this one is three quarters full. */
  #prepareSpare(): void {
    const { segments, limits } = this.#options;
    const near = segments.active.endOffset * 4 > limits.segmentBytesMax * 3;
    if (near && this.#spare === undefined) this.#preparing ??= this.#makeSpareInBackground();
  }

  async #makeSpareInBackground(): Promise<void> {
    try {
      await this.#makeSpare();
    } catch (error) {
      this.#options.onTrouble(error, join(this.#options.directory, SPARE_NAME));
    } finally {
      this.#preparing = undefined;
    }
  }

  /** After a failed write that kept nothing: cuts what is there of the block, durably. */
  cutTail(): Promise<void> {
    const { active } = this.#options.segments;
    return openFile(active).cut(active.endOffset);
  }

  /** Makes padding for the next blocks; rejects while there is no room. No write may be under way. */
  async makeRoom(): Promise<void> {
    const { active } = this.#options.segments;
    await openFile(active).preallocate(active.endOffset + this.#options.limits.preallocateBytes);
  }

  /** Notes how far the journal reaches, so that a missing end is seen. */
  async noteHead(segment: Segment): Promise<void> {
    const { disk, directory } = this.#options;
    const { endPosition: position, lastHash: sha256, name, endOffset: offset } = segment;
    if (offset > 0) await writeHead(disk, directory, { position, sha256, segment: name, offset });
  }

  /** Cuts the padding and lets the files go. */
  async close(intact: boolean): Promise<void> {
    const { disk, directory, segments } = this.#options;
    await this.#preparing;
    await this.#finishing;
    const { active } = segments;
    const file = openFile(active);
    try {
      if (!intact) return;
      await file.cut(active.endOffset);
      await this.noteHead(active);
      await disk.remove(join(directory, SPARE_NAME));
    } finally {
      delete active.file;
      await file.release();
      await this.#spare?.release();
    }
  }

  #mustRoll(block: Block, nowMs: number): boolean {
    const { segmentBytesMax, segmentAgeMaxMs } = this.#options.limits;
    const { active } = this.#options.segments;
    // The name is the first position: a segment without events cannot have a successor yet.
    if (active.endPosition === active.position) return false;
    if (active.endOffset + block.bytes > segmentBytesMax) return true;
    return nowMs - (active.firstSealedAtMs ?? nowMs) > segmentAgeMaxMs;
  }

  async #roll(): Promise<void> {
    const { directory, disk, segments } = this.#options;
    await this.#preparing;
    if (this.#spare === undefined) await this.#makeSpare();
    const file = this.#spare;
    if (file === undefined) throw new Error('no file for the next segment');
    const previous = segments.active;
    const position = previous.endPosition;
    const name = segmentName(position);
    const path = join(directory, name);
    await disk.rename(file.path, path);
    this.#spare = undefined;
    this.#directoryDirty = true;
    file.path = path;
    const { lastHash } = previous;
    const place = { name, position, endPosition: position, endOffset: 0, lastHash };
    segments.list.push({ ...place, verified: true, file });
    this.#finishing = this.#finishing.then(() => this.#finish(previous));
  }

  /** What a full segment needs to become a plain file; a crash in between is made up for at open. */
  async #finish(segment: Segment): Promise<void> {
    const file = openFile(segment);
    try {
      await file.cut(segment.endOffset);
      await this.noteHead(segment);
    } catch (error) {
      const fields = { segment: segment.name, error: messageOf(error) };
      this.#options.log.warn('could not finish a full segment; the next start does it', fields);
    }
    delete segment.file;
    await file.release().catch(() => {});
  }

  async #makeSpare(): Promise<void> {
    const { disk, directory, limits } = this.#options;
    const spare = await SegmentFile.create(disk, join(directory, SPARE_NAME));
    try {
      await spare.preallocate(limits.preallocateBytes);
    } catch (error) {
      await spare.release();
      await disk.remove(spare.path).catch(() => {});
      throw error;
    }
    this.#spare = spare;
  }

  async #syncDirectory(): Promise<void> {
    if (!this.#directoryDirty) return;
    await this.#options.disk.syncDirectory(this.#options.directory);
    this.#directoryDirty = false;
  }

  #allCheckpoints(block: Block): Map<string, string> {
    const all = new Map([...this.#options.checkpoints, ...block.checkpoints]);
    for (const [source, json] of all) if (json === 'null') all.delete(source);
    return all;
  }
}

function openFile(segment: Segment): SegmentFile {
  if (segment.file === undefined) throw new Error(`segment ${segment.name} is not open`);
  return segment.file;
}
