// Addresses and CIDR ranges as four 32-bit words, so that a rule's ranges are parsed once and a
// decision only compares numbers.

/** An address: IPv4 has one word, IPv6 four, most significant first. */
export interface Address {
  readonly words: readonly number[];
}

/** A CIDR range; `masks` and `words` have as many words as the address family has. */
export interface AddressRange {
  readonly words: readonly number[];
  readonly masks: readonly number[];
}

const V4 = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;
const GROUP = /^[0-9a-fA-F]{1,4}$/;
const GROUPS = 8;

function wordOfV4(text: string): number | undefined {
  const parts = V4.exec(text);
  if (parts === null) return undefined;
  let word = 0;
  for (let at = 1; at <= 4; at++) {
    const part = Number(parts[at]);
    if (part > 255) return undefined;
    word = word * 256 + part;
  }
  return word;
}

/** Groups of 16 bits; the last two may be written as an IPv4 address. */
function groupsOf(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (GROUP.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const word = last && index === parts.length - 1 ? wordOfV4(part) : undefined;
    if (word === undefined) return undefined;
    groups.push(Math.floor(word / 0x1_0000), word % 0x1_0000);
  }
  return groups;
}

/** @see RFC 4291 section 2.2 */
function wordsOfV6(text: string): number[] | undefined {
  const at = text.indexOf('::');
  const head = groupsOf(at < 0 ? text : text.slice(0, at), at < 0);
  const tail = at < 0 ? [] : groupsOf(text.slice(at + 2), true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = GROUPS - head.length - tail.length;
  if (at < 0 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  const words: number[] = [];
  for (let group = 0; group < GROUPS; group += 2) {
    words.push((groups[group] ?? 0) * 0x1_0000 + (groups[group + 1] ?? 0));
  }
  return words;
}

function wordsOf(text: string): number[] | undefined {
  if (text.includes(':')) return wordsOfV6(text);
  const word = wordOfV4(text);
  return word === undefined ? undefined : [word];
}

const MAPPED_WORD = 0xffff;

/** Whether it is an IPv4 address within IPv6. @see RFC 4291 section 2.5.5.2 */
function isMapped([a, b, c, d]: readonly number[]): boolean {
  return a === 0 && b === 0 && c === MAPPED_WORD && d !== undefined;
}

/**
 * Reads an IPv4 address in four decimal parts or an IPv6 address; undefined for anything else. An
 * IPv4-mapped IPv6 address counts as IPv4, because a dual-stack listener reports IPv4 clients so
 * (RFC 4291 section 2.5.5.2). A zone (`%eth0`) is cut off.
 */
export function parseAddress(text: string): Address | undefined {
  const zone = text.indexOf('%');
  const words = wordsOf(zone < 0 ? text : text.slice(0, zone));
  if (words === undefined) return undefined;
  return { words: isMapped(words) ? words.slice(3) : words };
}

/** The bits a mapped range has in front of the IPv4 address it holds. */
const MAPPED_PREFIX_BITS = 96;

/**
 * Reads a range: `address/bits`, or an address alone for exactly that one. Bits set beyond the
 * prefix are ignored, as AWS ignores them. Undefined when it is not a range.
 */
export function parseRange(text: string): AddressRange | undefined {
  const slash = text.indexOf('/');
  let words = wordsOf(slash < 0 ? text : text.slice(0, slash));
  if (words === undefined) return undefined;
  const bitsMax = words.length * 32;
  const bitsText = slash < 0 ? String(bitsMax) : text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(bitsText)) return undefined;
  let bits = Number(bitsText);
  if (bits > bitsMax) return undefined;
  if (isMapped(words) && bits >= MAPPED_PREFIX_BITS) {
    words = words.slice(3);
    bits -= MAPPED_PREFIX_BITS;
  }
  const masks = words.map((_, index) => {
    const ones = Math.min(32, Math.max(0, bits - index * 32));
    return ones === 0 ? 0 : (-1 << (32 - ones)) >>> 0;
  });
  return { words: words.map((word, index) => (word & (masks[index] ?? 0)) >>> 0), masks };
}

const V4_WORDS = 1;

/** The ranges of one prefix length, by their words. */
interface PrefixRanges {
  readonly masks: readonly number[];
  readonly lists: Map<number | string, number[]>;
}

function keyOf(words: readonly number[], masks: readonly number[]): number | string {
  if (words.length === V4_WORDS) return ((words[0] ?? 0) & (masks[0] ?? 0)) >>> 0;
  return words.map((word, at) => (word & (masks[at] ?? 0)) >>> 0).join();
}

/**
 * Which lists of ranges an address is in, for many lists at once: what is looked up is the address cut
 * to each length that a range has, not the ranges one by one.
 */
export class RangeIndex {
  readonly #v4 = new Map<string, PrefixRanges>();
  readonly #v6 = new Map<string, PrefixRanges>();

  /** Adds a list by a number of the caller's. */
  add(ranges: readonly AddressRange[], list: number): void {
    for (const { words, masks } of ranges) {
      const family = words.length === V4_WORDS ? this.#v4 : this.#v6;
      const length = masks.join();
      let prefixes = family.get(length);
      if (prefixes === undefined) {
        prefixes = { masks, lists: new Map() };
        family.set(length, prefixes);
      }
      const key = keyOf(words, masks);
      const lists = prefixes.lists.get(key);
      if (lists === undefined) prefixes.lists.set(key, [list]);
      else if (lists.at(-1) !== list) lists.push(list);
    }
  }

  /** Tells each list that has the address, some of them perhaps several times. */
  find({ words }: Address, found: (list: number) => void): void {
    const family = words.length === V4_WORDS ? this.#v4 : this.#v6;
    for (const { masks, lists } of family.values()) {
      for (const list of lists.get(keyOf(words, masks)) ?? []) found(list);
    }
  }
}

/** Ranges made ready for looking an address up. */
export type RangeSet = Pick<RangeIndex, 'find'>;

/** Makes ranges ready for looking an address up. */
export function rangeSet(ranges: readonly AddressRange[]): RangeSet {
  const set = new RangeIndex();
  set.add(ranges, 0);
  return set;
}

/** Whether the address is in one of the ranges; one of the other family never is. */
export function contains(ranges: RangeSet, address: Address): boolean {
  let found = false;
  ranges.find(address, () => {
    found = true;
  });
  return found;
}
