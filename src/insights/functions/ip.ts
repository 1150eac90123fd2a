// Functions of IP addresses. Text that is no address is in no network.
import ipaddr from 'ipaddr.js';
import type { Call } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import type { Parameters } from '../sql/parameters.ts';
import type { FunctionDefinition } from './function.ts';

type Family = 'IPv4' | 'IPv6';

interface Network {
  readonly family: Family;
  readonly first: string;
  readonly last: string;
}

function networkOf(cidr: string): Network | undefined {
  try {
    const [address, length] = ipaddr.parseCIDR(cidr);
    if (address.kind() === 'ipv4') {
      return {
        family: 'IPv4',
        first: ipaddr.IPv4.networkAddressFromCIDR(cidr).toString(),
        last: ipaddr.IPv4.broadcastAddressFromCIDR(cidr).toString(),
      };
    }
    const bytes = address.toByteArray();
    const last = bytes.map((byte, index) => {
      const free = Math.min(Math.max(8 * (index + 1) - length, 0), 8);
      return byte | ((1 << free) - 1);
    });
    const first = ipaddr.IPv6.networkAddressFromCIDR(cidr).toNormalizedString();
    return { family: 'IPv6', first, last: ipaddr.fromByteArray(last).toNormalizedString() };
  } catch {
    return undefined;
  }
}

/** Whether the text is an address between the network's first and last one. */
function within(text: string, network: Network, parameters: Parameters): string {
  const { family } = network;
  const address = `to${family}OrNull(${text})`;
  const first = `to${family}(${parameters.bind(network.first, 'String')})`;
  const last = `to${family}(${parameters.bind(network.last, 'String')})`;
  const inside = `${address} >= ${first} AND ${address} <= ${last}`;
  // toIPv6 also takes IPv4 addresses and maps them.
  return family === 'IPv6' ? `isIPv6String(${text}) AND ${inside}` : inside;
}

function subnetArgument({ args, name }: Call, families: readonly Family[]): Network {
  const subnet = args[1];
  const network = subnet?.kind === 'string' ? networkOf(subnet.value) : undefined;
  if (subnet !== undefined && network !== undefined && families.includes(network.family)) {
    return network;
  }
  throw new MalformedQuery(
    `${name} expects an ${families.join(' or ')} network, for example "${families[0] === 'IPv4' ? '192.0.2.0/24' : '2001:db8::/32'}"`,
    subnet ?? { start: 0, end: 0 },
  );
}

function inSubnet(name: string, families: readonly Family[]): FunctionDefinition {
  return {
    name,
    parameters: ['text', 'constant text'],
    result: 'boolean',
    about: '1 when the address is in the network.',
    check: (call) => void subnetArgument(call, families),
    sql: ([text = ''], { call, parameters }) =>
      `ifNull(${within(text, subnetArgument(call, families), parameters)}, 0)`,
  };
}

function validity(name: string, families: readonly Family[]): FunctionDefinition {
  return {
    name,
    parameters: ['text'],
    result: 'boolean',
    about: `1 when the text is an ${families.join(' or ')} address.`,
    sql: ([text = '']) => {
      return `ifNull(${families.map((family) => `is${family}String(${text})`).join(' OR ')}, 0)`;
    },
  };
}

/** @see RFC 1918, RFC 4193 */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'];

/** @see RFC 6890, special-purpose address registries, and RFC 5771 */
const RESERVED = [
  '0.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  '::1/128',
  '64:ff9b::/96',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  'fe80::/10',
  'ff00::/8',
];

/** Whether the address is in one of the networks; they are laid out as lists for the engine. */
function inAny(text: string, cidrs: readonly string[], parameters: Parameters): string {
  const networks = cidrs.map(networkOf).filter((network) => network !== undefined);
  const tests = (['IPv4', 'IPv6'] as const).map((family) => {
    const own = networks.filter((network) => network.family === family);
    const list = (addresses: readonly string[]): string => {
      const bound = addresses.map((address) => parameters.bind(address, 'String'));
      return `[${bound.map((address) => `to${family}(${address})`).join(', ')}]`;
    };
    const firsts = list(own.map(({ first }) => first));
    const lasts = list(own.map(({ last }) => last));
    const address = `assumeNotNull(to${family}OrNull(${text}))`;
    const inside = `arrayExists((_first, _last) -> _first <= ${address} AND ${address} <= _last, ${firsts}, ${lasts})`;
    return `is${family}String(ifNull(${text}, '')) AND ${inside}`;
  });
  return `(${tests.join(' OR ')})`;
}

function isAddress(text: string): string {
  return `ifNull(isIPv4String(${text}) OR isIPv6String(${text}), 0)`;
}

/** @see CloudWatch Logs user guide, "IP address string functions" */
export const IP_FUNCTIONS: readonly FunctionDefinition[] = [
  validity('isValidIp', ['IPv4', 'IPv6']),
  validity('isValidIpV4', ['IPv4']),
  validity('isValidIpV6', ['IPv6']),
  inSubnet('isIpInSubnet', ['IPv4', 'IPv6']),
  inSubnet('isIpv4InSubnet', ['IPv4']),
  inSubnet('isIpv6InSubnet', ['IPv6']),
  {
    name: 'ipv4ToNumber',
    parameters: ['text'],
    result: 'integer',
    about: 'The IPv4 address as a number.',
    sql: ([text = '']) => `toUInt32(toIPv4OrNull(${text}))`,
  },
  {
    name: 'isPrivateIP',
    parameters: ['text'],
    result: 'boolean',
    about: '1 when the address is of a private network.',
    sql: ([text = ''], { parameters }) => inAny(text, PRIVATE, parameters),
  },
  {
    name: 'isReservedIP',
    parameters: ['text'],
    result: 'boolean',
    about: '1 when the address is of a network with a special purpose.',
    sql: ([text = ''], { parameters }) => inAny(text, RESERVED, parameters),
  },
  {
    name: 'isPublicIP',
    parameters: ['text'],
    result: 'boolean',
    about: '1 when the address is neither private nor reserved.',
    sql: ([text = ''], { parameters }) =>
      `(${isAddress(text)} AND NOT ${inAny(text, [...PRIVATE, ...RESERVED], parameters)})`,
  },
];
