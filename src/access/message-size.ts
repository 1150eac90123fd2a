// Sizes of messages in rules: `10MiB-` for all from so large on, `-64KiB`, `1MiB-10MiB`. Pure.

/** A range of sizes, both ends included, in bytes. */
export interface SizeRange {
  readonly least: number;
  readonly most: number;
}

/** How a range is written, for messages. */
export const SIZES_EXPECTED = 'sizes such as 10MiB-, -64KiB or 1000-2000 (bytes, KiB, MiB or GiB)';

const UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };
const RANGE = /^(?:(\d{1,12})(KiB|MiB|GiB|))?-(?:(\d{1,12})(KiB|MiB|GiB|))?$/;

function bytes(digits: string | undefined, unit: string | undefined, absent: number): number {
  return digits === undefined ? absent : Number(digits) * (UNITS[unit ?? ''] ?? 1);
}

/** Reads a range; undefined when the text is none. */
export function parseSizeRange(text: string): SizeRange | undefined {
  const match = RANGE.exec(text);
  if (match === null || text === '-') return undefined;
  const least = bytes(match[1], match[2], 0);
  const most = bytes(match[3], match[4], Infinity);
  return least <= most ? { least, most } : undefined;
}
