// The fast half of the front door. Most records that arrive need nothing done to them: this reads
// a line's bytes once and says whether the line can go into the journal as it is. Whatever is
// unusual, right or wrong, it leaves to admitRecord. It never says yes to a line that admitRecord
// would refuse or change in meaning.
//
// It exists because parsing is the largest cost of acknowledging an event (see bench/RESULTS.md).
import { EVENT_TIMESTAMP_AHEAD_MAX_MS, EVENT_TIMESTAMP_MIN_MS } from './admit.ts';
import type { FieldKind } from './field.ts';
import { LOG_TYPE_SPECS } from './log-type.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Integers of at most this many digits are exact in JavaScript and fit the store's 64 bits. */
const DIGITS_MAX = 15;

interface Known {
  /** A number for the path; `log_type` and the nested `event` object have one too. */
  readonly id: number;
  readonly kind: FieldKind | 'log_type' | 'event_timestamp' | 'object' | 'reserved';
  readonly key: Uint8Array;
  /** The keys of the object, for `object`. */
  readonly inner: KeyTable | undefined;
  /** Allowed values by log type number, for those types that close the vocabulary. */
  readonly oneOf: (readonly Uint8Array[] | undefined)[];
}

/** Declared keys of one level, found by a hash of their bytes. */
type KeyTable = (readonly Known[] | undefined)[];
const TABLE_SLOTS = 512;

/** ASCII bytes; the declarations' names and values are plain ASCII. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0;
  for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + (bytes[i] ?? 0)) | 0;
  return hash & (TABLE_SLOTS - 1);
}

function sameBytes(bytes: Uint8Array, from: number, to: number, other: Uint8Array): boolean {
  if (to - from !== other.length) return false;
  for (let i = 0; i < other.length; i++) if (bytes[from + i] !== other[i]) return false;
  return true;
}

const LOG_TYPE_NAMES: readonly Uint8Array[] = LOG_TYPE_SPECS.map((spec) => bytesOf(spec.logType));
const LOG_TYPE_COUNT = LOG_TYPE_NAMES.length;

/** Everything the scanner knows, built once from the declarations. */
class Declarations {
  readonly top: KeyTable;
  /** [path number × log type number]: 1 where the log type has the path. */
  readonly allowed: Uint8Array;
  /** By log type number: the path numbers a record cannot be without. */
  readonly required: readonly (readonly number[])[];
  readonly paths: number;

  constructor() {
    const ids = new Map<string, Known>();
    const tables = new Map<string, KeyTable>([['', []]]);
    const add = (path: string, kind: Known['kind'], inner?: KeyTable): Known => {
      const known = ids.get(path);
      if (known) return known;
      const dot = path.lastIndexOf('.');
      const key = bytesOf(path.slice(dot + 1));
      const made: Known = { id: ids.size, kind, key, inner, oneOf: [] };
      ids.set(path, made);
      const table = tables.get(dot < 0 ? '' : path.slice(0, dot)) ?? [];
      const slot = hashOf(key, 0, key.length);
      table[slot] = [...(table[slot] ?? []), made];
      return made;
    };
    const pairs: [Known, number][] = [[add('log_type', 'log_type'), -1]];
    const required = LOG_TYPE_SPECS.map((): number[] => []);
    for (const [type, spec] of LOG_TYPE_SPECS.entries()) {
      for (const field of spec.fields) {
        const parent = field.path.includes('.') ? field.path.slice(0, field.path.indexOf('.')) : '';
        if (!tables.has(parent)) tables.set(parent, []);
        if (parent !== '') pairs.push([add(parent, 'object', tables.get(parent)), type]);
        const isTime = field.path === 'event_timestamp';
        const kind = field.reserved ? 'reserved' : field.kind;
        const known = add(field.path, isTime ? 'event_timestamp' : kind);
        known.oneOf[type] = field.oneOf?.map(bytesOf);
        pairs.push([known, type]);
        if (field.required) required[type]?.push(known.id);
      }
    }
    this.top = tables.get('') ?? [];
    this.paths = ids.size;
    this.required = required;
    this.allowed = new Uint8Array(ids.size * LOG_TYPE_COUNT);
    for (const [known, type] of pairs) {
      for (let t = 0; t < LOG_TYPE_COUNT; t++) {
        if (type === t || type < 0) this.allowed[known.id * LOG_TYPE_COUNT + t] = 1;
      }
    }
  }
}

const DECLARED = new Declarations();

/** Reads lines; one scanner serves one caller at a time and keeps no reference to the bytes. */
export class Scanner {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  #latestMs = 0;
  /** For each path the number of the line it was last seen in: finds doubled keys. */
  readonly #seenIn = new Int32Array(DECLARED.paths);
  #line = 0;
  #logType = -1;
  readonly #seen: Known[] = [];
  #seenCount = 0;
  /** Where the value of a closed-vocabulary field lies, by its place in #seen. */
  readonly #valueFrom = new Int32Array(DECLARED.paths);
  readonly #valueTo = new Int32Array(DECLARED.paths);

  /**
   * Whether the bytes from `from` to `to` are one record that can be journaled as it is. The bytes
   * must be valid UTF-8.
   */
  accepts(bytes: Uint8Array, from: number, to: number, nowMs: number): boolean {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
    this.#latestMs = nowMs + EVENT_TIMESTAMP_AHEAD_MAX_MS;
    this.#logType = -1;
    this.#seenCount = 0;
    this.#line++;
    if (this.#line === 0x7fffffff) {
      this.#line = 1;
      this.#seenIn.fill(0);
    }
    return this.#object(DECLARED.top) && this.#at === this.#end && this.#fits();
  }

  /** The keys seen are ones the log type has, with values it allows, and none that it needs lacks. */
  #fits(): boolean {
    const type = this.#logType;
    if (type < 0) return false;
    for (let i = 0; i < this.#seenCount; i++) {
      const known = this.#seen[i];
      if (known === undefined || DECLARED.allowed[known.id * LOG_TYPE_COUNT + type] !== 1)
        return false;
      const oneOf = known.oneOf[type];
      if (oneOf === undefined) continue;
      const from = this.#valueFrom[known.id] ?? 0;
      const to = this.#valueTo[known.id] ?? 0;
      if (!oneOf.some((value) => sameBytes(this.#bytes, from, to, value))) return false;
    }
    return (DECLARED.required[type] ?? []).every((id) => this.#seenIn[id] === this.#line);
  }

  #space(): void {
    const bytes = this.#bytes;
    while (this.#at < this.#end && (bytes[this.#at] === 0x20 || bytes[this.#at] === 0x09))
      this.#at++;
  }

  #take(byte: number): boolean {
    if (this.#at >= this.#end || this.#bytes[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  #object(table: KeyTable): boolean {
    if (!this.#take(OPEN)) return false;
    for (;;) {
      this.#space();
      const known = this.#key(table);
      if (known === undefined || this.#seenIn[known.id] === this.#line) return false;
      this.#seenIn[known.id] = this.#line;
      this.#seen[this.#seenCount++] = known;
      this.#space();
      if (!this.#take(COLON)) return false;
      this.#space();
      if (!this.#value(known)) return false;
      this.#space();
      if (this.#take(COMMA)) continue;
      return this.#take(CLOSE);
    }
  }

  /** A declared key with its quotes; undefined when it is not one. */
  #key(table: KeyTable): Known | undefined {
    if (!this.#take(QUOTE)) return undefined;
    const bytes = this.#bytes;
    const from = this.#at;
    let hash = 0;
    let at = from;
    for (; at < this.#end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) break;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    this.#at = at + 1;
    const slot = table[hash & (TABLE_SLOTS - 1)];
    if (slot === undefined) return undefined;
    for (const known of slot) if (sameBytes(bytes, from, at, known.key)) return known;
    return undefined;
  }

  #value(known: Known): boolean {
    switch (known.kind) {
      case 'text': {
        const from = this.#at + 1;
        if (!this.#string()) return false;
        this.#valueFrom[known.id] = from;
        this.#valueTo[known.id] = this.#at - 1;
        return true;
      }
      case 'boolean':
        return this.#word('true') || this.#word('false');
      case 'integer':
      case 'timestamp':
        return this.#integer() !== undefined;
      case 'event_timestamp':
        return this.#eventTimestamp();
      case 'texts':
        return this.#texts();
      case 'log_type':
        return this.#logTypeName();
      case 'object':
        return known.inner !== undefined && this.#object(known.inner);
      case 'json':
      case 'reserved':
        return false;
    }
  }

  /**
   * A string whose escapes every JSON reader takes alike. `\u` is left to the other half: it may
   * be half of a surrogate pair.
   */
  #string(): boolean {
    if (!this.#take(QUOTE)) return false;
    const bytes = this.#bytes;
    const end = this.#end;
    for (let at = this.#at; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) {
        this.#at = at + 1;
        return true;
      }
      if (byte < 0x20) return false;
      if (byte !== BACKSLASH) continue;
      at++;
      switch (bytes[at]) {
        case 0x22: // "
        case 0x5c: // \
        case 0x2f: // /
        case 0x62: // b
        case 0x66: // f
        case 0x6e: // n
        case 0x72: // r
        case 0x74: // t
          continue;
        default:
          return false;
      }
    }
    return false;
  }

  #word(word: string): boolean {
    for (let i = 0; i < word.length; i++) {
      if (this.#bytes[this.#at + i] !== word.charCodeAt(i)) return false;
    }
    this.#at += word.length;
    return this.#at <= this.#end;
  }

  /** A whole number without exponent, fraction or leading zero. */
  #integer(): number | undefined {
    const bytes = this.#bytes;
    const negative = this.#take(0x2d);
    const from = this.#at;
    let value = 0;
    let at = from;
    for (; at < this.#end; at++) {
      const digit = (bytes[at] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    this.#at = at;
    const digits = at - from;
    if (digits === 0 || digits > DIGITS_MAX || (digits > 1 && bytes[from] === 0x30))
      return undefined;
    const next = bytes[at];
    if (next === 0x2e || next === 0x65 || next === 0x45) return undefined;
    return negative ? -value : value;
  }

  #eventTimestamp(): boolean {
    const value = this.#integer();
    return value !== undefined && value >= EVENT_TIMESTAMP_MIN_MS && value <= this.#latestMs;
  }

  #texts(): boolean {
    if (!this.#take(0x5b)) return false;
    this.#space();
    if (this.#take(0x5d)) return true;
    for (;;) {
      this.#space();
      if (!this.#string()) return false;
      this.#space();
      if (this.#take(COMMA)) continue;
      return this.#take(0x5d);
    }
  }

  #logTypeName(): boolean {
    const from = this.#at + 1;
    if (!this.#string()) return false;
    const to = this.#at - 1;
    this.#logType = LOG_TYPE_NAMES.findIndex((name) => sameBytes(this.#bytes, from, to, name));
    return this.#logType >= 0;
  }
}
