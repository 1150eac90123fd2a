// Several works at a time.

/**
 * Runs the works, so many at a time, and gives their results in their order. All of them run; the
 * first failure is thrown then.
 */
export async function inParallel<T>(
  works: readonly (() => Promise<T>)[],
  atATime: number,
): Promise<T[]> {
  const results: T[] = [];
  const failures: unknown[] = [];
  const waiting = [...works.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, work] = next;
      try {
        results[index] = await work();
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}
