// "Did you mean …?": the known word nearest to the one that was written.

/** Words of more than this many differences are another word, not a slip of the hand. */
const DIFFERENCES_MAX = 3;

/** A shorter beginning could be of anything. */
const BEGINNING_LENGTH_MIN = 3;

/** How many inserted, removed, replaced or swapped characters are between two words. */
export function differences(from: string, to: string): number {
  let before: number[] = [];
  let last: number[] = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let least = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && swapped) least = Math.min(least, (before[column - 2] ?? 0) + 1);
      current.push(least);
    }
    before = last;
    last = current;
  }
  return last[to.length] ?? 0;
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[-_]/g, '');
}

/**
 * The known word that was probably meant, compared without case and without `-` and `_`, or
 * the only one that begins so; undefined when none is near.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const wanted = plain(word);
  const differencesMax = Math.min(DIFFERENCES_MAX, Math.ceil(wanted.length / 3));
  let best: { word: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = differences(wanted, plain(candidate));
    if (distance <= differencesMax && distance < (best?.distance ?? Infinity)) {
      best = { word: candidate, distance };
    }
  }
  if (best !== undefined || wanted.length < BEGINNING_LENGTH_MIN) return best?.word;
  const begun = known.filter((candidate) => plain(candidate).startsWith(wanted));
  return begun.length === 1 ? begun[0] : undefined;
}
