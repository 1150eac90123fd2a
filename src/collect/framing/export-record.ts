// The records of systemd's Journal Export Format: where each one ends, and its fields. A record is lines
// `KEY=value`, or `KEY`, a length of 64 bits and as many bytes, and ends with an empty line. Lengths are
// obeyed, so that nothing within a value is ever taken for the end of a record or for a field.
// @see systemd, "Journal Export Formats"
import { entryLine, entryOf, type FieldOf } from './journal-entry.ts';

/** What every file in the format begins with: journalctl writes the cursor first. */
export const EXPORT_HEAD = Buffer.from('__CURSOR=');
/** A longer value is the length of something that is no record: the journal keeps none. */
const VALUE_BYTES_MAX = 768 * 1024 * 1024;
const LENGTH_BYTES = 8;

const NEWLINE = 0x0a;
const NUL = 0x00;
const EQUALS = 0x3d;
const RECORD_END = Buffer.from('\n\n');

type Phase = 'begin' | 'field' | 'name' | 'text' | 'length' | 'value' | 'value-end' | 'lost';

/** Finds where records end, however they are cut into pieces. */
export class ExportScanner {
  #phase: Phase = 'begin';
  #length = Buffer.alloc(LENGTH_BYTES);
  #lengthBytes = 0;
  #left = 0;
  /** Of what is lost: whether the last byte was a newline. */
  #lineEnded = false;

  /** Whether a record may end here, its empty line not being written yet. */
  get betweenFields(): boolean {
    return this.#phase === 'field';
  }

  /** The index after the record that the bytes are in, or -1 where they end before it does. */
  scan(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length) {
      const before = this.#phase;
      at = this.#step(bytes, at);
      if (this.#phase === 'begin' && before !== 'begin') return at;
    }
    return -1;
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#phase) {
      case 'begin':
        // What a hole in the file reads as is of no record.
        if (bytes[at] === NUL || bytes[at] === NEWLINE) return at + 1;
        this.#phase = 'name';
        return at;
      case 'field':
        this.#phase = bytes[at] === NEWLINE ? 'begin' : 'name';
        return bytes[at] === NEWLINE ? at + 1 : at;
      case 'name':
        return this.#name(bytes, at);
      case 'text': {
        const end = bytes.indexOf(NEWLINE, at);
        if (end >= 0) this.#phase = 'field';
        return end < 0 ? bytes.length : end + 1;
      }
      case 'length':
        return this.#lengthByte(bytes[at] ?? 0, at);
      case 'value': {
        const count = Math.min(this.#left, bytes.length - at);
        this.#left -= count;
        if (this.#left === 0) this.#phase = 'value-end';
        return at + count;
      }
      case 'value-end':
        this.#phase = bytes[at] === NEWLINE ? 'field' : 'lost';
        this.#lineEnded = false;
        return at + 1;
      case 'lost':
        return this.#lost(bytes, at);
    }
  }

  #name(bytes: Buffer, at: number): number {
    for (let end = at; end < bytes.length; end++) {
      if (bytes[end] !== EQUALS && bytes[end] !== NEWLINE) continue;
      this.#phase = bytes[end] === EQUALS ? 'text' : 'length';
      this.#lengthBytes = 0;
      return end + 1;
    }
    return bytes.length;
  }

  #lengthByte(byte: number, at: number): number {
    this.#length[this.#lengthBytes++] = byte;
    if (this.#lengthBytes < LENGTH_BYTES) return at + 1;
    const length = this.#length.readBigUInt64LE();
    this.#left = Number(length);
    this.#phase =
      length > BigInt(VALUE_BYTES_MAX) ? 'lost' : this.#left === 0 ? 'value-end' : 'value';
    this.#lineEnded = false;
    return at + 1;
  }

  /** What is no record goes on to the next empty line. */
  #lost(bytes: Buffer, at: number): number {
    if (this.#lineEnded && bytes[at] === NEWLINE) {
      this.#phase = 'begin';
      return at + 1;
    }
    this.#lineEnded = false;
    const end = bytes.indexOf(RECORD_END, at);
    if (end >= 0) this.#phase = 'begin';
    if (end >= 0) return end + RECORD_END.length;
    this.#lineEnded = bytes.at(-1) === NEWLINE;
    return bytes.length;
  }
}

/** The fields of a whole record; of several with one name the first. */
function fieldsOf(record: Buffer): FieldOf {
  const fields = new Map<string, Buffer>();
  let at = 0;
  while (record[at] === NUL || record[at] === NEWLINE) at++;
  while (at < record.length && record[at] !== NEWLINE) {
    let end = at;
    while (end < record.length && record[end] !== EQUALS && record[end] !== NEWLINE) end++;
    const name = record.toString('latin1', at, end);
    let value: Buffer;
    if (record[end] === EQUALS) {
      const lineEnd = record.indexOf(NEWLINE, end);
      const to = lineEnd < 0 ? record.length : lineEnd;
      value = record.subarray(end + 1, to);
      at = to + 1;
    } else {
      const begin = end + 1 + LENGTH_BYTES;
      if (begin > record.length) break;
      const to = begin + Number(record.readBigUInt64LE(end + 1));
      value = record.subarray(begin, to);
      at = to + 1;
    }
    if (!fields.has(name)) fields.set(name, value);
  }
  return (name) => fields.get(name);
}

/**
 * A record as the line that rsyslog would have written of it, of exactly as many bytes: NULs in front
 * fill it up, which readers of lines pass over. A record that makes no line is an empty one.
 */
export function lineOfRecord(record: Buffer): Buffer {
  const line = Buffer.alloc(record.length);
  line[line.length - 1] = NEWLINE;
  const entry = entryOf(fieldsOf(record));
  if (entry === undefined) return line;
  let text = entryLine(entry);
  if (text.length >= line.length) {
    // Many line ends, each of which takes four characters.
    const message = Buffer.from(entry.message);
    for (const [at, byte] of message.entries()) if (byte < 0x20) message[at] = 0x20;
    text = entryLine({ ...entry, message });
  }
  if (text.length < line.length) text.copy(line, line.length - 1 - text.length);
  return line;
}
