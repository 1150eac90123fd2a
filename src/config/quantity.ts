// Sizes and durations as people write them (`512MiB`, `30d`), for the configuration and the
// command line.

const BINARY = 1024;
const DECIMAL = 1000;

const BYTES_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['kib', BINARY],
  ['mib', BINARY ** 2],
  ['gib', BINARY ** 3],
  ['tib', BINARY ** 4],
  ['kb', DECIMAL],
  ['mb', DECIMAL ** 2],
  ['gb', DECIMAL ** 3],
  ['tb', DECIMAL ** 4],
]);

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

const MS_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', SECOND_MS],
  ['m', MINUTE_MS],
  ['h', HOUR_MS],
  ['d', DAY_MS],
  ['w', 7 * DAY_MS],
]);

/** What a size looks like, for error messages and the reference. */
export const SIZE_FORM = 'a size such as 512MiB, 2GB or 1048576 (bytes)';

function quantity(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s?([a-z]*)$/i.exec(text.trim());
  const unit = units.get((match?.[2] ?? '').toLowerCase());
  if (match === null || unit === undefined) return undefined;
  const value = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A size in bytes; KiB, MiB, GiB, TiB are powers of 1024, KB, MB, GB, TB powers of 1000. */
export function parseSize(text: string): number | undefined {
  return quantity(text, BYTES_PER_UNIT);
}

/** A duration in milliseconds from `500ms`, `15s`, `10m`, `2h`, `30d` or `4w`; the unit is needed. */
export function parseDuration(text: string): number | undefined {
  return quantity(text, MS_PER_UNIT);
}

/** Bytes for people, with one decimal from KiB on. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= BINARY && unit < units.length - 1) {
    value /= BINARY;
    unit++;
  }
  return unit === 0 ? `${bytes} B` : `${value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** A duration for people, in its largest fitting unit: `3 s`, `12 min`, `5 h`, `2 days`. */
export function formatDuration(durationMs: number): string {
  const abs = Math.abs(durationMs);
  if (abs < SECOND_MS) return `${Math.round(durationMs)} ms`;
  if (abs < 2 * MINUTE_MS) return `${Math.round(durationMs / SECOND_MS)} s`;
  if (abs < 2 * HOUR_MS) return `${Math.round(durationMs / MINUTE_MS)} min`;
  if (abs < 2 * DAY_MS) return `${Math.round(durationMs / HOUR_MS)} h`;
  return `${Math.round(durationMs / DAY_MS)} days`;
}
