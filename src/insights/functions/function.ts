// What the query language must know of a function: one entry each, in its family's file.
import type { Argument, Call, PeriodUnit } from '../ast.ts';
import type { Parameters } from '../sql/parameters.ts';
import type { SqlValue, ValueType } from '../sql/value.ts';

/**
 * What an argument is, or is made into before the SQL is written.
 *
 * - `any`: as it is, `text`, `number`, `timestamp`: converted, NULL where that cannot be
 * - `condition`: true or false, never NULL
 * - `period`: a period such as `5m`, and `row`: a value or an asterisk; neither is converted
 * - `constant number`, `constant text`: a literal
 */
export type ParameterKind =
  | 'any'
  | 'text'
  | 'number'
  | 'timestamp'
  | 'condition'
  | 'period'
  | 'row'
  | 'constant number'
  | 'constant text';

/** Where a function is called: what its SQL may need besides its arguments. */
export interface CallSite {
  readonly call: Call;
  readonly args: readonly Argument[];
  /** The values before they were converted. */
  readonly values: readonly SqlValue[];
  readonly parameters: Parameters;
  /** ms since the Unix epoch */
  readonly nowMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly share: (sql: string) => string;
  /** A field that the function reads without being told to. */
  readonly field: (name: string) => SqlValue;
  /** What tells which row came first: its time and, for events, its place in the journal. */
  readonly order: () => readonly string[];
}

export type ResultType =
  | ValueType
  /** a whole number */
  | 'integer'
  /** a number that is whole when all arguments are */
  | 'number as given';

export interface FunctionDefinition {
  /** As AWS writes it. */
  readonly name: string;
  /** Other names it goes by. */
  readonly aliases?: readonly string[];
  readonly parameters: readonly ParameterKind[];
  /** How many of the last parameters may be left out. */
  readonly optional?: number;
  /** Whether the last parameters, so many of them, may be repeated. */
  readonly repeats?: number;
  readonly maximum?: number;
  readonly aggregate?: true;
  /** Whether no query can call it: another function stands for it. */
  readonly hidden?: true;
  /** Whether it reads @timestamp without being told to. */
  readonly readsTimestamp?: true;
  /** Undefined when `sql` gives the whole value. */
  readonly result?: ResultType;
  /** One sentence, for completion. */
  readonly about: string;
  /** Throws MalformedQuery when a constant argument is not what it should be. */
  readonly check?: (call: Call) => void;
  /** The SQL for the converted arguments. */
  readonly sql: (args: readonly string[], site: CallSite) => string | SqlValue;
}

/** A period after its unit's cap. */
export interface CappedPeriod {
  readonly count: number;
  readonly unit: PeriodUnit;
}
