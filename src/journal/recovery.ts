// What is on the disk when the journal opens: checks it, finishes what a crash interrupted, and
// says where writing goes on. Whole sealed blocks are kept, a torn tail is cut, damage is refused.
import { join } from 'node:path';
import type { Disk, DiskFile } from '../platform/disk.ts';
import type { Log } from '../platform/log.ts';
import { BlockWalk, type WalkBreak } from './block-walk.ts';
import { corrupt } from './disk-error.ts';
import type { Position } from './journal.ts';
import { readAnchor, readHead, type Anchor } from './notes.ts';
import { CHAIN_BEGIN, parseSeal } from './seal.ts';
import { inspectTail, readLastSeal } from './segment-tail.ts';
import { SPARE_NAME } from './segment-writer.ts';
import { segmentName, segmentNames, segmentPosition, type Segment } from './segments.ts';

/** The journal as it stands after recovery. */
export interface Recovered {
  /** Oldest first; empty for a new journal. */
  readonly segments: Segment[];
  /** Source to the JSON of its last value. */
  readonly checkpoints: Map<string, string>;
}

interface Context {
  readonly disk: Disk;
  readonly directory: string;
  readonly log: Log;
  readonly checkpoints: Map<string, string>;
}

/** Opens the journal's files in place. Rejects with `corrupt`, or with the disk's error. */
export async function recover(options: {
  disk: Disk;
  directory: string;
  log: Log;
}): Promise<Recovered> {
  const { disk, directory } = options;
  const context: Context = { ...options, checkpoints: new Map() };
  await disk.remove(join(directory, SPARE_NAME));
  const anchor = await readAnchor(disk, directory);
  const names = await dropReleased(context, anchor);
  const begin = anchor?.position ?? 0;
  const firstPosition = names[0] === undefined ? undefined : segmentPosition(names[0]);
  if (firstPosition !== undefined && firstPosition !== begin) {
    const path = join(directory, segmentName(begin));
    throw corrupt(path, 0, `a segment for position ${begin}`, `${names[0]} as the first`);
  }
  const segments: Segment[] = [];
  let lastHash = anchor?.sha256 ?? CHAIN_BEGIN;
  for (const [index, name] of names.entries()) {
    const next = names[index + 1];
    const segment =
      next === undefined
        ? await recoverLast(context, name, lastHash)
        : await readClosed(context, name, next);
    segments.push(segment);
    ({ lastHash } = segment);
  }
  await foldPreviousIfEmpty(context, segments, anchor);
  await checkHead(context, segments, anchor);
  return { segments, checkpoints: context.checkpoints };
}

/** Removes segments whose deletion a crash interrupted; gives the names that count. */
async function dropReleased(context: Context, anchor: Anchor | undefined): Promise<string[]> {
  const { disk, directory } = context;
  const names = segmentNames(await disk.list(directory));
  if (anchor === undefined) return names;
  const kept = names.filter((name) => (segmentPosition(name) ?? 0) >= anchor.position);
  for (const name of names) if (!kept.includes(name)) await disk.remove(join(directory, name));
  if (kept.length < names.length) await disk.syncDirectory(directory);
  return kept;
}

/** A segment that is full: its last seal must lead to the next one. Padding left behind is cut. */
async function readClosed(context: Context, name: string, next: string): Promise<Segment> {
  const path = join(context.directory, name);
  const position = segmentPosition(name) ?? 0;
  const nextPosition = segmentPosition(next) ?? 0;
  const file = await context.disk.open(path, 'update');
  try {
    const size = await file.size();
    const last = await readLastSeal(file, size);
    const seal = last && parseSeal(last.line);
    if (last === undefined || seal === undefined) {
      throw corrupt(path, last?.endOffset ?? size, 'a seal line at the end', 'none');
    }
    const endPosition = seal.position + seal.count;
    if (endPosition !== nextPosition) {
      const missing = join(context.directory, segmentName(endPosition));
      throw corrupt(missing, 0, `a segment for position ${endPosition}`, `${next} as the next`);
    }
    if (last.endOffset < size) {
      await file.truncate(last.endOffset);
      await file.sync();
    }
    const { endOffset } = last;
    return { name, position, endPosition, endOffset, lastHash: seal.sha256, verified: false };
  } finally {
    await file.close();
  }
}

interface Checked {
  readonly segment: Segment;
  readonly brokenBy?: WalkBreak;
}

/** Checks every block of a segment up to where no whole one begins, and takes up its checkpoints. */
async function checkBlocks(
  context: Context,
  file: DiskFile,
  name: string,
  extent: { limit: number; paddingEnds: boolean },
  prev: string,
): Promise<Checked> {
  const position = segmentPosition(name) ?? 0;
  const place = { name, position, endPosition: position, endOffset: 0, lastHash: prev };
  const segment: Segment = { ...place, verified: true };
  const walk = new BlockWalk(file, { offset: 0, checkHash: true, ...extent });
  for (let step = await walk.next(); step.kind !== 'end'; step = await walk.next()) {
    if (step.kind === 'broken') return { segment, brokenBy: step };
    const { seal, offset } = step;
    const path = join(context.directory, name);
    if (seal.position !== segment.endPosition) {
      const found = `position ${seal.position}`;
      throw corrupt(path, offset, `a block at position ${segment.endPosition}`, found);
    }
    if (seal.prev !== segment.lastHash) {
      throw corrupt(path, offset, `a block after seal ${segment.lastHash}`, `after ${seal.prev}`);
    }
    for (const [source, value] of Object.entries(seal.checkpoints)) {
      if (value === null) context.checkpoints.delete(source);
      else context.checkpoints.set(source, JSON.stringify(value));
    }
    segment.endPosition += seal.count;
    segment.endOffset = step.endOffset;
    segment.lastHash = seal.sha256;
    segment.firstSealedAtMs ??= seal.sealedAtMs;
  }
  return { segment };
}

/** The segment that was being written: cut behind its last whole block, unless that would lose one. */
async function recoverLast(context: Context, name: string, prev: string): Promise<Segment> {
  const { log } = context;
  const path = join(context.directory, name);
  const file = await context.disk.open(path, 'update');
  try {
    const size = await file.size();
    const extent = { limit: size, paddingEnds: true };
    const { segment, brokenBy } = await checkBlocks(context, file, name, extent, prev);
    const { endOffset } = segment;
    const tail = await inspectTail(file, endOffset, size);
    if (tail.kind === 'damage') {
      const found = brokenBy?.found ?? 'padding';
      const expected = `${brokenBy?.expected ?? 'a block'} (one follows at ${tail.nextBlockOffset})`;
      throw corrupt(path, endOffset, expected, found);
    }
    if (tail.kind === 'torn') {
      const fields = { file: path, offset: endOffset, bytes: tail.bytes };
      log.warn('cut a block that a crash left unfinished; nobody was told it was kept', fields);
    }
    if (endOffset < size) await file.truncate(endOffset);
    // Blocks that were written but not synced before a kill must be durable before they are read.
    await file.sync();
    return segment;
  } finally {
    await file.close();
  }
}

/** A roll that a crash cut short leaves a segment without a block: the checkpoints are one earlier. */
async function foldPreviousIfEmpty(
  context: Context,
  segments: Segment[],
  anchor: Anchor | undefined,
): Promise<void> {
  const last = segments.at(-1);
  if (last === undefined || last.endOffset > 0) return;
  const previous = segments.at(-2);
  if (previous === undefined) {
    if (anchor === undefined) return;
    const path = join(context.directory, last.name);
    throw corrupt(path, 0, 'the blocks that follow the deleted segments', 'none');
  }
  const path = join(context.directory, previous.name);
  const file = await context.disk.open(path, 'read');
  try {
    const prev = segments.at(-3)?.lastHash ?? anchor?.sha256 ?? CHAIN_BEGIN;
    const extent = { limit: previous.endOffset, paddingEnds: false };
    const { brokenBy } = await checkBlocks(context, file, previous.name, extent, prev);
    if (brokenBy === undefined) return;
    throw corrupt(path, brokenBy.offset, brokenBy.expected, brokenBy.found);
  } finally {
    await file.close();
  }
}

/** The journal must reach at least as far as was noted when it was known to be durable. */
async function checkHead(
  context: Context,
  segments: readonly Segment[],
  anchor: Anchor | undefined,
): Promise<void> {
  const { disk, directory } = context;
  const head = await readHead(disk, directory);
  const last = segments.at(-1);
  const end: Position = last?.endPosition ?? 0;
  const endOffset = last?.endOffset ?? 0;
  if (last === undefined && anchor !== undefined) {
    const path = join(directory, segmentName(anchor.position));
    throw corrupt(path, 0, `a segment for position ${anchor.position}`, 'no segment at all');
  }
  if (head === undefined) return;
  const short = end < head.position || (last?.name === head.segment && endOffset < head.offset);
  if (!short) return;
  const path = join(directory, last?.name ?? head.segment);
  const expected = `events up to position ${head.position}, as head.json notes`;
  throw corrupt(path, endOffset, expected, `an end at position ${end}`);
}
