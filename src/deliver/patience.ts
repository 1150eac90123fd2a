// How long a destination waits for an answer: the one place where a request's own time and the end of a delivery
// come together.

/**
 * Resolves as `send` does. The signal that it is given aborts with `signal`, and after `timeoutMs`; then the
 * result rejects with an error of name `TimeoutError` that says so.
 *
 * `AbortSignal.any` is not used: in Node 20 a signal that lives as long as the program, as a delivery's does,
 * remembers every one that was ever made of it.
 */
export async function withinPatience<T>(
  signal: AbortSignal,
  timeoutMs: number,
  send: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const patience = new AbortController();
  const end = (): void => patience.abort(signal.reason);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    patience.abort();
  }, timeoutMs);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    return await send(patience.signal);
  } catch (error) {
    if (!late) throw error;
    const message = `no answer within ${timeoutMs / 1000} s`;
    throw Object.assign(new Error(message, { cause: error }), { name: 'TimeoutError' });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}
