// What is kept of a log beside its events, so that a restart goes on exactly where it was.
import type { HoldingsMark } from './holdings.ts';
import type { TailPlace } from './tail-place.ts';

/** The checkpoint of a log, as it is kept beside the events. */
export interface LogCheckpoint {
  readonly version: 1;
  readonly place: TailPlace;
  readonly openFrom?: number;
  readonly holdings: HoldingsMark;
  readonly carry?: unknown;
}

function isPlace(value: unknown): value is TailPlace {
  const place = value as TailPlace | null;
  return typeof place === 'object' && typeof place?.at === 'number' && Array.isArray(place.files);
}

/** Reads one back; undefined for what is none. */
export function readCheckpoint(value: unknown): LogCheckpoint | undefined {
  const checkpoint = value as LogCheckpoint | null | undefined;
  if (typeof checkpoint !== 'object' || checkpoint === null) return undefined;
  return checkpoint.version === 1 && isPlace(checkpoint.place) ? checkpoint : undefined;
}
