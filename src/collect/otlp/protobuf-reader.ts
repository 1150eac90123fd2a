// Reads the fields of a protobuf message, as far as OpenTelemetry's logs need it.
import { isUtf8 } from 'node:buffer';

/** Deepest nesting of values; the body of a log record may hold lists of lists. */
export const PROTOBUF_DEPTH_MAX = 32;

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;
const VARINT_BYTES_MAX = 10;

/** One field: its number and its value, of which the wire type says how it is written. */
export interface ProtobufField {
  readonly number: number;
  /** A varint, or eight fixed bytes, as an integer. */
  readonly integer?: bigint;
  /** A string, bytes or a message. */
  readonly bytes?: Buffer;
}

/**
 * The fields of a message in their order. Throws a SyntaxError that names the offset where the bytes are
 * no message.
 *
 * @see Protocol Buffers, "Encoding"
 */
export function* protobufFields(message: Buffer): Generator<ProtobufField> {
  let at = 0;
  const fail = (expected: string): never => {
    throw new SyntaxError(`offset ${at}: expected ${expected}`);
  };
  const varint = (): bigint => {
    let value = 0n;
    for (let n = 0; n < VARINT_BYTES_MAX; n++) {
      const byte = message[at++];
      if (byte === undefined) return fail('more bytes of a varint');
      value |= BigInt(byte & 0x7f) << BigInt(7 * n);
      if (byte < 0x80) return value;
    }
    return fail('a varint of at most ten bytes');
  };
  while (at < message.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    const type = Number(tag & 7n);
    if (type === VARINT) yield { number, integer: varint() };
    else if (type === FIXED_64 || type === FIXED_32) {
      const length = type === FIXED_64 ? 8 : 4;
      if (at + length > message.length) fail(`${length} fixed bytes`);
      const integer =
        type === FIXED_64 ? message.readBigUInt64LE(at) : BigInt(message.readUInt32LE(at));
      at += length;
      yield { number, integer };
    } else if (type === LENGTH_DELIMITED) {
      const length = Number(varint());
      if (at + length > message.length) fail(`${length} bytes`);
      yield { number, bytes: message.subarray(at, at + length) };
      at += length;
    } else fail('a known wire type');
  }
}

/** A string field. Throws a SyntaxError where it is not UTF-8. */
export function protobufString(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new SyntaxError('expected a string in UTF-8');
  return bytes.toString('utf8');
}

/** Writes a field that holds bytes: a string or a message. */
export function protobufBytes(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([
    varintBytes(BigInt((number << 3) | LENGTH_DELIMITED)),
    varintBytes(BigInt(bytes.length)),
    bytes,
  ]);
}

/** Writes a field that holds a number. */
export function protobufInteger(number: number, value: number): Buffer {
  return Buffer.concat([varintBytes(BigInt(number << 3)), varintBytes(BigInt(value))]);
}

function varintBytes(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    if (rest < 0x80n) {
      bytes.push(low);
      return Buffer.from(bytes);
    }
    bytes.push(low | 0x80);
  }
}
