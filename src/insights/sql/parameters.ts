// Everything a query's text brings into SQL goes through here: the SQL has a placeholder, the
// engine gets the value beside it.

export type ParameterType = 'String' | 'Float64' | 'Int64' | 'UInt64';

export class Parameters {
  readonly #names = new Map<string, string>();
  readonly #values: Record<string, string> = {};
  #chars = 0;

  /** Binds a value and gives its placeholder; equal values share one. */
  bind(value: string | number, type: ParameterType): string {
    const key = `${type} ${value}`;
    let name = this.#names.get(key);
    if (name === undefined) {
      name = `p${this.#names.size + 1}`;
      this.#names.set(key, name);
      // As text: the engine reads all digits, and there is one way to write any number.
      const text = String(value);
      this.#values[name] = text;
      this.#chars += text.length;
    }
    return `{${name}:${type}}`;
  }

  /** Of all values together. */
  get chars(): number {
    return this.#chars;
  }

  get values(): Readonly<Record<string, string>> {
    return this.#values;
  }
}

/**
 * A string of our own declarations as SQL. Refuses what would need escaping, so that nothing of a
 * query can ever pass this way.
 */
export function constantText(text: string): string {
  if (!/^[\w "{}[\],:.+\-@/()?^$|=]*$/.test(text)) throw new Error(`not a constant: ${text}`);
  return `'${text}'`;
}
