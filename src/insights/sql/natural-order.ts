// Natural order: what is no number comes before the numbers, digits inside of text are compared by
// their value. Missing values come first.
import { asNumber, plainSql, type Share, type SqlValue } from './value.ts';

/** Digits of a run's length; a run is at most as long as a record. */
const LENGTH_DIGITS = 9;

/**
 * The keys that sort a value in natural order, one after the other. A text is cut into runs of
 * digits and of other characters; a run of digits sorts by its length, then its digits, and against
 * other runs as the character 0.
 *
 * @see CloudWatch Logs user guide, "sort": natural sorting
 */
export function naturalKey(value: SqlValue, share: Share): readonly string[] {
  if (value.type !== 'text' && value.type !== 'json') return [asNumber(value)];
  const text = share(`toString(${plainSql(value)})`);
  const number = share(asNumber({ sql: text, type: 'text' }));
  const runs = `extractAll(if(isNull(${number}), ifNull(${text}, ''), ''), '[0-9]+|[^0-9]+')`;
  const digits = `concat('0', leftPad(toString(length(_run)), ${LENGTH_DIGITS}, '0'), _run)`;
  const key = `arrayMap(_run -> if(_run >= '0' AND _run < ':', ${digits}, _run), ${runs})`;
  return [`multiIf(isNull(${text}), 0, isNull(${number}), 1, 2)`, key, `ifNull(${number}, 0)`];
}
