// How long a delivery waits after a failure.
import { DestinationError } from './destination.ts';
import { RETRY_MAX_MS, RETRY_MIN_MS } from './limits.ts';

/**
 * The wait in ms before the next attempt: doubled with each failure in a row, and half of it by chance, so that
 * many do not come at once when a destination is up again. What the destination asks for is heeded.
 *
 * @param random from 0 up to 1
 */
export function retryDelayMs(failuresInARow: number, error: unknown, random: () => number): number {
  const mostMs = Math.min(RETRY_MIN_MS * 2 ** Math.min(failuresInARow - 1, 20), RETRY_MAX_MS);
  const askedMs = error instanceof DestinationError ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(mostMs / 2 + (random() * mostMs) / 2, Math.min(askedMs, RETRY_MAX_MS));
}
