// Filter patterns as trees: the second, smaller language of CloudWatch Logs, of FilterLogEvents, Live Tail,
// metric filters and subscription filters.
// @see CloudWatch Logs user guide, "Filter pattern syntax"

/** A regular expression between percent signs, for RE2. */
export interface PatternRegex {
  readonly kind: 'regex';
  readonly source: string;
}

/** What a value is compared with. */
export type PatternValue =
  /** Parts between asterisks; one part is the whole text. */
  | { readonly kind: 'text'; readonly parts: readonly string[] }
  | { readonly kind: 'number'; readonly value: number; readonly text: string }
  | PatternRegex;

export type ComparisonOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** What must be in a text: a piece of it, or a match. */
export type Term = { readonly kind: 'text'; readonly text: string } | PatternRegex;

/** One step of a selector: a key, an index from 0, or any of them. */
export type SelectorStep =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'index'; readonly index: number }
  /** `[*]`: any item of an array. */
  | { readonly kind: 'anyItem' }
  /** `.*`: any value of an object. */
  | { readonly kind: 'anyValue' };

/** `$.a.b[0]`, with its text as it is written, which is its name in extracted values. */
export interface Selector {
  readonly text: string;
  readonly steps: readonly SelectorStep[];
}

/** What is compared: a place in JSON, or the number of a field from 0. */
export type Condition<S> =
  | { readonly kind: 'and'; readonly conditions: readonly Condition<S>[] }
  | { readonly kind: 'or'; readonly conditions: readonly Condition<S>[] }
  | {
      readonly kind: 'compare';
      readonly subject: S;
      readonly operator: ComparisonOperator;
      readonly value: PatternValue;
    }
  | { readonly kind: 'is'; readonly subject: S; readonly literal: 'null' | 'true' | 'false' }
  | { readonly kind: 'notExists'; readonly subject: S };

/** One field of a space-delimited event. */
export interface PatternField {
  /** `$name`, or `$` and its number from 1 where it has none. */
  readonly name: string;
  readonly condition?: Condition<string>;
}

export type FilterPattern =
  /** All of the first, none of the second; some of the third where there are no others. */
  | {
      readonly kind: 'terms';
      readonly all: readonly Term[];
      readonly none: readonly Term[];
      readonly any: readonly Term[];
    }
  | { readonly kind: 'json'; readonly condition: Condition<Selector> }
  | {
      readonly kind: 'fields';
      /** Counted from the beginning; the last takes the rest when there is no ellipsis. */
      readonly first: readonly PatternField[];
      /** Behind an ellipsis, counted from the end; undefined when there is none. */
      readonly last?: readonly PatternField[];
    };

/** What is wrong with a pattern; offsets are characters. */
export class InvalidFilterPattern extends Error {
  override readonly name = 'InvalidFilterPattern';
  readonly start: number;
  constructor(message: string, start: number) {
    super(message);
    this.start = start;
  }
}
