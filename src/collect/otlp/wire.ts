// The wire format of Protocol Buffers: a message's fields one by one, each with its number and its bytes or
// number. It knows no message; read-protobuf.ts does.
import { OtlpError } from './log-record.ts';

/** One field. `bytes` is of a length-delimited field and shares the message's memory. */
export type WireField =
  | { readonly number: number; readonly kind: 'integer'; readonly value: bigint }
  | { readonly number: number; readonly kind: 'fixed64'; readonly bytes: Buffer }
  | { readonly number: number; readonly kind: 'fixed32'; readonly bytes: Buffer }
  | { readonly number: number; readonly kind: 'bytes'; readonly bytes: Buffer };

/** A varint has seven bits in each byte and 64 in all. */
const VARINT_BYTES_MAX = 10;

class Cursor {
  readonly #message: Buffer;
  at = 0;

  constructor(message: Buffer) {
    this.#message = message;
  }

  get atEnd(): boolean {
    return this.at >= this.#message.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let index = 0; index < VARINT_BYTES_MAX; index++) {
      const byte = this.#message[this.at];
      if (byte === undefined) throw new OtlpError('it ends inside a number');
      this.at++;
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new OtlpError(`a number is longer than ${VARINT_BYTES_MAX} bytes`);
  }

  /** A varint that is a length or a key; it fits a number, or what it says is not there. */
  small(): number {
    const first = this.#message[this.at];
    if (first !== undefined && first < 0x80) {
      this.at++;
      return first;
    }
    return Number(this.varint());
  }

  bytes(length: number): Buffer {
    const end = this.at + length;
    if (end > this.#message.length) {
      const left = this.#message.length - this.at;
      throw new OtlpError(`a field of ${length} bytes has ${left} left`);
    }
    const bytes = this.#message.subarray(this.at, end);
    this.at = end;
    return bytes;
  }
}

/**
 * The fields of a message in their order. Throws an OtlpError where the bytes are no message, which groups
 * count as: OTLP has none.
 *
 * @see Protocol Buffers documentation, Encoding
 */
export function* wireFields(message: Buffer): Generator<WireField> {
  const cursor = new Cursor(message);
  while (!cursor.atEnd) {
    const key = cursor.small();
    const number = Math.floor(key / 8);
    if (number === 0) throw new OtlpError('a field has the number 0');
    switch (key % 8) {
      case 0:
        yield { number, kind: 'integer', value: cursor.varint() };
        break;
      case 1:
        yield { number, kind: 'fixed64', bytes: cursor.bytes(8) };
        break;
      case 2:
        yield { number, kind: 'bytes', bytes: cursor.bytes(cursor.small()) };
        break;
      case 5:
        yield { number, kind: 'fixed32', bytes: cursor.bytes(4) };
        break;
      default:
        throw new OtlpError(`field ${number} has the unknown wire type ${key % 8}`);
    }
  }
}
