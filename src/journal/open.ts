// Opens the journal in a directory: takes it for this process, recovers what a crash left, and
// hands out the one Journal that everything is appended to and read from.
import { join } from 'node:path';
import type { Clock } from '../platform/clock.ts';
import { systemDisk, type Disk } from '../platform/disk.ts';
import type { Log } from '../platform/log.ts';
import { Cursors } from './cursors.ts';
import { refusalFor } from './disk-error.ts';
import { DurableJournal } from './durable-journal.ts';
import type { Journal } from './journal.ts';
import { JOURNAL_LIMITS, type JournalLimits } from './limits.ts';
import { acquireDataLock, type DataLock } from './lock.ts';
import { recover } from './recovery.ts';
import { CHAIN_BEGIN } from './seal.ts';
import { SegmentFile } from './segment-file.ts';
import { Segments, segmentName, type Segment } from './segments.ts';

/** What a journal is opened with. */
export interface OpenJournalOptions {
  /** The journal's own directory, `<data>/journal`; made when it is not there. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly disk?: Disk;
  readonly limits?: Partial<JournalLimits>;
  /** Takes the directory for this process; a simulated disk brings its own. */
  readonly lock?: (directory: string) => Promise<DataLock>;
}

const CURSORS = 'cursors';

/**
 * Opens the journal. Rejects with a JournalError: `in-use` (with the owner's process number),
 * `corrupt` (acknowledged events are unreadable or missing; names file and byte), `read-only`,
 * `disk-full` (a new journal only: an old one opens and refuses events), `failed`.
 */
export async function openJournal(options: OpenJournalOptions): Promise<Journal> {
  const { directory, clock, disk = systemDisk } = options;
  const log = options.log.for('journal');
  const limits = { ...JOURNAL_LIMITS, ...options.limits };
  let lock: DataLock | undefined;
  try {
    await disk.makeDirectory(join(directory, CURSORS));
    lock = await (options.lock ?? acquireDataLock)(directory);
    // Names that a killed process did not sync must be durable before anything is built on them.
    await disk.syncDirectory(directory);
    await disk.syncDirectory(join(directory, CURSORS));
    const { segments: list, checkpoints } = await recover({ disk, directory, log });
    const end = list.at(-1)?.endPosition ?? 0;
    const cursors = await Cursors.load(disk, join(directory, CURSORS), end);
    await openLastSegment(disk, directory, list);
    const segments = new Segments(list);
    const parts = { directory, disk, clock, log, limits, segments, checkpoints, cursors, lock };
    const journal = new DurableJournal(parts);
    await journal.start();
    log.info('open', {
      directory,
      begin: segments.begin,
      end: segments.end,
      segments: segments.list.length,
    });
    return journal;
  } catch (error) {
    await lock?.release();
    throw refusalFor(error, 'cannot open the journal in', directory);
  }
}

/** Opens the last segment for writing; a new journal gets its first. */
async function openLastSegment(disk: Disk, directory: string, list: Segment[]): Promise<void> {
  const last = list.at(-1);
  if (last !== undefined) {
    last.file = await SegmentFile.reopen(disk, join(directory, last.name), last.endOffset);
    return;
  }
  const name = segmentName(0);
  const file = await SegmentFile.create(disk, join(directory, name));
  await disk.syncDirectory(directory);
  const place = { position: 0, endPosition: 0, endOffset: 0, lastHash: CHAIN_BEGIN };
  list.push({ name, ...place, verified: true, file });
}
