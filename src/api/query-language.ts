// The query language as the API uses it, so that tests can put another in its place.
import type { Compiled, OutputColumn, QueryScope, ResultField } from '../insights/index.ts';
import type { Row } from '../store/event-store.ts';

export type {
  Compiled,
  KnownGroup,
  OutputColumn,
  QueriedGroup,
  QueryScope,
  ResultField,
} from '../insights/index.ts';

/** Text in, bound SQL and columns out; rows to cells. `insights/` fulfils it. */
export interface QueryLanguage {
  readonly compileQuery: (text: string, scope: QueryScope) => Compiled;
  readonly formatRow: (columns: readonly OutputColumn[], row: Row) => readonly ResultField[];
}
