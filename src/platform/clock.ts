// Time comes in through this port, so that tests and simulations can own it.

/** What the program may know of time. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls back once after the delay unless cancelled; never keeps the process alive by itself. */
  after(delayMs: number, callback: () => void): { cancel(): void };
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
