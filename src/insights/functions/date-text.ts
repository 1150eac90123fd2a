// Functions between times and texts in a format of the query's own.
import type { Call } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import type { CallSite, FunctionDefinition } from './function.ts';

/** Letters of a Java DateTimeFormatter pattern that the engine reads the same way. */
const JAVA_LETTERS: ReadonlySet<string> = new Set('yMdDEeHhKkmsSaZ');

/** What strftime writes by a letter, in the engine's own letters. */
const STRFTIME: ReadonlyMap<string, string> = new Map([
  ...'aAbBcdDeFgGHIjmnpRrStTuVwyYz%'.split('').map((letter): [string, string] => [letter, letter]),
  ['A', 'W'],
  ['B', 'M'],
  ['M', 'i'],
  ['h', 'b'],
  ['L', 'f'],
  ['f', 'f'],
  ['k', 'k'],
  ['l', 'l'],
  ['Z', 'z'],
]);

function textAt({ args }: Pick<Call, 'args'>, index: number): string | undefined {
  const argument = args[index];
  return argument?.kind === 'string' ? argument.value : undefined;
}

/** A time zone of the IANA database in its usual spelling; undefined when it is none. */
function zoneOf(name: string): string | undefined {
  if (!/^[A-Za-z_]+(?:[/+-][\w+-]+)*$/.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

function checkZone(call: Call): void {
  const zone = textAt(call, 2);
  if (zone === undefined || zoneOf(zone) !== undefined) return;
  const at = call.args[2] ?? call;
  throw new MalformedQuery(`${zone} is no time zone: expecting one such as Europe/Berlin`, at);
}

function boundZone(site: CallSite): string {
  return site.parameters.bind(zoneOf(textAt(site, 2) ?? 'UTC') ?? 'UTC', 'String');
}

function checkPattern(call: Call): void {
  checkZone(call);
  const pattern = textAt(call, 1) ?? '';
  const letters = pattern.replace(/'[^']*'/g, '');
  const unknown = (letters.match(/[A-Za-z]/g) ?? []).find((letter) => !JAVA_LETTERS.has(letter));
  if (unknown === undefined && !letters.includes("'") && /[A-Za-z]/.test(letters)) return;
  const why =
    unknown === undefined ? 'is no date pattern' : `has ${unknown}, which is not supported`;
  throw new MalformedQuery(
    `the pattern ${why}: expecting one such as yyyy-MM-dd HH:mm:ss`,
    call.args[1] ?? call,
  );
}

/** The format in the engine's letters. Throws MalformedQuery for letters that it has not. */
function engineFormat(call: Pick<Call, 'args' | 'start' | 'end'>): string {
  const at = call.args[1] ?? call;
  return (textAt(call, 1) ?? '').replace(/%([^])?/g, (found, letter: string | undefined) => {
    const known = STRFTIME.get(letter ?? '');
    if (known !== undefined) return `%${known}`;
    throw new MalformedQuery(
      `${found} is not supported in a format: expecting one such as %Y-%m-%d %H:%M:%S`,
      at,
    );
  });
}

/** @see CloudWatch Logs user guide, "Datetime functions" */
export const DATE_TEXT_FUNCTIONS: readonly FunctionDefinition[] = [
  {
    name: 'parseDate',
    parameters: ['text', 'constant text', 'constant text'],
    optional: 1,
    result: 'integer',
    about: 'The milliseconds since 1970 of a date by a Java pattern; missing when it is none.',
    check: checkPattern,
    sql: ([text = ''], site) => {
      const pattern = site.parameters.bind(textAt(site, 1) ?? '', 'String');
      const time = `parseDateTime64InJodaSyntaxOrNull(${text}, ${pattern}, ${boundZone(site)})`;
      return `toUnixTimestamp64Milli(CAST(${time} AS Nullable(DateTime64(3))))`;
    },
  },
  {
    name: 'formatDate',
    aliases: ['strftime'],
    parameters: ['timestamp', 'constant text', 'constant text'],
    optional: 1,
    result: 'text',
    about: 'The time in a format of strftime.',
    check: (call) => {
      checkZone(call);
      engineFormat(call);
    },
    sql: ([time = ''], site) => {
      const format = site.parameters.bind(engineFormat(site.call), 'String');
      return `formatDateTime(${time}, ${format}, ${boundZone(site)})`;
    },
  },
];
