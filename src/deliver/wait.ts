// Waiting that ends with a signal.
import type { Clock } from '../platform/clock.ts';

/** Resolves after so many ms, or when the signal aborts. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.after(delayMs, end);
    signal.addEventListener('abort', end, { once: true });
  });
}

/** Resolves at the time, or when the signal aborts. */
export function sleepUntil(clock: Clock, atMs: number, signal: AbortSignal): Promise<void> {
  return sleep(clock, atMs - clock.now(), signal);
}
