// The country of an address by a database file in MaxMind's format (.mmdb), which GeoLite2 and others come
// in: a binary tree over the bits of addresses, whose leaves are places of records. Pure: it gets the bytes.
// @see MaxMind DB File Format Specification 2.0
import { parseAddress } from './address.ts';

/** Largest file that is read, in bytes: GeoLite2-City has 60 MiB, of which only the countries are used. */
export const DATABASE_BYTES_MAX = 512 * 1024 * 1024;
/** Records within records that are followed; a country's has three. */
const DEPTH_MAX = 16;
/** The specification's largest, which a file that is no database is not searched beyond. */
const METADATA_BYTES_MAX = 128 * 1024;
/** Between the tree and the records. */
const SEPARATOR_BYTES = 16;
const V4_BITS = 32;
const V6_BITS = 128;
/** "MaxMind.com" and three bytes before it. */
const MARKER = [0xab, 0xcd, 0xef, ...Array.from('MaxMind.com', (letter) => letter.charCodeAt(0))];

type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };

const POINTER = 1;
const TEXT = 2;
const MAP = 7;
const ARRAY = 11;
const BOOLEAN = 14;
/** unsigned of 16, 32, 64 and 128 bits */
const UNSIGNED: ReadonlySet<number> = new Set([5, 6, 9, 10]);

/** Added to the size that follows the control byte, by how many bytes it has. */
const SIZE_BASE = [0, 29, 285, 65_821] as const;
/** The same of pointers. */
const POINTER_BASE = [0, 2048, 526_336, 0] as const;

class Records {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  #at = 0;

  /** @param start where pointers count from */
  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#start = start;
  }

  /** The record at an offset from the start. Throws a RangeError where the file ends within it. */
  read(offset: number): Value {
    this.#at = this.#start + offset;
    return this.#value(0);
  }

  #number(length: number): number {
    let number = 0;
    for (let n = 0; n < length; n++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError('a record goes beyond the end');
      number = number * 256 + byte;
    }
    return number;
  }

  #value(depth: number): Value {
    if (depth > DEPTH_MAX) throw new RangeError('records are too deep in each other');
    const control = this.#number(1);
    const first = control >> 5;
    if (first === POINTER) return this.#pointed(control, depth);
    const type = first === 0 ? this.#number(1) + 7 : first;
    const short = control & 0x1f;
    const size = short < 29 ? short : (SIZE_BASE[short - 28] ?? 0) + this.#number(short - 28);
    if (size > this.#bytes.length) throw new RangeError('a record goes beyond the end');
    if (type === BOOLEAN) return size !== 0;
    if (type === TEXT) return this.#text(size);
    if (UNSIGNED.has(type)) return this.#number(size);
    if (type === MAP) return this.#map(size, depth);
    if (type === ARRAY) return Array.from({ length: size }, () => this.#value(depth + 1));
    // Coordinates and the like, which nobody asks for.
    this.#at += size;
    return '';
  }

  #pointed(control: number, depth: number): Value {
    const bytes = ((control >> 3) & 3) + 1;
    const high = bytes === 4 ? 0 : control & 7;
    const offset = high * 256 ** bytes + this.#number(bytes) + (POINTER_BASE[bytes - 1] ?? 0);
    const back = this.#at;
    this.#at = this.#start + offset;
    const value = this.#value(depth + 1);
    this.#at = back;
    return value;
  }

  /** What is asked for is ASCII; other letters may come out wrong. */
  #text(size: number): string {
    const from = this.#at;
    this.#at += size;
    return String.fromCharCode(...this.#bytes.subarray(from, Math.min(this.#at, from + 1000)));
  }

  #map(size: number, depth: number): Value {
    const map = new Map<string, Value>();
    for (let n = 0; n < size; n++) {
      const name = this.#value(depth + 1);
      if (typeof name !== 'string') throw new RangeError('the name of a member is not text');
      map.set(name, this.#value(depth + 1));
    }
    return Object.fromEntries(map);
  }
}

function member(value: Value | undefined, name: string): Value | undefined {
  return typeof value === 'object' && Object.hasOwn(value, name)
    ? (value as { readonly [name: string]: Value })[name]
    : undefined;
}

/** Where the metadata begin: behind the last marker. */
function metadataAt(bytes: Uint8Array): number | undefined {
  const first = Math.max(0, bytes.length - METADATA_BYTES_MAX);
  for (let at = bytes.length - MARKER.length; at >= first; at--) {
    if (MARKER.every((byte, n) => bytes[at + n] === byte)) return at + MARKER.length;
  }
  return undefined;
}

/** A database that was opened; one lookup after the other. */
export class CountryDatabase {
  readonly #bytes: Uint8Array;
  readonly #nodes: number;
  readonly #recordBits: number;
  readonly #records: Records;
  readonly #version: number;

  /** Opens a file's bytes. Throws a TypeError that says why it is no such database. */
  constructor(bytes: Uint8Array) {
    const at = metadataAt(bytes);
    if (at === undefined) throw new TypeError('it is not a MaxMind DB: it has no metadata');
    const metadata = new Records(bytes, at).read(0);
    const number = (name: string): number => {
      const value = member(metadata, name);
      if (typeof value === 'number') return value;
      throw new TypeError(`its metadata have no ${name}`);
    };
    this.#bytes = bytes;
    this.#nodes = number('node_count');
    this.#recordBits = number('record_size');
    this.#version = number('ip_version');
    if (number('binary_format_major_version') !== 2) {
      throw new TypeError('it is of another version than 2 of the format');
    }
    if (![24, 28, 32].includes(this.#recordBits)) {
      throw new TypeError(`its tree has records of ${this.#recordBits} bits, not 24, 28 or 32`);
    }
    const treeBytes = (this.#nodes * this.#recordBits) / 4;
    if (treeBytes + SEPARATOR_BYTES > bytes.length) throw new TypeError('it is cut short');
    this.#records = new Records(bytes, treeBytes + SEPARATOR_BYTES);
  }

  /**
   * The ISO 3166-1 alpha-2 code of the country where the address is, undefined where the database has
   * none, or where its record cannot be read.
   */
  countryOf(address: string): string | undefined {
    const words = parseAddress(address)?.words;
    const leaf = words && this.#leaf(words);
    if (leaf === undefined || leaf <= this.#nodes) return undefined;
    try {
      const record = this.#records.read(leaf - this.#nodes - SEPARATOR_BYTES);
      const code = member(member(record, 'country'), 'iso_code');
      return typeof code === 'string' ? code : undefined;
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** Where the bits of the address lead. */
  #leaf(words: readonly number[]): number | undefined {
    const bits = words.length * 32;
    if (bits === V6_BITS && this.#version === 4) return undefined;
    // In a tree for IPv6, IPv4 addresses lie below 96 zeros.
    const zeros = this.#version === 6 && bits === V4_BITS ? V6_BITS - V4_BITS : 0;
    let node = 0;
    for (let bit = -zeros; bit < bits && node < this.#nodes; bit++) {
      const side = bit < 0 ? 0 : ((words[bit >> 5] ?? 0) >>> (31 - (bit & 31))) & 1;
      node = this.#child(node, side);
    }
    return node;
  }

  #child(node: number, side: number): number {
    const bytes = this.#recordBits / 4;
    const at = node * bytes;
    const byte = (n: number): number => this.#bytes[at + n] ?? 0;
    const three = (n: number): number => byte(n) * 0x1_0000 + byte(n + 1) * 256 + byte(n + 2);
    if (this.#recordBits === 24) return three(side * 3);
    if (this.#recordBits === 32) return byte(side * 4) * 0x100_0000 + three(side * 4 + 1);
    const high = side === 0 ? byte(3) >> 4 : byte(3) & 0x0f;
    return high * 0x100_0000 + three(side * 4);
  }
}
