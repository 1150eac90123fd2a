import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { withinPatience } from './patience.ts';

/** Answers nothing, and ends with the signal's reason. */
function silence(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
}

test('an answer in time is the result, and nothing of it stays behind', async () => {
  const { signal } = new AbortController();
  expect(await withinPatience(signal, 60_000, async () => 'answer')).toBe('answer');
  await expect(
    withinPatience(signal, 60_000, () => Promise.reject(new Error('no'))),
  ).rejects.toThrow('no');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('silence ends after its time, in words', async () => {
  const { signal } = new AbortController();
  await expect(withinPatience(signal, 20, silence)).rejects.toMatchObject({
    name: 'TimeoutError',
    message: 'no answer within 0.02 s',
  });
});

test('the end of a delivery ends its request, also one that has not begun', async () => {
  const ending = new AbortController();
  const under = withinPatience(ending.signal, 60_000, silence);
  ending.abort(new Error('stopped'));
  await expect(under).rejects.toThrow('stopped');
  await expect(withinPatience(ending.signal, 60_000, silence)).rejects.toThrow('stopped');
});
