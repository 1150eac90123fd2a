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

/** Ranges made ready for looking an address up. */
export interface RangeSet {
  /** Word and mask of each IPv4 range, one after the other. */
  readonly v4: Int32Array;
  readonly v6: readonly AddressRange[];
}

/** Makes ranges ready for looking an address up. */
export function rangeSet(ranges: readonly AddressRange[]): RangeSet {
  const v4 = ranges.filter((range) => range.words.length === 1);
  return {
    v4: Int32Array.from(v4.flatMap(({ words, masks }) => [words[0] ?? 0, masks[0] ?? 0])),
    v6: ranges.filter((range) => range.words.length > 1),
  };
}

function inV6(range: AddressRange, asked: readonly number[]): boolean {
  for (let at = 0; at < asked.length; at++) {
    if ((((asked[at] ?? 0) ^ (range.words[at] ?? 0)) & (range.masks[at] ?? 0)) !== 0) return false;
  }
  return true;
}

/** Whether the address is in one of the ranges; one of the other family never is. */
export function contains(ranges: RangeSet, address: Address): boolean {
  const { words } = address;
  if (words.length > 1) return ranges.v6.some((range) => inV6(range, words));
  const word = words[0] ?? 0;
  const { v4 } = ranges;
  for (let at = 0; at < v4.length; at += 2) {
    if (((word ^ (v4[at] ?? 0)) & (v4[at + 1] ?? 0)) === 0) return true;
  }
  return false;
}
