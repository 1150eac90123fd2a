// What lies behind a place in the journal, by its segments: how much, from where on there is no more than so
// much, and where a time begins.
import type { Cursor } from './journal.ts';
import type { Segments } from './segments.ts';

/** Bytes from the cursor to the end; without an offset, from the beginning of its segment. */
export function bytesBeyond(segments: Segments, cursor: Cursor): number {
  if (cursor.position >= segments.end) return 0;
  const holding = segments.holding(cursor.position);
  const offset = cursor.segment === holding.name ? (cursor.offset ?? 0) : 0;
  let bytes = 0;
  for (const segment of segments.list) {
    if (segment.position >= holding.position) bytes += segment.endOffset;
  }
  return Math.max(0, bytes - offset);
}

/** The oldest beginning of a segment from which there are no more bytes than so many; the last one's at least. */
export function cursorWithin(segments: Segments, bytesMax: number): Cursor {
  let bytes = 0;
  let oldest = segments.active;
  for (const segment of segments.list.toReversed()) {
    bytes += segment.endOffset;
    if (bytes > bytesMax) break;
    oldest = segment;
  }
  return segments.cursorAt({ segment: oldest, offset: 0, position: oldest.position });
}

/** The beginning of the segment in which the time is: no block before it was sealed at the time or later. */
export function cursorBefore(segments: Segments, atMs: number): Cursor {
  let found = segments.first;
  for (const segment of segments.list) {
    if ((segment.firstSealedAtMs ?? Infinity) < atMs) found = segment;
  }
  return segments.cursorAt({ segment: found, offset: 0, position: found.position });
}
