// Functions of text. Characters are Unicode code points; positions count from 0.
import type { Call } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { readRegex } from '../regex.ts';
import { asWhole } from '../sql/value.ts';
import type { CallSite, FunctionDefinition } from './function.ts';

/** Regex to take a set of characters away; the set is a constant of the query. */
function charactersOf({ args }: CallSite): string {
  const set = args[1]?.kind === 'string' ? args[1].value : undefined;
  return set === undefined ? '\\s' : set.replace(/[\\\]^-]/g, '\\$&');
}

function trimming(
  name: string,
  about: string,
  sides: 'left' | 'right' | 'both',
): FunctionDefinition {
  return {
    name,
    parameters: ['text', 'constant text'],
    optional: 1,
    result: 'text',
    about,
    sql: ([text = ''], site) => {
      const set = charactersOf(site);
      if (set === '') return text;
      const { parameters } = site;
      const left = parameters.bind(`^[${set}]+`, 'String');
      const right = parameters.bind(`[${set}]+$`, 'String');
      const trimmed = sides === 'right' ? text : `replaceRegexpOne(${text}, ${left}, '')`;
      return sides === 'left' ? trimmed : `replaceRegexpOne(${trimmed}, ${right}, '')`;
    },
  };
}

function simple(
  name: string,
  about: string,
  sql: (text: string) => string,
  aliases: readonly string[] = [],
): FunctionDefinition {
  return {
    name,
    aliases,
    parameters: ['text'],
    result: 'text',
    about,
    sql: ([text = '']) => sql(text),
  };
}

/** Beyond the end of any text. */
const SUBSTR_MAX = 1_000_000_000;

/** The number without its fraction, at least 0 and at most SUBSTR_MAX; NULL where there is none. */
function within(number: string): string {
  return asWhole(`multiIf(${number} < 0, 0, ${number} > ${SUBSTR_MAX}, ${SUBSTR_MAX}, ${number})`);
}

/** The regular expression of regexReplace, once its replacement was found to refer to its groups. */
function replacedRegex({ args: [, pattern, by] }: Call): string {
  if (pattern?.kind !== 'string' || by?.kind !== 'string') return '';
  const regex = readRegex({ ...pattern, kind: 'regex', source: pattern.value });
  for (const [reference, group] of by.value.matchAll(/\\(\d)/g)) {
    if (Number(group) <= regex.groups.length) continue;
    throw new MalformedQuery(
      `${reference} refers to a group, but the regular expression has ${regex.groups.length}`,
      by,
    );
  }
  return `(?-s)${regex.pattern}`;
}

/** @see CloudWatch Logs user guide, "String functions" */
export const STRING_FUNCTIONS: readonly FunctionDefinition[] = [
  {
    name: 'isempty',
    parameters: ['any'],
    result: 'boolean',
    about: '1 when the field is missing or empty.',
    sql: ([value = '']) => `ifNull(toString(${value}) = '', 1)`,
  },
  {
    name: 'isblank',
    parameters: ['any'],
    result: 'boolean',
    about: '1 when the field is missing, empty or white space.',
    sql: ([value = '']) => `ifNull(NOT match(toString(${value}), '[^[:space:]]'), 1)`,
  },
  {
    name: 'concat',
    parameters: ['text'],
    repeats: 1,
    result: 'text',
    about: 'The texts one after the other; missing ones are left out.',
    sql: (texts) => `concat('', ${texts.map((text) => `ifNull(${text}, '')`).join(', ')})`,
  },
  trimming('ltrim', 'Without white space, or the characters given, at its beginning.', 'left'),
  trimming('rtrim', 'Without white space, or the characters given, at its end.', 'right'),
  trimming('trim', 'Without white space, or the characters given, at both ends.', 'both'),
  {
    name: 'strlen',
    parameters: ['text'],
    result: 'integer',
    about: 'How many characters it has.',
    sql: ([text = '']) => `lengthUTF8(${text})`,
  },
  simple('toupper', 'In upper case.', (text) => `upperUTF8(${text})`),
  simple('tolower', 'In lower case.', (text) => `lowerUTF8(${text})`),
  {
    name: 'substr',
    parameters: ['text', 'number', 'number'],
    optional: 1,
    result: 'text',
    about: 'From a position on, counted from 0, so many characters or all.',
    sql: ([text = '', from = '', count]) => {
      const start = `${within(from)} + 1`;
      if (count === undefined) return `substringUTF8(${text}, ${start})`;
      return `substringUTF8(${text}, ${start}, ${within(count)})`;
    },
  },
  {
    name: 'replace',
    parameters: ['text', 'text', 'text'],
    result: 'text',
    about: 'Every occurrence of the second text replaced by the third.',
    sql: ([text = '', searched = '', replacement = '']) => {
      const replaced = `replaceAll(${text}, ifNull(${searched}, ''), ifNull(${replacement}, ''))`;
      const missing = `isNull(${searched}) OR isNull(${replacement})`;
      return `multiIf(${missing}, NULL, ${searched} = '', ${text}, ${replaced})`;
    },
  },
  {
    name: 'regexReplace',
    aliases: ['regex_replace'],
    parameters: ['text', 'constant text', 'constant text'],
    result: 'text',
    about:
      'Every match of a regular expression replaced by a text, in which \\1 is the first group.',
    check: (call) => void replacedRegex(call),
    sql: ([text = ''], { call, args, parameters }) => {
      const pattern = parameters.bind(replacedRegex(call), 'String');
      // Other backslashes than those of references are characters like any other.
      const by = args[2]?.kind === 'string' ? args[2].value.replace(/\\(?!\d)/g, '\\\\') : '';
      return `replaceRegexpAll(${text}, ${pattern}, ${parameters.bind(by, 'String')})`;
    },
  },
  {
    name: 'strcontains',
    parameters: ['text', 'text', 'condition'],
    optional: 1,
    result: 'boolean',
    about: '1 when the first text contains the second, with true as the third in whatever case.',
    sql: ([text = '', searched = '', anyCase]) => {
      const exact = `ifNull(position(${text}, ${searched}) > 0, 0)`;
      if (anyCase === undefined) return exact;
      const lower = `position(lowerUTF8(${text}), lowerUTF8(${searched}))`;
      return `if(${anyCase}, ifNull(${lower} > 0, 0), ${exact})`;
    },
  },
  {
    name: 'startsWith',
    parameters: ['text', 'text'],
    result: 'boolean',
    about: '1 when the first text begins with the second.',
    sql: ([text = '', searched = '']) => `ifNull(startsWith(${text}, ${searched}), 0)`,
  },
  {
    name: 'endsWith',
    parameters: ['text', 'text'],
    result: 'boolean',
    about: '1 when the first text ends with the second.',
    sql: ([text = '', searched = '']) => `ifNull(endsWith(${text}, ${searched}), 0)`,
  },
  simple('urlencode', 'Percent-encoded.', (text) => `encodeURLComponent(${text})`),
  simple('urldecode', 'Percent-decoded.', (text) => `decodeURLComponent(${text})`),
  simple('base64encode', 'In base64.', (text) => `base64Encode(${text})`),
  simple('base64decode', 'Out of base64; missing when it is none.', (text) => {
    return `nullIf(tryBase64Decode(${text}), '')`;
  }),
  {
    name: 'messageSize',
    parameters: ['text'],
    result: 'integer',
    about: 'How many bytes the text has.',
    sql: ([text = '']) => `length(${text})`,
  },
  {
    name: 'split',
    parameters: ['text', 'constant text'],
    about: 'The list of the texts between the delimiters.',
    sql: ([text = ''], { args: [, delimiter], parameters, share }) => {
      const by = parameters.bind(delimiter?.kind === 'string' ? delimiter.value : '', 'String');
      const list = share(`splitByString(${by}, ifNull(${text}, ''))`);
      return { sql: `if(isNull(${text}), NULL, toJSONString(${list}))`, type: 'json', list };
    },
  },
  simple('hexToAscii', 'The text that hexadecimal digits are; missing when it is none.', (text) => {
    return `if(match(${text}, '^(?:[0-9A-Fa-f]{2})+$'), toValidUTF8(unhex(ifNull(${text}, ''))), NULL)`;
  }),
  simple('md5', 'The MD5 hash in hex.', (text) => `lower(hex(MD5(${text})))`),
  simple('sha256', 'The SHA-256 hash in hex.', (text) => `lower(hex(SHA256(${text})))`),
];
