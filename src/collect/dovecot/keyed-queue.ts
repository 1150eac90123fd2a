// A bounded queue whose entries can also be taken by a key, the oldest of a key first.

interface Entry<T> {
  readonly key: string;
  readonly value: T;
}

/** At most `sizeMax` entries, in the order they came. */
export class KeyedQueue<T> {
  readonly #sizeMax: number;
  readonly #entries = new Map<number, Entry<T>>();
  readonly #numbers = new Map<string, number[]>();
  #next = 0;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Appends an entry; the answer is the oldest one, where there was no room for both. */
  push(key: string, value: T): T | undefined {
    const number = this.#next++;
    this.#entries.set(number, { key, value });
    const numbers = this.#numbers.get(key);
    if (numbers === undefined) this.#numbers.set(key, [number]);
    else numbers.push(number);
    return this.#entries.size > this.#sizeMax ? this.shift() : undefined;
  }

  /** Takes the oldest entry of the key. */
  take(key: string): T | undefined {
    const number = this.#numbers.get(key)?.[0];
    return number === undefined ? undefined : this.#remove(number);
  }

  /** Takes the oldest entry of all. */
  shift(): T | undefined {
    for (const number of this.#entries.keys()) return this.#remove(number);
    return undefined;
  }

  /** The oldest entry, which stays. */
  peek(): T | undefined {
    for (const { value } of this.#entries.values()) return value;
    return undefined;
  }

  /** Takes the entry out, wherever it is; false when it is not there. */
  delete(key: string, value: T): boolean {
    for (const number of this.#numbers.get(key) ?? []) {
      if (this.#entries.get(number)?.value !== value) continue;
      this.#remove(number);
      return true;
    }
    return false;
  }

  /** All entries, the newest first. */
  *newestFirst(): Generator<T> {
    for (let number = this.#next - 1, left = this.#entries.size; left > 0; number--) {
      const entry = this.#entries.get(number);
      if (entry === undefined) continue;
      left--;
      yield entry.value;
    }
  }

  #remove(number: number): T | undefined {
    const entry = this.#entries.get(number);
    if (entry === undefined) return undefined;
    this.#entries.delete(number);
    const numbers = this.#numbers.get(entry.key) ?? [];
    if (numbers.length <= 1) this.#numbers.delete(entry.key);
    else
      this.#numbers.set(
        entry.key,
        numbers.filter((each) => each !== number),
      );
    return entry.value;
  }
}
