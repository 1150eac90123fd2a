// The rows of `fillmissing`: between the first and the last bin each has a row, if only with its bin.
import type { Block, RowSource } from './block.ts';
import { asType, commonType, isIntegral, type SqlValue } from './value.ts';

export interface BinFill {
  /** The name of the column of bins, and its SQL in the inner block. */
  readonly bin: string;
  readonly at: string;
  /** The distance of two bins, as an interval. */
  readonly step: string;
  /** What columns have in the rows that are added. */
  readonly constants: ReadonlyMap<string, SqlValue>;
}

/** Rows that are added have no other columns than these. */
export function filledBins(inner: Block, { bin, at, step, constants }: BinFill): RowSource {
  const source = inner.asSource();
  // What has no bin stands with the first, for the engine would fill up from 1970.
  const own = inner.exported(at);
  const key = inner.exported(`assumeNotNull(coalesce(${at}, min(${at}) OVER ()))`);
  // What the engine adds has the default of each column, which for a number is 0.
  const present = inner.exported('toUInt8(1)');
  const filled = (name: string, known: SqlValue): SqlValue => {
    if (name === bin) return { sql: `if(${present} = 1, ${own}, ${key})`, type: 'timestamp' };
    const constant = constants.get(name);
    if (constant === undefined) return { ...known, sql: `if(${present} = 1, ${known.sql}, NULL)` };
    const type = commonType([known, constant]);
    const sql = `if(${present} = 1, ${asType(known, type)}, ${asType(constant, type)})`;
    return { sql, type, integral: isIntegral(known) && isIntegral(constant) };
  };
  return {
    ...source,
    from: () => `(SELECT * FROM ${source.from()} ORDER BY ${key} ASC WITH FILL STEP ${step})`,
    defined: (name) => {
      const known = source.defined(name);
      return known && filled(name, known);
    },
  };
}
