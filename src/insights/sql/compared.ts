// The rows of `logcompare`: each pattern of one time beside the same pattern of another.
import type { Block, RowSource } from './block.ts';
import type { Parameters } from './parameters.ts';
import { markedSql, SAMPLE_COUNT, severitySql, shownPatternSql } from './pattern.ts';
import type { Share, SqlValue } from './value.ts';

export const DIFFERENCE = '@difference';
const BASELINE_COUNT = '@baselineCount';

/** AWS documents none; the first and last are those of `pattern`. */
export const COMPARED_COLUMNS = [
  '@pattern',
  SAMPLE_COUNT,
  BASELINE_COUNT,
  DIFFERENCE,
  '@severityLabel',
] as const;

/** Names of the two columns that a block of marked texts has; no query can say them. */
const MARKED = '_marked_text';
const COUNT = '_count';

/** Groups the rows of a block by what the texts have in common; rows without a text are left out. */
export function countMarked(block: Block, text: string, parameters: Parameters): void {
  block.where(`isNotNull(${text})`);
  const marked = block.share(markedSql(text, parameters));
  block.groupBy(
    [marked],
    new Map<string, SqlValue>([
      [MARKED, { sql: marked, type: 'text' }],
      [COUNT, counted('count()')],
    ]),
  );
}

function counted(sql: string): SqlValue {
  return { sql, type: 'number', integral: true };
}

function columnsOf(side: RowSource): { marked: string; count: string } {
  return { marked: side.defined(MARKED)?.sql ?? '', count: side.defined(COUNT)?.sql ?? '' };
}

/** The patterns of either block; one that is in one of them alone is 0 times in the other. */
export function comparedRows(
  now: Block,
  baseline: Block,
  parameters: Parameters,
  share: Share,
): RowSource {
  const [left, right] = [now.asSource(), baseline.asSource()];
  const [current, former] = [columnsOf(left), columnsOf(right)];
  const marked = share(`coalesce(${current.marked}, ${former.marked})`);
  const [count, before] = [current, former].map((side) => `toInt64(ifNull(${side.count}, 0))`);
  const values: Readonly<Record<string, SqlValue>> = {
    '@pattern': { sql: shownPatternSql(marked, parameters), type: 'text' },
    [SAMPLE_COUNT]: counted(count ?? ''),
    [BASELINE_COUNT]: counted(before ?? ''),
    [DIFFERENCE]: counted(`(${count} - ${before})`),
    '@severityLabel': { sql: severitySql(marked, parameters), type: 'text' },
  };
  return {
    from: () =>
      `${left.from()} AS _left FULL JOIN ${right.from()} AS _right ON ${current.marked} = ${former.marked}`,
    defined: (name) => (Object.hasOwn(values, name) ? values[name] : undefined),
    field: () => undefined,
    order: () => [],
  };
}
