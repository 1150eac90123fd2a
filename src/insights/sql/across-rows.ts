// Values by all of the rows, whatever their order: the sessions they belong to, and which of them are outliers.
import type { AcrossRows } from '../plan/plan.ts';
import type { Block, RowSource } from './block.ts';
import type { ExpressionCompiler } from './expressions.ts';
import type { Parameters } from './parameters.ts';
import type { Selects } from './selects.ts';
import { asNumber, asShownText, plainSql, type SqlValue } from './value.ts';

/** Puts a SELECT around the one that there is and returns it. */
type Wrap = (sourceOf: (inner: Block) => RowSource) => Block;

interface RowsAtHand {
  readonly block: Block;
  readonly rows: ExpressionCompiler;
  readonly parameters: Parameters;
  readonly wrap: Wrap;
}

/** The SQL as the block around has it. */
function wrapped(wrap: Wrap, inside: readonly string[]): [Block, string[]] {
  let outside: string[] = [];
  const block = wrap((inner) => {
    outside = inside.map((sql) => inner.exported(sql));
    return inner.asSource();
  });
  return [block, outside];
}

/** A window over the rows of one identity so far, the oldest first. */
function soFar(keys: readonly string[], at: string, block: Block): string {
  const order = [at, ...block.order()].map((sql) => `${sql} ASC NULLS FIRST`).join(', ');
  const frame = 'ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW';
  return `OVER (PARTITION BY ${keys.join(', ')} ORDER BY ${order} ${frame})`;
}

/**
 * A session begins with the first row of an identity and with each that comes more than the gap
 * after the one before; its rows share a hash of the identity and of the time that it began.
 */
function sessions(
  { keys, time, gapMs, name }: AcrossRows & { kind: 'sessions' },
  { block, rows, parameters, wrap }: RowsAtHand,
): void {
  const own = keys.map((key) => {
    const value = rows.value(key);
    return block.share(value.type === 'text' ? plainSql(value) : asShownText(value));
  });
  const ownAt = block.share(asNumber(rows.value(time)));
  const gap = parameters.bind(gapMs, 'Int64');
  const before = block.share(`lagInFrame(toNullable(${ownAt}), 1) ${soFar(own, ownAt, block)}`);
  const first = `if(isNull(${before}) OR ${ownAt} - ${before} > ${gap}, ${ownAt}, NULL)`;
  const [outer, [at = '', start = '', ...identity]] = wrapped(wrap, [ownAt, first, ...own]);
  const began = outer.share(`anyLast(${start}) ${soFar(identity, at, outer)}`);
  const lacking = [at, ...identity].map((sql) => `isNull(${sql})`).join(' OR ');
  const id = `lower(hex(sipHash64(${[...identity, began].join(', ')})))`;
  outer.define(name, { sql: `if(${lacking}, NULL, ${id})`, type: 'text' });
  // What filters by a window stands around its SELECT.
  wrapped(wrap, []);
}

/** The value, its nearest bound where it is beyond one; texts that are numbers stay texts. */
function clamped(value: SqlValue, bounds: readonly (readonly [string, string])[]): SqlValue {
  const text = value.type === 'text';
  const choices = bounds.flatMap(([beyond, bound]) => [
    beyond,
    text ? `toString(${bound})` : bound,
  ]);
  const otherwise = text ? plainSql(value) : `toFloat64(${asNumber(value)})`;
  const sql = `multiIf(${[...choices, otherwise].join(', ')})`;
  return { sql, type: text ? 'text' : 'number' };
}

/** The bounds are so many interquartile ranges from the quartiles of the rows that have a number. */
function outliers(
  { fields, removes, factor, lower, mark }: AcrossRows & { kind: 'outliers' },
  { block, rows, parameters, wrap }: RowsAtHand,
): void {
  const times = parameters.bind(factor, 'Float64');
  const found = fields.map(({ name, expression }) => {
    const value = rows.value(expression);
    // A time is no quantity, and neither is a list.
    if (value.type === 'timestamp' || value.type === 'json') return { name, value, bounds: [] };
    const number = block.share(`toFloat64(${asNumber(value)})`);
    const quartiles = block.share(`quantilesExactInclusive(0.25, 0.75)(${number}) OVER ()`);
    const range = block.share(`${times} * (${quartiles}[2] - ${quartiles}[1])`);
    const high = block.share(`${quartiles}[2] + ${range}`);
    const low = block.share(`${quartiles}[1] - ${range}`);
    const above: [string, string] = [block.share(`ifNull(${number} > ${high}, 0)`), high];
    const below: [string, string] = [block.share(`ifNull(${number} < ${low}, 0)`), low];
    return { name, value, bounds: lower ? [above, below] : [above] };
  });
  const beyond = found.flatMap(({ bounds }) => bounds.map(([sql]) => sql));
  const outlying = block.share(beyond.length === 0 ? '0' : `(${beyond.join(' OR ')})`);
  if (!removes) {
    for (const { name, value, bounds } of found) {
      if (bounds.length > 0) block.define(name, clamped(value, bounds));
    }
  }
  if (mark !== undefined) block.define(mark, { sql: outlying, type: 'boolean' });
  const [outer, [isOutlier = '']] = wrapped(wrap, [outlying]);
  if (removes) outer.where(`NOT ${isOutlier}`);
}

/** Adds what a stage over all rows says to the SELECT, and puts others around it as needed. */
export function acrossRows(stage: AcrossRows, selects: Selects): void {
  const { block, rows, environment } = selects;
  const wrap: Wrap = (from) => selects.wrap(from);
  const hand = { block, rows, parameters: environment.parameters, wrap };
  if (stage.kind === 'sessions') sessions(stage, hand);
  else outliers(stage, hand);
}
