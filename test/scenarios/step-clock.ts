// A clock that stands still until it is moved; what is due is then called in its order.
import type { Clock } from '../../src/platform/clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export class StepClock implements Clock {
  #nowMs: number;
  /** Timers count in this, which runs ahead of the time of day when the clock is nudged. */
  #elapsedMs = 0;
  readonly #timers = new Set<Timer>();

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): { cancel(): void } {
    const timer = { dueMs: this.#elapsedMs + delayMs, callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** Moves on by so much. */
  advance(byMs: number): void {
    this.#elapse(byMs, true);
  }

  /** Moves on to a time of day; one that has passed changes nothing. */
  moveTo(timeMs: number): void {
    if (timeMs > this.#nowMs) this.advance(timeMs - this.#nowMs);
  }

  /** Calls what waits for so long, while the time of day stays: nothing grows old by it. */
  nudge(byMs: number): void {
    this.#elapse(byMs, false);
  }

  #elapse(byMs: number, day: boolean): void {
    const endMs = this.#elapsedMs + byMs;
    for (;;) {
      let next: Timer | undefined;
      for (const timer of this.#timers) {
        if (timer.dueMs <= endMs && timer.dueMs < (next?.dueMs ?? Infinity)) next = timer;
      }
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#to(Math.max(this.#elapsedMs, next.dueMs), day);
      next.callback();
    }
    this.#to(endMs, day);
  }

  #to(elapsedMs: number, day: boolean): void {
    if (day) this.#nowMs += elapsedMs - this.#elapsedMs;
    this.#elapsedMs = elapsedMs;
  }
}
