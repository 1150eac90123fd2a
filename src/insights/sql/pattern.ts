// Patterns: a text with what varies in it replaced by what it is. It is done by regular expressions, one kind of
// token after the other, so that the engine groups millions of texts without showing them to anybody.
import type { Parameters } from './parameters.ts';
import { named, type SqlValue } from './value.ts';

export const SAMPLE_COUNT = '@sampleCount';
/** @see CloudWatch Logs user guide, "pattern", output */
export const PATTERN_COLUMNS = ['@pattern', '@ratio', SAMPLE_COUNT, '@severityLabel'] as const;

/** Columns that are not shown: how often the pattern came in the times compared with, and all did. */
export const EARLIER_COUNT = '@earlierCount';
export const EARLIER_TOTAL = '@earlierTotal';

/** Stands in front of the letter of a token's kind; texts have no such character. */
const MARK = '\u0001';

/** Kinds of tokens with the letter that stands for them, the most particular first. */
const TOKENS: readonly {
  readonly letter: string;
  readonly name: string;
  readonly pattern: string;
}[] = [
  {
    letter: 'T',
    name: 'Time',
    pattern: [
      '\\d{4}-\\d{2}-\\d{2}[T ]\\d{2}:\\d{2}:\\d{2}(?:[.,]\\d+)?(?:Z|[+-]\\d{2}:?\\d{2})?',
      '\\d{2}/[A-Z][a-z]{2}/\\d{4}:\\d{2}:\\d{2}:\\d{2}(?: [+-]\\d{4})?',
      '\\b[A-Z][a-z]{2} [ \\d]\\d \\d{2}:\\d{2}:\\d{2}\\b',
      '\\b\\d{2}:\\d{2}:\\d{2}(?:[.,]\\d+)?\\b',
    ].join('|'),
  },
  { letter: 'D', name: 'Date', pattern: '\\b\\d{4}[-/]\\d{2}[-/]\\d{2}\\b' },
  {
    letter: 'U',
    name: 'UUID',
    pattern: '(?i)\\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\b',
  },
  { letter: 'E', name: 'Email', pattern: '[\\w.+%-]+@[\\w-]+(?:\\.[\\w-]+)*' },
  {
    letter: 'I',
    name: 'IP',
    pattern:
      '\\b\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\b|(?i)\\b(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,7}\\b',
  },
  { letter: 'H', name: 'Hex', pattern: '(?i)\\b0x[0-9a-f]+\\b' },
  { letter: 'N', name: 'Number', pattern: '\\b\\d+(?:\\.\\d+)?\\b' },
  { letter: 'W', name: 'Token', pattern: '\\b[A-Za-z_]*\\d\\w*\\b' },
];

/** What a text says of its own severity, the worst first. */
const SEVERITIES: readonly (readonly [label: string, pattern: string])[] = [
  ['Fatal', '(?i)\\b(?:fatal|panic|critical|emerg(?:ency)?)\\b'],
  ['Error', '(?i)(?:\\berr(?:or)?\\b|\\berrors\\b|exception|\\bfail(?:ed|ure|s)?\\b)'],
  ['Warning', '(?i)\\bwarn(?:ing)?s?\\b'],
  ['Info', '(?i)\\b(?:info|information|notice)\\b'],
  ['Debug', '(?i)\\bdebug\\b'],
  ['Trace', '(?i)\\btrace\\b'],
];

/** The text with its tokens replaced by marks: texts with the same result are of one pattern. */
export function markedSql(text: string, parameters: Parameters): string {
  const bind = (value: string): string => parameters.bind(value, 'String');
  // A mark that somebody wrote must not be taken for ours.
  let sql = `replaceAll(ifNull(${text}, ''), ${bind(MARK)}, '')`;
  for (const { letter, pattern } of TOKENS) {
    sql = `replaceRegexpAll(${sql}, ${bind(pattern)}, ${bind(`${MARK}${letter}`)})`;
  }
  return sql;
}

/** The pattern as it is shown: `<Number-2>` is the second token. */
export function shownPatternSql(marked: string, parameters: Parameters): string {
  const bind = (value: string): string => parameters.bind(value, 'String');
  const letters = `[${TOKENS.map(({ letter }) => bind(letter)).join(', ')}]`;
  const names = `[${TOKENS.map(({ name }) => bind(name)).join(', ')}]`;
  const token = `concat('<', transform(substring(_part, 1, 1), ${letters}, ${names}, ''), '-', toString(_n - 1), '>', substring(_part, 2))`;
  const parts = `splitByString(${bind(MARK)}, _marked)`;
  const shown = `arrayStringConcat(arrayMap((_part, _n) -> if(_n = 1, _part, ${token}), ${parts}, arrayEnumerate(${parts})))`;
  return named('_marked', marked, shown);
}

/** How bad the pattern says that it is; NULL where it says nothing. */
export function severitySql(marked: string, parameters: Parameters): string {
  const branches = SEVERITIES.map(([label, pattern]) => {
    return `match(_marked, ${parameters.bind(pattern, 'String')}), ${parameters.bind(label, 'String')}`;
  });
  return named('_marked', marked, `multiIf(${branches.join(', ')}, NULL)`);
}

/** Which rows are of the query's own times, and which of those it compares with. */
export interface ComparedRows {
  readonly own: string;
  readonly earlier: string;
}

function whole(sql: string): SqlValue {
  return { sql, type: 'number', integral: true };
}

/** The columns of the patterns, over rows that are grouped by the marked text. */
export function patternColumns(
  marked: string,
  parameters: Parameters,
  compared?: ComparedRows,
): ReadonlyMap<string, SqlValue> {
  const [pattern, ratio, count, severity] = PATTERN_COLUMNS;
  const counted = compared === undefined ? 'count()' : `countIf(${compared.own})`;
  const columns = new Map<string, SqlValue>([
    [pattern, { sql: shownPatternSql(marked, parameters), type: 'text' }],
    [ratio, { sql: `round(${counted} / sum(${counted}) OVER (), 4)`, type: 'number' }],
    [count, whole(counted)],
    [severity, { sql: severitySql(marked, parameters), type: 'text' }],
  ]);
  if (compared === undefined) return columns;
  const before = `countIf(${compared.earlier})`;
  columns.set(EARLIER_COUNT, whole(before));
  return columns.set(EARLIER_TOTAL, whole(`sum(${before}) OVER ()`));
}
