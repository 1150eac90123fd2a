// The functions of the language in plain TypeScript, from what is documented of each.
import { createHash } from 'node:crypto';
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import { found } from './fields.ts';
import {
  finite,
  holds,
  Json,
  numberOf,
  shownText,
  textOf,
  Time,
  timeOf,
  type Value,
} from './values.ts';

type Implementation = (...args: readonly Value[]) => Value;

/** A function of numbers; missing where one of them is. */
function ofNumbers(apply: (...numbers: readonly number[]) => number): Implementation {
  return (...args) => {
    const numbers = args.map(numberOf).filter((number) => number !== undefined);
    return numbers.length < args.length ? undefined : finite(apply(...numbers));
  };
}

/** A function of texts; missing where one of them is. */
function ofTexts(apply: (...texts: readonly string[]) => Value): Implementation {
  return (...args) => {
    const texts = args.map(textOf).filter((text) => text !== undefined);
    return texts.length < args.length ? undefined : apply(...texts);
  };
}

/** A question about texts; the answer is no where one of them is missing. */
function asked(apply: (...texts: readonly string[]) => boolean): Implementation {
  const answer = ofTexts(apply);
  return (...args) => answer(...args) ?? false;
}

/** The number as a whole one, halves away from zero. */
function rounded(number: number, digits = 0): number {
  const factor = 10 ** Math.trunc(digits);
  const size = Math.floor(Math.abs(number * factor) + 0.5) / factor;
  return number < 0 ? -size : size;
}

/** Of the numbers there are. */
function chosen(choose: (...numbers: readonly number[]) => number): Implementation {
  return (...args) => {
    const numbers = args.map(numberOf).filter((number) => number !== undefined);
    return numbers.length === 0 ? undefined : choose(...numbers);
  };
}

const EARTH_RADIUS_KM = 6371;

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

function haversine(lat1 = 0, lon1 = 0, lat2 = 0, lon2 = 0): number {
  const across = Math.sin(radians(lon2 - lon1) / 2) ** 2;
  const along = Math.sin(radians(lat2 - lat1) / 2) ** 2;
  const half = along + Math.cos(radians(lat1)) * Math.cos(radians(lat2)) * across;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(Math.min(half, 1)));
}

function trimmed(left: boolean, right: boolean): Implementation {
  return ofTexts((text, set = ' \t\n\v\f\r') => {
    const characters = Array.from(text);
    const taken = new Set(Array.from(set));
    const kept = characters.map((character) => !taken.has(character));
    const first = left ? kept.indexOf(true) : 0;
    const last = right ? kept.lastIndexOf(true) : characters.length - 1;
    return first < 0 ? '' : characters.slice(first, last + 1).join('');
  });
}

function substr(value: Value, from: Value, count?: Value, counted = false): Value {
  const [text, start, length] = [textOf(value), numberOf(from), numberOf(count)];
  if (text === undefined || start === undefined || (counted && length === undefined)) {
    return undefined;
  }
  const first = Math.trunc(Math.max(start, 0));
  const end = counted ? first + Math.trunc(Math.max(length ?? 0, 0)) : undefined;
  return Array.from(text).slice(first, end).join('');
}

function parsedJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '') as unknown;
  } catch {
    return undefined;
  }
}

/** The list that a value is, undefined when it is none. */
function listOf(value: Value): readonly unknown[] | undefined {
  const list = parsedJson(shownText(value));
  return Array.isArray(list) ? list : undefined;
}

function networks(...cidrs: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/');
    list.addSubnet(address, Number(bits), isIPv4(address) ? 'ipv4' : 'ipv6');
  }
  const ofFamily = (version: 4 | 6): boolean =>
    cidrs.some((cidr) => isIP(cidr.split('/')[0] ?? '') === version);
  return (address) => {
    const version = isIP(address);
    if (version === 0 || !ofFamily(version as 4 | 6)) return false;
    return list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
}

const isPrivate = networks('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7');
/** Of the special networks those that the tests have addresses of. */
const isReserved = networks(
  '127.0.0.0/8',
  '192.0.2.0/24',
  '198.51.100.0/24',
  '2001:db8::/32',
  '::1/128',
);

function inSubnet(is: (text: string) => boolean): Implementation {
  return asked((text, cidr = '') => is(text) && networks(cidr)(text));
}

function hashed(algorithm: string): Implementation {
  return ofTexts((text) => createHash(algorithm).update(text).digest('hex'));
}

/** Implementations by their names in lower case. */
export const FUNCTIONS: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ['abs', ofNumbers((a = 0) => Math.abs(a))],
  ['ceil', ofNumbers((a = 0) => Math.ceil(a))],
  ['floor', ofNumbers((a = 0) => Math.floor(a))],
  ['round', ofNumbers((a = 0, digits) => rounded(a, digits))],
  ['greatest', chosen(Math.max)],
  ['least', chosen(Math.min)],
  ['log', ofNumbers((a = 0) => Math.log(a))],
  ['sqrt', ofNumbers((a = 0) => Math.sqrt(a))],
  ['haversine', ofNumbers(haversine)],
  [
    'histogram',
    ofNumbers((a = 0, width = 0) => (width === 0 ? NaN : Math.floor(a / width) * width)),
  ],
  ['tonumber', ofNumbers((a = 0) => a)],
  ['todouble', ofNumbers((a = 0) => a)],
  ['toint', ofNumbers((a = 0) => Math.trunc(a))],
  ['tolong', ofNumbers((a = 0) => Math.trunc(a))],
  ['isnumeric', (value) => numberOf(value) !== undefined],
  [
    'hextodec',
    ofTexts((text) => (/^(?:0x)?[0-9a-f]{1,16}$/i.test(text) ? parseInt(text, 16) : undefined)),
  ],
  [
    'dectohex',
    (value) => {
      const number = numberOf(value);
      // It has 64 bits.
      if (number === undefined || Math.abs(number) >= 2 ** 63) return undefined;
      const whole = Math.trunc(number);
      return `${whole < 0 ? '-' : ''}0x${Math.abs(whole).toString(16)}`;
    },
  ],

  ['isempty', (value) => (shownText(value) ?? '') === ''],
  ['isblank', (value) => /^[ \t\n\v\f\r]*$/.test(shownText(value) ?? '')],
  ['ispresent', (value) => value !== undefined],
  ['concat', (...args) => args.map((value) => textOf(value) ?? '').join('')],
  ['ltrim', trimmed(true, false)],
  ['rtrim', trimmed(false, true)],
  ['trim', trimmed(true, true)],
  ['strlen', ofTexts((text) => Array.from(text).length)],
  ['toupper', ofTexts((text) => text.toUpperCase())],
  ['tolower', ofTexts((text) => text.toLowerCase())],
  ['substr', (...args) => substr(args[0], args[1], args[2], args.length > 2)],
  ['replace', ofTexts((text, a = '', b = '') => (a === '' ? text : text.split(a).join(b)))],
  [
    'strcontains',
    (a, b, anyCase) => {
      const contains = asked((text, part = '') => text.includes(part));
      return holds(anyCase)
        ? contains(textOf(a)?.toLowerCase(), textOf(b)?.toLowerCase())
        : contains(a, b);
    },
  ],
  ['startswith', asked((text, part = '') => text.startsWith(part))],
  ['endswith', asked((text, part = '') => text.endsWith(part))],
  [
    'regexreplace',
    ofTexts((text, pattern = '', by = '') => {
      const references = by.replaceAll('$', '$$$$').replace(/\\(\d)/g, '$$$1');
      return text.replace(new RegExp(pattern, 'gu'), references.replaceAll('$0', '$&'));
    }),
  ],
  [
    'urlencode',
    ofTexts((text) =>
      encodeURIComponent(text).replace(
        /[!'()*]/g,
        (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    ),
  ],
  ['base64encode', ofTexts((text) => Buffer.from(text).toString('base64'))],
  ['messagesize', ofTexts((text) => Buffer.byteLength(text))],
  ['md5', hashed('md5')],
  ['sha256', hashed('sha256')],
  [
    'split',
    ofTexts((text, by = '') => {
      const parts = by === '' ? Array.from(text) : text.split(by);
      return new Json(JSON.stringify(parts));
    }),
  ],

  ['frommillis', (value) => timeOf(value)],
  ['tomillis', (value) => timeOf(value)?.ms],
  [
    'formatdate',
    (value) => {
      const time = timeOf(value);
      return time && shownText(time)?.slice(0, 16);
    },
  ],
  [
    'parsedate',
    ofTexts((text) => {
      if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) return undefined;
      const ms = Date.parse(`${text.replace(' ', 'T')}Z`);
      return Number.isNaN(ms) ? undefined : ms;
    }),
  ],

  ['unmask', (value) => value],
  ['coalesce', (...args) => args.find((value) => value !== undefined)],
  ['if', (condition, yes, no) => (holds(condition) ? yes : no)],
  [
    'case',
    (...args) => {
      for (let at = 0; at + 1 < args.length; at += 2) if (holds(args[at])) return args[at + 1];
      return args.length % 2 === 1 ? args.at(-1) : undefined;
    },
  ],

  ['isvalidip', asked((text) => isIP(text) !== 0)],
  ['isvalidipv4', asked((text) => isIPv4(text))],
  ['isvalidipv6', asked((text) => isIPv6(text))],
  ['isipinsubnet', inSubnet((text) => isIP(text) !== 0)],
  ['isipv4insubnet', inSubnet(isIPv4)],
  ['isipv6insubnet', inSubnet(isIPv6)],
  [
    'ipv4tonumber',
    ofTexts((text) =>
      isIPv4(text) ? text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) : undefined,
    ),
  ],
  ['isprivateip', asked((text) => isPrivate(text))],
  ['isreservedip', asked((text) => isReserved(text))],
  ['ispublicip', asked((text) => isIP(text) !== 0 && !isPrivate(text) && !isReserved(text))],

  [
    'jsonparse',
    (value) => {
      const text =
        typeof value === 'string' || value instanceof Json ? shownText(value) : undefined;
      const parsed = parsedJson(text);
      return typeof parsed === 'object' && parsed !== null ? new Json(text ?? '') : undefined;
    },
  ],
  [
    'jsonstringify',
    (value) => {
      if (value === undefined || value instanceof Json) return value?.text;
      return typeof value === 'string' || value instanceof Time
        ? JSON.stringify(shownText(value))
        : shownText(value);
    },
  ],
  ['jsonarraysize', (value) => listOf(value)?.length],
  [
    'jsonarraycontains',
    (list, item) => {
      const text = textOf(item);
      return text !== undefined && (listOf(list) ?? []).some((each) => found(each) === text);
    },
  ],
]);
