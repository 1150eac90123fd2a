// What a query does, step by step, with all names settled: between the syntax tree and SQL.
import type { Call, Expression, Field, Name, Query, SortKey } from '../ast.ts';
import type { Extraction } from './extraction.ts';

export interface NamedExpression {
  readonly name: string;
  readonly expression: Expression;
}

/** One side of a join: its alias, and the field that must be equal. */
export interface JoinSide {
  readonly alias: string;
  readonly key: Field;
}

/** The sum so far, the last value so far, or the value so many rows before. */
export type WindowKind =
  | { readonly kind: 'sum' | 'last' }
  | { readonly kind: 'lag'; readonly rows: number };

/** How a row finds its row of a lookup table. */
export type LookupMatch =
  | {
      readonly kind: 'equal';
      readonly keys: readonly { readonly column: Name; readonly value: Expression }[];
    }
  /** By the smallest network that has the address. */
  | {
      readonly kind: 'network';
      /** Undefined for the one that the table has for it. */
      readonly column: Name | undefined;
      readonly field: Name;
      readonly value: Expression;
    };

/** What is known of a row only by all of the others. */
export type AcrossRows =
  /** Gives the rows of an identity that soon follow each other the same text. */
  | {
      readonly kind: 'sessions';
      readonly keys: readonly Expression[];
      readonly time: Expression;
      readonly gapMs: number;
      readonly name: string;
    }
  /** Leaves out rows with numbers far beyond the others, or bounds the numbers. */
  | {
      readonly kind: 'outliers';
      readonly fields: readonly NamedExpression[];
      readonly removes: boolean;
      readonly factor: number;
      readonly lower: boolean;
      /** The name of what tells whether a row has one. */
      readonly mark?: string;
    };

export type Stage =
  | AcrossRows
  | { readonly kind: 'filter'; readonly condition: Expression }
  /** Gives a value a name for all later stages. */
  | { readonly kind: 'define'; readonly name: string; readonly expression: Expression }
  /** Gives names to parts of a text. */
  | { readonly kind: 'extract'; readonly source: Expression; readonly extraction: Extraction }
  /** One row for each combination of the keys; later stages see these names alone. */
  | {
      readonly kind: 'aggregate';
      readonly keys: readonly NamedExpression[];
      readonly values: readonly NamedExpression[];
    }
  /** One row for each item of a list. */
  | {
      readonly kind: 'unnest';
      readonly list: Expression;
      readonly name: string;
      /** Whether a row without the list stays. */
      readonly keeps: boolean;
    }
  /** A value by the rows so far, in the order that they have here. */
  | {
      readonly kind: 'window';
      readonly function: WindowKind;
      readonly name: string;
      readonly expression: Expression;
    }
  /** One row for each pattern that texts have in common. */
  | { readonly kind: 'pattern'; readonly source: Expression }
  /** Beside each row those of other groups that have the same key. */
  | {
      readonly kind: 'join';
      readonly keepsAll: boolean;
      readonly left: JoinSide;
      readonly right: JoinSide;
      readonly query: Query;
    }
  /** Gives columns of a lookup table names. */
  | {
      readonly kind: 'lookup';
      readonly table: Name;
      readonly match: LookupMatch;
      /** Whether a field that has a value keeps it. */
      readonly keeps: boolean;
      readonly outputs: readonly { readonly column: Name; readonly name: string }[];
    }
  /** Beside each row the one of another query that has the same number. */
  | {
      readonly kind: 'append';
      readonly query: Query;
      readonly override: boolean;
      readonly max: number;
    }
  /** A last row with the sums of columns, and nothing in the others. */
  | { readonly kind: 'totals'; readonly sums: readonly NamedExpression[] }
  /** One row that says how many bytes the scope has. */
  | { readonly kind: 'estimate'; readonly column: string }
  /** One row for each field, with how much it differs where the condition holds. */
  | {
      readonly kind: 'relevance';
      /** Empty for all fields there are but those that the condition reads. */
      readonly fields: readonly NamedExpression[];
      readonly condition: Expression;
    }
  /** How often each pattern comes, and came so long ago. */
  | { readonly kind: 'compare'; readonly shiftMs: number }
  /** A row for each bin between the first and the last that has none. */
  | {
      readonly kind: 'fill';
      /** The column of the bins, and the call that made them. */
      readonly bin: string;
      readonly period: Call;
      readonly fills: readonly NamedExpression[];
    }
  | { readonly kind: 'sort'; readonly keys: readonly SortKey[] }
  | { readonly kind: 'limit'; readonly count: number; readonly any: boolean }
  /** The first row of each combination; rows that lack a key are all kept. */
  | { readonly kind: 'dedup'; readonly keys: readonly Expression[] };

export interface Plan {
  readonly stages: readonly Stage[];
  readonly output: readonly NamedExpression[];
  /** Whether the rows are events, which have a pointer, and not groups of them. */
  readonly events: boolean;
  /** The last limit of the text. */
  readonly limit?: number;
}
