// Where a collector's logs are: files, and beside them what is read of the system's journal.
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { LogCollectorOptions } from '../log-collector.ts';
import { journalName, type JournalSelection, type OpenJournal } from './journal-reader.ts';
import { JournalSource } from './journal-source.ts';

/** What is read of the journal, and how. */
export interface JournalLog {
  readonly selection: JournalSelection;
  readonly open: OpenJournal;
}

/** One log, as its collector is told of it. */
export type LogOrigin = Pick<LogCollectorOptions, 'path' | 'follow' | 'unframed'>;

/** The logs of a collector; nothing in an entry of the journal is taken for a frame. */
export function logOrigins({
  paths,
  journal,
  clock,
  log,
}: {
  readonly paths: readonly string[];
  readonly journal?: JournalLog;
  readonly clock: Clock;
  readonly log: Log;
}): LogOrigin[] {
  const files = paths.map((path) => ({ path }));
  if (journal === undefined) return files;
  const { open, selection } = journal;
  const follow: LogOrigin['follow'] = (from, again) =>
    new JournalSource({ open, clock, log, ...(from !== undefined && { from, again }) });
  return [...files, { path: journalName(selection), follow, unframed: true }];
}
