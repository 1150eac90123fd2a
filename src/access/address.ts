// Addresses and CIDR ranges as four 32-bit words, so that a rule's ranges are parsed once and a
// decision only compares numbers.
import ipaddr from 'ipaddr.js';

/** An address: IPv4 has one word, IPv6 four, most significant first. */
export interface Address {
  readonly words: readonly number[];
}

/** A CIDR range; `masks` and `words` have as many words as the address family has. */
export interface AddressRange {
  readonly words: readonly number[];
  readonly masks: readonly number[];
}

function wordsOf(bytes: readonly number[]): number[] {
  const words: number[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(at, at + 4);
    words.push(((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
  }
  return words;
}

function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  return ipaddr.IPv6.parse(text);
}

/**
 * Reads an IPv4 address in four decimal parts or an IPv6 address; undefined for anything else. An
 * IPv4-mapped IPv6 address counts as IPv4, because a dual-stack listener reports IPv4 clients so
 * (RFC 4291 section 2.5.5.2). A zone (`%eth0`) is cut off.
 */
export function parseAddress(text: string): Address | undefined {
  const zone = text.indexOf('%');
  const parsed = parse(zone < 0 ? text : text.slice(0, zone));
  if (parsed === undefined) return undefined;
  if (parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress()) {
    return { words: wordsOf(parsed.toIPv4Address().toByteArray()) };
  }
  return { words: wordsOf(parsed.toByteArray()) };
}

/** The bits a mapped range has in front of the IPv4 address it holds. */
const MAPPED_PREFIX_BITS = 96;

/**
 * Reads a range: `address/bits`, or an address alone for exactly that one. Bits set beyond the
 * prefix are ignored, as AWS ignores them. Undefined when it is not a range.
 */
export function parseRange(text: string): AddressRange | undefined {
  const slash = text.indexOf('/');
  const parsed = parse(slash < 0 ? text : text.slice(0, slash));
  if (parsed === undefined) return undefined;
  const bitsMax = parsed.toByteArray().length * 8;
  const bitsText = slash < 0 ? String(bitsMax) : text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(bitsText)) return undefined;
  let bits = Number(bitsText);
  if (bits > bitsMax) return undefined;
  let bytes = parsed.toByteArray();
  if (parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress() && bits >= MAPPED_PREFIX_BITS) {
    bytes = parsed.toIPv4Address().toByteArray();
    bits -= MAPPED_PREFIX_BITS;
  }
  const masks = wordsOf(bytes).map((_, index) => {
    const ones = Math.min(32, Math.max(0, bits - index * 32));
    return ones === 0 ? 0 : (-1 << (32 - ones)) >>> 0;
  });
  const words = wordsOf(bytes).map((word, index) => (word & (masks[index] ?? 0)) >>> 0);
  return { words, masks };
}

/**
 * Ranges made ready for looking an address up: first and last address of each, in order and none
 * touching another, as many words each as the family has.
 */
interface FamilyRanges {
  readonly firsts: Uint32Array;
  readonly lasts: Uint32Array;
  readonly count: number;
}

/** Ranges of both families. */
export interface RangeSet {
  readonly v4: FamilyRanges;
  readonly v6: FamilyRanges;
}

const V4_WORDS = 1;
const V6_WORDS = 4;

function lastOf({ words, masks }: AddressRange): number[] {
  return words.map((word, at) => (word | ~(masks[at] ?? 0)) >>> 0);
}

/** The order of two addresses that begin at these places. */
function compareAt(
  a: ArrayLike<number>,
  aFrom: number,
  b: ArrayLike<number>,
  bFrom: number,
  words: number,
): number {
  for (let at = 0; at < words; at++) {
    const difference = (a[aFrom + at] ?? 0) - (b[bFrom + at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function family(ranges: readonly AddressRange[], words: number): FamilyRanges {
  const spans = ranges
    .filter((range) => range.words.length === words)
    .map((range) => ({ first: range.words, last: lastOf(range) }))
    .sort((a, b) => compareAt(a.first, 0, b.first, 0, words));
  const merged: { first: readonly number[]; last: readonly number[] }[] = [];
  for (const span of spans) {
    const before = merged.at(-1);
    if (before === undefined || compareAt(span.first, 0, before.last, 0, words) > 0) {
      merged.push(span);
    } else if (compareAt(span.last, 0, before.last, 0, words) > 0) {
      before.last = span.last;
    }
  }
  return {
    firsts: Uint32Array.from(merged.flatMap(({ first }) => first)),
    lasts: Uint32Array.from(merged.flatMap(({ last }) => last)),
    count: merged.length,
  };
}

/** Makes ranges ready for looking an address up. */
export function rangeSet(ranges: readonly AddressRange[]): RangeSet {
  return { v4: family(ranges, V4_WORDS), v6: family(ranges, V6_WORDS) };
}

/** Whether the address is in one of the ranges; one of the other family never is. */
export function contains(ranges: RangeSet, { words }: Address): boolean {
  const { firsts, lasts, count } = words.length === V4_WORDS ? ranges.v4 : ranges.v6;
  const size = words.length;
  // The last range that does not begin behind the address is the only one it can be in.
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (compareAt(firsts, middle * size, words, 0, size) <= 0) from = middle + 1;
    else to = middle;
  }
  return from > 0 && compareAt(lasts, (from - 1) * size, words, 0, size) >= 0;
}
