// Writes a small database of countries in MaxMind's format, for tests: the specification the other way round.

type Value = string | number | { readonly [name: string]: Value };

function head(type: number, size: number): number[] {
  if (size >= 29) throw new Error('longer values are not needed here');
  return type < 8 ? [(type << 5) | size] : [size, type - 7];
}

function encoded(value: Value): number[] {
  if (typeof value === 'string') return [...head(2, value.length), ...Buffer.from(value, 'latin1')];
  if (typeof value === 'number') {
    const bytes = [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
    return [...head(6, 4), ...bytes];
  }
  const entries = Object.entries(value);
  return [
    ...head(7, entries.length),
    ...entries.flatMap(([name, each]) => [...encoded(name), ...encoded(each)]),
  ];
}

/** A pointer to the first name of the first record. */
const FIRST_NAME = [0x20, 1];

interface Node {
  children: [Node | number | undefined, Node | number | undefined];
}

function bitsOf(network: string): number[] {
  const [address = '', length = ''] = network.split('/');
  const groups = address.includes(':')
    ? address.split(':').map((group) => Number.parseInt(group || '0', 16))
    : undefined;
  const bits =
    groups === undefined
      ? [
          ...Array.from({ length: 96 }, () => 0),
          ...address.split('.').flatMap((part) => binary(Number(part), 8)),
        ]
      : groups.flatMap((group) => binary(group, 16));
  return bits.slice(0, Number(length) + (groups === undefined ? 96 : 0));
}

function binary(number: number, width: number): number[] {
  return Array.from({ length: width }, (_, at) => (number >>> (width - 1 - at)) & 1);
}

/**
 * A database of these countries by network. IPv6 networks are written with all eight groups.
 *
 * @param recordBits of one half of a node: 24, 28 or 32
 */
export function countryFile(
  countries: Readonly<Record<string, string>>,
  recordBits: 24 | 28 | 32,
  more: Readonly<Record<string, Value>> = {},
): Buffer {
  const root: Node = { children: [undefined, undefined] };
  const nodes = [root];
  const data: number[] = [];
  for (const [network, code] of Object.entries(countries)) {
    const bits = bitsOf(network);
    const last = bits.pop() ?? 0;
    let node = root;
    for (const bit of bits) {
      let next = node.children[bit];
      if (typeof next !== 'object') {
        next = { children: [undefined, undefined] };
        nodes.push(next);
        node.children[bit] = next;
      }
      node = next;
    }
    node.children[last] = data.length;
    // As databases do, a text that was there before is pointed to.
    data.push(
      ...head(7, 2),
      ...(data.length === 0 ? encoded('continent') : FIRST_NAME),
      ...encoded({ code: 'EU' }),
      ...encoded('country'),
      ...encoded({ geoname_id: 7, iso_code: code }),
    );
  }
  const reference = (child: Node | number | undefined): number => {
    if (child === undefined) return nodes.length;
    return typeof child === 'number' ? nodes.length + 16 + child : nodes.indexOf(child);
  };
  const tree = nodes.flatMap(({ children: [left, right] }) =>
    halves(reference(left), reference(right), recordBits),
  );
  const metadata = {
    node_count: nodes.length,
    record_size: recordBits,
    ip_version: 6,
    binary_format_major_version: 2,
    ...more,
  };
  return Buffer.from([
    ...tree,
    ...Array.from({ length: 16 }, () => 0),
    ...data,
    0xab,
    0xcd,
    0xef,
    ...Buffer.from('MaxMind.com'),
    ...encoded(metadata),
  ]);
}

function bytesOf(number: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => (number >>> ((count - 1 - at) * 8)) & 255);
}

function halves(left: number, right: number, recordBits: 24 | 28 | 32): number[] {
  if (recordBits !== 28) {
    return [...bytesOf(left, recordBits / 8), ...bytesOf(right, recordBits / 8)];
  }
  const high = ((left >>> 24) << 4) | (right >>> 24);
  return [...bytesOf(left & 0xff_ffff, 3), high, ...bytesOf(right & 0xff_ffff, 3)];
}
