// What a query does, step by step, with all names settled: between the syntax tree and SQL.
import type { Expression, SortKey } from '../ast.ts';
import type { Extraction } from './extraction.ts';

export interface NamedExpression {
  readonly name: string;
  readonly expression: Expression;
}

export type Stage =
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
