// Policy reports as a log's checkpoint holds them: the ones that wait for their line, and what a late
// line must know of those that were told alone.
import type { SignInAttempt } from './sign-in.ts';

/**
 * How much of a checkpoint the reports that were told alone may take, in bytes of JSON: some 25 of
 * them, the newest.
 */
export const REPORTS_TOLD_BYTES_MAX = 8 * 1024;

/** A report that waits for its line, or was told alone. */
export interface NotedReport {
  /** The same in the checkpoints of all logs. */
  readonly id: string;
  readonly key: string;
  readonly report: SignInAttempt;
  /** Since when it waits, ms. */
  readonly sinceMs: number;
  /** Of its JSON. */
  readonly bytes: number;
  /** Set when its event was told. */
  readonly revisionKey?: string;
}

function newestThatFit(newestFirst: Iterable<NotedReport>, bytesMax: number): NotedReport[] {
  const fitting: NotedReport[] = [];
  let bytes = 0;
  for (const noted of newestFirst) {
    bytes += noted.bytes + (noted.revisionKey?.length ?? 0);
    if (bytes > bytesMax) break;
    fitting.unshift(noted);
  }
  return fitting;
}

/** What a checkpoint holds: the newest of each kind, as many as fit; both come newest first. */
export function reportsCarried(
  waiting: Iterable<NotedReport>,
  told: Iterable<NotedReport>,
  waitingBytesMax: number,
): unknown[] {
  const fitting = [
    ...newestThatFit(told, REPORTS_TOLD_BYTES_MAX),
    ...newestThatFit(waiting, waitingBytesMax),
  ];
  return fitting.map(({ id, key, report, revisionKey }) => ({ id, key, report, revisionKey }));
}

/** Reads one back; undefined for what is not understood. It begins to wait anew. */
export function attemptOfReport(carried: unknown, nowMs: number): NotedReport | undefined {
  const { id, key, report, revisionKey } = (carried ?? {}) as Partial<NotedReport>;
  if (typeof id !== 'string' || typeof key !== 'string') return undefined;
  if (typeof report !== 'object' || typeof report?.timeMs !== 'number') return undefined;
  if (typeof report.success !== 'boolean' || typeof report.userTyped !== 'string') return undefined;
  const bytes = Buffer.byteLength(JSON.stringify(report)) + key.length + id.length + 40;
  return {
    id,
    key,
    report,
    sinceMs: nowMs,
    bytes,
    ...(typeof revisionKey === 'string' && { revisionKey }),
  };
}
