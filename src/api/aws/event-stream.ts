// Messages of an event stream: how an answer that goes on is cut into events that AWS's clients read.
// @see Amazon event stream specification (Smithy 2.0, "Amazon Event Stream Specification")
import { crc32 } from 'node:zlib';
import type { StreamEvent } from './operation.ts';

const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;
/** The type of a header's value: a string of at most 65,535 bytes. */
const STRING_HEADER = 7;

function header(name: string, value: string): Buffer {
  const nameBytes = Buffer.from(name);
  const valueBytes = Buffer.from(value);
  const head = Buffer.alloc(4 + nameBytes.length);
  head.writeUInt8(nameBytes.length, 0);
  nameBytes.copy(head, 1);
  head.writeUInt8(STRING_HEADER, 1 + nameBytes.length);
  head.writeUInt16BE(valueBytes.length, 2 + nameBytes.length);
  return Buffer.concat([head, valueBytes]);
}

function message(headers: Buffer, payload: Buffer): Buffer {
  const total = PRELUDE_BYTES + headers.length + payload.length + CRC_BYTES;
  const out = Buffer.alloc(total);
  out.writeUInt32BE(total, 0);
  out.writeUInt32BE(headers.length, 4);
  out.writeUInt32BE(crc32(out.subarray(0, 8)), 8);
  headers.copy(out, PRELUDE_BYTES);
  payload.copy(out, PRELUDE_BYTES + headers.length);
  out.writeUInt32BE(crc32(out.subarray(0, total - CRC_BYTES)), total - CRC_BYTES);
  return out;
}

/** One event as the bytes of a message. */
export function encodeStreamEvent({ name, payload, exception = false }: StreamEvent): Buffer {
  const headers = Buffer.concat([
    header(exception ? ':exception-type' : ':event-type', name),
    header(':content-type', 'application/json'),
    header(':message-type', exception ? 'exception' : 'event'),
  ]);
  return message(headers, Buffer.from(JSON.stringify(payload)));
}

/** The empty first message by which clients of the JSON protocol know that the answer is a stream. */
export function encodeInitialResponse(): Buffer {
  return encodeStreamEvent({ name: 'initial-response', payload: {} });
}
