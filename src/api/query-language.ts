// The query language as the API uses it: text in, bound SQL and columns out. `insights/` fulfils it.
import type { LogType } from '../event/log-type.ts';
import type { Position } from '../journal/journal.ts';
import type { BoundQuery, Row } from '../store/event-store.ts';

/** A log group that is queried. */
export interface LogGroup {
  readonly name: string;
  readonly logType: LogType;
}

/** What a query runs over. */
export interface QueryScope {
  readonly groups: readonly LogGroup[];
  /** The account id in `@log`. */
  readonly account: string;
  /** Of `@timestamp`, both included; ms since the Unix epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly nowMs: number;
  /** No more rows than this, whatever the text says. */
  readonly limitMax?: number;
  /**
   * Only events that entered the journal after this point: the first of them has this very number
   * as its position, as an event's position is the number of events before it.
   */
  readonly afterPosition?: Position;
}

export interface ResultColumn {
  readonly name: string;
}

/** One cell as GetQueryResults has it; a row has no cell where the event has no such field. */
export interface ResultField {
  readonly field: string;
  readonly value: string;
}

export type Compiled =
  | {
      readonly ok: true;
      readonly query: BoundQuery;
      readonly columns: readonly ResultColumn[];
      readonly limit?: number;
    }
  | {
      readonly ok: false;
      /** Offsets in characters of the text; `end` is after the last one. */
      readonly error: { readonly message: string; readonly start: number; readonly end: number };
    };

export interface QueryLanguage {
  compileQuery(text: string, scope: QueryScope): Compiled;
  formatRow(columns: readonly ResultColumn[], row: Row): readonly ResultField[];
}
