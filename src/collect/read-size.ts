// How much of a log is read in one turn of the process. What else it has to answer gets its turn after
// each such piece, so that the size decides how long mail waits while a backlog is read.

/** Most that is read at once, in bytes: some 400 lines, 3 to 7 ms. */
export const READ_BYTES = 256 * 1024;
/** The same while mail is being shown to us: turns of some 2 ms, for a sixth fewer lines a second. */
export const READ_BYTES_WITH_MAIL = 64 * 1024;
/** Least that is read at once, in bytes: a log that is followed live grows by a few lines. */
export const READ_BYTES_MIN = 4096;

/** How much to read of so many bytes that were not read yet; Infinity where nobody knows how many. */
export function readBytes(unread: number, mailWaits: boolean): number {
  const most = mailWaits ? READ_BYTES_WITH_MAIL : READ_BYTES;
  return Math.min(most, Math.max(READ_BYTES_MIN, unread));
}
