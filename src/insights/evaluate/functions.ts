// The functions that a filter may call where there is no engine: those that ask something of one event.
// Their SQL stands in ../functions.
import ipaddr from 'ipaddr.js';
import { holds, numberOf, shownText, textOf, type Value } from './values.ts';

export type Evaluated = (args: readonly Value[]) => Value;

const SPACE = /^[ \t\n\v\f\r]*$/;

/** A function of texts; missing where one of them is. */
function ofTexts(apply: (texts: readonly string[]) => Value): Evaluated {
  return (args) => {
    const texts: string[] = [];
    for (const arg of args) {
      const text = textOf(arg);
      if (text === undefined) return undefined;
      texts.push(text);
    }
    return apply(texts);
  };
}

/** A question about texts: no where one of them is missing. */
function asked(apply: (text: string, other: string) => boolean): Evaluated {
  const answer = ofTexts(([text = '', other = '']) => apply(text, other));
  return (args) => answer(args) ?? false;
}

/** A function of one number; missing where it is none, or where the outcome is not finite. */
function ofNumber(apply: (number: number) => number): Evaluated {
  return ([arg]) => {
    const number = numberOf(arg);
    const outcome = number === undefined ? NaN : apply(number);
    return Number.isFinite(outcome) ? outcome : undefined;
  };
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

function addressOf(text: string): Address | undefined {
  // ipaddr.js also reads 127.1 and 0x7f000001, and addresses with a zone.
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  const isPlain = text.includes(':') && !text.includes('%');
  return isPlain && ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined;
}

function isAddress(...kinds: readonly string[]): Evaluated {
  return asked((text) => kinds.includes(addressOf(text)?.kind() ?? ''));
}

/** The networks of one filter, read once. */
function inSubnet(): Evaluated {
  let known: readonly [cidr: string, network: ReturnType<typeof ipaddr.parseCIDR>] | undefined;
  return asked((text, cidr) => {
    if (known?.[0] !== cidr) known = [cidr, ipaddr.parseCIDR(cidr)];
    const address = addressOf(text);
    const [network, bits] = known[1];
    if (address === undefined || address.kind() !== network.kind()) return false;
    return (address as ipaddr.IPv6).match(network, bits);
  });
}

const strcontains: Evaluated = ([text, part, anyCase]) => {
  const [whole, wanted] = [textOf(text), textOf(part)];
  if (whole === undefined || wanted === undefined) return false;
  return holds(anyCase)
    ? whole.toLowerCase().includes(wanted.toLowerCase())
    : whole.includes(wanted);
};

function trimmed(text: string): string {
  return text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '');
}

/** Makers of the functions by their names in lower case; each call of a filter has one of its own. */
export const EVALUATED_FUNCTIONS: ReadonlyMap<string, () => Evaluated> = new Map<
  string,
  () => Evaluated
>([
  [
    'ispresent',
    () =>
      ([value]) =>
        value !== undefined,
  ],
  [
    'isempty',
    () =>
      ([value]) =>
        (shownText(value) ?? '') === '',
  ],
  [
    'isblank',
    () =>
      ([value]) =>
        SPACE.test(shownText(value) ?? ''),
  ],
  ['coalesce', () => (values) => values.find((value) => value !== undefined)],
  ['tolower', () => ofTexts(([text = '']) => text.toLowerCase())],
  ['toupper', () => ofTexts(([text = '']) => text.toUpperCase())],
  ['trim', () => ofTexts(([text = '']) => trimmed(text))],
  ['strlen', () => ofTexts(([text = '']) => Array.from(text).length)],
  ['concat', () => (values) => values.map((value) => textOf(value) ?? '').join('')],
  ['strcontains', () => strcontains],
  ['startswith', () => asked((text, part) => text.startsWith(part))],
  ['endswith', () => asked((text, part) => text.endsWith(part))],
  ['abs', () => ofNumber(Math.abs)],
  ['floor', () => ofNumber(Math.floor)],
  ['ceil', () => ofNumber(Math.ceil)],
  [
    'isnumeric',
    () =>
      ([value]) =>
        numberOf(value) !== undefined,
  ],
  ['isvalidip', () => isAddress('ipv4', 'ipv6')],
  ['isvalidipv4', () => isAddress('ipv4')],
  ['isvalidipv6', () => isAddress('ipv6')],
  ['isipinsubnet', inSubnet],
  ['isipv4insubnet', inSubnet],
  ['isipv6insubnet', inSubnet],
]);
