// Old segments go once every consumer has passed them and the journal is bigger than it should be.
// The hash of the last deleted seal is noted first, so that the chain can still be checked.
import { join } from 'node:path';
import type { Disk } from '../platform/disk.ts';
import type { Log } from '../platform/log.ts';
import type { Position } from './journal.ts';
import { writeAnchor } from './notes.ts';
import type { Segment, Segments } from './segments.ts';

/** The oldest segments that may go: full, passed by everybody, and over what is to be kept. */
function deletable(segments: Segments, passed: Position, keepBytes: number): Segment[] {
  const { active, list } = segments;
  // The checkpoints are repeated by the active segment's first block: without it they would go too.
  if (active.endOffset === 0) return [];
  let over = segments.bytes - keepBytes;
  const found: Segment[] = [];
  for (const segment of list) {
    const held = segment === active || segment.file !== undefined || segment.endPosition > passed;
    if (over <= 0 || held) break;
    found.push(segment);
    over -= segment.endOffset;
  }
  return found;
}

/**
 * Deletes what may go. `passed` is the position that every consumer is done with. Rejects with the
 * disk's error; what was not deleted is deleted the next time, or at the next start.
 */
export async function deleteSegments(options: {
  disk: Disk;
  directory: string;
  log: Log;
  segments: Segments;
  passed: Position;
  keepBytes: number;
}): Promise<void> {
  const { disk, directory, log, segments, passed, keepBytes } = options;
  const going = deletable(segments, passed, keepBytes);
  const last = going.at(-1);
  if (last === undefined) return;
  await writeAnchor(disk, directory, { position: last.endPosition, sha256: last.lastHash });
  segments.list.splice(0, going.length);
  for (const { name } of going) await disk.remove(join(directory, name));
  await disk.syncDirectory(directory);
  log.info('deleted segments that every consumer has passed', {
    segments: going.length,
    begin: segments.begin,
  });
}
