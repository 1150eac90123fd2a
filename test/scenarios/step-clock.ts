// A clock that stands still until it is moved; what is due is then called in its order.
import type { Clock } from '../../src/platform/clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly delayMs: number;
  readonly callback: () => void;
}

export class StepClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<Timer>();

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): { cancel(): void } {
    const timer = { dueMs: this.#nowMs + delayMs, delayMs, callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** Moves on by so much. */
  advance(byMs: number): void {
    this.moveTo(this.#nowMs + byMs);
  }

  /** Moves on to a time; one that has passed changes nothing. */
  moveTo(timeMs: number): void {
    for (;;) {
      let next: Timer | undefined;
      for (const timer of this.#timers) {
        if (timer.dueMs <= timeMs && timer.dueMs < (next?.dueMs ?? Infinity)) next = timer;
      }
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
    }
    this.#nowMs = Math.max(this.#nowMs, timeMs);
  }

  /** Lets what looks again after so short a time look now, while the time stays: nothing grows old. */
  nudge(delayMsMax: number): void {
    // Those that are set meanwhile wait for the next time.
    const due = [...this.#timers].filter(({ delayMs }) => delayMs <= delayMsMax);
    for (const timer of due) if (this.#timers.delete(timer)) timer.callback();
  }
}
