// Choices made by chance: a list of numbers decides, one after the other, and where it ends the
// first of everything is chosen. So a shorter list of smaller numbers is a simpler case, which is
// how fast-check finds the simplest that fails.
import fc from 'fast-check';

export class Choices {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** A whole number from 0 up to but without `end`. */
  below(end: number): number {
    return (this.#numbers[this.#at++] ?? 0) % end;
  }

  /** One of the values. */
  of<Item>(...values: readonly Item[]): Item {
    return values[this.below(values.length)] as Item;
  }

  /** One of the values, to be made once it is chosen. */
  made<Item>(...makers: readonly (() => Item)[]): Item {
    return this.of(...makers)();
  }

  /** True once in so many times. */
  once(times: number): boolean {
    return this.below(times) === times - 1;
  }

  /** From `least` to `most` things. */
  some<Item>(least: number, most: number, make: (index: number) => Item): Item[] {
    const count = least + this.below(most - least + 1);
    return Array.from({ length: count }, (_, index) => make(index));
  }
}

/** From `least` to `most` of the numbers that decide. */
export function numbers(least: number, most: number): fc.Arbitrary<number[]> {
  return fc.array(fc.nat(999_983), { minLength: least, maxLength: most, size: 'max' });
}
