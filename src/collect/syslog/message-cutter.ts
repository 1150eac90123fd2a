// Cuts a stream of syslog messages into messages: by their counted octets, or by newlines. A sender may
// change from one to the other between two messages; a count begins with a digit, a message with `<`.

/** Digits of an octet count. */
const COUNT_DIGITS_MAX = 9;
const ZERO = 0x30;
const NINE = 0x39;
const SPACE = 0x20;
const NEWLINE = 0x0a;

/**
 * Cuts one connection's stream.
 *
 * @see RFC 6587 section 3.4 (octet counting and non-transparent framing), RFC 5425 section 4.3
 */
export class MessageCutter {
  readonly #bytesMax: number;
  #rest: Buffer = Buffer.alloc(0);
  /** Octets of a message too long that are still to be passed over. */
  #skipped = 0;
  /** Whether the rest of a line too long is being passed over. */
  #skipsLine = false;
  #cut = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** How many messages were longer than the limit and were cut there. */
  get cut(): number {
    return this.#cut;
  }

  /** The messages that are whole with these bytes. Throws a SyntaxError where no message can begin. */
  push(bytes: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const messages: Buffer[] = [];
    for (;;) {
      const message = this.#next();
      if (message === undefined) return messages;
      if (message.length > 0) messages.push(message);
    }
  }

  /** What came after the last whole message, when the stream has ended. */
  end(): Buffer | undefined {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    const first = rest[0] ?? ZERO;
    const counted = first >= ZERO && first <= NINE;
    return rest.length === 0 || counted || this.#skipsLine ? undefined : rest;
  }

  #next(): Buffer | undefined {
    if (!this.#passOver()) return undefined;
    const first = this.#rest[0];
    if (first === undefined) return undefined;
    return first >= ZERO && first <= NINE ? this.#counted() : this.#line();
  }

  /** Passes over what is too long; false while not all of it has come. */
  #passOver(): boolean {
    if (this.#skipped > 0) {
      const passed = Math.min(this.#skipped, this.#rest.length);
      this.#skipped -= passed;
      this.#rest = this.#rest.subarray(passed);
    }
    if (this.#skipsLine) {
      const end = this.#rest.indexOf(NEWLINE);
      this.#rest = end < 0 ? Buffer.alloc(0) : this.#rest.subarray(end + 1);
      this.#skipsLine = end < 0;
    }
    return this.#skipped === 0 && !this.#skipsLine;
  }

  #counted(): Buffer | undefined {
    const space = this.#rest.subarray(0, COUNT_DIGITS_MAX + 1).indexOf(SPACE);
    const digits = this.#rest.toString('latin1', 0, space < 0 ? COUNT_DIGITS_MAX + 1 : space);
    if (!/^\d{1,9}$/.test(digits)) {
      throw new SyntaxError(`expected an octet count and a space, found ${JSON.stringify(digits)}`);
    }
    if (space < 0) return undefined;
    const count = Number(digits);
    const from = space + 1;
    const taken = Math.min(count, this.#bytesMax);
    if (this.#rest.length < from + taken) return undefined;
    const message = this.#rest.subarray(from, from + taken);
    this.#rest = this.#rest.subarray(from + taken);
    if (count > taken) {
      this.#skipped = count - taken;
      this.#cut++;
    }
    return message;
  }

  #line(): Buffer | undefined {
    const end = this.#rest.subarray(0, this.#bytesMax + 1).indexOf(NEWLINE);
    if (end >= 0) {
      const line = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end + 1);
      return line;
    }
    if (this.#rest.length <= this.#bytesMax) return undefined;
    const line = this.#rest.subarray(0, this.#bytesMax);
    this.#rest = this.#rest.subarray(this.#bytesMax);
    this.#skipsLine = true;
    this.#cut++;
    return line;
  }
}
