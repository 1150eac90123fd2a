// The commands of the syntax tree; ast.ts has the expressions in them and tells of the whole.
import type { Expression, Period, Query, RegexLiteral, StringLiteral } from './ast.ts';
import type { Span } from './error.ts';

/** A name that a command gives. */
export interface Name extends Span {
  readonly name: string;
}

/** An expression with the name it is given. */
export interface Item extends Span {
  readonly expression: Expression;
  readonly alias?: Name;
}

export interface FieldsCommand extends Span {
  readonly kind: 'fields';
  readonly items: readonly Item[];
}

export interface DisplayCommand extends Span {
  readonly kind: 'display';
  readonly items: readonly Item[];
}

export interface FilterCommand extends Span {
  readonly kind: 'filter';
  readonly condition: Expression;
}

/** `filterIndex`: a filter by fields that may have an index. */
export interface FilterIndexCommand extends Span {
  readonly kind: 'filterIndex';
  readonly condition: Expression;
}

export interface StatsCommand extends Span {
  readonly kind: 'stats';
  readonly items: readonly Item[];
  readonly by: readonly Item[];
  /** How far the bins after `by` begin from where they would without it. */
  readonly offset?: Period;
}

export interface SortKey extends Span {
  readonly expression: Expression;
  readonly direction: 'asc' | 'desc';
}

export interface SortCommand extends Span {
  readonly kind: 'sort';
  readonly keys: readonly SortKey[];
}

export interface LimitCommand extends Span {
  readonly kind: 'limit';
  readonly count: number;
  /** Whether any rows will do, in no order. */
  readonly any: boolean;
}

export interface DedupCommand extends Span {
  readonly kind: 'dedup';
  readonly keys: readonly Expression[];
}

/** A text's own format, in place of a pattern. */
export type TextFormat =
  | (Span & { readonly kind: 'logfmt' | 'csv' })
  /** The element or attribute at a path such as `/event/@level`. */
  | (Span & { readonly kind: 'xml'; readonly path: StringLiteral });

export interface ParseCommand extends Span {
  readonly kind: 'parse';
  /** `@message` when absent. */
  readonly source?: Expression;
  /** A glob with `*` for each alias, or a regular expression whose named groups are the aliases. */
  readonly pattern: StringLiteral | RegexLiteral | TextFormat;
  /** Empty with named groups. */
  readonly aliases: readonly Name[];
  /** Whether each match makes a row of its own. */
  readonly multi?: true;
}

/** `unnest list into name`: a row for each item. */
export interface UnnestCommand extends Span {
  readonly kind: 'unnest';
  readonly list: Expression;
  readonly alias: Name;
}

/** `expand list`: a row for each item, which takes the list's name unless it is given another. */
export interface ExpandCommand extends Span {
  readonly kind: 'expand';
  readonly list: Name;
  readonly alias?: Name;
}

export interface UnmaskCommand extends Span {
  readonly kind: 'unmask';
  readonly items: readonly Item[];
}

/** `countFrequent a, b`: each combination with its count. */
export interface CountFrequentCommand extends Span {
  readonly kind: 'countFrequent';
  readonly keys: readonly Expression[];
}

/** `addtotals a, b`: their sum; of all that is shown when none is named. */
export interface AddtotalsCommand extends Span {
  readonly kind: 'addtotals';
  readonly total: Name;
  /** Whether each row has a sum of its own. */
  readonly row: boolean;
  /** Whether a row with the sum of each column comes after the others. */
  readonly col: boolean;
  readonly fields: readonly Name[];
}

/** `accum f as out`: the sum so far. */
export interface AccumCommand extends Span {
  readonly kind: 'accum';
  readonly field: Name;
  readonly alias?: Name;
}

/** `autoregress f as a p=1-4`: the values of rows before. */
export interface AutoregressCommand extends Span {
  readonly kind: 'autoregress';
  readonly field: Name;
  readonly alias?: Name;
  readonly from: number;
  readonly to: number;
}

/** A field's name, or the beginning of names when `*` follows. */
export interface NamePattern extends Name {
  readonly any: boolean;
}

/** `filldown a b*`: the last value where there is none. */
export interface FilldownCommand extends Span {
  readonly kind: 'filldown';
  /** Empty for all fields that are shown. */
  readonly fields: readonly NamePattern[];
}

/** `fillmissing with 0 for f`: rows for bins without any. */
export interface FillmissingCommand extends Span {
  readonly kind: 'fillmissing';
  readonly fills: readonly { readonly name: Name; readonly value: Expression }[];
}

/** `pattern @message`: how often each pattern comes. */
export interface PatternCommand extends Span {
  readonly kind: 'pattern';
  readonly source: Expression;
}

/** `diff previousDay`: how often each pattern came in earlier times. */
export interface DiffCommand extends Span {
  readonly kind: 'diff';
  readonly against: 'previous' | 'previousDay' | 'previousWeek' | 'previousMonth';
}

/** `anomaly`: which patterns are unusual. */
export interface AnomalyCommand extends Span {
  readonly kind: 'anomaly';
}

/** `join type=left left=a right=b where a.k=b.k (SOURCE '…')`. */
export interface JoinCommand extends Span {
  readonly kind: 'join';
  readonly type: 'inner' | 'left';
  readonly left: Name;
  readonly right: Name;
  /** Without the aliases. */
  readonly leftKey: Name;
  readonly rightKey: Name;
  readonly query: Query;
}

/** A column of a lookup table with the field that it becomes. */
export interface LookupOutput extends Span {
  readonly column: Name;
  readonly alias?: Name;
}

/** `lookup table column as field OUTPUT a, b`: what a table says of each row. */
export interface LookupCommand extends Span {
  readonly kind: 'lookup';
  readonly table: Name;
  /** All of them must be equal; the field has the column's name when it is not given. */
  readonly keys: readonly { readonly column: Name; readonly field?: Name }[];
  /** Whether a field that has a value keeps it: `OUTPUTNEW`. */
  readonly keeps: boolean;
  readonly outputs: readonly LookupOutput[];
}

/** `cidrlookup table address as column OUTPUT a, b`: what a table of networks says of each row. */
export interface CidrlookupCommand extends Span {
  readonly kind: 'cidrlookup';
  readonly table: Name;
  readonly field: Name;
  readonly column?: Name;
  readonly keeps: boolean;
  readonly outputs: readonly LookupOutput[];
}

/** `appendcols override=true max=5 ( query )`: its columns beside the rows. */
export interface AppendcolsCommand extends Span {
  readonly kind: 'appendcols';
  /** Whether a field of the same name is replaced. */
  readonly override: boolean;
  /** Rows of the query. */
  readonly max: number;
  readonly query: Query;
}

/** `logcompare timeshift 7d`: patterns now and some time ago. */
export interface LogcompareCommand extends Span {
  readonly kind: 'logcompare';
  readonly timeshift: Period;
}

/** `sessionize user maxspan 1h as visit`: which rows belong together. */
export interface SessionizeCommand extends Span {
  readonly kind: 'sessionize';
  readonly fields: readonly Name[];
  readonly maxspan?: Period;
  readonly alias?: Name;
}

/** `outlier action=remove param=3 a b`: numbers far beyond the others. */
export interface OutlierCommand extends Span {
  readonly kind: 'outlier';
  /** Whether rows with one go; their values are bounded otherwise. */
  readonly removes: boolean;
  /** How many interquartile ranges from the quartiles they begin. */
  readonly factor: number;
  /** Whether a number may also be too low. */
  readonly lower: boolean;
  readonly mark: boolean;
  readonly fields: readonly Name[];
}

/** `json field=payload "user.name" as name`: what is at a path of a JSON text. */
export interface JsonCommand extends Span {
  readonly kind: 'json';
  /** `@message` when absent. */
  readonly field?: Name;
  readonly values: readonly { readonly path: StringLiteral; readonly alias: Name }[];
}

/** `estimate`: how much the query would read. */
export interface EstimateCommand extends Span {
  readonly kind: 'estimate';
}

/** `relevantfields a, b where c > 400`: in which fields the rows of the condition differ from the others. */
export interface RelevantfieldsCommand extends Span {
  readonly kind: 'relevantfields';
  /** Empty for all there are. */
  readonly fields: readonly Name[];
  readonly condition: Expression;
}

export type Command =
  | FieldsCommand
  | DisplayCommand
  | FilterCommand
  | FilterIndexCommand
  | StatsCommand
  | SortCommand
  | LimitCommand
  | DedupCommand
  | ParseCommand
  | UnnestCommand
  | ExpandCommand
  | UnmaskCommand
  | CountFrequentCommand
  | AddtotalsCommand
  | AccumCommand
  | AutoregressCommand
  | FilldownCommand
  | FillmissingCommand
  | PatternCommand
  | DiffCommand
  | AnomalyCommand
  | JoinCommand
  | LookupCommand
  | CidrlookupCommand
  | AppendcolsCommand
  | LogcompareCommand
  | SessionizeCommand
  | OutlierCommand
  | JsonCommand
  | EstimateCommand
  | RelevantfieldsCommand;
